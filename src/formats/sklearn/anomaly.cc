// sklearn/ensemble/_iforest.py.
#include <fmt/format.h>

#include <cmath>
#include <numbers>

#include "formats/sklearn/ensembles.h"

namespace turnout::sklearn {
namespace {

// The average path length in a tree of n rows.
double AveragePath(double n) {
  if (n <= 1) return 0;
  if (n == 2) return 1;
  return 2.0 * (std::log(n - 1.0) + std::numbers::egamma) - 2.0 * (n - 1.0) / n;
}

// A tree whose leaves add the length of the path to them.
Status AddIsolationTree(const Part& tree, const std::vector<int64_t>& features, Budget& budget,
                        Forest& forest) {
  const std::size_t first = forest.nodes.size();
  TURNOUT_TRY(AddTree(tree, Leaves::kValues, 1.0, 0, budget, forest));
  TURNOUT_ASSIGN(const Part nodes, NodeArray(tree, budget));
  TURNOUT_ASSIGN(const auto rows, pickle::IntColumn(nodes, "n_node_samples"));
  std::vector<int32_t> path(forest.nodes.size() - first, 1);  // nodes from the root to this one
  for (std::size_t i = 0; i < path.size(); ++i) {
    Node& node = forest.nodes[first + i];
    if (node.feature == Node::kLeaf) {
      forest.leaves[static_cast<std::size_t>(node.left)] =
          path[i] + AveragePath(static_cast<double>(rows[i])) - 1.0;
      continue;
    }
    for (const int32_t child : {node.left, node.right}) {
      path[static_cast<std::size_t>(child) - first] = path[i] + 1;
    }
    if (!features.empty())
      node.feature = static_cast<int32_t>(features[static_cast<std::size_t>(node.feature)]);
  }
  return {};
}

}  // namespace

Status LoadIsolationForest(const Part& estimator, const Context& context, Loaded& out) {
  auto forest_model = std::make_shared<Model>();
  Forest forest;
  forest.features = out.inputs;
  forest.float32 = true;
  forest.base = {0};
  TURNOUT_ASSIGN(const Part trees, pickle::Attribute(estimator, "estimators_"));
  TURNOUT_ASSIGN(const pickle::Values elements, pickle::Elements(trees));
  if (elements.empty()) return pickle::Fail(Code::kCorrupt, trees, "a forest without trees");
  TURNOUT_ASSIGN(const Part subsets, pickle::Attribute(estimator, "estimators_features_"));
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const Part one(elements[i], trees.path.Index(i));
    TURNOUT_TRY(context.budget.TakeObject(one));
    TURNOUT_ASSIGN(const Part tree, pickle::Attribute(one, "tree_"));
    TURNOUT_ASSIGN(const Part subset, pickle::Element(subsets, i));
    TURNOUT_ASSIGN(auto features, AsIntegers(subset, context.budget));
    // As many as there are columns: they were not selected, whatever their order.
    if (features.size() == static_cast<std::size_t>(out.inputs)) features.values.clear();
    if (features.size() > static_cast<std::size_t>(out.inputs)) {
      return pickle::Fail(Code::kCorrupt, subset,
                          fmt::format("{} features of {}", features.size(), out.inputs));
    }
    for (const int64_t feature : features.values) {
      if (feature >= 0 && feature < out.inputs) continue;
      return pickle::Fail(Code::kCorrupt, subset, fmt::format("feature {} of {}", feature, out.inputs));
    }
    forest.features = features.values.empty() ? out.inputs : static_cast<int32_t>(features.values.size());
    TURNOUT_TRY(AddIsolationTree(tree, features.values, context.budget, forest));
  }
  forest.features = out.inputs;

  // max_samples_ is the number of rows that each tree was fitted on; `_max_samples` since 1.3.
  TURNOUT_ASSIGN(
      const Part rows_part,
      pickle::Attribute(estimator, pickle::HasAttribute(estimator.value, "_max_samples") ? "_max_samples"
                                                                                         : "max_samples_"));
  TURNOUT_ASSIGN(const double rows, pickle::AsDouble(rows_part));
  TURNOUT_ASSIGN(const Part offset, pickle::Attribute(estimator, "offset_"));
  Combination combination{.kind = Combination::Kind::kAnomaly, .features = 1, .outputs = 2};
  TURNOUT_ASSIGN(combination.offset, pickle::AsDouble(offset));
  combination.divisor = static_cast<double>(forest.trees()) * AveragePath(rows);
  if (!(combination.divisor > 0)) {
    return pickle::Fail(Code::kUnsupported, rows_part,
                        fmt::format("trees of {} rows each; every score is the same", rows));
  }

  // Since 1.6 rows are not checked for missing and infinite values.
  out.accepts_missing = context.release.AtLeast(1, 6);
  if (!context.release.AtLeast(1, 6)) out.largest = kFloat32Limit;
  for (int32_t i = 0; i < out.inputs; ++i) {
    forest_model->signature.inputs.push_back(
        {.name = fmt::format("x{}", i), .accepts_missing = out.accepts_missing, .largest = out.largest});
  }
  forest_model->predictor = std::move(forest);
  Member member{.model = std::move(forest_model), .gives = {Give::kValues}};
  for (int32_t i = 0; i < out.inputs; ++i) member.inputs.push_back(i);
  Members members;
  members.members.push_back(std::move(member));
  AddMembers(std::move(members), out);

  Model& model = out.model;
  model.signature.task = Task::kClassification;
  model.signature.classes = {Label(int64_t{-1}), Label(int64_t{1})};
  model.decision = Decision::kRawFromZero;
  model.extra = 1;  // score_samples
  model.predictor = std::move(combination);
  return {};
}

}  // namespace turnout::sklearn
