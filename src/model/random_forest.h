// Random forests and rows for tests and benchmarks: every feature that a Forest has, shapes from a single
// leaf to long chains, values that hit thresholds exactly and by one unit in the last place.
#pragma once

#include <cmath>
#include <random>
#include <vector>

#include "model/forest.h"

namespace turnout {

struct RandomForestOptions {
  int32_t features = 6;
  int32_t outputs = 1;
  int32_t trees = 20;
  int32_t depth = 5;   // of the deepest leaf
  double split = 0.8;  // probability that a node above `depth` is split; 1: complete trees
  bool float32 = false;
  bool average = false;
  bool vector_leaves = false;
  bool float32_sums = false;
  bool missing = false;       // some splits send NaN left
  bool zero_missing = false;  // some splits take zero as missing
  bool linear_leaves = false;
  bool categorical = false;  // some splits are categorical
  uint32_t set_words = 8;    // at most: a word is 32 categories
  CategoryCast category_cast = CategoryCast::kByte;
};

class RandomForest {
 public:
  explicit RandomForest(uint64_t seed) : random_(seed) {}

  Forest Make(const RandomForestOptions& options) {
    Forest forest;
    forest.features = options.features;
    forest.outputs = options.outputs;
    forest.leaf_width = options.vector_leaves ? options.outputs : 1;
    forest.float32 = options.float32;
    if (options.average) forest.divisor = options.trees;
    forest.category_cast = options.category_cast;
    forest.float32_sums = options.float32_sums;
    for (int32_t k = 0; k < options.outputs; ++k) {
      forest.base.push_back(options.average ? 0 : Leaf(options));
    }
    if (options.categorical) {
      for (int s = 0; s < 5; ++s) AddSet(options, forest);
    }
    for (int32_t t = 0; t < options.trees; ++t) {
      forest.roots.push_back(static_cast<int32_t>(forest.nodes.size()));
      forest.targets.push_back(options.vector_leaves ? 0 : t % options.outputs);
      Grow(options, forest);
    }
    return forest;
  }

  // A value that a split of the forest may compare: a threshold, its neighbours, a category, anything.
  double Cell(const Forest& forest, bool missing) {
    const uint32_t kind = Below(8);
    if (kind == 6 && Below(2)) return Below(2) ? 0.0 : 1e-36;
    if (missing && kind == 0) return std::nan("");
    if (!forest.sets.empty() && kind <= 2) {
      static constexpr double kWild[] = {-0.5,        -255.5,     0x1p31 + 3, -0x1p31,
                                         -0x1p31 - 1, 0x1p32 + 3, -1e18,      1e300};
      return Below(8) == 0 ? kWild[Below(8)] : static_cast<double>(Below(1200)) - 600 + (Below(2) ? 0.25 : 0);
    }
    if (kind <= 5 && !forest.nodes.empty()) {
      const double t = forest.nodes[Below(static_cast<uint32_t>(forest.nodes.size()))].threshold;
      if (!std::isfinite(t)) return Normal();
      const double up = Below(2) ? INFINITY : -INFINITY;
      switch (Below(4)) {
        case 0: return t;
        case 1: return std::nextafter(t, up);
        case 2: return std::nextafterf(static_cast<float>(t), static_cast<float>(up));
        default: return static_cast<float>(t);
      }
    }
    return Normal();
  }

  uint32_t Below(uint32_t n) { return static_cast<uint32_t>(random_() % n); }
  double Normal() { return std::normal_distribution<double>()(random_); }
  double Uniform() { return std::uniform_real_distribution<double>()(random_); }

 private:
  void AddSet(const RandomForestOptions& options, Forest& forest) {
    const CategorySet set{.first = static_cast<uint32_t>(forest.set_words.size()),
                          .words = Below(options.set_words + 1),
                          .otherwise_left = Below(2) == 1};
    for (uint32_t w = 0; w < set.words; ++w) forest.set_words.push_back(static_cast<uint32_t>(random_()));
    forest.sets.push_back(set);
  }

  double Leaf(const RandomForestOptions& options) {
    const double value = Normal();
    return options.float32_sums ? static_cast<double>(static_cast<float>(value)) : value;
  }

  void AddLinearLeaf(const RandomForestOptions& options, Forest& forest) {
    const LinearLeaf leaf{
        .constant = Normal(), .first = static_cast<uint32_t>(forest.leaf_terms.size()), .terms = Below(4)};
    for (uint32_t t = 0; t < leaf.terms; ++t) {
      forest.leaf_terms.push_back(
          {.weight = Normal(),
           .feature = static_cast<int32_t>(Below(static_cast<uint32_t>(options.features)))});
    }
    forest.linear_leaves.push_back(leaf);
  }

  void Grow(const RandomForestOptions& options, Forest& forest) {
    struct Open {
      std::size_t node;
      int32_t depth;
    };
    std::vector<Open> open = {{forest.nodes.size(), 0}};
    forest.nodes.emplace_back();
    while (!open.empty()) {
      const auto [at, depth] = open.back();
      open.pop_back();
      Node node;
      if (depth < options.depth && (depth == 0 || Uniform() < options.split)) {
        node.feature = static_cast<int32_t>(Below(static_cast<uint32_t>(options.features)));
        // Some thresholds between floats, as scikit-learn's midpoints are; some exact floats.
        node.threshold = Below(3) ? Normal() : static_cast<double>(static_cast<float>(Normal()));
        if (!options.float32 && Below(50) == 0) node.threshold = INFINITY;
        node.missing_left = options.missing && Below(2);
        node.zero_missing = options.zero_missing && Below(3) == 0;
        if (options.categorical && Below(3) == 0) node.categories = static_cast<int32_t>(Below(5));
        // Sometimes the right child first: the order of children is free.
        const auto child = static_cast<int32_t>(forest.nodes.size());
        const bool swap = Below(2);
        node.left = child + (swap ? 1 : 0);
        node.right = child + (swap ? 0 : 1);
        forest.nodes.resize(forest.nodes.size() + 2);
        open.push_back({static_cast<std::size_t>(child), depth + 1});
        open.push_back({static_cast<std::size_t>(child) + 1, depth + 1});
      } else {
        node.left = static_cast<int32_t>(forest.leaves.size()) / forest.leaf_width;
        for (int32_t k = 0; k < forest.leaf_width; ++k) forest.leaves.push_back(Leaf(options));
        if (options.linear_leaves) AddLinearLeaf(options, forest);
      }
      forest.nodes[at] = node;
    }
  }

  std::mt19937_64 random_;
};

}  // namespace turnout
