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

Result<std::vector<Known>> KnownCategories(const Part& estimator, int32_t features, Budget& budget) {
  std::vector<Known> known(static_cast<std::size_t>(features));
  TURNOUT_ASSIGN(const Part mapper, pickle::Attribute(estimator, "_bin_mapper"));
  const auto flags_part = pickle::FindAttribute(mapper, "is_categorical_");
  if (!flags_part) return known;
  TURNOUT_ASSIGN(const auto flags, AsIntegers(*flags_part, {features}, budget));
  TURNOUT_ASSIGN(const Part thresholds, pickle::Attribute(mapper, "bin_thresholds_"));
  for (std::size_t f = 0; f < known.size(); ++f) {
    if (flags.values[f] == 0) continue;
    known[f].categorical = true;
    TURNOUT_ASSIGN(const Part values_part, pickle::Element(thresholds, f));
    TURNOUT_ASSIGN(const auto values, AsDoubles(values_part, budget));
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

// The category sets of a tree's categorical splits, which AddNodes has appended from `first` on.
Status AddCategories(const Part& predictor, const Part& nodes, const NodeTable& table, std::size_t first,
                     const std::vector<Known>& known, Budget& budget, Forest& forest) {
  if (!pickle::HasColumn(nodes.value, "is_categorical")) return {};  // 0.23
  TURNOUT_ASSIGN(const auto categorical, pickle::IntColumn(nodes, "is_categorical"));
  TURNOUT_ASSIGN(const auto set_index, pickle::IntColumn(nodes, "bitset_idx"));
  TURNOUT_ASSIGN(const Part sets, pickle::Attribute(predictor, "raw_left_cat_bitsets"));
  TURNOUT_ASSIGN(const auto words, AsIntegers(sets, {-1, 8}, budget));
  for (std::size_t i = 0; i < table.leaf.size(); ++i) {
    if (table.leaf[i] != 0 || categorical[i] == 0) continue;
    if (set_index[i] < 0 || set_index[i] >= words.shape[0]) {
      return pickle::Fail(
          Code::kCorrupt, nodes,
          fmt::format("node {} uses category set {}; there are {}", i, set_index[i], words.shape[0]));
    }
    Node& node = forest.nodes[first + i];
    const Known& all = known[static_cast<std::size_t>(node.feature)];
    if (!all.categorical) {
      return pickle::Fail(Code::kCorrupt, nodes,
                          fmt::format("node {} splits feature {} by category; it has none", i, node.feature));
    }
    // A category that was not seen in training goes the missing way.
    TURNOUT_TRY(budget.Take(nodes, sizeof(CategorySet) + 8 * sizeof(uint32_t)));
    node.categories = static_cast<int32_t>(forest.sets.size());
    forest.sets.push_back({.first = static_cast<uint32_t>(forest.set_words.size()),
                           .words = 8,
                           .otherwise_left = node.missing_left});
    for (std::size_t w = 0; w < 8; ++w) {
      const auto left = static_cast<uint32_t>(words.values[static_cast<std::size_t>(set_index[i]) * 8 + w]);
      forest.set_words.push_back(left | (node.missing_left ? ~all.bits[w] : 0));
    }
  }
  return {};
}

Status AddPredictor(const Part& predictor, const std::vector<Known>& known, int32_t target, Budget& budget,
                    Forest& forest) {
  TURNOUT_ASSIGN(const Part nodes, NodeArray(predictor, budget));
  NodeTable table;
  TURNOUT_ASSIGN(table.leaf, pickle::IntColumn(nodes, "is_leaf"));
  TURNOUT_ASSIGN(table.left, pickle::IntColumn(nodes, "left"));
  TURNOUT_ASSIGN(table.right, pickle::IntColumn(nodes, "right"));
  TURNOUT_ASSIGN(table.feature, pickle::IntColumn(nodes, "feature_idx"));
  // 0.23 called it `threshold`.
  TURNOUT_ASSIGN(table.threshold,
                 pickle::DoubleColumn(
                     nodes, pickle::HasColumn(nodes.value, "num_threshold") ? "num_threshold" : "threshold"));
  TURNOUT_ASSIGN(table.missing_left, pickle::IntColumn(nodes, "missing_go_to_left"));
  TURNOUT_ASSIGN(const auto value, pickle::DoubleColumn(nodes, "value"));
  const std::size_t first = forest.nodes.size();
  TURNOUT_TRY(AddNodes(nodes, table, target, forest));
  TURNOUT_TRY(AddCategories(predictor, nodes, table, first, known, budget, forest));
  for (std::size_t i = 0; i < table.leaf.size(); ++i) {
    if (table.leaf[i] != 0) forest.leaves.push_back(value[i]);  // the learning rate is in it already
  }
  return {};
}

// What follows from the loss's name; an error if it is not known here.
Result<Link> LinkOf(const Part& estimator, bool classifier, std::size_t classes) {
  TURNOUT_ASSIGN(const Part loss, pickle::Attribute(estimator, "loss"));
  TURNOUT_ASSIGN(const std::string_view name, pickle::AsText(loss));
  const auto is = [name](auto... names) { return ((name == names) || ...); };
  if (classifier) {
    if (is("log_loss", "auto", "binary_crossentropy", "categorical_crossentropy")) {
      return classes == 2 ? Link::kExpit : Link::kSoftmaxInOrder;
    }
  } else if (is("poisson", "gamma")) {
    return Link::kExp;
  } else if (is("squared_error", "least_squares", "absolute_error", "least_absolute_deviation", "quantile")) {
    return Link::kIdentity;
  }
  return pickle::Fail(
      Code::kUnsupported, loss,
      fmt::format("{} can't be served; {} can", pickle::Describe(loss.value),
                  classifier ? "log_loss" : "squared_error, absolute_error, quantile, poisson and gamma"));
}

}  // namespace

Status LoadHistGradientBoosting(const Part& estimator, const Context& context, Loaded& out) {
  Model& model = out.model;
  Forest forest;
  forest.features = out.inputs;
  // Since 1.4 an encoder stands before the trees, so that all they see is 0..255 or missing.
  forest.category_cast = context.release.AtLeast(1, 4)   ? CategoryCast::kByte
                         : context.release.AtLeast(1, 2) ? CategoryCast::kLowByte
                                                         : CategoryCast::kSignedLowByte;
  TURNOUT_ASSIGN(const Part per_iteration_part, pickle::Attribute(estimator, "n_trees_per_iteration_"));
  TURNOUT_ASSIGN(const int64_t per_iteration, pickle::AsInt(per_iteration_part));
  if (pickle::ShortClassName(estimator.value) == "HistGradientBoostingClassifier") {
    TURNOUT_ASSIGN(const Part classes, pickle::Attribute(estimator, "classes_"));
    TURNOUT_ASSIGN(model.signature.classes, Labels(classes, context.budget));
    const auto count = static_cast<int64_t>(model.signature.classes.size());
    if (per_iteration != (count == 2 ? 1 : count)) {
      return pickle::Fail(Code::kCorrupt, per_iteration_part,
                          fmt::format("{} trees per iteration for {} classes", per_iteration, count));
    }
    model.signature.task = Task::kClassification;
    model.signature.probabilities = true;
    TURNOUT_ASSIGN(model.link, LinkOf(estimator, true, model.signature.classes.size()));
    model.decision = !context.release.AtLeast(1, 5) ? Decision::kLargest
                     : count == 2                   ? Decision::kRawAboveZero
                                                    : Decision::kLargestRaw;
  } else {
    model.signature.task = Task::kRegression;
    TURNOUT_ASSIGN(model.link, LinkOf(estimator, false, 0));
    if (per_iteration != 1) {
      return pickle::Fail(Code::kCorrupt, per_iteration_part,
                          fmt::format("{} trees per iteration of a regression", per_iteration));
    }
  }
  forest.outputs = static_cast<int32_t>(per_iteration);

  TURNOUT_ASSIGN(const Part baseline, pickle::Attribute(estimator, "_baseline_prediction"));
  TURNOUT_ASSIGN(auto base, AsDoubles(baseline, context.budget));
  if (base.size() == 1) base.values.resize(static_cast<std::size_t>(per_iteration), base.values[0]);
  if (base.size() != static_cast<std::size_t>(per_iteration)) {
    return pickle::Fail(Code::kCorrupt, baseline,
                        fmt::format("{} values for {} raw scores", base.size(), per_iteration));
  }
  forest.base = std::move(base.values);

  TURNOUT_ASSIGN(const auto known, KnownCategories(estimator, forest.features, context.budget));
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
      TURNOUT_TRY(AddPredictor(Part(trees[k], iteration.path.Index(k)), known, static_cast<int32_t>(k),
                               context.budget, forest));
    }
  }
  out.accepts_missing = true;
  model.predictor = std::move(forest);
  return {};
}

}  // namespace turnout::sklearn
