#include "engine/forest_nodes.h"

#include <cmath>
#include <limits>
#include <map>
#include <type_traits>

namespace turnout {
namespace {

uint32_t Codes(const CategorySet& set) { return kFirstCode + 32 * set.words; }

// The bits of `codes` codes. Codes(set) of them say all; more of them say the rest again and again.
void Append(const Forest& forest, const CategorySet& set, bool missing_left, uint32_t codes,
            std::vector<uint32_t>& words) {
  const std::size_t first = words.size();
  words.resize(first + (codes + 31) / 32);
  auto add = [&](uint32_t code, bool left) { words[first + code / 32] |= uint32_t{left} << (code % 32); };
  add(kMissingCode, missing_left);
  add(kOtherCode, set.otherwise_left);
  for (uint32_t code = kFirstCode; code < codes; ++code) {
    add(code, CategoryGoesLeft(forest, set, static_cast<int32_t>(code - kFirstCode)));
  }
}

Cell::Kind KindOf(const turnout::Node& node, bool missing) {
  if (node.zero_missing) return node.missing_left ? Cell::kZeroMissingLow : Cell::kZeroMissing;
  return missing && node.missing_left ? Cell::kMissingLow : Cell::kValue;
}

// Columns and category sets, each made when it is first used.
class Uses {
 public:
  Uses(const Forest& forest, std::vector<Cell>& cells, std::vector<uint32_t>& set_words)
      : forest_(forest), cells_(cells), set_words_(set_words) {}

  uint32_t Column(int32_t feature, Cell::Kind kind) {
    const auto [found, added] =
        columns_.try_emplace({feature, kind}, static_cast<uint32_t>(cells_.size() + 1));
    if (added) cells_.push_back({feature, kind});
    return found->second;
  }

  uint32_t Set(int32_t categories, bool missing_left, uint32_t codes) {
    const auto [found, added] =
        set_index_.try_emplace({categories, missing_left}, static_cast<uint32_t>(set_words_.size()));
    if (added) {
      Append(forest_, forest_.sets[static_cast<std::size_t>(categories)], missing_left, codes, set_words_);
    }
    return found->second;
  }

 private:
  const Forest& forest_;
  std::vector<Cell>& cells_;
  std::vector<uint32_t>& set_words_;
  std::map<std::pair<int32_t, Cell::Kind>, uint32_t> columns_;
  std::map<std::pair<int32_t, bool>, uint32_t> set_index_;
};

// Appends the linear function of a leaf (its index in `forest`). `places`: of features in linear_features.
template <class Node>
void AddLinearLeaf(const Forest& forest, std::size_t leaf, std::map<int32_t, int32_t>& places,
                   ForestNodes<Node>& out) {
  LinearLeaf linear = forest.linear_leaves[leaf];
  const uint32_t from = linear.first;
  linear.first = static_cast<uint32_t>(out.leaf_terms.size());
  out.linear_leaves.push_back(linear);
  for (uint32_t t = from; t < from + linear.terms; ++t) {
    const LeafTerm& term = forest.leaf_terms[t];
    const auto [found, added] =
        places.try_emplace(term.feature, static_cast<int32_t>(out.linear_features.size()));
    if (added) out.linear_features.push_back(term.feature);
    out.leaf_terms.push_back({.weight = term.weight, .feature = found->second});
  }
}

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
  constexpr bool kLarge = std::is_same_v<Node, LargeSetNode>;
  constexpr bool kCategorical = kLarge || std::is_same_v<Node, CategoricalNode>;
  using Index = decltype(Node::delta);
  constexpr std::size_t kMost = std::numeric_limits<Index>::max();
  if (kNarrow && !forest.float32) return false;
  if (kNarrow && !forest.linear_leaves.empty()) return false;
  if (!kCategorical && !forest.sets.empty()) return false;
  if constexpr (kCategorical) {
    for (const CategorySet& set : forest.sets) {
      if (set.words > kMostSetWords || Codes(set) > Node::kCodes) return false;
    }
  }

  out = {};
  Uses uses(forest, out.cells, out.set_words);
  std::map<int32_t, int32_t> linear_places;
  if constexpr (kCategorical) out.set_words.assign(kLarge ? 1 : Node::kCodes / 32, 0);
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
        if (!forest.linear_leaves.empty()) {
          AddLinearLeaf(forest, static_cast<std::size_t>(from.left), linear_places, out);
        }
      } else {
        Cell::Kind kind = KindOf(from, missing);
        if constexpr (kCategorical) {
          if (from.categories >= 0) {
            kind = Cell::kCategoryCode;
            const uint32_t codes = Codes(forest.sets[static_cast<std::size_t>(from.categories)]);
            node.set = uses.Set(from.categories, from.missing_left, kLarge ? codes : Node::kCodes);
            if constexpr (kLarge) {
              node.codes = codes;
            } else {
              node.is_set = 1;
            }
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
template bool Arrange(const Forest&, bool, ForestNodes<LargeSetNode>&);

}  // namespace turnout
