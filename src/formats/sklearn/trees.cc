// sklearn/tree/_tree.pyx (Tree), tree/_classes.py, ensemble/_forest.py.
#include <fmt/format.h>

#include <algorithm>

#include "formats/sklearn/parts.h"

namespace turnout::sklearn {
namespace {

// Whether predict takes NaN: trees do since 1.3, extra trees since 1.6, unless their parameters exclude it
// (tree/_classes.py, _support_missing_values and the tag allow_nan).
Result<bool> TreeAcceptsMissing(const Part& tree, const Release& release) {
  const bool extra = pickle::ShortClassName(tree.value).starts_with("Extra");
  TURNOUT_ASSIGN(const std::string_view splitter, pickle::TextOr(tree, "splitter", ""));
  const bool best = splitter == "best" && !extra && release.AtLeast(1, 3);
  const bool random = splitter == "random" && release.AtLeast(1, 6);
  if (!best && !random) return false;
  if (release.AtLeast(1, 9)) return true;
  if (pickle::FindAttribute(tree, "monotonic_cst")) return false;
  TURNOUT_ASSIGN(const std::string_view criterion, pickle::TextOr(tree, "criterion", ""));
  static constexpr std::string_view kCriteria[] = {"gini",          "log_loss",     "entropy",
                                                   "squared_error", "friedman_mse", "poisson"};
  return std::find(std::begin(kCriteria), std::end(kCriteria), criterion) != std::end(kCriteria);
}

// The classes and the shape of the forest; the part that single trees and forests share.
Result<Leaves> Prepare(const Part& estimator, const Context& context, Loaded& out, Forest& forest) {
  TURNOUT_ASSIGN(const int64_t n_outputs, pickle::IntOr(estimator, "n_outputs_", 1));
  const bool classifier = pickle::ShortClassName(estimator.value).ends_with("Classifier");
  if (n_outputs < 1 || n_outputs > static_cast<int64_t>(kMaxColumns) || (classifier && n_outputs != 1)) {
    return pickle::Fail(Code::kUnsupported, estimator,
                        fmt::format("it predicts {} targets at once; only one is supported", n_outputs));
  }
  Model& model = out.model;
  model.link = Link::kIdentity;
  out.largest = kFloat32Limit;
  forest.features = out.inputs;
  forest.float32 = true;
  Leaves leaves = Leaves::kValues;
  if (classifier) {
    TURNOUT_ASSIGN(const Part classes, pickle::Attribute(estimator, "classes_"));
    TURNOUT_ASSIGN(model.signature.classes, Labels(classes, context.budget));
    model.signature.task = Task::kClassification;
    model.signature.probabilities = true;
    model.decision = Decision::kLargest;
    forest.outputs = forest.leaf_width = static_cast<int32_t>(model.signature.classes.size());
    leaves = context.release.AtLeast(1, 4) ? Leaves::kFractions : Leaves::kCounts;
  } else {
    model.signature.task = Task::kRegression;
    forest.outputs = forest.leaf_width = model.signature.values = static_cast<int32_t>(n_outputs);
  }
  forest.base.assign(static_cast<std::size_t>(forest.outputs), 0.0);
  return leaves;
}

}  // namespace

Status AddTree(const Part& tree, Leaves leaves, double scale, int32_t target, Budget& budget,
               Forest& forest) {
  if (pickle::ClassName(tree.value) != "sklearn.tree._tree.Tree") {
    return pickle::Unexpected(tree, "a sklearn.tree._tree.Tree");
  }
  TURNOUT_ASSIGN(const Part nodes, NodeArray(tree, budget));
  NodeTable table;
  TURNOUT_ASSIGN(table.left, pickle::IntColumn(nodes, "left_child"));
  TURNOUT_ASSIGN(table.right, pickle::IntColumn(nodes, "right_child"));
  TURNOUT_ASSIGN(table.feature, pickle::IntColumn(nodes, "feature"));
  TURNOUT_ASSIGN(table.threshold, pickle::DoubleColumn(nodes, "threshold"));
  if (pickle::HasColumn(nodes.value, "missing_go_to_left")) {  // since 1.3
    TURNOUT_ASSIGN(table.missing_left, pickle::IntColumn(nodes, "missing_go_to_left"));
  }
  for (int64_t left : table.left) table.leaf.push_back(left == -1);
  TURNOUT_TRY(AddNodes(nodes, table, target, forest));

  const auto width = static_cast<std::size_t>(forest.leaf_width);
  const auto count = static_cast<int64_t>(table.leaf.size());
  TURNOUT_ASSIGN(const Part values_part, pickle::Attribute(tree, "values"));
  // One number for each class of the one target, or one for each target.
  const bool targets = leaves == Leaves::kValues;
  TURNOUT_ASSIGN(
      const auto values,
      AsDoubles(values_part, {count, targets ? forest.leaf_width : 1, targets ? 1 : forest.leaf_width},
                budget));
  for (std::size_t i = 0; i < table.leaf.size(); ++i) {
    if (table.leaf[i] == 0) continue;
    const std::span<const double> value(values.values.data() + i * width, width);
    const double sum = leaves == Leaves::kCounts ? NumpySum(value) : 0;
    for (double v : value) {
      forest.leaves.push_back(leaves == Leaves::kValues ? scale * v : sum == 0 ? v : v / sum);
    }
  }
  return {};
}

Status LoadDecisionTree(const Part& estimator, const Context& context, Loaded& out) {
  Forest forest;
  TURNOUT_ASSIGN(const Leaves leaves, Prepare(estimator, context, out, forest));
  TURNOUT_ASSIGN(const Part tree, pickle::Attribute(estimator, "tree_"));
  TURNOUT_TRY(AddTree(tree, leaves, 1.0, 0, context.budget, forest));
  TURNOUT_ASSIGN(out.accepts_missing, TreeAcceptsMissing(estimator, context.release));
  out.model.predictor = std::move(forest);
  return {};
}

Status LoadAveragedForest(const Part& estimator, const Context& context, Loaded& out) {
  Forest forest;
  TURNOUT_ASSIGN(const Leaves leaves, Prepare(estimator, context, out, forest));
  TURNOUT_ASSIGN(const Part trees, pickle::Attribute(estimator, "estimators_"));
  TURNOUT_ASSIGN(const pickle::Values elements, pickle::Elements(trees));
  if (elements.empty()) return pickle::Fail(Code::kCorrupt, trees, "a forest without trees");
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const Part one(elements[i], trees.path.Index(i));
    TURNOUT_TRY(context.budget.TakeObject(one));
    TURNOUT_ASSIGN(const Part tree, pickle::Attribute(one, "tree_"));
    TURNOUT_TRY(AddTree(tree, leaves, 1.0, 0, context.budget, forest));
  }
  forest.divisor = static_cast<int32_t>(forest.trees());
  if (context.release.AtLeast(
          1, 4)) {  // the first tree speaks for all: ensemble/_forest.py, _validate_X_predict
    const Part first(elements[0], trees.path.Index(0));
    TURNOUT_ASSIGN(out.accepts_missing, TreeAcceptsMissing(first, ReleaseOf(first, context.release)));
  }
  out.model.predictor = std::move(forest);
  return {};
}

}  // namespace turnout::sklearn
