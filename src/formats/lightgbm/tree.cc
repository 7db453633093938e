#include "formats/lightgbm/tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace turnout::lightgbm {
namespace {

constexpr std::string_view kKeys[] = {"num_leaves",     "num_cat",       "split_feature", "threshold",
                                      "decision_type",  "left_child",    "right_child",   "leaf_value",
                                      "cat_boundaries", "cat_threshold", "is_linear",     "leaf_const",
                                      "num_features",   "leaf_features", "leaf_coeff"};
static_assert(std::size(kKeys) == static_cast<std::size_t>(Key::kCount));

// What the members of a TreeReader hold for each leaf.
constexpr std::size_t kScratchBytes = 10 * sizeof(int64_t);

constexpr int64_t kMostLeaves = std::numeric_limits<int32_t>::max() / 2;

// The bits of decision_type.
constexpr int64_t kCategorical = 1, kDefaultLeft = 2, kMissingShift = 2;
enum MissingType : int64_t { kNone = 0, kZero = 1, kNan = 2 };
constexpr int64_t kMostDecision = kCategorical | kDefaultLeft | kNan << kMissingShift;

// What |x| <= kZeroThreshold is compared as 0 (LightGBM drops such values from a row): a threshold within
// moves to the end of that interval which sends all of it the way of 0.
double Threshold(double t) {
  if (!(std::fabs(t) <= kZeroThreshold)) return t;
  return t >= 0 ? kZeroThreshold : std::nextafter(-kZeroThreshold, -1);
}

}  // namespace

Status TreeBlock::Add(const Field& field) {
  for (std::size_t k = 0; k < fields_.size(); ++k) {
    if (field.key != kKeys[k]) continue;
    if (fields_[k].line != 0) return Bad(field, fmt::format("it stands on line {} too", fields_[k].line));
    fields_[k] = field;
    return {};
  }
  return {};
}

const Field* TreeBlock::Find(Key key) const {
  const Field& field = fields_[static_cast<std::size_t>(key)];
  return field.line == 0 ? nullptr : &field;
}

Result<Field> TreeBlock::Get(Key key) const {
  const Field* field = Find(key);
  if (field != nullptr) return *field;
  return Bad(line_, fmt::format("the tree has no {}", kKeys[static_cast<std::size_t>(key)]));
}

Status TreeReader::Add(const TreeBlock& block, int32_t target) {
  TURNOUT_ASSIGN(const Field num_leaves, block.Get(Key::kNumLeaves));
  TURNOUT_ASSIGN(const int64_t leaves, Integer(num_leaves, 1, kMostLeaves));
  leaves_ = static_cast<std::size_t>(leaves);
  TURNOUT_ASSIGN(const Field leaf_value, block.Get(Key::kLeafValue));
  if (leaves_ > leaf_value.value.size() / 2 + 1) {
    return Bad(num_leaves, fmt::format("{}, more than leaf_value on line {} has", leaves, leaf_value.line));
  }
  TURNOUT_TRY(memory_.Take(block.line(), BytesOfTree(leaves_)));
  if (leaves_ > most_leaves_) {
    TURNOUT_TRY(memory_.Take(block.line(), (leaves_ - most_leaves_) * kScratchBytes));
    most_leaves_ = leaves_;
  }
  first_leaf_ = forest_.leaves.size();
  first_set_ = forest_.sets.size();
  TURNOUT_TRY(Doubles(leaf_value, leaves_, threshold_));
  forest_.leaves.insert(forest_.leaves.end(), threshold_.begin(), threshold_.end());
  TURNOUT_TRY(ReadLinear(block));
  TURNOUT_TRY(ReadSets(block));
  TURNOUT_TRY(ReadSplits(block));
  forest_.targets.push_back(target);
  return AddNodes(block);
}

Status TreeReader::ReadSplits(const TreeBlock& block) {
  const std::size_t splits = leaves_ - 1;
  for (std::vector<int64_t>* list : {&feature_, &decision_, &left_, &right_}) list->clear();
  threshold_.clear();
  if (splits == 0) return {};
  TURNOUT_ASSIGN(const Field feature, block.Get(Key::kSplitFeature));
  TURNOUT_TRY(Integers(feature, splits, 0, forest_.features - 1, feature_));
  TURNOUT_ASSIGN(const Field threshold, block.Get(Key::kThreshold));
  // Infinite: the split between what is there and what is missing.
  TURNOUT_TRY(Doubles(threshold, splits, threshold_, true));
  if (const Field* decision = block.Find(Key::kDecisionType)) {
    TURNOUT_TRY(Integers(*decision, splits, 0, kMostDecision, decision_));
  } else {
    decision_.assign(splits, 0);
  }
  const auto last = static_cast<int64_t>(splits) - 1;
  TURNOUT_ASSIGN(const Field left, block.Get(Key::kLeftChild));
  TURNOUT_TRY(Integers(left, splits, -last - 2, last, left_));
  TURNOUT_ASSIGN(const Field right, block.Get(Key::kRightChild));
  TURNOUT_TRY(Integers(right, splits, -last - 2, last, right_));
  for (std::size_t i = 0; i < splits; ++i) {
    if ((decision_[i] & kCategorical) == 0) continue;
    const double t = threshold_[i];
    if (!(t >= 0 && t < static_cast<double>(sets_) && t == std::floor(t))) {
      return Bad(threshold, fmt::format("split {} takes category set {} of {}", i, t, sets_));
    }
  }
  return {};
}

// cat_boundaries: where in cat_threshold (words of 32 bits) each set of categories starts, and their end.
Status TreeReader::ReadSets(const TreeBlock& block) {
  sets_ = 0;
  const Field* num_cat = block.Find(Key::kNumCat);
  if (num_cat == nullptr) return {};
  TURNOUT_ASSIGN(const int64_t count, Integer(*num_cat, 0, kMostLeaves));
  if (count == 0) return {};
  TURNOUT_ASSIGN(const Field bounds, block.Get(Key::kCatBoundaries));
  TURNOUT_ASSIGN(const Field words, block.Get(Key::kCatThreshold));
  sets_ = static_cast<std::size_t>(count);
  TURNOUT_TRY(Integers(bounds, sets_ + 1, 0, kMostLeaves, boundaries_));
  if (boundaries_[0] != 0) return Bad(bounds, fmt::format("starts with {}, 0 expected", boundaries_[0]));
  for (std::size_t i = 0; i < sets_; ++i) {
    if (boundaries_[i + 1] < boundaries_[i]) {
      return Bad(bounds, fmt::format("{} stands behind {}; they ascend", boundaries_[i + 1], boundaries_[i]));
    }
  }
  TURNOUT_TRY(Integers(words, static_cast<std::size_t>(boundaries_.back()), 0,
                       std::numeric_limits<uint32_t>::max(), words_));
  TURNOUT_TRY(memory_.Take(words.line, sets_ * sizeof(CategorySet) + words_.size() * sizeof(uint32_t)));
  const auto first = static_cast<int64_t>(forest_.set_words.size());
  for (std::size_t i = 0; i < sets_; ++i) {
    forest_.sets.push_back({.first = static_cast<uint32_t>(first + boundaries_[i]),
                            .words = static_cast<uint32_t>(boundaries_[i + 1] - boundaries_[i])});
  }
  for (const int64_t word : words_) forest_.set_words.push_back(static_cast<uint32_t>(word));
  return {};
}

Status TreeReader::ReadLinear(const TreeBlock& block) {
  const Field* is_linear = block.Find(Key::kIsLinear);
  if (is_linear == nullptr) return {};
  TURNOUT_ASSIGN(const int64_t linear, Integer(*is_linear, 0, 1));
  if (linear == 0) return {};
  TURNOUT_ASSIGN(const Field constants, block.Get(Key::kLeafConst));
  TURNOUT_TRY(Doubles(constants, leaves_, constants_));
  TURNOUT_ASSIGN(const Field counts, block.Get(Key::kNumFeatures));
  TURNOUT_ASSIGN(const Field features, block.Get(Key::kLeafFeatures));
  const auto most = static_cast<int64_t>(features.value.size() / 2 + 1);
  TURNOUT_TRY(Integers(counts, leaves_, 0, most, counts_));
  const int64_t terms = std::accumulate(counts_.begin(), counts_.end(), int64_t{0});
  TURNOUT_TRY(Integers(features, static_cast<std::size_t>(terms), 0, forest_.features - 1, term_features_));
  TURNOUT_ASSIGN(const Field weights, block.Get(Key::kLeafCoeff));
  TURNOUT_TRY(Doubles(weights, static_cast<std::size_t>(terms), weights_));

  // The leaves of trees before this one, if they have no functions yet, come first.
  TURNOUT_TRY(
      memory_.Take(block.line(), (forest_.leaves.size() - forest_.linear_leaves.size()) * sizeof(LinearLeaf) +
                                     weights_.size() * sizeof(LeafTerm)));
  for (std::size_t i = forest_.linear_leaves.size(); i < first_leaf_; ++i) {
    forest_.linear_leaves.push_back({.constant = forest_.leaves[i]});
  }
  auto first = static_cast<uint32_t>(forest_.leaf_terms.size());
  for (std::size_t i = 0; i < leaves_; ++i) {
    const auto count = static_cast<uint32_t>(counts_[i]);
    forest_.linear_leaves.push_back({.constant = constants_[i], .first = first, .terms = count});
    first += count;
  }
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    forest_.leaf_terms.push_back({.weight = weights_[i], .feature = static_cast<int32_t>(term_features_[i])});
  }
  return {};
}

Node TreeReader::Split(std::size_t i) const {
  Node node;
  node.feature = static_cast<int32_t>(feature_[i]);
  if ((decision_[i] & kCategorical) != 0) {  // NaN goes right
    node.categories = static_cast<int32_t>(first_set_ + static_cast<std::size_t>(threshold_[i]));
    return node;
  }
  node.threshold = Threshold(threshold_[i]);
  const int64_t missing = decision_[i] >> kMissingShift;
  node.zero_missing = missing == kZero;
  // Where a missing value is none of the kinds, it is 0.
  node.missing_left = missing == kNone ? threshold_[i] >= 0 : (decision_[i] & kDefaultLeft) != 0;
  return node;
}

// Level by level, so that children come after their parents whatever their numbers in the text are.
Status TreeReader::AddNodes(const TreeBlock& block) {
  const auto splits = static_cast<int64_t>(leaves_) - 1;
  const std::size_t nodes = 2 * leaves_ - 1, first = forest_.nodes.size();
  if (first + nodes > std::numeric_limits<int32_t>::max()) {
    return Bad(block.line(), "more nodes than 2^31");
  }
  forest_.roots.push_back(static_cast<int32_t>(first));
  order_.assign(1, splits == 0 ? -1 : 0);
  seen_.assign(nodes, false);
  for (std::size_t at = 0; at < order_.size(); ++at) {
    const int64_t number = order_[at];
    const auto place = static_cast<std::size_t>(number >= 0 ? number : splits + ~number);
    if (seen_[place]) {
      return Bad(block.line(), fmt::format("{} {} of the tree is a child twice",
                                           number >= 0 ? "split" : "leaf", number >= 0 ? number : ~number));
    }
    seen_[place] = true;
    if (number < 0) {
      Node leaf;
      leaf.left = static_cast<int32_t>(first_leaf_) + static_cast<int32_t>(~number);
      forest_.nodes.push_back(leaf);
      continue;
    }
    Node node = Split(place);
    node.left = static_cast<int32_t>(first + order_.size());
    node.right = node.left + 1;
    order_.push_back(left_[place]);
    order_.push_back(right_[place]);
    forest_.nodes.push_back(node);
  }
  if (order_.size() == nodes) return {};
  const auto lost = static_cast<int64_t>(std::find(seen_.begin(), seen_.end(), false) - seen_.begin());
  return Bad(block.line(),
             fmt::format("{} {} of the tree is nobody's child", lost < splits ? "split" : "leaf",
                         lost < splits ? lost : lost - splits));
}

void CompleteLinearLeaves(Forest& forest) {
  if (forest.linear_leaves.empty()) return;
  for (std::size_t i = forest.linear_leaves.size(); i < forest.leaves.size(); ++i) {
    forest.linear_leaves.push_back({.constant = forest.leaves[i]});
  }
}

}  // namespace turnout::lightgbm
