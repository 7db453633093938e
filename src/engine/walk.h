// The inner loops of the portable forest engine: N walks at once, so that their loads overlap.
//
// PERF NOTE. One walk is a chain of dependent loads (node, cell, compare: some 15 cycles a level); eight or
// more independent ones keep the loads busy instead. No branch depends on the data. Measured by
// bench/engine_bench.cc.
#pragma once

#include <bit>
#include <cstdint>

#include "engine/forest_nodes.h"

namespace turnout {

// Cells of one row: cell[column].
template <class Real>
struct RowCells {
  const Real* row;
  Real At(int, uint32_t column) const { return row[column]; }
};

// Cells of a block of kBlockRows rows, column by column; lane j is row `first + j`.
inline constexpr std::size_t kBlockRows = 64;
template <class Real>
struct BlockCells {
  const Real* first;
  Real At(int lane, uint32_t column) const {
    return first[static_cast<std::size_t>(column) * kBlockRows + static_cast<std::size_t>(lane)];
  }
};

template <class Node>
inline uint32_t GoesRight(const Node* at, typename Node::Real x, const uint32_t*) {
  return !(x <= at->threshold);
}

template <>
inline uint32_t GoesRight(const CategoricalNode* at, double x, const uint32_t* set_words) {
  const auto code = static_cast<uint32_t>(std::bit_cast<uint64_t>(x)) % CategoricalNode::kCodes;
  const uint32_t in_set = set_words[at->set + code / 32] >> (code % 32) & 1;
  const uint32_t not_above = x <= at->threshold;
  return ((in_set ^ not_above) & at->is_set) ^ not_above ^ 1;
}

template <>
inline uint32_t GoesRight(const LargeSetNode* at, double x, const uint32_t* set_words) {
  const auto number = static_cast<uint32_t>(std::bit_cast<uint64_t>(x));
  const uint32_t known = -uint32_t{number < at->codes};  // all bits or none: a branch would be a guess
  const uint32_t code = ((number ^ kOtherCode) & known) ^ kOtherCode;
  const uint32_t in_set = set_words[at->set + code / 32] >> (code % 32) & 1;
  const uint32_t not_above = x <= at->threshold;
  const uint32_t is_set = at->codes != 0;
  return ((in_set ^ not_above) & is_set) ^ not_above ^ 1;
}

// Moves N walks down to their leaves. `depth` is the largest that any of them needs.
template <int N, class Node, class Cells>
inline void Walk(const Node** at, int32_t depth, Cells cells, const uint32_t* set_words) {
  // Trees grown without a limit are much deeper than most of their leaves: look up now and then whether all
  // have arrived.
  constexpr int32_t kStretch = 8;
  const Node* p[N];
#pragma GCC unroll 16
  for (int j = 0; j < N; ++j) p[j] = at[j];
  while (true) {
    const int32_t stretch = depth < kStretch ? depth : kStretch;
    for (int32_t level = 0; level < stretch; ++level) {
#pragma GCC unroll 16
      for (int j = 0; j < N; ++j) p[j] += p[j]->delta + GoesRight(p[j], cells.At(j, p[j]->column), set_words);
    }
    depth -= stretch;
    if (depth == 0) break;
    uint32_t walking = 0;
#pragma GCC unroll 16
    for (int j = 0; j < N; ++j) walking |= p[j]->delta;
    if (walking == 0) break;
  }
#pragma GCC unroll 16
  for (int j = 0; j < N; ++j) at[j] = p[j];
}

}  // namespace turnout
