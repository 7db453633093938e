// Shadows: every row is accounted for, whatever the shadow does; nobody waits for it.
#include "predict/shadow.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <future>
#include <map>

#include "predict/test_snapshot.h"

namespace turnout {
namespace {

using testing::AddRow;
using testing::LineModel;
using testing::MakeTestSnapshot;
using testing::NumberInput;
using testing::TreeModel;

constexpr std::string_view kX = "name: t\nfields:\n  - {name: x, type: float}\n";

// An engine that does something before, or instead of, what another one does.
class Changed final : public Engine {
 public:
  using Change = std::function<void(Scores&)>;
  Changed(std::shared_ptr<const Version> inner, Change change)
      : inner_(std::move(inner)), change_(std::move(change)) {}
  std::string_view name() const override { return "changed"; }
  void Score(std::span<const ColumnView> inputs, std::size_t rows, Workspace& workspace,
             Scores& scores) const override {
    inner_->engine->Score(inputs, rows, workspace, scores);
    change_(scores);
  }

 private:
  const std::shared_ptr<const Version> inner_;
  const Change change_;
};

std::shared_ptr<const Version> Change(const Snapshot& snapshot, Changed::Change change) {
  auto version = std::make_shared<Version>();
  const Version& inner = *snapshot.stable;
  version->name = "changed";
  version->model = inner.model;
  version->answerer = MakeAnswerer(*snapshot.contract, inner.model.signature, "changed");
  version->closed = inner.closed;
  version->columns = inner.columns;
  version->engine = std::make_unique<Changed>(snapshot.stable, std::move(change));
  return version;
}

class Shadows : public ::testing::Test {
 protected:
  // Answers rows with x = 5, 15, 5, ...; shows them to the shadows.
  void Answer(std::size_t rows, std::string_view id = "p") {
    batch_.Clear();
    for (std::size_t i = 0; i < rows; ++i) AddRow(batch_, i, {i % 2 == 0 ? 5.0 : 15.0});
    predictor_.Predict(*snapshot_, batch_, std::chrono::steady_clock::now(), answers_);
    Mirror(*snapshot_, batch_, answers_, id, rows > 1);
  }
  Shadow& Add(std::shared_ptr<const Version> version, Shadow::Options options = {},
              std::shared_ptr<PredictionLog> log = nullptr) {
    options.priority = Priority::kNormal;  // the machine that runs tests is full
    auto shadow = std::make_shared<Shadow>(metrics_, "test", snapshot_->contract, std::move(version),
                                           std::vector<double>{1}, options, std::move(log));
    snapshot_->shadows.push_back(shadow);
    return *shadow;
  }
  static Shadow::Counts Settled(const Shadow& shadow) {
    while (shadow.counts().queued > 0) std::this_thread::yield();
    const Shadow::Counts c = shadow.counts();
    EXPECT_EQ(c.eligible, c.scored + c.queue_full + c.oversize + c.timeout + c.sampled + c.shutdown);
    EXPECT_EQ(c.scored, c.agree + c.disagree + c.refused + c.invalid);
    return c;
  }

  Metrics metrics_;
  std::shared_ptr<Snapshot> snapshot_ =
      std::make_shared<Snapshot>(*MakeTestSnapshot(metrics_, kX, TreeModel()));
  Batch batch_{snapshot_->contract->layout()};
  Predictor predictor_{metrics_.NewShard()};
  Answers answers_;
};

TEST_F(Shadows, TheSameModelAgreesAlways) {
  Shadow& shadow = Add(Change(*snapshot_, [](Scores&) {}));
  Answer(1);
  Answer(10);
  const Shadow::Counts counts = Settled(shadow);
  EXPECT_EQ(counts.scored, 11u);
  EXPECT_EQ(counts.agree, 11u);
  const std::string text = metrics_.Text();
  EXPECT_NE(text.find(R"(shadow_scored_total{endpoint="test",version="changed"} 11)"), std::string::npos)
      << text;
  EXPECT_NE(text.find(R"(shadow_difference_bucket{endpoint="test",version="changed",le="0"} 11)"),
            std::string::npos)
      << text;
  // What a shadow predicts is no prediction.
  EXPECT_EQ(text.find("\npredictions_total{endpoint=\"test\",version=\"changed\""), std::string::npos);
  EXPECT_NE(text.find("\nshadow_predictions_total{endpoint=\"test\",version=\"changed\""), std::string::npos);
}

TEST_F(Shadows, AnotherModelIsCompared) {
  Shadow& shadow = Add(Change(*snapshot_, [](Scores& scores) {
    for (uint32_t& index : scores.class_index) index = 0;
    for (std::size_t i = 0; i < scores.probabilities.size(); ++i) {
      scores.probabilities[i] = i % 2 == 0 ? 0.75 : 0.25;
    }
  }));
  Answer(10);
  const Shadow::Counts counts = Settled(shadow);
  EXPECT_EQ(counts.agree, 5u);
  EXPECT_EQ(counts.disagree, 5u);
}

TEST_F(Shadows, NotANumberIsCountedAndHarmsNobody) {
  Shadow& shadow = Add(Change(*snapshot_, [](Scores& scores) {
    std::fill(scores.probabilities.begin(), scores.probabilities.end(), std::nan(""));
  }));
  Answer(4);
  EXPECT_EQ(Settled(shadow).invalid, 4u);
  EXPECT_EQ(answers_.probabilities_of(answers_.rows[1])[1], 0.875);
}

TEST_F(Shadows, ASleepingShadowLosesRowsAndHoldsUpNobody) {
  std::promise<void> asleep, wake;
  bool first = true;
  Shadow& shadow = Add(Change(*snapshot_,
                              [&](Scores&) {
                                if (!std::exchange(first, false)) return;
                                asleep.set_value();
                                wake.get_future().wait();
                              }),
                       {.queue_rows = 100, .timeout = std::chrono::hours(1)});
  Answer(1);
  asleep.get_future().wait();
  for (int i = 0; i < 30; ++i) Answer(10);  // returns, though nobody takes anything
  EXPECT_EQ(shadow.counts().eligible, 301u);
  EXPECT_EQ(shadow.counts().queued, 91u);
  EXPECT_EQ(shadow.counts().queue_full, 210u);
  Answer(101);
  EXPECT_EQ(shadow.counts().oversize, 101u);
  wake.set_value();
  EXPECT_EQ(Settled(shadow).scored, 91u);
}

TEST_F(Shadows, WhatWaitedTooLongIsDropped) {
  Shadow& shadow = Add(Change(*snapshot_, [](Scores&) {}), {.timeout = std::chrono::milliseconds(0)});
  Answer(7);
  EXPECT_EQ(Settled(shadow).timeout, 7u);
}

TEST_F(Shadows, TakesASampleOfTheRequests) {
  Shadow& shadow = Add(Change(*snapshot_, [](Scores&) {}), {.sample_ppm = kWhole / 4, .queue_rows = 100'000});
  for (int i = 0; i < 2000; ++i) Answer(1, "request-" + std::to_string(i));
  const Shadow::Counts counts = Settled(shadow);
  EXPECT_EQ(counts.eligible, 2000u);
  EXPECT_NEAR(static_cast<double>(counts.scored), 500, 5 * std::sqrt(2000 * 0.25 * 0.75));
}

TEST_F(Shadows, SeveralDoNotShareTheirQueues) {
  std::promise<void> asleep, wake;
  bool first = true;
  Shadow& slow = Add(Change(*snapshot_,
                            [&](Scores&) {
                              if (!std::exchange(first, false)) return;
                              asleep.set_value();
                              wake.get_future().wait();
                            }),
                     {.queue_rows = 1});
  Shadow& quick = Add(Change(*snapshot_, [](Scores&) {}));
  Answer(1);
  asleep.get_future().wait();
  for (int i = 0; i < 20; ++i) Answer(1);
  EXPECT_EQ(Settled(quick).scored, 21u);
  EXPECT_EQ(slow.counts().queue_full, 20u);
  wake.set_value();
  EXPECT_EQ(Settled(slow).scored, 1u);
}

TEST_F(Shadows, WhatIsQueuedAtTheEndIsCounted) {
  std::promise<void> asleep, wake;
  bool first = true;
  Shadow& shadow = Add(Change(*snapshot_,
                              [&](Scores&) {
                                if (!std::exchange(first, false)) return;
                                asleep.set_value();
                                wake.get_future().wait();
                              }),
                       {.timeout = std::chrono::hours(1)});
  Answer(1);
  asleep.get_future().wait();
  Answer(5);
  const std::shared_ptr<Shadow> kept = snapshot_->shadows[0];
  std::thread end([&] { snapshot_->shadows.clear(); });
  end.join();
  wake.set_value();
  EXPECT_EQ(Settled(shadow).eligible, 6u);
}

TEST_F(Shadows, AreLoggedWithThePrimarysAnswers) {
  const std::filesystem::path folder = std::filesystem::path(::testing::TempDir()) / "turnout-shadow-log";
  std::filesystem::remove_all(folder);
  auto log = PredictionLog::Open({.files = {.folder = folder.string()}});
  ASSERT_TRUE(log) << log.error().message;
  snapshot_->log = *std::move(log);
  Shadow& shadow =
      Add(Change(*snapshot_, [](Scores& scores) { scores.class_index[0] = 1; }), {}, snapshot_->log);
  Answer(2, "p17");
  Settled(shadow);
  while (snapshot_->log->counts().queued > 0) std::this_thread::yield();
  EXPECT_EQ(snapshot_->log->counts().written, 4u);
  const auto files = LineFiles::List(folder.string(), "predictions");
  ASSERT_EQ(files.size(), 1u);
  std::ifstream in(files[0]);
  JsonTokenizer json;
  std::map<std::string, LogLine> lines;
  for (std::string line; std::getline(in, line);) {
    const auto read = ParseLogLine(json, line);
    ASSERT_TRUE(read) << line << read.error().message;
    lines[(read->shadow ? "shadow " : "") + read->id] = *read;
  }
  ASSERT_EQ(lines.size(), 4u);
  const LogLine& first = lines["shadow p17-0"];
  EXPECT_EQ(first.given.version, "changed");
  EXPECT_EQ(first.given.prediction, "leaves");
  EXPECT_EQ(first.primary->version, "v7");
  EXPECT_EQ(first.primary->prediction, "stays");
  const std::vector<std::pair<std::string, double>> scores = {{"stays", 0.75}, {"leaves", 0.25}};
  EXPECT_EQ(first.primary->scores, scores);
  EXPECT_EQ(lines["p17-1"].given.prediction, "leaves");
  const std::vector<std::pair<std::string, std::string>> fields = {{"x", "15"}};
  EXPECT_EQ(lines["p17-1"].fields, fields);
  EXPECT_EQ(lines["p17-1"].generation, 1u);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace turnout
