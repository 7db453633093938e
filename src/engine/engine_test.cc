#include "engine/engine.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "model/random_forest.h"

namespace turnout {
namespace {

constexpr std::size_t kRowCounts[] = {1, 2, 7, 8, 9, 11, 12, 13, 17, 21, 63, 64, 65, 73, 1000, 0, 3};

// Rows as columns, one vector per input.
struct Table {
  std::vector<std::vector<double>> numbers;
  std::vector<std::vector<std::string_view>> texts;
  std::vector<ColumnView> views;
};

template <class T>
::testing::AssertionResult SameBits(const std::vector<T>& a, const std::vector<T>& b, const char* what) {
  if (a.size() != b.size())
    return ::testing::AssertionFailure() << what << ": " << a.size() << ", " << b.size();
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::memcmp(&a[i], &b[i], sizeof(T)) != 0) {
      return ::testing::AssertionFailure() << what << "[" << i << "]: " << a[i] << ", " << b[i];
    }
  }
  return ::testing::AssertionSuccess();
}

// Every engine that fits answers as the slow model does, at every size, with scratch memory that others used.
void ExpectEnginesAgree(const Model& model, const Table& table) {
  const Status checked = CheckModel(model);
  ASSERT_TRUE(checked) << checked.error().message;
  Workspace workspace;
  Scores scores, expected;
  const auto reference = CompileEngine(model, "reference");
  ASSERT_TRUE(reference);
  int fitting = 0;
  for (const EngineChoice& choice : ExplainEngines(model)) {
    if (!choice.reason.empty()) continue;
    ++fitting;
    const auto engine = CompileEngine(model, choice.name);
    ASSERT_TRUE(engine) << engine.error().message;
    EXPECT_EQ((*engine)->name(), choice.name);
    for (std::size_t rows : kRowCounts) {
      SCOPED_TRACE(choice.name + ", rows " + std::to_string(rows));
      (*reference)->Score(table.views, rows, workspace, expected);
      (*engine)->Score(table.views, rows, workspace, scores);
      EXPECT_EQ(scores.rows, rows);
      EXPECT_EQ(scores.outputs, expected.outputs);
      EXPECT_EQ(scores.classes, expected.classes);
      ASSERT_TRUE(SameBits(scores.raw, expected.raw, "raw"));
      ASSERT_TRUE(SameBits(scores.probabilities, expected.probabilities, "probabilities"));
      ASSERT_TRUE(SameBits(scores.class_index, expected.class_index, "class_index"));
      ASSERT_TRUE(SameBits(scores.values, expected.values, "values"));
    }
  }
  EXPECT_GE(fitting, 2);
}

Model Wrap(Forest forest, bool missing) {
  Model model;
  for (int32_t i = 0; i < forest.features; ++i) {
    model.signature.inputs.push_back(
        {.name = "x" + std::to_string(i), .accepts_missing = missing, .categories = {}});
  }
  if (forest.outputs > 1) {
    model.signature.task = Task::kClassification;
    model.signature.probabilities = true;
    for (int64_t k = 0; k < forest.outputs; ++k) model.signature.classes.emplace_back(k);
    model.link = Link::kSoftmax;
    model.decision = Decision::kLargest;
  }
  model.predictor = std::move(forest);
  return model;
}

Table RandomTable(RandomForest& random, const Forest& forest, bool missing, std::size_t rows = 1000) {
  Table table;
  for (int32_t i = 0; i < forest.features; ++i) {
    std::vector<double>& column = table.numbers.emplace_back();
    for (std::size_t r = 0; r < rows; ++r) column.push_back(random.Cell(forest, missing));
  }
  for (const auto& column : table.numbers) table.views.push_back({.numbers = column.data()});
  return table;
}

TEST(Engine, ForestsOfEveryKindEqualTheSlowModel) {
  uint64_t seed = 1;
  for (int bits = 0; bits < 32; ++bits) {
    for (int32_t depth : {0, 1, 3, 6, 10, 20}) {
      RandomForestOptions options;
      options.float32 = bits & 1;
      options.missing = bits & 2;
      options.categorical = bits & 4;
      options.category_cast = static_cast<CategoryCast>(seed % 5);
      options.set_words = seed % 2 == 0 ? 8 : 40;
      options.vector_leaves = bits & 8;
      options.average = bits & 16;
      options.float32_sums = depth % 2 == 1;
      options.zero_missing = options.missing && depth > 3;
      options.linear_leaves = !options.vector_leaves && !options.float32_sums && seed % 3 == 0;
      RandomForest random(seed++);
      options.outputs = static_cast<int32_t>(1 + random.Below(4));
      options.trees = static_cast<int32_t>(1 + random.Below(40));
      options.depth = depth;
      options.split = depth > 9 ? 0.6 : 0.9;
      SCOPED_TRACE("seed " + std::to_string(seed - 1) + ", depth " + std::to_string(depth));
      const Model model = Wrap(random.Make(options), options.missing);
      ExpectEnginesAgree(model, RandomTable(random, std::get<Forest>(model.predictor), options.missing));
      if (HasFatalFailure()) return;
    }
  }
}

// Batches of these are not walked: ShallowTrees up to four levels, the walk from five on.
TEST(Engine, ShallowTreesEqualTheSlowModel) {
  for (uint64_t seed = 0; seed < 24; ++seed) {
    RandomForest random(seed + 1000);
    RandomForestOptions options{.trees = 60, .float32 = true};
    options.depth = static_cast<int32_t>(seed % 6);
    options.split = seed < 12 ? 0.7 : 1;
    options.missing = seed / 6 % 2 == 1;
    options.outputs = seed % 5 == 4 ? 3 : 1;
    SCOPED_TRACE("seed " + std::to_string(seed) + ", depth " + std::to_string(options.depth));
    const Model model = Wrap(random.Make(options), options.missing);
    ExpectEnginesAgree(model, RandomTable(random, std::get<Forest>(model.predictor), options.missing));
    if (HasFatalFailure()) return;
  }
}

// A chain of 300 splits and trees of many nodes: long walks, wide deltas.
TEST(Engine, DeepAndLargeTrees) {
  RandomForest random(99);
  Forest forest;
  forest.features = 2;
  forest.float32 = true;
  forest.base = {0.5};
  for (int t = 0; t < 9; ++t) {
    forest.roots.push_back(static_cast<int32_t>(forest.nodes.size()));
    forest.targets.push_back(0);
    for (int level = 0; level < 300; ++level) {
      const auto at = static_cast<int32_t>(forest.nodes.size());
      forest.nodes.push_back(
          {.threshold = 3 - 0.02 * level, .feature = level % 2, .left = at + 2, .right = at + 1});
      forest.nodes.push_back({.left = static_cast<int32_t>(forest.leaves.size())});
      forest.leaves.push_back(random.Normal());
    }
    forest.nodes.push_back({.left = static_cast<int32_t>(forest.leaves.size())});
    forest.leaves.push_back(random.Normal());
  }
  const Model chain = Wrap(forest, false);
  ExpectEnginesAgree(chain, RandomTable(random, forest, false));

  // More nodes than 16 bits count.
  const Model large = Wrap(random.Make({.trees = 2, .depth = 17, .split = 1, .float32 = true}), false);
  ExpectEnginesAgree(large, RandomTable(random, std::get<Forest>(large.predictor), false));
}

// ---- steps
// ---------------------------------------------------------------------------------------------------

constexpr std::string_view kPlans[] = {"basic", "standard", "premium", "gold", "", "Łódź"};

// Numbers with holes, plans with holes, small whole numbers with holes.
Table MixedTable(RandomForest& random) {
  Table table;
  std::vector<double>& amounts = table.numbers.emplace_back();
  std::vector<double> levels;
  std::vector<std::string_view>& plans = table.texts.emplace_back();
  for (int r = 0; r < 1000; ++r) {
    amounts.push_back(random.Below(5) ? random.Normal() * 100 : kMissingNumber);
    levels.push_back(random.Below(6) ? static_cast<double>(random.Below(6)) : kMissingNumber);
    const uint32_t plan = random.Below(7);
    plans.push_back(plan < 6 ? kPlans[plan] : kMissingText);
  }
  table.numbers.push_back(std::move(levels));
  table.views = {{.numbers = table.numbers[0].data()},
                 {.texts = table.texts[0].data()},
                 {.numbers = table.numbers[1].data()}};
  return table;
}

Model MixedModel(bool drop, bool missing_category) {
  Model model;
  model.signature.inputs = {
      {.name = "amount", .accepts_missing = true, .categories = {}},
      {.name = "plan", .type = ColumnType::kText, .accepts_missing = true, .categories = {}},
      {.name = "level", .accepts_missing = true, .categories = {}}};
  Categories plans{.texts = {"basic", "premium", "standard", ""}, .numbers = {}, .is_text = true};
  if (missing_category) plans.missing = 3;
  const Categories levels{.texts = {}, .numbers = {3, 1, 4, 0}};

  Columns columns;
  columns.parts.push_back({"amounts", {0, 2, 0}, {Impute{{7.5, NAN, -1}}, Scale{{1.25, 3.5}, {0.3, 1e3}}}});
  columns.parts.push_back({"plans", {1}, {OneHot{{plans}, {drop ? 1 : -1}, true}}});
  columns.parts.push_back(
      {"levels",
       {2, 1},
       {Ordinal{{levels, plans}, true, -1, missing_category ? NAN : 9}, Scale{{}, {2, 3}}}});
  columns.parts.push_back({"rest", {0}, {}});
  model.steps = {std::move(columns), Scale{std::vector<double>(drop ? 8 : 9, 0.1), {}}};
  return model;
}

TEST(Engine, StepsEqualTheSlowModel) {
  for (int bits = 0; bits < 4; ++bits) {
    RandomForest random(static_cast<uint64_t>(bits) + 500);
    Model model = MixedModel(bits & 1, bits & 2);
    const int32_t features = bits & 1 ? 8 : 9;
    const Table table = MixedTable(random);

    model.predictor = random.Make({.features = features, .depth = 4, .float32 = true, .missing = true});
    ExpectEnginesAgree(model, table);

    // NaN reaches the sums; the largest NaN there is must still be the same everywhere.
    Linear linear{.features = features, .outputs = 3, .weights = {}, .intercept = {0.5, -1, 2}};
    for (int32_t i = 0; i < 3 * features; ++i) linear.weights.push_back(random.Normal());
    model.predictor = linear;
    model.signature.task = Task::kClassification;
    model.signature.probabilities = true;
    model.signature.classes = {"a", "b", "c"};
    model.decision = Decision::kLargest;
    std::get<Columns>(model.steps[0]).parts[3].steps = {Impute{{0}}};
    if (bits & 2) std::get<Ordinal>(std::get<Columns>(model.steps[0]).parts[2].steps[0]).missing_value = 5;
    for (Link link : {Link::kSoftmax, Link::kLogSumExp, Link::kOneVsRest}) {
      model.link = link;
      ExpectEnginesAgree(model, table);
    }
  }
}

TEST(Engine, BinaryAndRegressionLinks) {
  RandomForest random(7);
  Model model = Wrap(random.Make({.trees = 30}), false);
  const Table table = RandomTable(random, std::get<Forest>(model.predictor), false);
  model.link = Link::kExp;
  ExpectEnginesAgree(model, table);
  model.signature.task = Task::kClassification;
  model.signature.classes = {false, true};
  model.link = Link::kIdentity;
  model.decision = Decision::kRawAboveZero;
  ExpectEnginesAgree(model, table);
  model.signature.probabilities = true;
  for (Link link : {Link::kExpit, Link::kExpitFloat, Link::kSoftmax}) {
    for (Decision decision : {Decision::kLargest, Decision::kRawAboveZero, Decision::kRawFromZero}) {
      model.link = link;
      model.decision = decision;
      ExpectEnginesAgree(model, table);
    }
  }
}

// A second call of the same size allocates nothing: the memory stays where it was.
TEST(Engine, SteadyStateKeepsItsMemory) {
  RandomForest random(3);
  const Model model = Wrap(random.Make({.outputs = 3, .trees = 12}), false);
  const Table table = RandomTable(random, std::get<Forest>(model.predictor), false);
  const auto engine = CompileEngine(model);
  ASSERT_TRUE(engine);
  Workspace workspace;
  Scores scores;
  (*engine)->Score(table.views, 500, workspace, scores);
  const void* before[] = {workspace.doubles.data(), workspace.floats.data(), scores.raw.data(),
                          scores.probabilities.data(), scores.class_index.data()};
  for (std::size_t rows : {1, 500, 64, 7, 500}) (*engine)->Score(table.views, rows, workspace, scores);
  const void* after[] = {workspace.doubles.data(), workspace.floats.data(), scores.raw.data(),
                         scores.probabilities.data(), scores.class_index.data()};
  for (int i = 0; i < 5; ++i) EXPECT_EQ(before[i], after[i]) << i;
}

// ---- the choice
// ----------------------------------------------------------------------------------------------

TEST(Engine, ChoiceIsExplained) {
  RandomForest random(1);
  const Model forest = Wrap(random.Make({}), false);
  const auto choices = ExplainEngines(forest);
  const std::vector<std::pair<std::string_view, std::string_view>> expected = {
      {"portable", ""},
      {"sparse", "the predictor is not linear in double"},
      {"linear", "the predictor is a forest"},
      {"rows", ""},
      {"reference", ""}};
  ASSERT_EQ(choices.size(), expected.size());
  for (std::size_t i = 0; i < choices.size(); ++i) {
    EXPECT_EQ(choices[i].name, expected[i].first);
    EXPECT_EQ(choices[i].reason, expected[i].second);
  }
  EXPECT_EQ((*CompileEngine(forest))->name(), "portable");

  Model linear = forest;
  linear.predictor = Linear{.features = 6, .outputs = 1, .weights = std::vector<double>(6), .intercept = {0}};
  EXPECT_EQ(ExplainEngines(linear)[0].reason, "the predictor is linear");
  EXPECT_EQ((*CompileEngine(linear))->name(), "linear");
  EXPECT_EQ(CompileEngine(linear, "portable").error().message,
            "the engine portable does not fit this model: the predictor is linear");
  EXPECT_EQ(CompileEngine(linear, "avx1024").error().message,
            "no engine \"avx1024\"; there are portable, sparse, linear, rows, reference");
}

}  // namespace
}  // namespace turnout
