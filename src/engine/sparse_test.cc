// Linear predictors of texts: as the slow model answers, to the bit, whatever stands beside the texts.
#include <gtest/gtest.h>

#include <random>

#include "engine/engine.h"

namespace turnout {
namespace {

Vectorize Words(int32_t first_column) {
  Vectorize words{.features = 5,
                  .terms = {"aa", "bb", "cc", "dd", "ee"},
                  .weights = {{.idf = {1.1, 0.7, 1.3, 2.9, 0.1}, .norm = TermWeights::Norm::kL2}}};
  for (int32_t i = 0; i < 5; ++i) words.columns.push_back((i + first_column) % 5);
  return words;
}

Model OfTexts(std::vector<Step> steps, int32_t features) {
  Model model;
  model.signature.inputs = {{.name = "title", .type = ColumnType::kText},
                            {.name = "x"},
                            {.name = "body", .type = ColumnType::kText}};
  model.steps = std::move(steps);
  Linear linear{.features = features, .outputs = 2, .intercept = {0.3, -0.1}};
  std::mt19937 random(1);
  for (int32_t i = 0; i < 2 * features; ++i) {
    linear.weights.push_back(std::uniform_real_distribution(-1.0, 1.0)(random));
  }
  model.predictor = std::move(linear);
  return model;
}

Model TextsAndNumbers() {
  return OfTexts({Columns{.parts = {{"title", {0}, {Words(0)}},
                                    {"x", {1}, {Scale{{0.5}, {3.0}}}},
                                    {"body", {2}, {ImputeText{{"aa bb"}}, Words(2)}}}}},
                 11);
}

TEST(Sparse, AnswersAsTheSlowModelDoes) {
  const Model model = TextsAndNumbers();
  const auto sparse = CompileEngine(model), slow = CompileEngine(model, "reference");
  ASSERT_TRUE(sparse && slow);
  EXPECT_EQ((*sparse)->name(), "sparse");

  constexpr std::size_t kRows = 150;  // more than two blocks
  std::mt19937 random(2);
  const std::string_view pieces[] = {"aa", "bb", "cc", "dd", "ee", "unknown", "é", "a"};
  std::vector<std::string> owned(2 * kRows);
  std::vector<std::string_view> titles, bodies;
  std::vector<double> x;
  for (std::size_t i = 0; i < kRows; ++i) {
    for (std::string* text : {&owned[2 * i], &owned[2 * i + 1]}) {
      for (auto n = random() % 9; n > 0; --n) text->append(pieces[random() % 8]).append(1, ' ');
    }
    titles.emplace_back(owned[2 * i]);
    bodies.emplace_back(i % 7 == 0 ? kMissingText : std::string_view(owned[2 * i + 1]));
    x.push_back(std::normal_distribution()(random));
  }
  const ColumnView inputs[] = {{nullptr, titles.data()}, {x.data(), nullptr}, {nullptr, bodies.data()}};
  Workspace workspace;
  Scores fast, expected;
  for (const std::size_t rows : {kRows, std::size_t{1}, std::size_t{64}}) {
    (*sparse)->Score(inputs, rows, workspace, fast);
    (*slow)->Score(inputs, rows, workspace, expected);
    ASSERT_EQ(fast.raw.size(), 2 * rows);
    EXPECT_EQ(fast.raw, expected.raw);
  }
}

TEST(Sparse, SaysWhyItDoesNotFit) {
  const auto reason = [](const Model& model) { return ExplainEngines(model)[1].reason; };
  EXPECT_EQ(reason(TextsAndNumbers()), "");
  EXPECT_EQ(reason(OfTexts({Columns{.parts = {{"x", {1}, {}}}}}, 1)), "no step makes columns of terms");
  EXPECT_EQ(reason(OfTexts({Columns{.parts = {{"title", {0}, {Words(0)}}}}, Normalize{}}, 5)),
            "a step stands behind a vectorizer");
}

}  // namespace
}  // namespace turnout
