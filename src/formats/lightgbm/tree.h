// One "Tree=" block of a LightGBM text model -> nodes of a Forest.
//
// Tree::Tree(const char*) of LightGBM's src/io/tree.cpp names the fields, include/LightGBM/tree.h walks them.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/result.h"
#include "formats/lightgbm/lines.h"
#include "model/forest.h"

namespace turnout::lightgbm {

// The fields of a tree that predicting needs; others are passed over.
enum class Key : uint8_t {
  kNumLeaves,
  kNumCat,
  kSplitFeature,
  kThreshold,
  kDecisionType,
  kLeftChild,
  kRightChild,
  kLeafValue,
  kCatBoundaries,
  kCatThreshold,
  kIsLinear,
  kLeafConst,
  kNumFeatures,
  kLeafFeatures,
  kLeafCoeff,
  kCount
};

class TreeBlock {
 public:
  explicit TreeBlock(std::size_t line) : line_(line) {}
  // An error: the field was there before.
  Status Add(const Field& field);
  const Field* Find(Key key) const;  // nullptr: it is not there
  Result<Field> Get(Key key) const;  // an error, then
  std::size_t line() const { return line_; }

 private:
  std::size_t line_;  // of "Tree="
  std::array<Field, static_cast<std::size_t>(Key::kCount)> fields_{};
};

// What a tree of so many leaves takes in a Forest, without sets and linear functions.
constexpr uint64_t BytesOfTree(uint64_t leaves) {
  return (2 * leaves - 1) * sizeof(Node) + leaves * sizeof(double) + 2 * sizeof(int32_t);
}

// Appends trees to a forest; keeps its memory from tree to tree.
class TreeReader {
 public:
  TreeReader(Forest& forest, Memory& memory) : forest_(forest), memory_(memory) {}
  // The tree adds to output `target`.
  Status Add(const TreeBlock& block, int32_t target);

 private:
  Status ReadSplits(const TreeBlock& block);
  Status ReadSets(const TreeBlock& block);
  Status ReadLinear(const TreeBlock& block);
  Status AddNodes(const TreeBlock& block);
  Node Split(std::size_t i) const;

  Forest& forest_;
  Memory& memory_;

  std::size_t leaves_ = 0, sets_ = 0;           // of the tree being read
  std::size_t most_leaves_ = 0;                 // of a tree so far
  std::size_t first_leaf_ = 0, first_set_ = 0;  // where they start in the forest
  std::vector<int64_t> feature_, decision_, left_, right_, boundaries_, words_, counts_, term_features_;
  std::vector<double> threshold_, constants_, weights_;
  std::vector<int64_t> order_;  // children's numbers as in the text, in the order of the nodes
  std::vector<bool> seen_;      // by child number: splits, then leaves
};

// Leaves get linear functions as soon as one tree has them; this adds those of the trees without (their
// value).
void CompleteLinearLeaves(Forest& forest);

}  // namespace turnout::lightgbm
