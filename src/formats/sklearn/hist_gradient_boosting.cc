// sklearn/ensemble/_hist_gradient_boosting/{gradient_boosting,predictor,binning}.py, _predictor.pyx.
#include <fmt/format.h>

#include "formats/sklearn/parts.h"

namespace turnout::sklearn {
namespace {

// The category values (0..255) that the bin mapper knows, as bits, for each categorical feature.
struct Known {
  bool categorical = false;
  uint32_t bits[8] = {};
};

Result<std::vector<Known>> KnownCategories(const Part& estimator, int32_t features) {
  std::vector<Known> known(static_cast<std::size_t>(features));
  TURNOUT_ASSIGN(const Part mapper, pickle::Attribute(estimator, "_bin_mapper"));
  const auto flags_part = pickle::FindAttribute(mapper, "is_categorical_");
  if (!flags_part) return known;
  TURNOUT_ASSIGN(const auto flags, pickle::AsIntArray(*flags_part, {features}));
  TURNOUT_ASSIGN(const Part thresholds, pickle::Attribute(mapper, "bin_thresholds_"));
  for (std::size_t f = 0; f < known.size(); ++f) {
    if (flags.values[f] == 0) continue;
    known[f].categorical = true;
    TURNOUT_ASSIGN(const Part values_part, pickle::Element(thresholds, f));
    TURNOUT_ASSIGN(const auto values, pickle::AsDoubleArray(values_part));
    for (double v : values.values) {
      if (!(v >= 0 && v < 256)) {
        return pickle::Fail(Code::kCorrupt, values_part,
                            fmt::format("category {}; categories lie between 0 and 255", v));
      }
      const auto c = static_cast<uint32_t>(v);
      known[f].bits[c / 32] |= 1u << (c % 32);
    }
  }
  return known;
}

Status AddPredictor(const Part& predictor, const std::vector<Known>& known, int32_t target, Forest& forest) {
  TURNOUT_ASSIGN(const Part nodes, pickle::Attribute(predictor, "nodes"));
  TURNOUT_ASSIGN(const auto value, pickle::DoubleColumn(nodes, "value"));
  TURNOUT_ASSIGN(const auto feature, pickle::IntColumn(nodes, "feature_idx"));
  // 0.23 called it `threshold`.
  TURNOUT_ASSIGN(const auto threshold,
                 pickle::DoubleColumn(
                     nodes, pickle::HasColumn(nodes.value, "num_threshold") ? "num_threshold" : "threshold"));
  TURNOUT_ASSIGN(const auto missing_left, pickle::IntColumn(nodes, "missing_go_to_left"));
  TURNOUT_ASSIGN(const auto left, pickle::IntColumn(nodes, "left"));
  TURNOUT_ASSIGN(const auto right, pickle::IntColumn(nodes, "right"));
  TURNOUT_ASSIGN(const auto is_leaf, pickle::IntColumn(nodes, "is_leaf"));
  std::vector<int64_t> categorical(value.size(), 0), set_index(value.size(), 0), words;
  if (pickle::HasColumn(nodes.value, "is_categorical")) {
    TURNOUT_ASSIGN(categorical, pickle::IntColumn(nodes, "is_categorical"));
    TURNOUT_ASSIGN(set_index, pickle::IntColumn(nodes, "bitset_idx"));
    TURNOUT_ASSIGN(const Part sets, pickle::Attribute(predictor, "raw_left_cat_bitsets"));
    TURNOUT_ASSIGN(auto array, pickle::AsIntArray(sets, {-1, 8}));
    words = std::move(array.values);
  }
  const auto count = static_cast<int64_t>(value.size());
  const auto base = static_cast<int64_t>(forest.nodes.size());
  if (count == 0) return pickle::Fail(Code::kCorrupt, nodes, "a tree without nodes");
  if (base + count > int64_t{1} << 30) {
    return pickle::Fail(Code::kUnsupported, nodes, "the forest has more than 2^30 nodes");
  }
  forest.roots.push_back(static_cast<int32_t>(base));
  forest.targets.push_back(target);
  for (int64_t i = 0; i < count; ++i) {
    const auto at = static_cast<std::size_t>(i);
    Node node;
    if (is_leaf[at] != 0) {
      node.left = static_cast<int32_t>(forest.leaves.size());
      forest.leaves.push_back(value[at]);  // the learning rate is in it already
      forest.nodes.push_back(node);
      continue;
    }
    if (left[at] <= i || left[at] >= count || right[at] <= i || right[at] >= count) {
      return pickle::Fail(Code::kCorrupt, nodes,
                          fmt::format("node {} has children {} and {}; they must lie between {} and {}", i,
                                      left[at], right[at], i + 1, count - 1));
    }
    if (feature[at] < 0 || feature[at] >= forest.features) {
      return pickle::Fail(
          Code::kCorrupt, nodes,
          fmt::format("node {} splits on feature {}; there are {}", i, feature[at], forest.features));
    }
    node.feature = static_cast<int32_t>(feature[at]);
    node.threshold = threshold[at];
    node.left = static_cast<int32_t>(base + left[at]);
    node.right = static_cast<int32_t>(base + right[at]);
    node.missing_left = missing_left[at] != 0;
    if (categorical[at] != 0) {
      const int64_t s = set_index[at];
      if (s < 0 || s >= static_cast<int64_t>(words.size() / 8)) {
        return pickle::Fail(
            Code::kCorrupt, nodes,
            fmt::format("node {} uses category set {}; there are {}", i, s, words.size() / 8));
      }
      CategorySet set;
      for (std::size_t w = 0; w < 8; ++w) {
        set.left[w] = static_cast<uint32_t>(words[static_cast<std::size_t>(s) * 8 + w]);
        set.known[w] = known[static_cast<std::size_t>(node.feature)].bits[w];
      }
      node.categories = static_cast<int32_t>(forest.sets.size());
      forest.sets.push_back(set);
    }
    forest.nodes.push_back(node);
  }
  return {};
}

Result<Link> RegressionLink(const Part& estimator) {
  TURNOUT_ASSIGN(const Part loss, pickle::Attribute(estimator, "loss"));
  if (loss.value.kind() != pickle::Kind::kText) return pickle::Unexpected(loss, "the name of a loss");
  const std::string_view name = loss.value.Text();
  if (name == "poisson" || name == "gamma") return Link::kExp;
  for (std::string_view identity :
       {"squared_error", "least_squares", "absolute_error", "least_absolute_deviation", "quantile"}) {
    if (name == identity) return Link::kIdentity;
  }
  return pickle::Unexpected(loss, "squared_error, absolute_error, quantile, poisson or gamma");
}

}  // namespace

Status LoadHistGradientBoosting(const Part& estimator, const Release& release, Loaded& out) {
  Model& model = out.model;
  Forest forest;
  forest.features = out.inputs;
  TURNOUT_ASSIGN(const Part per_iteration_part, pickle::Attribute(estimator, "n_trees_per_iteration_"));
  TURNOUT_ASSIGN(const int64_t per_iteration, pickle::AsInt(per_iteration_part));
  if (pickle::ShortClassName(estimator.value) == "HistGradientBoostingClassifier") {
    TURNOUT_ASSIGN(const Part classes, pickle::Attribute(estimator, "classes_"));
    TURNOUT_ASSIGN(model.signature.classes, Labels(classes));
    const auto count = static_cast<int64_t>(model.signature.classes.size());
    if (per_iteration != (count == 2 ? 1 : count)) {
      return pickle::Fail(Code::kCorrupt, per_iteration_part,
                          fmt::format("{} trees per iteration for {} classes", per_iteration, count));
    }
    model.signature.task = Task::kClassification;
    model.signature.probabilities = true;
    model.link = count == 2 ? Link::kExpit : Link::kSoftmaxInOrder;
    model.decision = !release.AtLeast(1, 4) ? Decision::kLargest
                     : count == 2           ? Decision::kRawAboveZero
                                            : Decision::kLargestRaw;
  } else {
    model.signature.task = Task::kRegression;
    TURNOUT_ASSIGN(model.link, RegressionLink(estimator));
    if (per_iteration != 1) {
      return pickle::Fail(Code::kCorrupt, per_iteration_part,
                          fmt::format("{} trees per iteration of a regression", per_iteration));
    }
  }
  forest.outputs = static_cast<int32_t>(per_iteration);

  TURNOUT_ASSIGN(const Part baseline, pickle::Attribute(estimator, "_baseline_prediction"));
  TURNOUT_ASSIGN(auto base, pickle::AsDoubleArray(baseline));
  if (base.size() == 1) base.values.resize(static_cast<std::size_t>(per_iteration), base.values[0]);
  if (base.size() != static_cast<std::size_t>(per_iteration)) {
    return pickle::Fail(Code::kCorrupt, baseline,
                        fmt::format("{} values for {} raw scores", base.size(), per_iteration));
  }
  forest.base = std::move(base.values);

  TURNOUT_ASSIGN(const auto known, KnownCategories(estimator, forest.features));
  TURNOUT_ASSIGN(const Part iterations, pickle::Attribute(estimator, "_predictors"));
  TURNOUT_ASSIGN(const pickle::Values elements, pickle::Elements(iterations));
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const Part iteration(elements[i], iterations.path.Index(i));
    TURNOUT_ASSIGN(const pickle::Values trees, pickle::Elements(iteration));
    if (static_cast<int64_t>(trees.size()) != per_iteration) {
      return pickle::Fail(Code::kCorrupt, iteration,
                          fmt::format("{} trees, {} expected", trees.size(), per_iteration));
    }
    for (std::size_t k = 0; k < trees.size(); ++k) {
      TURNOUT_TRY(
          AddPredictor(Part(trees[k], iteration.path.Index(k)), known, static_cast<int32_t>(k), forest));
    }
  }
  out.accepts_missing = true;
  model.predictor = std::move(forest);
  return {};
}

}  // namespace turnout::sklearn
