// Models inside of a model, compiled: as the slow model answers, to the bit, for any number of rows; and no
// allocation once the memory is there.
#include <gtest/gtest.h>

#include "engine/agreement.h"
#include "model/random_forest.h"

namespace turnout {
namespace {

Model ForestModel(uint64_t seed, int32_t features, int32_t classes) {
  Model model;
  RandomForest random(seed);
  Forest forest = random.Make(
      {.features = features, .outputs = classes, .float32 = true, .average = true, .vector_leaves = true});
  for (int32_t i = 0; i < features; ++i) {
    model.signature.inputs.push_back({.name = "x" + std::to_string(i), .largest = 1e30});
  }
  model.signature.task = Task::kClassification;
  for (int32_t k = 0; k < classes; ++k) model.signature.classes.emplace_back(int64_t{k});
  model.signature.probabilities = true;
  model.decision = Decision::kLargest;
  model.predictor = std::move(forest);
  return model;
}

Model OfTexts() {
  Model model;
  model.signature.inputs = {{.name = "plan", .type = ColumnType::kText, .categories = {"a", "b"}},
                            {.name = "x"}};
  model.steps = {Columns{.parts = {{.name = "codes",
                                    .inputs = {0},
                                    .steps = {OneHot{.columns = {{.texts = {"a", "b"}, .is_text = true}},
                                                     .dropped = {-1},
                                                     .ignore_unknown = true}}},
                                   {.name = "rest", .inputs = {1}, .steps = {}}}}};
  model.predictor = Linear{.features = 3, .outputs = 1, .weights = {1, 2, 0.5}, .intercept = {0.25}};
  return model;
}

Member Of(Model model, std::vector<int32_t> inputs, std::vector<Give> gives) {
  return {.model = std::make_shared<const Model>(std::move(model)),
          .inputs = std::move(inputs),
          .gives = std::move(gives)};
}

// A stack of a forest, a vote, texts and a stack inside of it; scaled in front.
Model Stack() {
  Model inner;
  for (int i = 0; i < 3; ++i)
    inner.signature.inputs.push_back({.name = "x" + std::to_string(i), .largest = 1e30});
  inner.steps = {
      Members{.members = {Of(ForestModel(1, 3, 3), {2, 0, 1}, {Give::kProbabilities})}, .passthrough = true}};
  inner.predictor =
      Linear{.features = 6, .outputs = 1, .weights = {1, -1, 0.5, 0.1, 0.2, 0.3}, .intercept = {1}};
  Model model;
  model.signature.inputs = {{.name = "plan", .type = ColumnType::kText, .categories = {"a", "b"}}};
  for (int i = 0; i < 4; ++i)
    model.signature.inputs.push_back({.name = "x" + std::to_string(i), .largest = 1e30});
  Columns::Part scaled{.name = "scaled", .inputs = {1, 2, 3}, .steps = {Scale{{1, 2, 3}, {2, 2, 2}}}};
  model.steps = {Columns{.parts = {{.name = "plan", .inputs = {0}, .steps = {}},
                                   scaled,
                                   {.name = "last", .inputs = {4}, .steps = {}}}}};
  Members members;
  members.members = {Of(ForestModel(2, 4, 2), {1, 2, 3, 4}, {Give::kSecond, Give::kClass}),
                     Of(OfTexts(), {0, 3}, {Give::kValues}),
                     Of(std::move(inner), {4, 1, 1}, {Give::kValues})};
  model.steps.emplace_back(std::move(members));
  model.predictor = Combination{.kind = Combination::Kind::kMean, .features = 4, .outputs = 2};
  model.signature.values = 2;
  return model;
}

TEST(CompiledMembers, AnswerAsTheSlowModel) {
  const Model model = Stack();
  const Status checked = CheckModel(model);
  ASSERT_TRUE(checked) << checked.error().message;
  for (uint64_t seed = 0; seed < 20; ++seed) EXPECT_EQ(FindDisagreement(model, 130, seed), "");
}

// A text behind an imputer stands in no column: the member then takes it row by row.
TEST(CompiledMembers, ATextBehindAnImputer) {
  Model model;
  model.signature.inputs = {
      {.name = "plan", .type = ColumnType::kText, .accepts_missing = true, .categories = {"a", "b"}},
      {.name = "x"}};
  model.steps = {
      Columns{.parts = {{.name = "plan", .inputs = {0}, .steps = {ImputeText{.statistics = {"b"}}}},
                        {.name = "x", .inputs = {1}, .steps = {}}}},
      Members{.members = {Of(OfTexts(), {0, 1}, {Give::kValues})}}};
  model.predictor = Combination{.features = 1};
  const Status checked = CheckModel(model);
  ASSERT_TRUE(checked) << checked.error().message;
  EXPECT_EQ(FindDisagreement(model, 100, 1), "");
}

TEST(CompiledMembers, KeepTheirMemory) {
  const Model model = Stack();
  const auto engine = CompileEngine(model);
  ASSERT_TRUE(engine);
  const ProbeRows rows(model, 100, 3);
  Workspace workspace;
  Scores scores;
  (*engine)->Score(rows.views(), 100, workspace, scores);
  ASSERT_NE(workspace.inner, nullptr);
  const Workspace* inner = workspace.inner.get();
  const double* memory = inner->doubles.data();
  for (int i = 0; i < 3; ++i) (*engine)->Score(rows.views(), 100, workspace, scores);
  EXPECT_EQ(workspace.inner.get(), inner);
  EXPECT_EQ(inner->doubles.data(), memory);
}

}  // namespace
}  // namespace turnout
