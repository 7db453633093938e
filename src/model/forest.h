// A forest: decision trees whose leaf values are summed in tree order.
//
// Flat arrays, checked once by CheckForest(); after that every walk ends and every index is in range.
// Leaves hold what is added to the sum: a learning rate is already multiplied in (the same double
// product that the library computes for each row), a leaf's class fractions are already divided.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "base/result.h"

namespace turnout {

// How a number names one of the categories 0..255; the fraction is always cut off. What names none, and NaN,
// goes the missing way.
enum class CategoryCast : uint8_t {
  kNone,           // negative numbers and 256 or more name none
  kLowByte,        // negative numbers name none; others their lowest 8 bits as an int32, 0 beyond its range
                   // (a C cast to uint8_t on x86: HistGradientBoosting of scikit-learn 1.2 and 1.3)
  kSignedLowByte,  // the same for negative numbers, -253 is 3 (before 1.2)
};
// 0..255, or -1: the missing way.
int32_t CategoryOf(CategoryCast cast, double x);

// A split on a number goes left when `x <= threshold`; a categorical split when x's category is in the
// split's set.
struct CategorySet {
  uint32_t left[8] = {};   // bit c: category c goes left
  uint32_t known[8] = {};  // bit c: category c was seen in training; others go the missing way
};

struct Node {
  static constexpr int32_t kLeaf = -1;

  double threshold = 0;
  int32_t feature = kLeaf;  // index into the forest's inputs; kLeaf: this is a leaf
  int32_t left = 0;         // child nodes; in a leaf, `left` is the index of its value (see Forest::leaves)
  int32_t right = 0;
  int32_t categories = -1;    // >= 0: a categorical split, index into Forest::sets
  bool missing_left = false;  // where NaN goes
};

struct Forest {
  int32_t features = 0;    // inputs per row
  int32_t outputs = 1;     // raw scores per row
  int32_t leaf_width = 1;  // values per leaf: 1, or `outputs` (a forest of class distributions)
  bool float32 = false;    // a feature is cast to float32 before it is compared (scikit-learn's trees)
  bool average = false;    // divide the sums by the number of trees (random forests)
  CategoryCast category_cast = CategoryCast::kNone;

  std::vector<Node> nodes;
  std::vector<int32_t> roots;    // one per tree, in the order of summation
  std::vector<int32_t> targets;  // one per tree: the output it adds to; 0 when leaf_width == outputs
  std::vector<double> leaves;    // leaf_width values for each leaf
  std::vector<CategorySet> sets;
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
bool CategoryGoesLeft(const CategorySet& set, bool missing_left, int32_t category);

// The leaf (a node index) that row x (forest.features values) reaches in a tree.
int32_t FindLeaf(const Forest& forest, std::size_t tree, const double* x);

// raw[0..outputs): the sums for one row, in tree order, as the origin library adds them.
void SumForest(const Forest& forest, const double* x, double* raw);

}  // namespace turnout
