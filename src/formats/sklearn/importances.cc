// feature_importances_ of trees, which files do not hold: sklearn/tree/_tree.pyx
// (compute_feature_importances), ensemble/_forest.py, ensemble/_gb.py.
#include <fmt/format.h>

#include <cmath>
#include <numeric>

#include "formats/sklearn/transformers.h"

namespace turnout::sklearn {
namespace {

using Numbers = std::vector<double>;

void Divide(Numbers& values, double by) {
  for (double& value : values) value /= by;
}

// Empty: a tree without a split.
Result<Numbers> OfTree(const Part& tree_part, const Context& context, int32_t features, bool normalised) {
  TURNOUT_ASSIGN(const Part tree, pickle::Attribute(tree_part, "tree_"));
  TURNOUT_ASSIGN(const Part nodes, NodeArray(tree, context.budget));
  TURNOUT_ASSIGN(const auto left, pickle::IntColumn(nodes, "left_child"));
  TURNOUT_ASSIGN(const auto right, pickle::IntColumn(nodes, "right_child"));
  TURNOUT_ASSIGN(const auto feature, pickle::IntColumn(nodes, "feature"));
  TURNOUT_ASSIGN(const auto impurity, pickle::DoubleColumn(nodes, "impurity"));
  TURNOUT_ASSIGN(const auto weight, pickle::DoubleColumn(nodes, "weighted_n_node_samples"));
  const auto count = static_cast<int64_t>(left.size());
  if (count <= 1) return Numbers();
  Numbers sums(static_cast<std::size_t>(features), 0);
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (left[i] == -1) continue;
    if (left[i] < 0 || left[i] >= count || right[i] < 0 || right[i] >= count || feature[i] < 0 ||
        feature[i] >= features) {
      return pickle::Fail(Code::kCorrupt, nodes,
                          fmt::format("node {} has children or a feature out of range", i));
    }
    const auto l = static_cast<std::size_t>(left[i]), r = static_cast<std::size_t>(right[i]);
    sums[static_cast<std::size_t>(feature[i])] +=
        weight[i] * impurity[i] - weight[l] * impurity[l] - weight[r] * impurity[r];
  }
  Divide(sums, weight[0]);
  if (const double sum = NumpySum(sums); normalised && sum > 0) Divide(sums, sum);
  return sums;
}

// The mean over the trees that have a split, divided by its sum.
Result<Numbers> OfTrees(const Part& part, const Context& context, int32_t features, bool normalised) {
  TURNOUT_ASSIGN(const Part list, pickle::Attribute(part, "estimators_"));
  TURNOUT_ASSIGN(const pickle::Values elements, pickle::Elements(list));
  Numbers mean(static_cast<std::size_t>(features), 0);
  double trees = 0;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    TURNOUT_TRY(context.budget.Take(list, mean.size() * sizeof(double)));
    TURNOUT_ASSIGN(const Numbers one,
                   OfTree(Part(elements[i], list.path.Index(i)), context, features, normalised));
    if (one.empty()) continue;
    ++trees;
    for (std::size_t j = 0; j < mean.size(); ++j) mean[j] += one[j];
  }
  if (trees == 0) return mean;
  Divide(mean, trees);
  Divide(mean, NumpySum(mean));
  return mean;
}

// coef_: the absolute values, or over several rows the norm of each column.
Result<Numbers> OfWeights(const Part& coef, const Context& context, int32_t features, double order) {
  TURNOUT_ASSIGN(const auto weights, AsDoubles(coef, context.budget));
  const auto columns = static_cast<std::size_t>(features);
  if (columns == 0 || weights.size() % columns != 0 || weights.shape.back() != features) {
    return pickle::Unexpected(coef, fmt::format("weights of {} columns", features));
  }
  Numbers norms(columns, 0);
  const std::size_t rows = weights.size() / columns;
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t j = 0; j < columns; ++j) {
      const double w = std::fabs(weights.values[r * columns + j]);
      if (rows == 1) {
        norms[j] = w;
      } else if (std::isinf(order)) {
        norms[j] = r == 0 ? w : order > 0 ? std::max(norms[j], w) : std::min(norms[j], w);
      } else {
        norms[j] += order == 1 ? w : order == 2 ? w * w : std::pow(w, order);
      }
    }
  }
  if (rows > 1 && !std::isinf(order) && order != 1) {
    for (double& norm : norms) norm = order == 2 ? std::sqrt(norm) : std::pow(norm, 1 / order);
  }
  return norms;
}

}  // namespace

Result<std::vector<double>> ImportancesOf(const Part& estimator, const Context& context, int32_t features,
                                          double norm_order) {
  if (const auto coef = pickle::FindAttribute(estimator, "coef_")) {
    return OfWeights(*coef, context, features, norm_order);
  }
  const std::string_view name = pickle::ClassName(estimator.value);
  if (name.starts_with("sklearn.tree._classes.")) {
    TURNOUT_ASSIGN(Numbers one, OfTree(estimator, context, features, true));
    if (one.empty()) one.resize(static_cast<std::size_t>(features), 0);
    return one;
  }
  if (name.starts_with("sklearn.ensemble._forest.")) return OfTrees(estimator, context, features, true);
  if (name.starts_with("sklearn.ensemble._gb.")) return OfTrees(estimator, context, features, false);
  return pickle::Fail(
      Code::kUnsupported, estimator,
      fmt::format("the importances of {} are not in the file; select by a linear model, trees, "
                  "forests or GradientBoosting, or choose the columns before the model",
                  name.empty() ? "this object" : name));
}

}  // namespace turnout::sklearn
