// A forest laid out for walking without branches.
//
// The two children of a split lie side by side, so a step is `at += delta + (goes right)`. A leaf stays where
// it is: its delta is 0 and its column is kLeafColumn, which holds -infinity in every row, so that the
// comparison goes left whatever stands in `threshold`, where the leaf keeps its index. All trees of a group
// then take the same number of steps and the loop has no branch that data decides.
//
// A row is a set of cells, one per distinct use of a feature (Cell); only used features have one.
#pragma once

#include <cstdint>
#include <vector>

#include "model/forest.h"

namespace turnout {

// 8 bytes: features compared as float32, deltas and columns below 65,536.
struct NarrowNode {
  using Real = float;
  float threshold;
  uint16_t column;
  uint16_t delta;
};

// 16 bytes: double.
struct WideNode {
  using Real = double;
  double threshold;
  uint32_t column;
  uint32_t delta;
};

// Codes of categories: what stands for NaN, for what names no category, and for category 0.
inline constexpr uint32_t kMissingCode = 0, kOtherCode = 1, kFirstCode = 2;
// The largest category set, in words: codes are counted in 32 bits.
inline constexpr uint32_t kMostSetWords = 1u << 20;

// 24 bytes: double, with categorical splits. The cell of a categorical use holds the category's code in its
// lowest 32 bits. A set is 512 bits, so that any cell masked to 9 bits stays inside.
struct CategoricalNode {
  using Real = double;
  static constexpr uint32_t kCodes = 512;
  double threshold;
  uint32_t column;
  uint32_t delta;
  uint32_t set;     // into ForestNodes::set_words: bit c % 32 of word set + c / 32 is 1 if code c goes left
  uint32_t is_set;  // 1: a categorical split
};

// The same for sets of any size: a quarter slower, as each has to be told its end.
struct LargeSetNode {
  using Real = double;
  static constexpr uint32_t kCodes = kFirstCode + 32 * kMostSetWords;
  double threshold;
  uint32_t column;
  uint32_t delta;
  uint32_t set;
  uint32_t codes;  // in the set; 0: not a categorical split. Codes beyond go the way of kOtherCode.
};

inline constexpr uint32_t kLeafColumn = 0;

// What a row's cell holds.
struct Cell {
  enum Kind : uint8_t {
    kValue,           // the number; NaN compares false and so goes right
    kMissingLow,      // the number, -infinity for NaN: goes left at every split
    kZeroMissing,     // the number, NaN for what is as good as zero (Node::zero_missing)
    kZeroMissingLow,  // the same, -infinity for NaN and zero
    kCategoryCode,    // the code of CodeSet, as the bits of a double
  };
  int32_t feature;
  Kind kind;
};

template <class Node>
struct ForestNodes {
  std::vector<Node> nodes;
  std::vector<uint32_t> roots;      // per tree
  std::vector<int32_t> depth;       // per tree: levels below the root
  std::vector<double> leaves;       // leaf_width values each
  std::vector<uint32_t> set_words;  // never empty: numeric splits look at the first, and do not care
  // Linear leaves: one for each leaf, or none. Their terms have an index into linear_features as feature.
  std::vector<LinearLeaf> linear_leaves;
  std::vector<LeafTerm> leaf_terms;
  std::vector<int32_t> linear_features;
  std::vector<Cell> cells;  // cells[i] is column i + 1; column 0 is kLeafColumn
};

// False if the forest does not fit Node (then `out` is unspecified). `missing`: rows may hold NaN.
template <class Node>
bool Arrange(const Forest& forest, bool missing, ForestNodes<Node>& out);

extern template bool Arrange(const Forest&, bool, ForestNodes<NarrowNode>&);
extern template bool Arrange(const Forest&, bool, ForestNodes<WideNode>&);
extern template bool Arrange(const Forest&, bool, ForestNodes<CategoricalNode>&);
extern template bool Arrange(const Forest&, bool, ForestNodes<LargeSetNode>&);

// The largest float32 that is not above t: (double)x <= t and x <= it agree for every float32 x.
float LargestFloatUpTo(double t);

}  // namespace turnout
