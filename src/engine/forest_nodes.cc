#include "engine/forest_nodes.h"

#include <cmath>
#include <limits>
#include <map>
#include <type_traits>

namespace turnout {
namespace {

CodeSet Compile(const Forest& forest, const CategorySet& set, bool missing_left) {
  CodeSet codes{};
  auto add = [&](uint32_t code, bool left) { codes.left[code / 32] |= uint32_t{left} << (code % 32); };
  for (uint32_t c = 0; c < CodeSet::kCategories; ++c) {
    add(c, CategoryGoesLeft(forest, set, static_cast<int32_t>(c)));
  }
  add(CodeSet::kMissingCode, missing_left);
  add(CodeSet::kOtherCode, set.otherwise_left);
  return codes;
}

Cell::Kind KindOf(const turnout::Node& node, bool missing) {
  if (node.zero_missing) return node.missing_left ? Cell::kZeroMissingLow : Cell::kZeroMissing;
  return missing && node.missing_left ? Cell::kMissingLow : Cell::kValue;
}

// Columns and category sets, each made when it is first used.
class Uses {
 public:
  Uses(const Forest& forest, std::vector<Cell>& cells, std::vector<CodeSet>& sets)
      : forest_(forest), cells_(cells), sets_(sets) {}

  uint32_t Column(int32_t feature, Cell::Kind kind) {
    const auto [found, added] =
        columns_.try_emplace({feature, kind}, static_cast<uint32_t>(cells_.size() + 1));
    if (added) cells_.push_back({feature, kind});
    return found->second;
  }

  uint32_t Set(int32_t categories, bool missing_left) {
    const auto [found, added] =
        set_index_.try_emplace({categories, missing_left}, static_cast<uint32_t>(sets_.size()));
    if (added) {
      sets_.push_back(Compile(forest_, forest_.sets[static_cast<std::size_t>(categories)], missing_left));
    }
    return found->second;
  }

 private:
  const Forest& forest_;
  std::vector<Cell>& cells_;
  std::vector<CodeSet>& sets_;
  std::map<std::pair<int32_t, Cell::Kind>, uint32_t> columns_;
  std::map<std::pair<int32_t, bool>, uint32_t> set_index_;
};

struct Pending {
  int32_t node;
  uint32_t at;
  int32_t depth;
};

}  // namespace

float LargestFloatUpTo(double t) {
  const auto near = static_cast<float>(t);
  return static_cast<double>(near) <= t ? near
                                        : std::nextafter(near, -std::numeric_limits<float>::infinity());
}

// Level by level, a pair of children at an even index each, so that a pair never straddles a cache line of
// narrow or wide nodes.
template <class Node>
bool Arrange(const Forest& forest, bool missing, ForestNodes<Node>& out) {
  constexpr bool kNarrow = std::is_same_v<Node, NarrowNode>;
  constexpr bool kCategorical = std::is_same_v<Node, CategoricalNode>;
  using Index = decltype(Node::delta);
  constexpr std::size_t kMost = std::numeric_limits<Index>::max();
  if (kNarrow && !forest.float32) return false;
  if (!kCategorical && !forest.sets.empty()) return false;
  for (const CategorySet& set : forest.sets) {
    if (set.words * 32 > CodeSet::kCategories) return false;
  }

  out = {};
  Uses uses(forest, out.cells, out.sets);
  if (kCategorical) out.sets.push_back({});  // what numeric splits point at
  const auto width = static_cast<std::size_t>(forest.leaf_width);
  const Node filler{};
  std::vector<Pending> queue;
  for (std::size_t t = 0; t < forest.trees(); ++t) {
    if (out.nodes.size() % 2 == 0) out.nodes.push_back(filler);
    out.roots.push_back(static_cast<uint32_t>(out.nodes.size()));
    out.nodes.push_back(filler);
    queue.assign(1, {forest.roots[t], out.roots.back(), 0});
    int32_t depth = 0;
    for (std::size_t q = 0; q < queue.size(); ++q) {
      const Pending pending = queue[q];
      const turnout::Node& from = forest.nodes[static_cast<std::size_t>(pending.node)];
      depth = std::max(depth, pending.depth);
      Node node{};
      if (from.feature == turnout::Node::kLeaf) {
        const std::size_t leaf = out.leaves.size() / width;
        if (kNarrow && leaf >= (1u << 24)) return false;  // beyond what a float counts
        node.threshold = static_cast<typename Node::Real>(leaf);
        node.column = kLeafColumn;
        const double* values = forest.leaves.data() + static_cast<std::size_t>(from.left) * width;
        out.leaves.insert(out.leaves.end(), values, values + width);
      } else {
        Cell::Kind kind = KindOf(from, missing);
        if constexpr (kCategorical) {
          if (from.categories >= 0) {
            kind = Cell::kCategoryCode;
            node.set = uses.Set(from.categories, from.missing_left);
            node.is_set = 1;
          }
        }
        if constexpr (kNarrow) {
          node.threshold = LargestFloatUpTo(from.threshold);
        } else {
          node.threshold = from.threshold;
        }
        const uint32_t column = uses.Column(from.feature, kind);
        const std::size_t delta = out.nodes.size() - pending.at;
        if (column > kMost || delta > kMost) return false;
        node.column = static_cast<Index>(column);
        node.delta = static_cast<Index>(delta);
        const auto child = static_cast<uint32_t>(out.nodes.size());
        out.nodes.resize(out.nodes.size() + 2, filler);
        queue.push_back({from.left, child, pending.depth + 1});
        queue.push_back({from.right, child + 1, pending.depth + 1});
      }
      out.nodes[pending.at] = node;
    }
    out.depth.push_back(depth);
  }
  return true;
}

template bool Arrange(const Forest&, bool, ForestNodes<NarrowNode>&);
template bool Arrange(const Forest&, bool, ForestNodes<WideNode>&);
template bool Arrange(const Forest&, bool, ForestNodes<CategoricalNode>&);

}  // namespace turnout
