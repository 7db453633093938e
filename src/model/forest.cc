#include "model/forest.h"

#include <fmt/format.h>

#include <cassert>
#include <cmath>

namespace turnout {
namespace {

constexpr int32_t kNobody = -1;

std::unexpected<Error> Bad(std::string message) {
  return Fail(Code::kCorrupt, "forest: " + std::move(message));
}

Status CheckSizes(const Forest& forest) {
  const auto outputs = static_cast<std::size_t>(forest.outputs);
  const auto width = static_cast<std::size_t>(forest.leaf_width);
  if (forest.features < 0) return Bad(fmt::format("{} features", forest.features));
  if (forest.outputs < 1) return Bad(fmt::format("{} outputs, at least 1 expected", forest.outputs));
  if (forest.leaf_width != 1 && forest.leaf_width != forest.outputs) {
    return Bad(
        fmt::format("{} values per leaf, 1 or {} (the outputs) expected", forest.leaf_width, forest.outputs));
  }
  if (forest.base.size() != outputs) {
    return Bad(fmt::format("{} base scores for {} outputs", forest.base.size(), outputs));
  }
  if (forest.targets.size() != forest.trees()) {
    return Bad(fmt::format("{} targets for {} trees", forest.targets.size(), forest.trees()));
  }
  if (forest.divisor < 1) return Bad(fmt::format("sums divided by {}", forest.divisor));
  if (forest.leaves.size() % width != 0) {
    return Bad(fmt::format("{} leaf values are not a multiple of {} per leaf", forest.leaves.size(), width));
  }
  constexpr std::size_t kMost = std::numeric_limits<int32_t>::max();
  for (const auto& [size, what] : {std::pair{forest.nodes.size(), "nodes"},
                                   {forest.trees(), "trees"},
                                   {forest.leaves.size(), "leaf values"},
                                   {forest.leaf_terms.size(), "terms of leaves"},
                                   {forest.set_words.size(), "words of category sets"},
                                   {forest.sets.size(), "category sets"}}) {
    if (size > kMost) return Bad(fmt::format("{} {}, at most {} expected", size, what, kMost));
  }
  for (std::size_t k = 0; k < outputs; ++k) {
    if (!std::isfinite(forest.base[k])) return Bad(fmt::format("base score {} is {}", k, forest.base[k]));
    if (forest.float32_sums && static_cast<double>(static_cast<float>(forest.base[k])) != forest.base[k]) {
      return Bad(fmt::format("base score {} is {}, a float32 expected", k, forest.base[k]));
    }
  }
  return {};
}

Status CheckSets(const Forest& forest) {
  for (std::size_t s = 0; s < forest.sets.size(); ++s) {
    const CategorySet& set = forest.sets[s];
    if (set.first > forest.set_words.size() || set.words > forest.set_words.size() - set.first) {
      return Bad(fmt::format("category set {}: words {} to {} of {}", s, set.first,
                             uint64_t{set.first} + set.words, forest.set_words.size()));
    }
  }
  return {};
}

Status CheckLinearLeaves(const Forest& forest) {
  const std::size_t leaves = forest.linear_leaves.size();
  if (leaves == 0) return {};
  if (forest.leaf_width != 1 || leaves != forest.leaves.size()) {
    return Bad(fmt::format("{} linear leaves for {} leaves of {} values", leaves, forest.leaves.size(),
                           forest.leaf_width));
  }
  if (forest.float32_sums) return Bad("linear leaves in float32 sums");
  for (std::size_t i = 0; i < leaves; ++i) {
    const LinearLeaf& leaf = forest.linear_leaves[i];
    if (leaf.first > forest.leaf_terms.size() || leaf.terms > forest.leaf_terms.size() - leaf.first) {
      return Bad(fmt::format("linear leaf {}: terms {} to {} of {}", i, leaf.first,
                             uint64_t{leaf.first} + leaf.terms, forest.leaf_terms.size()));
    }
    if (!std::isfinite(leaf.constant))
      return Bad(fmt::format("linear leaf {}: its constant is {}", i, leaf.constant));
    for (uint32_t t = 0; t < leaf.terms; ++t) {
      const LeafTerm& term = forest.leaf_terms[leaf.first + t];
      if (term.feature < 0 || term.feature >= forest.features) {
        return Bad(fmt::format("linear leaf {}: takes feature {} of {}", i, term.feature, forest.features));
      }
      if (!std::isfinite(term.weight))
        return Bad(fmt::format("linear leaf {}: weight {} is {}", i, t, term.weight));
    }
  }
  return {};
}

Status CheckLeaf(const Forest& forest, const Node& node) {
  const auto width = static_cast<std::size_t>(forest.leaf_width);
  const std::size_t leaves = forest.leaves.size() / width;
  if (node.left < 0 || static_cast<std::size_t>(node.left) >= leaves) {
    return Bad(fmt::format("leaf {} of {}", node.left, leaves));
  }
  for (std::size_t k = 0; k < width; ++k) {
    const double value = forest.leaves[static_cast<std::size_t>(node.left) * width + k];
    if (!std::isfinite(value)) return Bad(fmt::format("the leaf's value {} is {}", k, value));
    if (forest.float32_sums && static_cast<double>(static_cast<float>(value)) != value) {
      return Bad(fmt::format("the leaf's value {} is {}, a float32 expected", k, value));
    }
  }
  return {};
}

Status CheckSplit(const Forest& forest, const Node& node) {
  if (node.feature < 0 || node.feature >= forest.features) {
    return Bad(fmt::format("splits on feature {} of {}", node.feature, forest.features));
  }
  if (node.categories < Node::kLeaf ||
      (node.categories >= 0 && static_cast<std::size_t>(node.categories) >= forest.sets.size())) {
    return Bad(fmt::format("category set {} of {}", node.categories, forest.sets.size()));
  }
  if (node.categories < 0 && std::isnan(node.threshold)) return Bad("the threshold is not a number");
  return {};
}

}  // namespace

// Parents come before their children, so one pass in index order sees every node's owner before the node.
Status CheckForest(const Forest& forest) {
  TURNOUT_TRY(CheckSizes(forest));
  TURNOUT_TRY(CheckSets(forest));
  TURNOUT_TRY(CheckLinearLeaves(forest));
  const auto nodes = static_cast<int32_t>(forest.nodes.size());
  std::vector<int32_t> tree(forest.nodes.size(), kNobody), depth(forest.nodes.size(), 0);

  for (std::size_t t = 0; t < forest.trees(); ++t) {
    const int32_t root = forest.roots[t], target = forest.targets[t];
    const int32_t targets = forest.leaf_width == 1 ? forest.outputs : 1;
    if (root < 0 || root >= nodes) return Bad(fmt::format("tree {}: root {} of {} nodes", t, root, nodes));
    if (target < 0 || target >= targets) {
      return Bad(fmt::format("tree {}: adds to output {} of {}", t, target, targets));
    }
    if (tree[static_cast<std::size_t>(root)] != kNobody) {
      return Bad(fmt::format("tree {}: node {} is also the root of tree {}", t, root,
                             tree[static_cast<std::size_t>(root)]));
    }
    tree[static_cast<std::size_t>(root)] = static_cast<int32_t>(t);
  }

  for (std::size_t i = 0; i < forest.nodes.size(); ++i) {
    const Node& node = forest.nodes[i];
    if (tree[i] == kNobody) return Bad(fmt::format("node {}: no tree reaches it", i));
    auto at = [&](const Status& status) {
      return Bad(fmt::format("tree {}, node {}: {}", tree[i], i,
                             std::string_view(status.error().message).substr(sizeof("forest: ") - 1)));
    };
    if (node.feature == Node::kLeaf) {
      if (auto status = CheckLeaf(forest, node); !status) return at(status);
      continue;
    }
    if (auto status = CheckSplit(forest, node); !status) return at(status);
    for (int32_t child : {node.left, node.right}) {
      if (child < 0 || child >= nodes) return at(Bad(fmt::format("child {} of {} nodes", child, nodes)));
      const auto c = static_cast<std::size_t>(child);
      if (c <= i) return at(Bad(fmt::format("child {} does not come after it", child)));
      if (tree[c] != kNobody) return at(Bad(fmt::format("child {} has another parent or is a root", child)));
      tree[c] = tree[i];
      depth[c] = depth[i] + 1;
      if (depth[c] > kMaxDepth) return at(Bad(fmt::format("deeper than {} levels", kMaxDepth)));
    }
  }
  return {};
}

int32_t CategoryOf(CategoryCast cast, double x) {
  if (x >= 0 && x < 256) return static_cast<int32_t>(x);
  switch (cast) {
    case CategoryCast::kByte: return -1;
    case CategoryCast::kInt: return x > -1 && x < 0x1p31 ? static_cast<int32_t>(x) : -1;
    case CategoryCast::kFloatInt: return x >= 0 && x < 0x1p24 ? static_cast<int32_t>(x) : -1;
    case CategoryCast::kLowByte:
      if (x < 0) return -1;
      break;
    case CategoryCast::kSignedLowByte: break;
  }
  // Out of int32's range x86 gives -2^31, whose lowest byte is 0.
  return x > -0x1p31 - 1 && x < 0x1p31 ? static_cast<int32_t>(x) & 255 : 0;
}

bool CategoryGoesLeft(const Forest& forest, const CategorySet& set, int32_t category) {
  const auto c = static_cast<uint32_t>(category);
  if (category < 0 || c / 32 >= set.words) return set.otherwise_left;
  return forest.set_words[set.first + c / 32] >> (c % 32) & 1;
}

int32_t FindLeaf(const Forest& forest, std::size_t tree, const double* x) {
  int32_t at = forest.roots[tree];
  while (true) {
    const Node& node = forest.nodes[static_cast<std::size_t>(at)];
    if (node.feature == Node::kLeaf) return at;
    double value = x[node.feature];
    if (forest.float32) value = static_cast<double>(static_cast<float>(value));
    bool left = false;
    if (std::isnan(value)) {
      left = node.missing_left;
    } else if (node.categories >= 0) {
      left = CategoryGoesLeft(forest, forest.sets[static_cast<std::size_t>(node.categories)],
                              CategoryOf(forest.category_cast, value));
    } else if (node.zero_missing && std::fabs(value) <= kZeroThreshold) {
      left = node.missing_left;
    } else {
      left = value <= node.threshold;
    }
    at = left ? node.left : node.right;
  }
}

double LeafValue(const Forest& forest, int32_t leaf, const double* x) {
  const auto at = static_cast<std::size_t>(leaf);
  if (forest.linear_leaves.empty()) return forest.leaves[at];
  const LinearLeaf& linear = forest.linear_leaves[at];
  double sum = linear.constant;
  for (uint32_t t = linear.first; t < linear.first + linear.terms; ++t) {
    const double value = x[forest.leaf_terms[t].feature];
    if (std::isnan(value)) return forest.leaves[at];
    if (std::fabs(value) > kZeroThreshold) sum += forest.leaf_terms[t].weight * value;
  }
  return sum;
}

namespace {

// Sums in Real, in tree order. `raw` holds them as doubles in between, which changes nothing: every step is
// rounded to Real.
template <class Real>
void Sum(const Forest& forest, const double* x, double* raw) {
  const auto outputs = static_cast<std::size_t>(forest.outputs);
  const auto width = static_cast<std::size_t>(forest.leaf_width);
  for (std::size_t k = 0; k < outputs; ++k) raw[k] = forest.base[k];
  for (std::size_t t = 0; t < forest.trees(); ++t) {
    const int32_t leaf = forest.nodes[static_cast<std::size_t>(FindLeaf(forest, t, x))].left;
    double* to = raw + forest.targets[t];
    if (width == 1) {
      *to = static_cast<Real>(*to) + static_cast<Real>(LeafValue(forest, leaf, x));
      continue;
    }
    const double* values = forest.leaves.data() + static_cast<std::size_t>(leaf) * width;
    for (std::size_t k = 0; k < width; ++k) to[k] = static_cast<Real>(to[k]) + static_cast<Real>(values[k]);
  }
  if (forest.divisor == 1) return;
  for (std::size_t k = 0; k < outputs; ++k)
    raw[k] = static_cast<Real>(raw[k]) / static_cast<Real>(forest.divisor);
}

}  // namespace

void SumForest(const Forest& forest, const double* x, double* raw) {
  forest.float32_sums ? Sum<float>(forest, x, raw) : Sum<double>(forest, x, raw);
}

}  // namespace turnout
