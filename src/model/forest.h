// A forest: decision trees whose leaf values are summed in tree order.
//
// Flat arrays, checked once by CheckForest(); after that every walk ends and every index is in range.
// Leaves hold what is added to the sum: a learning rate is already multiplied in (the same product that the
// library computes for each row), a leaf's class fractions are already divided.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "base/result.h"

namespace turnout {

// How a number names a category; the fraction is always cut off.
enum class CategoryCast : uint8_t {
  kByte,           // 0..255 (HistGradientBoosting, scikit-learn from 1.4); any other number names none
  kLowByte,        // negative numbers name none; others their lowest 8 bits as an int32, 0 beyond its range
                   // (a C cast to uint8_t on x86: HistGradientBoosting of scikit-learn 1.2 and 1.3)
  kSignedLowByte,  // the same for negative numbers, -253 is 3 (before 1.2)
  kInt,            // 0..2^31-1, from above -1 on (LightGBM)
  kFloatInt,       // 0..2^24-1 (XGBoost)
};
// The category, or -1: none. x is not NaN.
int32_t CategoryOf(CategoryCast cast, double x);

// The categories that a categorical split sends left. NaN goes the split's missing way.
struct CategorySet {
  uint32_t first = 0;           // into Forest::set_words: bit c % 32 of word first + c / 32 is category c
  uint32_t words = 0;           // categories from 32 * words on are beyond the set
  bool otherwise_left = false;  // where they go, and what names no category
};

struct Node {
  static constexpr int32_t kLeaf = -1;

  double threshold = 0;
  int32_t feature = kLeaf;  // index into the forest's inputs; kLeaf: this is a leaf
  int32_t left = 0;         // child nodes; in a leaf, `left` is the index of its value (see Forest::leaves)
  int32_t right = 0;
  int32_t categories = -1;    // >= 0: a categorical split, index into Forest::sets
  bool missing_left = false;  // where NaN goes
  bool zero_missing = false;  // a split on a number: |x| <= kZeroThreshold goes where NaN goes (LightGBM)
};

// LightGBM's kZeroThreshold, a float there (include/LightGBM/meta.h): what is not above it is 0 to that
// library.
inline constexpr double kZeroThreshold = 1e-35f;

// A leaf that adds constant + sum over its terms of weight * x[feature], in order, where |x| <=
// kZeroThreshold is 0; a NaN among these x: the leaf's plain value instead (LightGBM's linear trees).
struct LinearLeaf {
  double constant = 0;
  uint32_t first = 0;  // into Forest::leaf_terms
  uint32_t terms = 0;
};
struct LeafTerm {
  double weight = 0;
  int32_t feature = 0;
};

struct Forest {
  int32_t features = 0;       // inputs per row
  int32_t outputs = 1;        // raw scores per row
  int32_t leaf_width = 1;     // values per leaf: 1, or `outputs` (a forest of class distributions)
  int32_t divisor = 1;        // the sums are divided by it (random forests: the number of trees)
  bool float32 = false;       // a feature is cast to float32 before it is compared (scikit-learn, XGBoost)
  bool float32_sums = false;  // base, leaves and sums are float32, added as such (XGBoost)
  CategoryCast category_cast = CategoryCast::kByte;

  std::vector<Node> nodes;
  std::vector<int32_t> roots;             // one per tree, in the order of summation
  std::vector<int32_t> targets;           // one per tree: the output it adds to; 0 when leaf_width == outputs
  std::vector<double> leaves;             // leaf_width values for each leaf
  std::vector<LinearLeaf> linear_leaves;  // none, or one for each leaf (leaf_width is 1)
  std::vector<LeafTerm> leaf_terms;
  std::vector<CategorySet> sets;
  std::vector<uint32_t> set_words;
  std::vector<double> base;  // `outputs` values that the sums start from

  std::size_t trees() const { return roots.size(); }
};

// Levels below the root. Real files stay under 100; a chain of the longest file would make one row cost
// seconds.
inline constexpr int32_t kMaxDepth = 10'000;

// Sizes agree, indices are in range, children come after their parent (so walks end), every node is a root
// or has one parent, no tree is deeper than kMaxDepth, leaves and base are finite and no threshold is NaN.
// The message names the tree and the node.
Status CheckForest(const Forest& forest);

// Whether a categorical split sends CategoryOf's answer left.
bool CategoryGoesLeft(const Forest& forest, const CategorySet& set, int32_t category);

// The leaf (a node index) that row x (forest.features values) reaches in a tree.
int32_t FindLeaf(const Forest& forest, std::size_t tree, const double* x);

// What a leaf (its index) of a forest with a leaf_width of 1 adds for row x.
double LeafValue(const Forest& forest, int32_t leaf, const double* x);

// raw[0..outputs): the sums for one row, in tree order, as the origin library adds them.
void SumForest(const Forest& forest, const double* x, double* raw);

}  // namespace turnout
