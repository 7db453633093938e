#include "record/prediction_log.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <deque>
#include <filesystem>
#include <fstream>

namespace turnout {
namespace {

namespace fs = std::filesystem;

class LogTest : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(folder_);
    contract_ = std::make_shared<const Contract>(
        *ParseContract("name: t\nkey: id\nfields:\n  - {name: id, type: string}\n  - {name: age, type: int, "
                       "nullable: true}\n",
                       "t.yaml"));
    answerer_.version = "v1";
    answerer_.task = Task::kRegression;
    answerer_.values = 1;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::shared_ptr<const Sample> MakeSample(std::string id, std::size_t rows) {
    Batch batch(contract_->layout());
    Answers answers;
    for (std::size_t r = 0; r < rows; ++r) {
      batch.AppendRow(r, {});
      keys_.push_back("C-" + std::to_string(r));
      batch.column(0).texts.back() = keys_.back();
      if (r != 1) batch.column(1).numbers.back() = 40 + static_cast<double>(r);
      answers.rows.push_back({.by = &answerer_, .values = static_cast<uint32_t>(r)});
      answers.values.push_back(0.5 * static_cast<double>(r));
    }
    auto sample = CopySample(contract_, batch, answers);
    sample->endpoint = "t";
    sample->id = std::move(id);
    sample->many = rows > 1;
    sample->generation = 3;
    sample->time = std::chrono::system_clock::time_point(std::chrono::microseconds(1'700'000'000'000'042));
    return sample;
  }
  std::vector<std::string> Lines() const {
    std::vector<std::string> lines;
    for (const std::string& path : LineFiles::List(folder_.string(), "predictions")) {
      std::ifstream in(path);
      for (std::string line; std::getline(in, line);) lines.push_back(line);
    }
    return lines;
  }
  std::unique_ptr<PredictionLog> Open(PredictionLog::Options options = {}) {
    options.files.folder = folder_.string();
    auto log = PredictionLog::Open(std::move(options));
    EXPECT_TRUE(log) << log.error().message;
    return *std::move(log);
  }

  const fs::path folder_ = fs::path(::testing::TempDir()) / "turnout-prediction-log";
  std::shared_ptr<const Contract> contract_;
  Answerer answerer_;
  std::deque<std::string> keys_;
};

TEST_F(LogTest, LinesAreAsDocumented) {
  Open()->Offer(MakeSample("p1", 2));
  const std::vector<std::string> lines = Lines();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0],
            R"({"kind":"prediction","id":"p1-0","time":"2023-11-14T22:13:20.000042Z","endpoint":"t",)"
            R"("version":"v1","generation":3,"key_hash":"546b4e909881fff5","fields":{"id":"C-0","age":40},)"
            R"("prediction":0,"latency_us":0})");
  EXPECT_NE(lines[1].find(R"("fields":{"id":"C-1","age":null},"prediction":0.5)"), std::string::npos)
      << lines[1];
}

TEST_F(LogTest, RedactedFieldsAreLeftOut) {
  Open({.lines = {.redact = {"id"}}})->Offer(MakeSample("p1", 1));
  EXPECT_NE(Lines().at(0).find(R"("fields":{"age":40},)"), std::string::npos);
  EXPECT_EQ(Lines().at(0).find("C-0"), std::string::npos);
}

TEST_F(LogTest, FilesAreRotatedAndTheOldestGo) {
  {
    const auto log = Open({.files = {.file_bytes = 2000, .files = 3}});
    for (int i = 0; i < 100; ++i) {
      log->Offer(MakeSample("p" + std::to_string(i), 1));
      while (log->counts().queued > 0) std::this_thread::yield();
    }
  }
  const auto files = LineFiles::List(folder_.string(), "predictions");
  EXPECT_EQ(files.size(), 3u);
  for (const std::string& file : files) EXPECT_LE(fs::file_size(file), 2000u);
  EXPECT_NE(Lines().back().find(R"("id":"p99")"), std::string::npos);
}

TEST_F(LogTest, OldFilesGo) {
  {
    Open()->Offer(MakeSample("old", 1));
  }
  const auto before = LineFiles::List(folder_.string(), "predictions");
  ASSERT_EQ(before.size(), 1u);
  fs::last_write_time(before[0], fs::file_time_type::clock::now() - std::chrono::hours(49));
  {
    Open({.files = {.keep = std::chrono::hours(72)}})->Offer(MakeSample("new", 1));
  }
  EXPECT_EQ(Lines().size(), 2u);
  fs::last_write_time(before[0], fs::file_time_type::clock::now() - std::chrono::hours(49));
  {
    Open({.files = {.keep = std::chrono::hours(48)}})->Offer(MakeSample("newer", 1));
  }
  EXPECT_EQ(Lines().size(), 2u);
  EXPECT_FALSE(fs::exists(before[0]));
}

TEST_F(LogTest, AFileWithoutLinesDoesNotStay) {
  {
    Open();
  }
  EXPECT_TRUE(LineFiles::List(folder_.string(), "predictions").empty());
}

// A full disk stands in as a limit on the size of files: nothing half-written stays.
TEST_F(LogTest, AFullDiskDropsAndCounts) {
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  {
    const auto log = Open();
    log->Offer(MakeSample("p0", 1));
    while (log->counts().queued > 0) std::this_thread::yield();
    const rlim_t size = fs::file_size(LineFiles::List(folder_.string(), "predictions")[0]);
    const rlimit full{size + size / 2, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &full);
    log->Offer(MakeSample("p1", 1));
    while (log->counts().queued > 0) std::this_thread::yield();
    EXPECT_EQ(log->counts().dropped_disk, 1u);
    setrlimit(RLIMIT_FSIZE, &before);
    log->Offer(MakeSample("p2", 1));
    while (log->counts().queued > 0) std::this_thread::yield();
    const PredictionLog::Counts counts = log->counts();
    EXPECT_EQ(counts.written, 2u);
    EXPECT_EQ(counts.offered, 3u);
  }
  std::signal(SIGXFSZ, SIG_DFL);
  const auto lines = Lines();
  ASSERT_EQ(lines.size(), 2u);
  JsonTokenizer json;
  EXPECT_EQ(ParseLogLine(json, lines[1])->id, "p2");
}

TEST_F(LogTest, AFullQueueDropsAndCounts) {
  const auto log = Open({.queue_bytes = 1});
  log->Offer(MakeSample("p1", 3));
  const PredictionLog::Counts counts = log->counts();
  EXPECT_EQ(counts.offered, 3u);
  EXPECT_EQ(counts.dropped_queue_full, 3u);
  EXPECT_EQ(counts.queued, 0u);
}

TEST_F(LogTest, TheFolderCannotBeMade) {
  std::ofstream(folder_.string()) << "a file";
  const auto log = PredictionLog::Open({.files = {.folder = (folder_ / "log").string()}});
  ASSERT_FALSE(log);
  EXPECT_EQ(log.error().message, (folder_ / "log").string() + ": Not a directory");
}

TEST(LogLineTest, WhatIsNoLine) {
  JsonTokenizer json;
  const auto message = [&](std::string_view line) { return ParseLogLine(json, line).error().message; };
  EXPECT_EQ(message("[]"), "an object expected");
  EXPECT_EQ(message("{}"), "kind is ''; prediction or shadow expected");
  EXPECT_EQ(message(R"({"kind":"prediction","endpoint":"t"})"), "no endpoint or no version");
  EXPECT_EQ(message(R"({"kind":"shadow","endpoint":"t","version":"v"})"),
            "a shadow without the primary's answer");
  EXPECT_FALSE(ParseLogLine(json, R"({"kind":"predic)"));
  EXPECT_TRUE(
      ParseLogLine(json, R"({"kind":"prediction","endpoint":"t","version":"v","more":{"a":[1,{}]}})"));
}

}  // namespace
}  // namespace turnout
