#include <fmt/format.h>

#include "formats/sklearn/parts.h"

namespace turnout::sklearn {

Result<Part> NodeArray(const Part& tree, Budget& budget) {
  TURNOUT_TRY(budget.TakeObject(tree));
  TURNOUT_ASSIGN(Part nodes, pickle::Attribute(tree, "nodes"));
  if (nodes.value.kind() != pickle::Kind::kArray) return pickle::Unexpected(nodes, "an array of nodes");
  TURNOUT_TRY(budget.Take(nodes, nodes.value.size() * (sizeof(Node) + sizeof(double))));
  return nodes;
}

Status AddNodes(const Part& nodes, const NodeTable& table, int32_t target, Forest& forest) {
  constexpr int64_t kMost = int64_t{1} << 30;  // indices are 32 bits
  const auto count = static_cast<int64_t>(table.leaf.size());
  const auto base = static_cast<int64_t>(forest.nodes.size());
  auto leaf = static_cast<int32_t>(forest.leaves.size() / static_cast<std::size_t>(forest.leaf_width));
  if (count == 0) return pickle::Fail(Code::kCorrupt, nodes, "a tree without nodes");
  if (base + count > kMost) {
    return pickle::Fail(Code::kUnsupported, nodes, "the forest has more than 2^30 nodes");
  }

  forest.roots.push_back(static_cast<int32_t>(base));
  forest.targets.push_back(target);
  for (int64_t i = 0; i < count; ++i) {
    const auto at = static_cast<std::size_t>(i);
    Node node;
    if (table.leaf[at] != 0) {
      node.left = leaf++;
      forest.nodes.push_back(node);
      continue;
    }
    for (const int64_t child : {table.left[at], table.right[at]}) {
      if (child > i && child < count) continue;
      return pickle::Fail(Code::kCorrupt, nodes,
                          fmt::format("node {} of {} has the children {} and {}; children come after their "
                                      "parent",
                                      i, count, table.left[at], table.right[at]));
    }
    if (table.feature[at] < 0 || table.feature[at] >= forest.features) {
      return pickle::Fail(Code::kCorrupt, nodes,
                          fmt::format("node {} splits on feature {}; there are {} features", i,
                                      table.feature[at], forest.features));
    }
    node.feature = static_cast<int32_t>(table.feature[at]);
    node.threshold = table.threshold[at];
    node.left = static_cast<int32_t>(base + table.left[at]);
    node.right = static_cast<int32_t>(base + table.right[at]);
    node.missing_left = !table.missing_left.empty() && table.missing_left[at] != 0;
    forest.nodes.push_back(node);
  }
  return {};
}

}  // namespace turnout::sklearn
