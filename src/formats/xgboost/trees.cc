// XGBoost's trees as a Forest (src/predictor/ and src/tree/ of XGBoost 1.6 to 3.4).
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "formats/xgboost/to_model.h"

namespace turnout::xgboost {
namespace {

constexpr int32_t kMaxCategory = (1 << 24) - 1;  // common::OutOfRangeCat() is the first that is none

class Builder {
 public:
  Builder(const Booster& booster, bool in_place, Memory& memory, Forest& forest)
      : booster_(booster), in_place_(in_place), memory_(memory), forest_(forest) {}

  Status Add(std::size_t index, const Tree& tree);

 private:
  std::unexpected<Error> Bad(std::string_view what) const {
    return Fail(Code::kCorrupt, fmt::format("tree {}: {}", index_, what));
  }
  Status CheckSizes(const Tree& tree);
  Status ReadCategories(const Tree& tree);
  Status Split(const Tree& tree, std::size_t at, Node& node);
  Status Leaf(const Tree& tree, std::size_t at, Node& node);
  Status AddSet(const Tree& tree, std::size_t at, Node& node);

  const Booster& booster_;
  const bool in_place_;
  Memory& memory_;
  Forest& forest_;
  std::size_t index_ = 0;
  std::vector<int32_t> list_;  // of each node: its list of categories, or -1
};

Status Builder::CheckSizes(const Tree& tree) {
  const std::size_t nodes = tree.left.size();
  if (nodes == 0) return Bad("it has no nodes");
  if (tree.num_nodes >= 0 && static_cast<std::size_t>(tree.num_nodes) != nodes) {
    return Bad(fmt::format("num_nodes is {}, left_children has {} elements", tree.num_nodes, nodes));
  }
  const auto has = [&](std::string_view name, std::size_t size) -> Status {
    if (size == nodes) return {};
    return Bad(fmt::format("{} has {} elements, left_children has {}", name, size, nodes));
  };
  TURNOUT_TRY(has("right_children", tree.right.size()));
  TURNOUT_TRY(has("split_indices", tree.feature.size()));
  TURNOUT_TRY(has("split_conditions", tree.condition.size()));
  TURNOUT_TRY(has("default_left", tree.default_left.size()));
  if (!tree.categorical.empty()) TURNOUT_TRY(has("split_type", tree.categorical.size()));
  const int64_t width = std::max<int64_t>(1, tree.leaf_width);
  if (width != forest_.leaf_width) {
    return Bad(fmt::format("its leaves have {} values, {} expected", width, forest_.leaf_width));
  }
  if (width == 1) return {};
  const auto values = static_cast<std::size_t>(width);
  if (tree.leaf_weights.empty()) {
    if (tree.base_weights.size() == nodes * values) return {};
    return Bad(fmt::format("base_weights has {} elements, {} for {} nodes expected", tree.base_weights.size(),
                           nodes * values, nodes));
  }
  if (tree.leaf_weights.size() % values == 0) return {};
  return Bad(fmt::format("leaf_weights has {} elements, a multiple of {} expected", tree.leaf_weights.size(),
                         values));
}

Status Builder::ReadCategories(const Tree& tree) {
  list_.clear();
  const std::size_t lists = tree.categories_nodes.size(), nodes = tree.left.size();
  if (tree.categories_segments.size() != lists || tree.categories_sizes.size() != lists) {
    return Bad(fmt::format("categories_nodes has {} elements, categories_segments {}, categories_sizes {}",
                           lists, tree.categories_segments.size(), tree.categories_sizes.size()));
  }
  if (lists == 0) return {};
  TURNOUT_TRY(memory_.Take("categories_nodes", nodes * sizeof(int32_t)));
  list_.assign(nodes, -1);
  for (std::size_t k = 0; k < lists; ++k) {
    const int32_t node = tree.categories_nodes[k];
    const int64_t first = tree.categories_segments[k], size = tree.categories_sizes[k];
    const auto all = static_cast<int64_t>(tree.categories.size());
    if (node < 0 || static_cast<std::size_t>(node) >= nodes) {
      return Bad(fmt::format("categories_nodes names node {} of {}", node, nodes));
    }
    if (first < 0 || size < 1 || first > all || size > all - first) {
      return Bad(fmt::format("node {}: {} categories from {} of {}", node, size, first, all));
    }
    if (list_[static_cast<std::size_t>(node)] >= 0) {
      return Bad(fmt::format("node {} stands twice in categories_nodes", node));
    }
    list_[static_cast<std::size_t>(node)] = static_cast<int32_t>(k);
  }
  return {};
}

// The listed categories go right, all others left; up to 1.7.2 those beyond the words that hold the listed
// ones went where missing values go (common::Decision of src/common/categorical.h).
Status Builder::AddSet(const Tree& tree, std::size_t at, Node& node) {
  const int32_t list = list_.empty() ? -1 : list_[at];
  if (list < 0) return Bad(fmt::format("node {} splits on categories and lists none", at));
  const auto k = static_cast<std::size_t>(list);
  const auto first = tree.categories.begin() + tree.categories_segments[k];
  const auto end = first + tree.categories_sizes[k];
  const auto [least, most] = std::minmax_element(first, end);
  if (*least < 0 || *most > kMaxCategory) {
    return Bad(
        fmt::format("node {}: category {}; 0 to {} expected", at, *least < 0 ? *least : *most, kMaxCategory));
  }
  CategorySet set;
  set.first = static_cast<uint32_t>(forest_.set_words.size());
  set.words = static_cast<uint32_t>(*most) / 32 + 1;
  set.otherwise_left = booster_.AtLeast(1, 7, 3) || node.missing_left;
  // Twice: a vector that grows has both its old and its new memory.
  TURNOUT_TRY(memory_.Take("categories", 2 * set.words * sizeof(uint32_t) + 2 * sizeof(CategorySet)));
  forest_.set_words.resize(forest_.set_words.size() + set.words, ~uint32_t{0});
  for (auto category = first; category != end; ++category) {
    const auto c = static_cast<uint32_t>(*category);
    forest_.set_words[set.first + c / 32] &= ~(uint32_t{1} << c % 32);
  }
  node.categories = static_cast<int32_t>(forest_.sets.size());
  forest_.sets.push_back(set);
  return {};
}

Status Builder::Split(const Tree& tree, std::size_t at, Node& node) {
  if (tree.feature[at] < 0 || tree.feature[at] >= forest_.features) {
    return Bad(fmt::format("node {} splits on feature {} of {}", at, tree.feature[at], forest_.features));
  }
  node.feature = tree.feature[at];
  node.missing_left = tree.default_left[at] != 0;
  if (!tree.categorical.empty() && tree.categorical[at] != 0) return AddSet(tree, at, node);
  const float condition = tree.condition[at];
  if (std::isnan(condition)) return Bad(fmt::format("node {}: its threshold is not a number", at));
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  if (condition == -kInfinity) {  // nothing is below it; all go right, as no category is in an empty set
    TURNOUT_TRY(memory_.Take("the trees", 2 * sizeof(CategorySet)));
    node.categories = static_cast<int32_t>(forest_.sets.size());
    forest_.sets.push_back({});
    return {};
  }
  // x < condition, as x <= the float before it.
  node.threshold = static_cast<double>(std::nextafter(condition, -kInfinity));
  return {};
}

Status Builder::Leaf(const Tree& tree, std::size_t at, Node& node) {
  const auto width = static_cast<std::size_t>(forest_.leaf_width);
  node.left = static_cast<int32_t>(forest_.leaves.size() / width);
  if (width == 1) {
    float value = tree.condition[at];
    if (!booster_.weight_drop.empty()) {
      // What a prediction in place (the wrappers') of 1.x to 3.2 takes off again is not always what it added.
      if (in_place_ && !booster_.AtLeast(3, 3)) {
        const auto base = static_cast<float>(forest_.base[static_cast<std::size_t>(forest_.targets.back())]);
        value = (base + value) - base;
      }
      value *= booster_.weight_drop[index_];
    }
    if (!std::isfinite(value)) return Bad(fmt::format("node {}: the leaf's value is {}", at, value));
    forest_.leaves.push_back(static_cast<double>(value));
    return {};
  }
  const std::vector<float>& values = tree.leaf_weights.empty() ? tree.base_weights : tree.leaf_weights;
  const int64_t row = tree.leaf_weights.empty() ? static_cast<int64_t>(at) : tree.right[at];
  const std::size_t rows = values.size() / width;
  if (row < 0 || static_cast<std::size_t>(row) >= rows) {
    return Bad(fmt::format("node {}: its values are row {} of {}", at, row, rows));
  }
  for (std::size_t k = 0; k < width; ++k) {
    forest_.leaves.push_back(static_cast<double>(values[static_cast<std::size_t>(row) * width + k]));
  }
  return {};
}

// Nodes get their parents before them, which files need not do; deleted ones, which no other reaches, go.
Status Builder::Add(std::size_t index, const Tree& tree) {
  index_ = index;
  TURNOUT_TRY(CheckSizes(tree));
  TURNOUT_TRY(ReadCategories(tree));
  const std::size_t nodes = tree.left.size();
  constexpr std::size_t kMost = std::size_t{1} << 30;  // indices are 32 bits
  if (forest_.nodes.size() + nodes > kMost)
    return Fail(Code::kUnsupported, "the forest has more than 2^30 nodes");
  // A node's marks here, in CheckForest and in the engines' compilers.
  TURNOUT_TRY(memory_.Take("the trees", 16 * nodes));

  struct Open {
    int32_t node;
    int32_t parent;  // in forest_.nodes; -1: none
    bool right;
  };
  std::vector<Open> open = {{0, -1, false}};
  std::vector<bool> seen(nodes);
  forest_.roots.push_back(static_cast<int32_t>(forest_.nodes.size()));
  while (!open.empty()) {
    const Open one = open.back();
    open.pop_back();
    const auto at = static_cast<std::size_t>(one.node);
    if (seen[at]) return Bad(fmt::format("node {} has two parents, or is its own ancestor", at));
    seen[at] = true;
    const auto place = static_cast<int32_t>(forest_.nodes.size());
    if (one.parent >= 0) {
      Node& parent = forest_.nodes[static_cast<std::size_t>(one.parent)];
      (one.right ? parent.right : parent.left) = place;
    }
    Node node;
    if (tree.left[at] == Tree::kNone) {
      TURNOUT_TRY(Leaf(tree, at, node));
    } else {
      TURNOUT_TRY(Split(tree, at, node));
      for (const int32_t child : {tree.right[at], tree.left[at]}) {
        if (child < 0 || static_cast<std::size_t>(child) >= nodes) {
          return Bad(fmt::format("node {} has the child {} of {} nodes", at, child, nodes));
        }
        open.push_back({child, place, child == tree.right[at]});
      }
    }
    forest_.nodes.push_back(node);
  }
  return {};
}

}  // namespace

Result<Forest> ToForest(Booster& booster, const Wrapper& wrapper, std::size_t trees,
                        const std::vector<float>& margins, Memory& memory) {
  const std::size_t all = booster.trees.size();
  if (booster.declared_trees >= 0 && static_cast<std::size_t>(booster.declared_trees) != all) {
    return Fail(Code::kCorrupt,
                fmt::format("num_trees is {}, there are {} trees", booster.declared_trees, all));
  }
  if (booster.tree_info.size() != all) {
    return Fail(Code::kCorrupt,
                fmt::format("tree_info has {} elements for {} trees", booster.tree_info.size(), all));
  }
  if (!booster.weight_drop.empty() && booster.weight_drop.size() != all) {
    return Fail(Code::kCorrupt,
                fmt::format("weight_drop has {} elements for {} trees", booster.weight_drop.size(), all));
  }
  Forest forest;
  forest.features = static_cast<int32_t>(booster.features);
  forest.outputs = static_cast<int32_t>(margins.size());
  forest.leaf_width = all > 0 && booster.trees[0].leaf_width > 1 ? forest.outputs : 1;
  forest.float32 = forest.float32_sums = true;
  forest.category_cast = CategoryCast::kFloatInt;
  for (const float margin : margins) forest.base.push_back(static_cast<double>(margin));
  if (forest.leaf_width > 1 && !booster.weight_drop.empty()) {
    return Fail(Code::kUnsupported, "dart with trees of several outputs, which XGBoost does not train");
  }
  std::size_t nodes = 0;
  for (const Tree& tree : std::span(booster.trees).first(trees)) nodes += tree.left.size();
  // Half of the nodes of a tree, and one, are leaves.
  const std::size_t leaves = (nodes + trees) / 2 * static_cast<std::size_t>(forest.leaf_width);
  TURNOUT_TRY(memory.Take("the trees", nodes * sizeof(Node) + leaves * sizeof(double)));
  forest.nodes.reserve(nodes);
  forest.leaves.reserve(leaves);
  Builder builder(booster, wrapper.kind != Wrapper::Kind::kNone, memory, forest);
  for (std::size_t t = 0; t < trees; ++t) {
    if (booster.tree_info[t] < 0 || booster.tree_info[t] >= forest.outputs) {
      return Fail(Code::kCorrupt,
                  fmt::format("tree {} adds to output {} of {}", t, booster.tree_info[t], forest.outputs));
    }
    forest.targets.push_back(forest.leaf_width == 1 ? booster.tree_info[t] : 0);
    TURNOUT_TRY(builder.Add(t, booster.trees[t]));
    booster.trees[t] = Tree();
  }
  return forest;
}

}  // namespace turnout::xgboost
