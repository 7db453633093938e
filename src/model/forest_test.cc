#include "model/forest.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "model/random_forest.h"

namespace turnout {
namespace {

// x0 <= 0.5 ? (x1 <= -1 ? leaf 0 : leaf 1) : leaf 2, twice.
Forest TwoTrees() {
  Forest forest;
  forest.features = 2;
  forest.base = {0.25};
  forest.leaves = {1, 2, 4, 10, 20, 40};
  for (int32_t t = 0; t < 2; ++t) {
    const int32_t at = 5 * t;
    forest.roots.push_back(at);
    forest.targets.push_back(0);
    forest.nodes.push_back({.threshold = 0.5, .feature = 0, .left = at + 1, .right = at + 4});
    forest.nodes.push_back(
        {.threshold = -1, .feature = 1, .left = at + 2, .right = at + 3, .missing_left = true});
    for (int32_t leaf = 0; leaf < 3; ++leaf) forest.nodes.push_back({.left = 3 * t + leaf});
  }
  return forest;
}

double Sum(const Forest& forest, std::initializer_list<double> x) {
  double raw = 0;
  SumForest(forest, x.begin(), &raw);
  return raw;
}

TEST(Forest, WalksAndSums) {
  const Forest forest = TwoTrees();
  ASSERT_TRUE(CheckForest(forest));
  EXPECT_EQ(Sum(forest, {0.5, -1}), 0.25 + 1 + 10);
  EXPECT_EQ(Sum(forest, {0.5, std::nextafter(-1, 0)}), 0.25 + 2 + 20);
  EXPECT_EQ(Sum(forest, {std::nextafter(0.5, 1), 0}), 0.25 + 4 + 40);
  EXPECT_EQ(Sum(forest, {NAN, 0}), 0.25 + 4 + 40);
  EXPECT_EQ(Sum(forest, {-7, NAN}), 0.25 + 1 + 10);
  EXPECT_EQ(FindLeaf(forest, 1, std::vector<double>{0, 0}.data()), 8);
}

// A threshold between two floats: the feature is rounded first, the threshold is not.
TEST(Forest, Float32RoundsTheFeatureOnly) {
  Forest forest = TwoTrees();
  const double low = 0.1f, high = std::nextafterf(0.1f, 1);
  forest.nodes[0].threshold = forest.nodes[5].threshold = (low + high) / 2;
  const double nearer_low = low + (high - low) * 0.49, nearer_high = low + (high - low) * 0.51;
  EXPECT_EQ(Sum(forest, {nearer_high, 0}), 0.25 + 4 + 40);
  EXPECT_EQ(Sum(forest, {nearer_low, 0}), 0.25 + 2 + 20);
  forest.float32 = true;
  forest.nodes[0].threshold = forest.nodes[5].threshold = nearer_low;
  EXPECT_EQ(Sum(forest, {low + (high - low) * 0.495, 0}),
            0.25 + 2 + 20);  // above the threshold, rounds below
  EXPECT_EQ(Sum(forest, {nearer_high, 0}), 0.25 + 4 + 40);
}

TEST(Forest, Categories) {
  Forest forest;
  forest.set_words = {0xffffffff, 1u << 3, 1u << 31};
  for (bool otherwise_left : {false, true}) {
    const CategorySet set{.first = 1, .words = 2, .otherwise_left = otherwise_left};
    EXPECT_TRUE(CategoryGoesLeft(forest, set, 3));
    EXPECT_TRUE(CategoryGoesLeft(forest, set, 63));
    EXPECT_FALSE(CategoryGoesLeft(forest, set, 4));
    EXPECT_EQ(CategoryGoesLeft(forest, set, 64), otherwise_left);
    EXPECT_EQ(CategoryGoesLeft(forest, set, std::numeric_limits<int32_t>::max()), otherwise_left);
    EXPECT_EQ(CategoryGoesLeft(forest, set, -1), otherwise_left);
  }
}

// What scikit-learn 1.4, 1.3 and 1.1 did with these numbers, found by asking them.
TEST(Forest, NumbersAsCategories) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr struct {
    double x;
    int byte, low_byte, signed_low_byte;
  } kCases[] = {
      {3, 3, 3, 3},           {3.9, 3, 3, 3},         {255.9, 255, 255, 255},   {-0.0, 0, 0, 0},
      {-0.5, -1, -1, 0},      {-1, -1, -1, 255},      {-253, -1, -1, 3},        {-253.5, -1, -1, 3},
      {-252.5, -1, -1, 4},    {256, -1, 0, 0},        {259, -1, 3, 3},          {0x1p31 - 253, -1, 3, 3},
      {0x1p31 + 3, -1, 0, 0}, {0x1p32 + 3, -1, 0, 0}, {-0x1p31 + 3, -1, -1, 3}, {-0x1p31 - 1, -1, -1, 0},
      {1e300, -1, 0, 0},      {-1e300, -1, -1, 0},    {kInfinity, -1, 0, 0},    {-kInfinity, -1, -1, 0},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(CategoryOf(CategoryCast::kByte, c.x), c.byte) << c.x;
    EXPECT_EQ(CategoryOf(CategoryCast::kLowByte, c.x), c.low_byte) << c.x;
    EXPECT_EQ(CategoryOf(CategoryCast::kSignedLowByte, c.x), c.signed_low_byte) << c.x;
  }
}

// LightGBM casts, then looks at the sign; XGBoost the other way round.
TEST(Forest, NumbersAsWideCategories) {
  constexpr struct {
    double x;
    int as_int, as_float_int;
  } kCases[] = {
      {-0.5, 0, -1},
      {-1, -1, -1},
      {300.5, 300, 300},
      {0x1p24 - 1, 16777215, 16777215},
      {0x1p24, 1 << 24, -1},
      {0x1p31, -1, -1},
      {0x1p31 - 1, 0x7fffffff, -1},
      {-1e300, -1, -1},
      {1e300, -1, -1},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(CategoryOf(CategoryCast::kInt, c.x), c.as_int) << c.x;
    EXPECT_EQ(CategoryOf(CategoryCast::kFloatInt, c.x), c.as_float_int) << c.x;
  }
}

TEST(Forest, AverageDividesOnce) {
  Forest forest = TwoTrees();
  forest.outputs = forest.leaf_width = 2;
  forest.divisor = 2;
  forest.base = {0, 0};
  forest.leaves = {0.1, 0.9, 0.3, 0.7, 0.5, 0.5, 0.2, 0.8, 0.7, 0.3, 1, 0};
  ASSERT_TRUE(CheckForest(forest));
  double raw[2];
  SumForest(forest, std::vector<double>{0, 0}.data(), raw);
  EXPECT_EQ(raw[0], (0.3 + 0.7) / 2);
  EXPECT_EQ(raw[1], (0.7 + 0.3) / 2);
}

// ---- an evaluator of its own: recursive, by trees
// --------------------------------------------------------------

int32_t LeafOf(const Forest& forest, int32_t at, const std::vector<double>& x) {
  const Node& node = forest.nodes[at];
  if (node.feature < 0) return node.left;
  double v = x[node.feature];
  if (forest.float32) v = static_cast<float>(v);
  bool left = v <= node.threshold;
  if (node.categories >= 0) {
    const CategorySet& set = forest.sets[node.categories];
    left = set.otherwise_left;
    if (v >= 0 && v < 32.0 * set.words) {
      const int c = static_cast<int>(v);
      left = (forest.set_words[set.first + (c >> 5)] & (1u << (c & 31))) != 0;
    }
  }
  const bool is_zero = node.zero_missing && node.categories < 0 && v <= 1e-35f && v >= -1e-35f;
  if (std::isnan(v) || is_zero) left = node.missing_left;
  return LeafOf(forest, left ? node.left : node.right, x);
}

double LinearLeafOf(const Forest& forest, int32_t leaf, const std::vector<double>& x) {
  const LinearLeaf& linear = forest.linear_leaves[leaf];
  double sum = linear.constant;
  bool missing = false;
  for (uint32_t t = 0; t < linear.terms; ++t) {
    const LeafTerm& term = forest.leaf_terms[linear.first + t];
    missing |= std::isnan(x[term.feature]);
    sum += term.weight * x[term.feature];
  }
  return missing ? forest.leaves[leaf] : sum;
}

TEST(Forest, EqualsAnEvaluatorOfItsOwn) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    RandomForest random(seed);
    RandomForestOptions options;
    options.float32 = random.Below(2);
    options.missing = random.Below(2);
    options.categorical = random.Below(2);
    options.vector_leaves = random.Below(2);
    options.average = random.Below(2);
    options.float32_sums = random.Below(2);
    options.zero_missing = random.Below(2);
    options.linear_leaves = !options.vector_leaves && !options.float32_sums && random.Below(2);
    options.outputs = static_cast<int32_t>(1 + random.Below(3));
    options.trees = static_cast<int32_t>(1 + random.Below(12));
    options.depth = static_cast<int32_t>(random.Below(12));
    const Forest forest = random.Make(options);
    const Status checked = CheckForest(forest);
    ASSERT_TRUE(checked) << checked.error().message;
    for (int row = 0; row < 50; ++row) {
      std::vector<double> x;
      for (int32_t i = 0; i < options.features; ++i) x.push_back(random.Cell(forest, options.missing));
      std::vector<double> raw(options.outputs), expected = forest.base;
      for (std::size_t t = 0; t < forest.trees(); ++t) {
        const int32_t at = LeafOf(forest, forest.roots[t], x);
        const double* leaf = &forest.leaves[static_cast<std::size_t>(at) * forest.leaf_width];
        auto add = [&](double& to, double value) {
          to = options.float32_sums ? static_cast<float>(to) + static_cast<float>(value) : to + value;
        };
        if (options.vector_leaves) {
          for (int32_t k = 0; k < options.outputs; ++k) add(expected[k], leaf[k]);
        } else {
          add(expected[t % options.outputs], options.linear_leaves ? LinearLeafOf(forest, at, x) : *leaf);
        }
      }
      for (double& value : expected) {
        if (!options.average) continue;
        value = options.float32_sums ? static_cast<float>(value) / static_cast<float>(options.trees)
                                     : value / options.trees;
      }
      SumForest(forest, x.data(), raw.data());
      ASSERT_EQ(std::memcmp(raw.data(), expected.data(), raw.size() * sizeof(double)), 0) << "seed " << seed;
    }
  }
}

// ---- what CheckForest refuses
// ------------------------------------------------------------------------------------

struct Hostile {
  const char* message;
  void (*spoil)(Forest&);
};

const Hostile kHostile[] = {
    {"forest: -1 features", [](Forest& f) { f.features = -1; }},
    {"forest: 0 outputs, at least 1 expected", [](Forest& f) { f.outputs = 0; }},
    {"forest: 3 values per leaf, 1 or 1 (the outputs) expected", [](Forest& f) { f.leaf_width = 3; }},
    {"forest: 2 base scores for 1 outputs", [](Forest& f) { f.base.push_back(0); }},
    {"forest: base score 0 is nan", [](Forest& f) { f.base[0] = NAN; }},
    {"forest: 1 targets for 2 trees", [](Forest& f) { f.targets.pop_back(); }},
    {"forest: 7 leaf values are not a multiple of 2 per leaf",
     [](Forest& f) {
       f.outputs = f.leaf_width = 2;
       f.base = {0, 0};
       f.leaves.push_back(1);
     }},
    {"forest: sums divided by 0", [](Forest& f) { f.divisor = 0; }},
    {"forest: tree 1: root 10 of 10 nodes", [](Forest& f) { f.roots[1] = 10; }},
    {"forest: tree 0: root -1 of 10 nodes", [](Forest& f) { f.roots[0] = -1; }},
    {"forest: tree 1: node 0 is also the root of tree 0", [](Forest& f) { f.roots[1] = 0; }},
    {"forest: tree 0: adds to output 1 of 1", [](Forest& f) { f.targets[0] = 1; }},
    {"forest: tree 1: adds to output -1 of 1", [](Forest& f) { f.targets[1] = -1; }},
    {"forest: tree 1, node 5: splits on feature 2 of 2", [](Forest& f) { f.nodes[5].feature = 2; }},
    {"forest: tree 0, node 1: splits on feature -2 of 2", [](Forest& f) { f.nodes[1].feature = -2; }},
    {"forest: tree 0, node 1: category set 0 of 0", [](Forest& f) { f.nodes[1].categories = 0; }},
    {"forest: tree 0, node 1: category set -2 of 0", [](Forest& f) { f.nodes[1].categories = -2; }},
    {"forest: tree 0, node 0: the threshold is not a number", [](Forest& f) { f.nodes[0].threshold = NAN; }},
    {"forest: tree 0, node 0: child 10 of 10 nodes", [](Forest& f) { f.nodes[0].right = 10; }},
    {"forest: tree 0, node 0: child -1 of 10 nodes", [](Forest& f) { f.nodes[0].left = -1; }},
    {"forest: tree 0, node 0: child 0 does not come after it", [](Forest& f) { f.nodes[0].left = 0; }},
    {"forest: tree 0, node 1: child 1 does not come after it", [](Forest& f) { f.nodes[1].right = 1; }},
    {"forest: tree 0, node 0: child 1 has another parent or is a root",
     [](Forest& f) { f.nodes[0].right = 1; }},
    {"forest: tree 0, node 0: child 5 has another parent or is a root",
     [](Forest& f) { f.nodes[0].right = 5; }},
    {"forest: tree 0, node 1: child 4 has another parent or is a root",
     [](Forest& f) { f.nodes[1].right = 4; }},
    {"forest: node 10: no tree reaches it", [](Forest& f) { f.nodes.emplace_back(); }},
    {"forest: tree 1, node 9: leaf 6 of 6", [](Forest& f) { f.nodes[9].left = 6; }},
    {"forest: tree 0, node 2: leaf -1 of 6", [](Forest& f) { f.nodes[2].left = -1; }},
    {"forest: tree 1, node 7: the leaf's value 0 is inf", [](Forest& f) { f.leaves[3] = INFINITY; }},
};

TEST(Forest, CheckNamesWhatIsWrong) {
  for (const Hostile& hostile : kHostile) {
    Forest forest = TwoTrees();
    hostile.spoil(forest);
    const Status status = CheckForest(forest);
    ASSERT_FALSE(status) << hostile.message;
    EXPECT_EQ(status.error().message, hostile.message);
    EXPECT_EQ(status.error().code, Code::kCorrupt);
  }
}

TEST(Forest, DepthIsLimited) {
  for (const bool too_deep : {false, true}) {
    Forest forest;
    forest.features = 1;
    forest.base = {0};
    forest.leaves = {1};
    forest.roots = {0};
    forest.targets = {0};
    for (int32_t level = 0; level < kMaxDepth + (too_deep ? 1 : 0); ++level) {
      forest.nodes.push_back({.feature = 0, .left = 2 * level + 1, .right = 2 * level + 2});
      forest.nodes.push_back({.left = 0});
    }
    forest.nodes.push_back({.left = 0});
    const Status status = CheckForest(forest);
    EXPECT_EQ(status.has_value(), !too_deep);
    if (too_deep) {
      EXPECT_EQ(status.error().message, "forest: tree 0, node 20000: deeper than 10000 levels");
    } else {
      EXPECT_EQ(Sum(forest, {1}), 1);
    }
  }
}

}  // namespace
}  // namespace turnout
