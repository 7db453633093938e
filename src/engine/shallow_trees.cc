#include "engine/shallow_trees.h"

#include <algorithm>

#include "engine/walk.h"

#if defined(__SSE4_1__)
#include <smmintrin.h>
#endif

namespace turnout {

// The subtree at `node` into the complete tree at `place`. Below a leaf all splits lead to its value.
void ShallowTrees::Fill(const ForestNodes<NarrowNode>& forest, const NarrowNode* node, const Tree& tree,
                        std::size_t place, int32_t level) {
  const bool leaf = node->delta == 0;
  if (level == tree.levels) {
    leaves_[tree.leaves + place + 1 - (std::size_t{1} << level)] =
        forest.leaves[static_cast<std::size_t>(node->threshold)];
    return;
  }
  splits_[tree.splits + place] = {
      leaf ? 0 : node->threshold,
      static_cast<uint32_t>(leaf ? kLeafColumn : node->column) * static_cast<uint32_t>(kBlockRows)};
  const NarrowNode* left = leaf ? node : node + node->delta;
  Fill(forest, left, tree, 2 * place + 1, level + 1);
  Fill(forest, leaf ? node : left + 1, tree, 2 * place + 2, level + 1);
}

#if defined(__SSE4_1__)

std::optional<ShallowTrees> ShallowTrees::Make(const ForestNodes<NarrowNode>& forest,
                                               std::span<const int32_t> targets) {
  for (const int32_t levels : forest.depth) {
    if (levels > kMostLevels) return std::nullopt;
  }
  ShallowTrees out;
  for (std::size_t t = 0; t < forest.roots.size(); ++t) {
    const Tree tree{.splits = static_cast<uint32_t>(out.splits_.size()),
                    .leaves = static_cast<uint32_t>(out.leaves_.size()),
                    .sums = static_cast<uint32_t>(targets[t]) * static_cast<uint32_t>(kBlockRows),
                    .levels = std::max(forest.depth[t], 1)};
    out.splits_.resize(out.splits_.size() + (std::size_t{1} << tree.levels) - 1);
    out.leaves_.resize(out.leaves_.size() + (std::size_t{1} << tree.levels));
    out.Fill(forest, forest.nodes.data() + forest.roots[t], tree, 0, 0);
    out.trees_.push_back(tree);
  }
  return out;
}

namespace {

// The splits of a tree as the loop over rows wants them. A copy: the stores to the sums may alias anything,
// so the compiler would read the tree again for every four rows.
template <int kLevels>
struct LoadedSplits {
  static constexpr std::size_t kCount = (std::size_t{1} << kLevels) - 1;
  __m128 threshold[kCount];
  const float* column[kCount];
};

// The leaf that each of four rows reaches below split `kPlace`, as a number of kLevels bits.
template <int kLevels, std::size_t kPlace, class Splits>
inline __m128i LeafBelow(const Splits& splits, std::size_t row) {
  const __m128 x = _mm_loadu_ps(splits.column[kPlace] + row);
  const __m128i right = _mm_castps_si128(_mm_cmpnle_ps(x, splits.threshold[kPlace]));  // NaN too
  const __m128i bit = _mm_and_si128(right, _mm_set1_epi32(1 << (kLevels - 1)));
  if constexpr (kLevels == 1) {
    return bit;
  } else {
    const __m128i below = _mm_blendv_epi8(LeafBelow<kLevels - 1, 2 * kPlace + 1>(splits, row),
                                          LeafBelow<kLevels - 1, 2 * kPlace + 2>(splits, row), right);
    return _mm_or_si128(below, bit);
  }
}

}  // namespace

template <int kLevels>
void ShallowTrees::AddTree(const Tree& tree, const float* cells, std::size_t rows, double* sums) const {
  LoadedSplits<kLevels> splits;
  for (std::size_t i = 0; i < splits.kCount; ++i) {
    const Split& split = splits_[tree.splits + i];
    splits.threshold[i] = _mm_set1_ps(split.threshold);
    splits.column[i] = cells + split.offset;
  }
  const double* const leaves = leaves_.data() + tree.leaves;
  for (std::size_t r = 0; r < rows; r += kRows) {
    const __m128i leaf = LeafBelow<kLevels, 0>(splits, r);
    const auto first = static_cast<uint64_t>(_mm_cvtsi128_si64(leaf));
    const auto second = static_cast<uint64_t>(_mm_extract_epi64(leaf, 1));
    const __m128d a = _mm_loadh_pd(_mm_load_sd(leaves + (first & 15)), leaves + (first >> 32));
    const __m128d b = _mm_loadh_pd(_mm_load_sd(leaves + (second & 15)), leaves + (second >> 32));
    _mm_storeu_pd(sums + r, _mm_add_pd(_mm_loadu_pd(sums + r), a));
    _mm_storeu_pd(sums + r + 2, _mm_add_pd(_mm_loadu_pd(sums + r + 2), b));
  }
}

void ShallowTrees::Add(const float* cells, std::size_t rows, double* sums) const {
  static_assert(kMostLevels == 4 && kBlockRows % kRows == 0);
  for (const Tree& tree : trees_) {
    double* const to = sums + tree.sums;
    switch (tree.levels) {
      case 1: AddTree<1>(tree, cells, rows, to); break;
      case 2: AddTree<2>(tree, cells, rows, to); break;
      case 3: AddTree<3>(tree, cells, rows, to); break;
      default: AddTree<4>(tree, cells, rows, to); break;
    }
  }
}

#else

std::optional<ShallowTrees> ShallowTrees::Make(const ForestNodes<NarrowNode>&, std::span<const int32_t>) {
  return std::nullopt;
}
void ShallowTrees::Add(const float*, std::size_t, double*) const {}

#endif

}  // namespace turnout
