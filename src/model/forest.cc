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
  if (forest.average && forest.trees() == 0) return Bad("an average of no trees");
  if (forest.leaves.size() % width != 0) {
    return Bad(fmt::format("{} leaf values are not a multiple of {} per leaf", forest.leaves.size(), width));
  }
  constexpr std::size_t kMost = std::numeric_limits<int32_t>::max();
  for (const auto& [size, what] : {std::pair{forest.nodes.size(), "nodes"},
                                   {forest.trees(), "trees"},
                                   {forest.leaves.size(), "leaf values"},
                                   {forest.sets.size(), "category sets"}}) {
    if (size > kMost) return Bad(fmt::format("{} {}, at most {} expected", size, what, kMost));
  }
  for (std::size_t k = 0; k < outputs; ++k) {
    if (!std::isfinite(forest.base[k])) return Bad(fmt::format("base score {} is {}", k, forest.base[k]));
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
  if (std::isnan(x) || cast == CategoryCast::kNone || (x < 0 && cast == CategoryCast::kLowByte)) return -1;
  // Out of int32's range x86 gives -2^31, whose lowest byte is 0.
  return x > -0x1p31 - 1 && x < 0x1p31 ? static_cast<int32_t>(x) & 255 : 0;
}

bool CategoryGoesLeft(const CategorySet& set, bool missing_left, int32_t category) {
  if (category < 0) return missing_left;
  const auto c = static_cast<uint32_t>(category);
  if (set.left[c / 32] >> (c % 32) & 1) return true;
  if (set.known[c / 32] >> (c % 32) & 1) return false;
  return missing_left;
}

int32_t FindLeaf(const Forest& forest, std::size_t tree, const double* x) {
  int32_t at = forest.roots[tree];
  while (true) {
    const Node& node = forest.nodes[static_cast<std::size_t>(at)];
    if (node.feature == Node::kLeaf) return at;
    double value = x[node.feature];
    if (forest.float32) value = static_cast<double>(static_cast<float>(value));
    bool left = false;
    if (node.categories >= 0) {
      left = CategoryGoesLeft(forest.sets[static_cast<std::size_t>(node.categories)], node.missing_left,
                              CategoryOf(forest.category_cast, value));
    } else {
      left = std::isnan(value) ? node.missing_left : value <= node.threshold;
    }
    at = left ? node.left : node.right;
  }
}

void SumForest(const Forest& forest, const double* x, double* raw) {
  const auto outputs = static_cast<std::size_t>(forest.outputs);
  const auto width = static_cast<std::size_t>(forest.leaf_width);
  for (std::size_t k = 0; k < outputs; ++k) raw[k] = forest.base[k];
  for (std::size_t t = 0; t < forest.trees(); ++t) {
    const Node& leaf = forest.nodes[static_cast<std::size_t>(FindLeaf(forest, t, x))];
    const double* values = forest.leaves.data() + static_cast<std::size_t>(leaf.left) * width;
    for (std::size_t k = 0; k < width; ++k) raw[static_cast<std::size_t>(forest.targets[t]) + k] += values[k];
  }
  if (forest.average) {
    for (std::size_t k = 0; k < outputs; ++k) raw[k] /= static_cast<double>(forest.trees());
  }
}

}  // namespace turnout
