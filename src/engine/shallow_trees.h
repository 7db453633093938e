// Trees of few levels, four rows at a time: every split of a tree is compared, and the outcome picks the
// leaf.
//
// PERF NOTE. A walk loads, compares and adds once per level and row, some nine instructions; here a split
// costs five for four rows, whatever the path, and there is no chain of loads. 100 trees of 3 levels, 1,000
// rows: 70 ns a row instead of 183 (EPYC, bench/engine_bench.cc). From five levels on the splits are too
// many.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/forest_nodes.h"

namespace turnout {

class ShallowTrees {
 public:
  static constexpr int32_t kMostLevels = 4;
  static constexpr std::size_t kRows = 4;  // at a time

  // Empty: a tree has more levels, or the processor family has no kernel here. One value a leaf; `targets`:
  // the output that each tree adds to.
  static std::optional<ShallowTrees> Make(const ForestNodes<NarrowNode>& forest,
                                          std::span<const int32_t> targets);

  // Adds each tree's leaf to the sums of `rows` rows, in the order of the trees. `cells` are those of a block
  // (BlockCells), `sums` too: kBlockRows of each output. Both are read, and sums written, up to the next
  // multiple of kRows.
  void Add(const float* cells, std::size_t rows, double* sums) const;

 private:
  struct Split {
    float threshold;
    uint32_t offset;  // of the column's cells in a block
  };
  struct Tree {
    uint32_t splits;  // the first of 2^levels - 1: children of i at 2i + 1 and 2i + 2
    uint32_t leaves;  // the first of 2^levels
    uint32_t sums;    // of its output
    int32_t levels;
  };
  void Fill(const ForestNodes<NarrowNode>& forest, const NarrowNode* node, const Tree& tree,
            std::size_t place, int32_t level);
  template <int kLevels>
  void AddTree(const Tree& tree, const float* cells, std::size_t rows, double* sums) const;

  std::vector<Tree> trees_;
  std::vector<Split> splits_;
  std::vector<double> leaves_;
};

}  // namespace turnout
