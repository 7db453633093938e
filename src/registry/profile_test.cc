#include "registry/profile.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <random>

#include "bytes/json.h"
#include "bytes/number.h"
#include "registry/version.h"

namespace turnout {
namespace {

// The value at a path of a JSON text ("features.0.bins.counts"), as its text; "absent".
std::string At(const std::string& json, std::string_view path) {
  JsonTokenizer tokenizer;
  const auto tokens = tokenizer.Document(json);
  if (!tokens) return tokens.error().message;
  std::size_t at = 0;
  while (!path.empty()) {
    const std::string_view name = path.substr(0, path.find('.'));
    path.remove_prefix(std::min(path.size(), name.size() + 1));
    const JsonToken& open = (*tokens)[at];
    const bool array = open.kind == JsonToken::Kind::kArray;
    std::size_t index = 0;
    bool found = false;
    for (++at; at < tokens->size() && (*tokens)[at].kind != JsonToken::Kind::kObjectEnd &&
               (*tokens)[at].kind != JsonToken::Kind::kArrayEnd;) {
      if (!array && (*tokens)[at].text == name) found = true;
      if (!array) ++at;
      if (array && std::to_string(index++) == name) found = true;
      if (found) break;
      const JsonToken& value = (*tokens)[at];
      const bool nested = value.kind == JsonToken::Kind::kObject || value.kind == JsonToken::Kind::kArray;
      at = nested ? value.skip + 1 : at + 1;
    }
    if (!found) return "absent";
  }
  const JsonToken& token = (*tokens)[at];
  if (token.kind == JsonToken::Kind::kNull) return "null";
  if (token.kind == JsonToken::Kind::kArray || token.kind == JsonToken::Kind::kObject) {
    return json.substr(token.byte, (*tokens)[token.skip].byte + 1 - token.byte);
  }
  return std::string(token.text);
}

double NumberAt(const std::string& json, std::string_view path) { return ParseNumber(At(json, path)).value; }

class ProfileTest : public testing::Test {
 protected:
  // raw = 1 if x > 0, probability by expit; x is a number, plan a text.
  void SetUp() override {
    Signature& signature = model_.signature;
    signature.task = Task::kClassification;
    signature.named = true;
    signature.inputs.push_back({.name = "x", .accepts_missing = true});
    signature.classes = {Label(int64_t{0}), Label(int64_t{1})};
    signature.probabilities = true;
    model_.predictor = Linear{.features = 1, .outputs = 1, .weights = {1}, .intercept = {0}};
    model_.link = Link::kExpit;
    model_.decision = Decision::kLargest;
  }
  Result<std::string> Profile(std::string_view csv, std::string_view label = "y") {
    Contract contract = DeriveContract(model_.signature, "test");
    if (auto bound = BindContract(contract, model_.signature); !bound) return std::unexpected(bound.error());
    auto engine = CompileEngine(model_);
    if (!engine) return std::unexpected(engine.error());
    return MakeProfile(model_, **engine, contract, {.csv = csv, .name = "some/train.csv", .label = label});
  }
  Model model_;
};

TEST_F(ProfileTest, WhatTheRowsLookLike) {
  const auto profile = Profile("x,y\n-2,0\n-1,1\n1,1\n2,1\n3,0\n");
  ASSERT_TRUE(profile) << profile.error().message;
  EXPECT_EQ(At(*profile, "profile"), "1");
  EXPECT_EQ(At(*profile, "source.file"), "train.csv");
  EXPECT_EQ(At(*profile, "source.sha256").size(), 64u);
  EXPECT_EQ(At(*profile, "source.rows"), "5");
  EXPECT_EQ(At(*profile, "source.every"), "1");
  EXPECT_EQ(At(*profile, "rows"), "5");
  EXPECT_EQ(At(*profile, "refused"), R"({"rows":0,"first":null})");
  EXPECT_EQ(At(*profile, "features.0.name"), "x");
  EXPECT_EQ(At(*profile, "features.0.min"), "-2");
  EXPECT_EQ(At(*profile, "features.0.max"), "3");
  EXPECT_EQ(At(*profile, "features.0.mean"), "0.6");
  EXPECT_NEAR(NumberAt(*profile, "features.0.deviation"), std::sqrt(3.44), 1e-15);
  EXPECT_EQ(At(*profile, "features.0.quantiles.4"), "[0.5,1]");
  EXPECT_EQ(At(*profile, "features.0.bins"), R"({"bounds":[-2,-1,1,2,3],"counts":[1,1,1,1,1,0]})");
  EXPECT_EQ(At(*profile, "scores.0.name"), "probability:1");
  EXPECT_EQ(At(*profile, "scores.1"), "absent");
  EXPECT_NEAR(NumberAt(*profile, "scores.0.max"), 1 / (1 + std::exp(-3)), 1e-15);
  EXPECT_EQ(At(*profile, "predictions"), R"([{"label":"0","count":2},{"label":"1","count":3}])");
  EXPECT_EQ(At(*profile, "quality.labelled"), "5");
  EXPECT_EQ(At(*profile, "quality.accuracy"), "0.6");
  // 3 positives (-1, 1, 2) against 2 negatives (-2, 3): 3 of 6 pairs.
  EXPECT_EQ(At(*profile, "quality.auc"), "0.5");
  const auto p = [](double x) { return 1 / (1 + std::exp(-x)); };
  const double loss =
      -(std::log(1 - p(-2)) + std::log(p(-1)) + std::log(p(1)) + std::log(p(2)) + std::log(1 - p(3)));
  EXPECT_NEAR(NumberAt(*profile, "quality.log_loss"), loss / 5, 1e-14);
  const double brier = p(-2) * p(-2) + (1 - p(-1)) * (1 - p(-1)) + (1 - p(1)) * (1 - p(1)) +
                       (1 - p(2)) * (1 - p(2)) + p(3) * p(3);
  EXPECT_NEAR(NumberAt(*profile, "quality.brier"), brier / 5, 1e-14);
  EXPECT_EQ(
      At(*profile, "quality.classes.1"),
      R"({"label":"1","labelled":3,"predicted":3,"right":2,"precision":0.6666666666666666,"recall":0.6666666666666666})");
}

TEST_F(ProfileTest, MissingAndUnknown) {
  const auto profile = Profile("id,y,x\n1,1.0,\n2,,5\n3,2,5\n4,0,abc\n5,0,5\n6,0\n");
  ASSERT_TRUE(profile) << profile.error().message;
  EXPECT_EQ(At(*profile, "source.rows"), "6");
  EXPECT_EQ(At(*profile, "rows"), "4");
  EXPECT_EQ(At(*profile, "refused"),
            R"({"rows":2,"first":"row 4 (line 5): x: Input should be a valid number"})");
  EXPECT_EQ(At(*profile, "features.0.missing"), "1");
  EXPECT_EQ(At(*profile, "features.0.count"), "3");
  EXPECT_EQ(At(*profile, "quality.labelled"), "2");
  EXPECT_EQ(At(*profile, "quality.unlabelled"), "1");
  EXPECT_EQ(At(*profile, "quality.unknown"), "1");
  EXPECT_EQ(At(*Profile("x\n1\n", ""), "quality"), "null");
  EXPECT_EQ(At(*Profile("x,y\n1,\n"), "quality.accuracy"), "null") << "no label at all";
}

TEST_F(ProfileTest, WhatCannotBeProfiled) {
  EXPECT_EQ(Profile("x\n1\n").error().message, "some/train.csv: no column 'y' for the label; it has x");
  EXPECT_TRUE(Profile("y\n1\n").error().message.starts_with("some/train.csv: ")) << "no column x";
  EXPECT_EQ(Profile("x,y\n").error().message, "some/train.csv: no row that the model can score");
  EXPECT_EQ(Profile("x,y\na,1\nb,1\n").error().message,
            "some/train.csv: no row that the model can score; 2 refused, row 1 (line 2): x: Input should be "
            "a valid "
            "number");
  EXPECT_EQ(Profile("x,y\n1,yes\n2,no\n").error().message,
            "some/train.csv: no label is a class of the model (0, 1); the first is 'yes'");
  EXPECT_FALSE(Profile(""));
}

TEST_F(ProfileTest, ValuesThatOnlyTheModelRefuses) {
  model_.signature.inputs[0].accepts_missing = false;
  model_.signature.inputs[0].largest = 100;
  const auto profile = Profile("x,y\n1,1\n1000,0\n-5,0\n");
  ASSERT_TRUE(profile) << profile.error().message;
  EXPECT_EQ(At(*profile, "rows"), "2");
  EXPECT_EQ(At(*profile, "refused"),
            R"~({"rows":1,"first":"row 2: x: a value that the model does not take (out_of_range)"})~");
}

TEST_F(ProfileTest, Regression) {
  model_.signature.task = Task::kRegression;
  model_.signature.classes.clear();
  model_.signature.probabilities = false;
  model_.link = Link::kIdentity;
  const auto profile = Profile("x,y\n1,2\n2,2\n3,5\n4,bad\n");
  ASSERT_TRUE(profile) << profile.error().message;
  EXPECT_EQ(At(*profile, "scores.0.name"), "value:0");
  EXPECT_EQ(At(*profile, "predictions"), "absent");
  EXPECT_EQ(At(*profile, "quality.unknown"), "1");
  EXPECT_EQ(At(*profile, "quality.mean_absolute_error"), "1");
  EXPECT_NEAR(NumberAt(*profile, "quality.root_mean_squared_error"), std::sqrt(5.0 / 3), 1e-15);
  EXPECT_NEAR(NumberAt(*profile, "quality.r2"), 1 - 5.0 / 6, 1e-15);
  EXPECT_EQ(Profile("x,y\n1,high\n").error().message,
            "some/train.csv: no label is a number; the first is 'high'");
}

// More rows than one window of the file, and the same whatever the line ends.
TEST_F(ProfileTest, LongFiles) {
  std::string csv = "x,y,note\n";
  std::mt19937 random(1);
  std::size_t rows = 0;
  for (; csv.size() < (20 << 20); ++rows) {
    csv += std::to_string(static_cast<int>(random() % 2001) - 1000) + "," + (random() % 2 == 0 ? "0" : "1") +
           ",\"" + std::string(random() % 400, 'n') + "\n\"\n";
  }
  const auto profile = Profile(csv);
  ASSERT_TRUE(profile) << profile.error().message;
  EXPECT_EQ(At(*profile, "rows"), std::to_string(rows));
  EXPECT_EQ(At(*profile, "quality.labelled"), std::to_string(rows));
  EXPECT_NEAR(NumberAt(*profile, "quality.auc"), 0.5, 0.02);
  double sum = 0;
  for (int i = 0; i < 10; ++i) sum += NumberAt(*profile, "features.0.bins.counts." + std::to_string(i));
  EXPECT_EQ(sum, static_cast<double>(rows));
}

TEST(ProfileOfContractTest, TextsAndDerivedFeatures) {
  Model model;
  model.signature.task = Task::kRegression;
  model.signature.named = true;
  model.signature.inputs = {{.name = "ratio"}, {.name = "age"}};
  model.predictor = Linear{.features = 2, .outputs = 1, .weights = {1, 2}, .intercept = {0}};
  auto contract = ParseContract(
      "name: c\nkey: id\nfields:\n  - {name: id, type: string}\n  - {name: age, type: int, min: 18}\n"
      "  - {name: spent, type: float}\nderived: {ratio: spent / age}\nfeatures: [ratio, age]\n"
      "unknown_fields: reject\n",
      "c.yaml");
  ASSERT_TRUE(contract) << contract.error().message;
  ASSERT_TRUE(BindContract(*contract, model.signature));
  const auto engine = CompileEngine(model);
  ASSERT_TRUE(engine);
  const auto profile =
      MakeProfile(model, **engine, *contract,
                  {.csv = "spent,age,y\n40,20,42\n60,30,62\n1,17,1\n", .name = "t.csv", .label = "y"});
  ASSERT_TRUE(profile) << profile.error().message;
  EXPECT_EQ(At(*profile, "rows"), "2");
  EXPECT_EQ(At(*profile, "refused.rows"), "1");
  EXPECT_EQ(At(*profile, "features.0.name"), "ratio");
  EXPECT_EQ(At(*profile, "features.0.min"), "2");
  EXPECT_EQ(At(*profile, "quality.mean_absolute_error"), "0");
}

}  // namespace
}  // namespace turnout
