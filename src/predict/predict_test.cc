#include "predict/predict.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "bytes/number.h"
#include "predict/test_snapshot.h"

namespace turnout {
namespace {

using testing::AddRow;
using testing::MakeTestSnapshot;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

constexpr std::string_view kX = "name: t\nfields:\n  - {name: x, type: float}\n";
constexpr std::string_view kXAndY =
    "name: t\nfields:\n  - {name: x, type: float}\n  - {name: y, type: float}\n";

// A snapshot, a batch under its contract, and what Predict made of it.
struct Bench {
  Bench(std::string_view yaml, Model model, std::string_view engine = {})
      : snapshot(MakeTestSnapshot(metrics, yaml, std::move(model), engine)),
        shard(metrics.NewShard()),
        predictor(shard),
        batch(snapshot->contract->layout()) {}

  void Predict() { predictor.Predict(*snapshot, batch, std::chrono::steady_clock::now(), answers); }

  // "0 stays 0.75", "2 refused", "3 1.5": position and answer of each row.
  std::string Shown() const {
    std::string out;
    for (std::size_t row = 0; row < answers.rows.size(); ++row) {
      const Answer& answer = answers.rows[row];
      out += (row == 0 ? "" : "; ") + std::to_string(batch.positions()[row]) + " ";
      if (answer.refusal >= 0) {
        out += "refused";
      } else if (answer.by->task == Task::kRegression) {
        AppendNumber(out, answers.values_of(answer)[0]);
      } else {
        out += answer.by->class_text[answer.class_index];
        for (std::size_t i = 0; !answers.probabilities.empty() && i < answer.by->classes.size(); ++i) {
          AppendNumber(out += " ", answers.probabilities_of(answer)[i]);
        }
      }
    }
    return out;
  }

  // "2 key=C-3 x:missing y:out_of_range"
  std::string Refusals() const {
    std::string out;
    for (const Refusal& refusal : answers.refusals) {
      out += (out.empty() ? "" : "; ") + std::to_string(refusal.position);
      if (snapshot->contract->key >= 0) out += " key=" + refusal.key;
      for (const FieldError& error : refusal.errors) out += " " + error.field + ":" + std::string(error.type);
    }
    return out;
  }

  uint64_t Counted(std::size_t result) const {
    return metrics.Total(snapshot->served[0].series.results[result]);
  }
  uint64_t Refused() const { return metrics.Total(snapshot->served[0].series.refused); }
  bool Has(const std::string& line) const {
    return ("\n" + metrics.Text()).find("\n" + line + "\n") != std::string::npos;
  }

  Metrics metrics;
  std::shared_ptr<const Snapshot> snapshot;
  MetricsShard& shard;
  Predictor predictor;
  Batch batch;
  Answers answers;
};

TEST(PredictTest, AnswersStandInTheOrderOfTheRows) {
  Bench bench(kX, testing::TreeModel());
  // Positions with gaps: the contract refused rows 1 and 2 before.
  AddRow(bench.batch, 0, {11});
  AddRow(bench.batch, 3, {10});
  AddRow(bench.batch, 4, {-5});
  AddRow(bench.batch, 9, {1e6});
  bench.Predict();
  EXPECT_EQ(bench.Shown(),
            "0 leaves 0.125 0.875; 3 stays 0.75 0.25; 4 stays 0.75 0.25; 9 leaves 0.125 0.875");
  EXPECT_EQ(bench.Counted(0), 2u);
  EXPECT_EQ(bench.Counted(1), 2u);
  EXPECT_EQ(bench.Refused(), 0u);
}

TEST(PredictTest, LargeBatchesKeepTheirOrder) {
  for (const char* engine : {"portable", "reference"}) {
    Bench bench(kX, testing::TreeModel(), engine);
    for (std::size_t i = 0; i < 1000; ++i) AddRow(bench.batch, i, {i % 3 == 0 ? 20.0 : 0.0});
    bench.Predict();
    ASSERT_EQ(bench.answers.rows.size(), 1000u);
    for (std::size_t i = 0; i < 1000; ++i) {
      ASSERT_EQ(bench.answers.rows[i].class_index, i % 3 == 0 ? 1u : 0u) << engine << ", row " << i;
      ASSERT_EQ(bench.answers.probabilities_of(bench.answers.rows[i])[1], i % 3 == 0 ? 0.875 : 0.25);
    }
    EXPECT_EQ(bench.Counted(0), 666u);
    EXPECT_EQ(bench.Counted(1), 334u);
  }
}

TEST(PredictTest, FeaturesGoInTheModelsOrder) {
  Bench bench(std::string(kXAndY) + "features: [x, y]\n", testing::LineModel());
  AddRow(bench.batch, 0, {1, 100});
  bench.Predict();
  EXPECT_EQ(bench.Shown(), "0 303");
  // Fields in another order than the model's inputs.
  Bench turned("name: t\nfields:\n  - {name: y, type: float}\n  - {name: x, type: float}\nfeatures: [x, y]\n",
               testing::LineModel());
  AddRow(turned.batch, 0, {100, 1});
  turned.Predict();
  EXPECT_EQ(turned.Shown(), "0 303");
}

TEST(PredictTest, ARegressionCountsItsRowsAsValues) {
  Bench bench(kXAndY, testing::LineModel());
  AddRow(bench.batch, 0, {1, 2});
  AddRow(bench.batch, 1, {0.5, 0});
  bench.Predict();
  EXPECT_EQ(bench.Shown(), "0 9; 1 2");
  EXPECT_TRUE(bench.Has("predictions_total{endpoint=\"test\",version=\"v7\",result=\"value\"} 2"));
  EXPECT_TRUE(bench.Has("prediction_latency_seconds_count{endpoint=\"test\",version=\"v7\"} 1"));
  EXPECT_EQ(bench.metrics.Text().find("prediction_confidence"), std::string::npos);
}

TEST(PredictTest, CountsClassesAndConfidence) {
  Bench bench(kX, testing::TreeModel());
  for (const double x : {1.0, 20.0, 21.0}) AddRow(bench.batch, bench.batch.rows(), {x});
  bench.Predict();
  bench.Predict();
  const std::string of = "{endpoint=\"test\",version=\"v7\"";
  EXPECT_TRUE(bench.Has("predictions_total" + of + ",result=\"stays\"} 2"));
  EXPECT_TRUE(bench.Has("predictions_total" + of + ",result=\"leaves\"} 4"));
  EXPECT_TRUE(bench.Has("prediction_confidence_bucket" + of + ",le=\"0.7\"} 0"));
  EXPECT_TRUE(bench.Has("prediction_confidence_bucket" + of + ",le=\"0.75\"} 2"));
  EXPECT_TRUE(bench.Has("prediction_confidence_bucket" + of + ",le=\"0.85\"} 2"));
  EXPECT_TRUE(bench.Has("prediction_confidence_bucket" + of + ",le=\"0.9\"} 6"));
  EXPECT_TRUE(bench.Has("prediction_confidence_sum" + of + "} 5"));
  EXPECT_TRUE(bench.Has("prediction_confidence_count" + of + "} 6"));
  EXPECT_TRUE(bench.Has("prediction_latency_seconds_count" + of + "} 2"));
}

TEST(PredictTest, ValuesBeyondWhatTheModelTakesAreRefused) {
  Bench bench(kX, testing::TreeModel());
  const double float_max = std::numeric_limits<float>::max();
  const double values[] = {1, float_max, std::nextafter(float_max, 1e300), -1e39, kInfinity, kNan, 30};
  for (const double x : values) AddRow(bench.batch, bench.batch.rows(), {x});
  bench.Predict();
  EXPECT_EQ(bench.Shown(),
            "0 stays 0.75 0.25; 1 leaves 0.125 0.875; 2 refused; 3 refused; 4 refused; 5 refused; "
            "6 leaves 0.125 0.875");
  EXPECT_EQ(bench.Refusals(), "2 x:out_of_range; 3 x:out_of_range; 4 x:out_of_range; 5 x:missing");
  EXPECT_EQ(bench.answers.refusals[0].errors[0].message, "The value is too large for the model (v7)");
  EXPECT_EQ(bench.answers.refusals[3].errors[0].message, "The model (v7) can't take a missing value here");
  // Refused rows are refused rows, not predictions of some class.
  EXPECT_EQ(bench.Counted(0) + bench.Counted(1), 3u);
  EXPECT_EQ(bench.Refused(), 4u);
  EXPECT_TRUE(bench.Has("prediction_confidence_count{endpoint=\"test\",version=\"v7\"} 3"));
}

TEST(PredictTest, InfinityIsRefusedWhateverTheModelTakes) {
  Bench bench(kXAndY, testing::LineModel());
  AddRow(bench.batch, 0, {kInfinity, -kInfinity});
  AddRow(bench.batch, 1, {1e308, 0});
  bench.Predict();
  EXPECT_EQ(bench.Refusals(), "0 x:out_of_range y:out_of_range");
  EXPECT_EQ(bench.answers.rows[1].refusal, -1);
}

TEST(PredictTest, MissingIsAccepted) {
  Model model = testing::TreeModel();
  model.signature.inputs[0].accepts_missing = true;
  std::get<Forest>(model.predictor).nodes[0].missing_left = false;
  Bench bench("name: t\nfields:\n  - {name: x, type: float, nullable: true}\n", std::move(model));
  AddRow(bench.batch, 0, {kNan});
  AddRow(bench.batch, 1, {3});
  bench.Predict();
  EXPECT_EQ(bench.Shown(), "0 leaves 0.125 0.875; 1 stays 0.75 0.25");
}

// x = a / b: the fields are good, what is computed of them is not.
TEST(PredictTest, ADerivedFeatureThatIsMissingNamesItself) {
  Bench bench(
      "name: t\nfields:\n  - {name: a, type: float}\n  - {name: b, type: float}\n"
      "derived: {x: a / b}\nfeatures: [x]\n",
      testing::TreeModel());
  const auto add = [&](double a, double b) {
    RowReader reader(*bench.snapshot->contract, bench.batch);
    reader.Begin(bench.batch.rows(), {});
    std::string texts[2];
    AppendNumber(texts[0], a);
    AppendNumber(texts[1], b);
    for (int i = 0; i < 2; ++i) reader.Set({i, false}, "", {Cell::Kind::kNumber, texts[i]});
    ASSERT_TRUE(reader.End());
  };
  add(0, 0);
  add(40, 2);
  add(1e300, 1e-5);
  bench.Predict();
  EXPECT_EQ(bench.Shown(), "0 refused; 1 leaves 0.125 0.875; 2 refused");
  ASSERT_EQ(bench.answers.refusals.size(), 2u);
  EXPECT_EQ(bench.answers.refusals[0].errors[0].field, "x");
  EXPECT_EQ(bench.answers.refusals[0].errors[0].type, "missing");
}

constexpr std::string_view kClosed =
    "name: t\nfields:\n  - {name: size, type: float}\n  - {name: plan, type: text}\nfeatures: [size, plan]\n";

TEST(PredictTest, CategoriesThatTheModelWasNotFittedOnAreRefused) {
  for (const char* engine : {"linear", "reference"}) {
    Bench bench(kClosed, testing::ClosedModel(), engine);
    const auto add = [&](double size, std::string_view plan) {
      bench.batch.AppendRow(bench.batch.rows(), {});
      bench.batch.column(0).numbers.back() = size;
      bench.batch.column(1).texts.back() = plan;
    };
    add(5, "basic");
    add(6, "gold");
    add(7, "premium");
    add(5, "Basic");
    add(5, "");
    add(kNan, kMissingText);
    add(kInfinity, "basic");
    bench.Predict();
    EXPECT_EQ(bench.Shown(), "0 11; 1 refused; 2 22; 3 refused; 4 refused; 5 refused; 6 refused") << engine;
    EXPECT_EQ(
        bench.Refusals(),
        "1 size:enum plan:enum; 5 size:missing plan:missing; 6 size:out_of_range; 3 plan:enum; 4 plan:enum")
        << engine;
    EXPECT_EQ(bench.answers.refusals[0].errors[1].message, "The model (v7) was not trained on this value");
    EXPECT_EQ(bench.Counted(0), 2u);
    EXPECT_EQ(bench.Refused(), 5u);
  }
}

// Refused rows are scored with the others, and must not change them.
TEST(PredictTest, ABatchOfOnlyRefusedRows) {
  Bench bench(kX, testing::TreeModel());
  for (int i = 0; i < 50; ++i) AddRow(bench.batch, bench.batch.rows(), {i % 2 == 0 ? kNan : kInfinity});
  bench.Predict();
  EXPECT_EQ(bench.answers.refusals.size(), 50u);
  EXPECT_EQ(bench.Refused(), 50u);
  EXPECT_EQ(bench.Counted(0) + bench.Counted(1), 0u);
  bench.batch.Clear();
  AddRow(bench.batch, 0, {1});
  bench.Predict();
  EXPECT_EQ(bench.Shown(), "0 stays 0.75 0.25");
  EXPECT_TRUE(bench.answers.refusals.empty());
}

TEST(PredictTest, AnEmptyBatchIsNothing) {
  Bench bench(kX, testing::TreeModel());
  AddRow(bench.batch, 0, {1});
  bench.Predict();
  bench.batch.Clear();
  bench.Predict();
  EXPECT_TRUE(bench.answers.rows.empty());
  EXPECT_TRUE(bench.answers.probabilities.empty());
  EXPECT_TRUE(bench.Has("prediction_latency_seconds_count{endpoint=\"test\",version=\"v7\"} 1"));
  EXPECT_EQ(bench.Counted(0), 1u);
}

// The key is written as the contract's own refusals write it.
TEST(PredictTest, ARefusalCarriesTheKey) {
  const std::pair<double, std::string_view> keys[] = {
      {9007199254740991, "9007199254740991"}, {-1e15, "-1000000000000000"}, {0, "0"}, {kNan, ""}};
  for (const auto& [key, shown] : keys) {
    Bench numbered(
        "name: t\nkey: id\nfields:\n  - {name: id, type: int, nullable: true}\n  - {name: x, type: float}\n"
        "features: [x]\n",
        testing::TreeModel());
    AddRow(numbered.batch, 5, {key, kNan});
    numbered.Predict();
    ASSERT_EQ(numbered.answers.refusals.size(), 1u);
    EXPECT_EQ(numbered.answers.refusals[0].key, shown);
    EXPECT_TRUE(numbered.answers.refusals[0].key_is_number);
    EXPECT_EQ(numbered.answers.refusals[0].position, 5u);
  }
  Bench bench(
      "name: t\nkey: id\nfields:\n  - {name: id, type: string, nullable: true}\n"
      "  - {name: x, type: float}\nfeatures: [x]\n",
      testing::TreeModel());
  for (const std::string_view id : {std::string_view("C-1"), kMissingText}) {
    bench.batch.AppendRow(bench.batch.rows(), {});
    bench.batch.column(0).texts.back() = id;
  }
  bench.Predict();
  EXPECT_EQ(bench.Refusals(), "0 key=C-1 x:missing; 1 key= x:missing");
  EXPECT_FALSE(bench.answers.refusals[0].key_is_number);
}

TEST(PredictTest, AClassifierWithoutProbabilities) {
  for (const char* engine : {"linear", "reference"}) {
    Bench bench(kX, testing::SignModel(), engine);
    for (const double x : {-1.0, 2.0, kNan, 0.0}) AddRow(bench.batch, bench.batch.rows(), {x});
    bench.Predict();
    EXPECT_EQ(bench.Shown(), "0 -1; 1 1; 2 refused; 3 -1") << engine;
    EXPECT_TRUE(bench.answers.probabilities.empty());
    EXPECT_EQ(bench.metrics.Text().find("prediction_confidence"), std::string::npos);
    EXPECT_EQ(bench.Counted(0), 2u);
    EXPECT_EQ(bench.Counted(1), 1u);
  }
}

TEST(PredictTest, WhatNeedsProbabilitiesIsRefusedWhereTheModelHasNone) {
  for (const char* item : {"top_probability", "probabilities", "{probability_of: 1}"}) {
    auto contract = ParseContract(std::string(kX) + "reply: {a: class, b: " + item + "}\n", "test.yaml");
    ASSERT_TRUE(contract) << contract.error().message;
    const Status bound = BindContract(*contract, testing::SignModel().signature);
    ASSERT_FALSE(bound) << item;
    EXPECT_EQ(bound.error().message, "contract t: reply.b: the model gives no probabilities");
  }
}

// ---- several versions behind one route

// v1 answers with 0.75/0.25 or 0.125/0.875, v2 (no probabilities) by the sign of x, v3 takes no share.
std::shared_ptr<Snapshot> TwoVersions(Metrics& metrics, std::string_view yaml) {
  // What both models can answer: v2 has no probabilities.
  auto contract =
      ParseContract(std::string(yaml) + "reply: {p: class}\ncolumns: {p: class}\n", "test.yaml").value();
  const auto made = [&](std::string name, Model model) {
    ModelFile file;
    file.path = name + ".pkl";
    file.model = std::move(model);
    return MakeVersion(std::move(name), std::move(file), contract).value();
  };
  std::vector<Served> served;
  for (const auto& version : {made("v1", testing::TreeModel()), made("v2", testing::SignModel()),
                              made("v3", testing::TreeModel())}) {
    served.push_back({version, MakeVersionSeries(metrics, "test", *version, {1})});
  }
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->endpoint = "test";
  snapshot->contract = std::make_shared<const Contract>(std::move(contract));
  SetRoute(*snapshot, Route::Make({{"v1", 600'000}, {"v2", 400'000}, {"v3", 0}}, 5).value(),
           std::move(served));
  return snapshot;
}

constexpr std::string_view kKeyed =
    "name: t\nkey: id\nfields:\n  - {name: id, type: string}\n  - {name: x, type: float}\n";

// v2 takes fewer of the contract's features, and one that callers need not send.
TEST(PredictTest, VersionsMayTakeOtherInputs) {
  auto contract = ParseContract(
      "name: t\nkey: id\nfields:\n  - {name: id, type: string}\n  - {name: x, type: float}\n"
      "  - {name: y, type: float}\n  - {name: z, type: float, default: 5}\nfeatures: [x, y]\n",
      "test.yaml");
  ASSERT_TRUE(contract) << contract.error().message;
  const auto made = [&](std::string name, Model model) {
    ModelFile file;
    file.path = name + ".pkl";
    file.model = std::move(model);
    return MakeVersion(std::move(name), std::move(file), *contract).value();
  };
  Model other = testing::LineModel();
  other.signature.inputs = {testing::NumberInput("z"), testing::NumberInput("y")};
  other.predictor = Linear{.features = 2, .outputs = 1, .weights = {100, 10}, .intercept = {0}};
  Metrics metrics;
  std::vector<Served> served;
  for (const auto& version : {made("v1", testing::LineModel()), made("v2", std::move(other))}) {
    served.push_back({version, MakeVersionSeries(metrics, "test", *version, {1})});
  }
  Snapshot snapshot;
  snapshot.endpoint = "test";
  snapshot.contract = std::make_shared<const Contract>(*std::move(contract));
  SetRoute(snapshot, Route::Make({{"v1", 500'000}, {"v2", 500'000}}, 5).value(), std::move(served));
  Batch batch(snapshot.contract->layout());
  std::vector<std::string> ids;
  for (int i = 0; i < 100; ++i) ids.push_back("C-" + std::to_string(i));
  for (std::size_t i = 0; i < ids.size(); ++i) {
    batch.AppendRow(i, {});
    batch.column(0).texts.back() = ids[i];
    batch.column(1).numbers.back() = static_cast<double>(i);
    batch.column(2).numbers.back() = 1;
    batch.column(3).numbers.back() = 5;
  }
  batch.column(3).numbers[7] = kInfinity;  // only v2 looks at it
  Predictor predictor(metrics.NewShard());
  Answers answers;
  for (const int32_t forced : {-1, 0, 1}) {
    predictor.Predict(snapshot, batch, std::chrono::steady_clock::now(), answers, forced);
    int by_v1 = 0;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const bool first = answers.rows[i].by->version == "v1";
      by_v1 += first;
      ASSERT_EQ(answers.rows[i].refusal >= 0, !first && i == 7);
      if (answers.rows[i].refusal >= 0) {
        EXPECT_EQ(answers.refusals[static_cast<std::size_t>(answers.rows[i].refusal)].errors[0].field, "z");
        continue;
      }
      EXPECT_EQ(answers.values_of(answers.rows[i])[0], first ? 2 * static_cast<double>(i) + 4 : 510);
    }
    EXPECT_EQ(forced < 0 ? by_v1 > 20 && by_v1 < 80 : by_v1 == (forced == 0 ? 100 : 0), true) << by_v1;
  }
}

TEST(PredictTest, EachRowGoesToTheVersionOfItsKey) {
  Metrics metrics;
  const auto snapshot = TwoVersions(metrics, kKeyed);
  EXPECT_EQ(snapshot->stable->name, "v1");
  Predictor predictor(metrics.NewShard());
  Batch batch(snapshot->contract->layout()), one(snapshot->contract->layout());
  Answers answers, alone;
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < 500; ++i) ids.push_back("C-" + std::to_string(i % 400));
  const auto add = [&](Batch& to, std::size_t i) {
    to.AppendRow(i, {});
    to.column(0).texts.back() = ids[i];
    to.column(1).numbers.back() = i % 7 == 0 ? kInfinity : static_cast<double>(i % 30) - 8;
  };
  for (std::size_t i = 0; i < ids.size(); ++i) add(batch, i);
  const auto now = std::chrono::steady_clock::now();
  predictor.Predict(*snapshot, batch, now, answers);
  ASSERT_EQ(answers.rows.size(), ids.size());

  // Each row as if it had come alone, and by the version that its key names.
  int by_v1 = 0;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const Answer& answer = answers.rows[i];
    EXPECT_EQ(answer.by->version, snapshot->route.shares()[snapshot->route.Pick(ids[i])].version);
    by_v1 += answer.by->version == "v1";
    one.Clear();
    add(one, i);
    predictor.Predict(*snapshot, one, now, alone);
    ASSERT_EQ(alone.rows[0].by, answer.by);
    ASSERT_EQ(alone.rows[0].refusal >= 0, answer.refusal >= 0) << i;
    if (answer.refusal >= 0) {
      EXPECT_EQ(answers.refusals[answer.refusal].key, ids[i]);
      EXPECT_EQ(answers.refusals[answer.refusal].position, i);
      continue;
    }
    ASSERT_EQ(alone.rows[0].class_index, answer.class_index);
    if (answer.by->version == "v1") {
      ASSERT_EQ(alone.probabilities_of(alone.rows[0])[1], answers.probabilities_of(answer)[1]);
    }
  }
  EXPECT_GT(by_v1, 230);
  EXPECT_LT(by_v1, 370);
  EXPECT_EQ(metrics.Total(snapshot->served[2].series.results[0]), 0u);
}

TEST(PredictTest, AnyVersionOfTheRouteCanBeForced) {
  Metrics metrics;
  const auto snapshot = TwoVersions(metrics, kX);
  Predictor predictor(metrics.NewShard());
  Batch batch(snapshot->contract->layout());
  Answers answers;
  for (std::size_t i = 0; i < 50; ++i) AddRow(batch, i, {20});
  for (int32_t version = 0; version < 3; ++version) {
    predictor.Predict(*snapshot, batch, std::chrono::steady_clock::now(), answers, version);
    for (const Answer& answer : answers.rows) {
      ASSERT_EQ(answer.by, &snapshot->served[static_cast<std::size_t>(version)].version->answerer);
    }
  }
}

// Without a key the row's own bytes decide, so that a batch job that runs again gives the same answers.
TEST(PredictTest, RowsWithoutAKeyGoByTheirBytes) {
  Metrics metrics;
  const auto snapshot = TwoVersions(metrics, kX);
  Predictor predictor(metrics.NewShard());
  Batch batch(snapshot->contract->layout());
  Answers answers;
  std::vector<std::string> lines;
  for (int i = 0; i < 200; ++i) lines.push_back("1," + std::to_string(i));
  for (std::size_t i = 0; i < lines.size(); ++i) {
    batch.AppendRow(i, lines[i]);
    batch.column(0).numbers.back() = 1;
  }
  predictor.Predict(*snapshot, batch, std::chrono::steady_clock::now(), answers);
  int by_v1 = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(answers.rows[i].by->version, snapshot->route.shares()[snapshot->route.Pick(lines[i])].version);
    by_v1 += answers.rows[i].by->version == "v1";
  }
  EXPECT_GT(by_v1, 80);
  EXPECT_LT(by_v1, 160);
}

// Turns are the endpoint's, not the batch's, and begin anew with the next route.
TEST(PredictTest, RowsTakeTurnsWhereTheRouteSaysSo) {
  Metrics metrics;
  Snapshot snapshot = *TwoVersions(metrics, kKeyed);
  SetRoute(snapshot,
           Route::Make({{"v1", 750'000}, {"v2", 250'000}, {"v3", 0}}, 5, Split::kRoundRobin).value(),
           snapshot.served, "v2");
  EXPECT_EQ(snapshot.stable->name, "v2");
  Predictor predictor(metrics.NewShard());
  Answers answers;
  const auto turns = [&](std::size_t rows) {
    Batch batch(snapshot.contract->layout());
    for (std::size_t i = 0; i < rows; ++i) {
      batch.AppendRow(i, {});
      batch.column(0).texts.back() = "the same key";
      batch.column(1).numbers.back() = 1;
    }
    predictor.Predict(snapshot, batch, std::chrono::steady_clock::now(), answers);
    std::string out;
    for (const Answer& answer : answers.rows) out += answer.by->version.back();
    return out;
  };
  for (const auto& [rows, expected] : {std::pair{1u, "1"}, {2u, "12"}, {5u, "11121"}, {3u, "112"}}) {
    EXPECT_EQ(turns(rows), expected);
  }
  snapshot.route = snapshot.route.Next({{"v1", 500'000}, {"v2", 500'000}, {"v3", 0}}).value();
  EXPECT_EQ(turns(4), "1212");
}

TEST(PredictTest, CountsAnswersThatAreNoNumbers) {
  Bench bench(kXAndY, testing::LineModel());
  for (const double x : {1.0, 1e308, -1e308, 2.0}) AddRow(bench.batch, bench.batch.rows(), {x, x});
  bench.Predict();
  EXPECT_TRUE(bench.Has("predictions_invalid_total{endpoint=\"test\",version=\"v7\"} 2"));
}

}  // namespace
}  // namespace turnout
