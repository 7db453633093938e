#include "model/explain.h"

#include <gtest/gtest.h>

#include <cmath>

namespace turnout {
namespace {

Input Number(std::string name) { return {.name = std::move(name)}; }

// plan (text) one-hot, age scaled, income imputed; income's neighbour has no statistic and falls out.
Model Pipeline() {
  Model model;
  model.signature.inputs = {
      {.name = "plan", .type = ColumnType::kText}, Number("age"), Number("income"), Number("x")};
  OneHot plan;
  plan.columns.resize(1);
  plan.columns[0].is_text = true;
  plan.columns[0].texts = {"basic", "", "gold"};
  plan.columns[0].missing = 1;
  plan.dropped = {0};
  model.steps = {Columns{.parts = {{.name = "plan", .inputs = {0}, .steps = {plan}},
                                   {.name = "age", .inputs = {1}, .steps = {Scale{{40}, {10}}}},
                                   {.name = "rest", .inputs = {2, 3}, .steps = {Impute{{7, NAN}}}}}}};
  model.predictor = Linear{.features = 4, .outputs = 1, .weights = {1, 2, 3, 4}, .intercept = {0.5}};
  return model;
}

TEST(Explain, NamesWhatReachesThePredictor) {
  EXPECT_EQ(FeatureNames(Pipeline()),
            (std::vector<std::string>{"plan=missing", "plan=gold", "age", "income"}));
}

TEST(Explain, TermsOfALinearModel) {
  const Model model = Pipeline();
  ASSERT_TRUE(CheckModel(model));
  const std::vector<Value> row = {
      {.text = "gold", .is_text = true}, {.number = 60}, {.number = NAN}, {.number = 1}};
  const Explanation explained = Explain(model, row);
  ASSERT_EQ(explained.features.size(), 4u);
  EXPECT_EQ(explained.features[1].value, 1);
  EXPECT_EQ(explained.features[2].value, 2);
  EXPECT_EQ(explained.features[3].value, 7);
  EXPECT_EQ(explained.terms, (std::vector<double>{0, 2, 6, 28}));
  EXPECT_EQ(explained.prediction.values, std::vector<double>{36.5});
  EXPECT_TRUE(explained.leaves.empty());
}

TEST(Explain, LeavesOfAForest) {
  Model model;
  model.signature.inputs = {Number("a"), Number("b")};
  Forest forest{.features = 2};
  // a <= 1 ? 10 : (b <= 2 ? 20 : 30), then a tree of one leaf.
  forest.nodes = {{.threshold = 1, .feature = 0, .left = 1, .right = 2},
                  {.left = 0},
                  {.threshold = 2, .feature = 1, .left = 3, .right = 4},
                  {.left = 1},
                  {.left = 2},
                  {.left = 3}};
  forest.roots = {0, 5};
  forest.targets = {0, 0};
  forest.leaves = {10, 20, 30, -1};
  forest.base = {0};
  model.predictor = forest;
  ASSERT_TRUE(CheckModel(model)) << CheckModel(model).error().message;
  const std::vector<Value> row = {{.number = 5}, {.number = 3}};
  const Explanation explained = Explain(model, row);
  ASSERT_EQ(explained.leaves.size(), 2u);
  EXPECT_EQ(explained.leaves[0].node, 4);
  EXPECT_EQ(explained.leaves[0].values, std::vector<double>{30});
  EXPECT_EQ(explained.leaves[1].node, 0);
  EXPECT_EQ(explained.leaves[1].values, std::vector<double>{-1});
  EXPECT_EQ(explained.prediction.values, std::vector<double>{29});
}

}  // namespace
}  // namespace turnout
