// sklearn/tree/_tree.pyx (Tree), tree/_classes.py, ensemble/_forest.py.
#include <fmt/format.h>

#include <limits>

#include "formats/sklearn/parts.h"

namespace turnout::sklearn {
namespace {

// Where a double cast to float32 becomes infinite, which scikit-learn refuses: the largest float plus half
// of its last place rounds up; everything below rounds to the largest float.
constexpr double kFloat32Limit = 0x1.fffffefffffffp+127;

constexpr int64_t kLargestForest = int64_t{1} << 30;  // nodes: indices are 32 bits

// NaN is accepted by trees since 1.3, forests since 1.4, extra trees since 1.6, unless the criterion, the
// splitter or a monotonic constraint excludes it (tree/_classes.py, _support_missing_values).
Result<bool> TreeAcceptsMissing(const Part& tree, const Release& release) {
  const bool extra = pickle::ShortClassName(tree.value).starts_with("Extra");
  if (!(extra ? release.AtLeast(1, 6) : release.AtLeast(1, 3))) return false;
  if (pickle::FindAttribute(tree, "monotonic_cst")) return false;
  TURNOUT_ASSIGN(const std::string_view splitter, pickle::TextOr(tree, "splitter", ""));
  if (splitter != "best" && !(extra && splitter == "random")) return false;
  TURNOUT_ASSIGN(const std::string_view criterion, pickle::TextOr(tree, "criterion", ""));
  for (std::string_view allowed :
       {"gini", "log_loss", "entropy", "squared_error", "friedman_mse", "poisson"}) {
    if (criterion == allowed) return true;
  }
  return false;
}

struct ForestKind {
  bool classifier = false;
  Leaves leaves = Leaves::kValues;
};

// The classes and the shape of the forest; the part that single trees and forests share.
Result<ForestKind> Prepare(const Part& estimator, const Release& release, Loaded& out, Forest& forest) {
  TURNOUT_ASSIGN(const int64_t n_outputs, pickle::IntOr(estimator, "n_outputs_", 1));
  if (n_outputs != 1) {
    return pickle::Fail(Code::kUnsupported, estimator,
                        fmt::format("it predicts {} targets at once; only one is supported", n_outputs));
  }
  ForestKind kind;
  kind.classifier = pickle::ShortClassName(estimator.value).ends_with("Classifier");
  forest.features = out.inputs;
  forest.float32 = true;
  out.largest = kFloat32Limit;
  if (kind.classifier) {
    TURNOUT_ASSIGN(const Part classes, pickle::Attribute(estimator, "classes_"));
    TURNOUT_ASSIGN(out.model.signature.classes, Labels(classes));
    forest.outputs = forest.leaf_width = static_cast<int32_t>(out.model.signature.classes.size());
    kind.leaves = release.AtLeast(1, 4, 1) ? Leaves::kFractions : Leaves::kCounts;
    out.model.signature.task = Task::kClassification;
    out.model.signature.probabilities = true;
    out.model.decision = Decision::kLargest;
  } else {
    out.model.signature.task = Task::kRegression;
  }
  out.model.link = Link::kIdentity;
  forest.base.assign(static_cast<std::size_t>(forest.outputs), 0.0);
  return kind;
}

}  // namespace

Status AddTree(const Part& tree, Leaves leaves, double scale, int32_t target, Forest& forest) {
  if (pickle::ClassName(tree.value) != "sklearn.tree._tree.Tree") {
    return pickle::Unexpected(tree, "a sklearn.tree._tree.Tree");
  }
  TURNOUT_ASSIGN(const Part nodes, pickle::Attribute(tree, "nodes"));
  TURNOUT_ASSIGN(const auto left, pickle::IntColumn(nodes, "left_child"));
  TURNOUT_ASSIGN(const auto right, pickle::IntColumn(nodes, "right_child"));
  TURNOUT_ASSIGN(const auto feature, pickle::IntColumn(nodes, "feature"));
  TURNOUT_ASSIGN(const auto threshold, pickle::DoubleColumn(nodes, "threshold"));
  std::vector<int64_t> missing_left(left.size(), 0);  // up to 1.2 there is no field and NaN is refused
  if (pickle::HasColumn(nodes.value, "missing_go_to_left")) {
    TURNOUT_ASSIGN(missing_left, pickle::IntColumn(nodes, "missing_go_to_left"));
  }
  const auto count = static_cast<int64_t>(left.size());
  const auto base = static_cast<int64_t>(forest.nodes.size());
  if (count == 0) return pickle::Fail(Code::kCorrupt, nodes, "a tree without nodes");
  if (base + count > kLargestForest) {
    return pickle::Fail(Code::kUnsupported, nodes, "the forest has more than 2^30 nodes");
  }
  const int64_t width = forest.leaf_width;
  TURNOUT_ASSIGN(const Part values_part, pickle::Attribute(tree, "values"));
  TURNOUT_ASSIGN(const auto values, pickle::AsDoubleArray(values_part, {count, 1, width}));

  forest.roots.push_back(static_cast<int32_t>(base));
  forest.targets.push_back(target);
  for (int64_t i = 0; i < count; ++i) {
    const auto at = static_cast<std::size_t>(i);
    Node node;
    if (left[at] == -1) {
      node.left = static_cast<int32_t>(static_cast<int64_t>(forest.leaves.size()) / width);
      const std::span<const double> value(values.values.data() + i * width, static_cast<std::size_t>(width));
      const double sum = leaves == Leaves::kCounts ? NumpySum(value) : 1.0;
      for (double v : value) {
        switch (leaves) {
          case Leaves::kValues: forest.leaves.push_back(scale * v); break;
          case Leaves::kFractions: forest.leaves.push_back(v); break;
          case Leaves::kCounts: forest.leaves.push_back(sum == 0 ? v : v / sum); break;
        }
      }
    } else {
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
    }
    forest.nodes.push_back(node);
  }
  return {};
}

Status LoadDecisionTree(const Part& estimator, const Release& release, Loaded& out) {
  Forest forest;
  TURNOUT_ASSIGN(const ForestKind kind, Prepare(estimator, release, out, forest));
  TURNOUT_ASSIGN(const Part tree, pickle::Attribute(estimator, "tree_"));
  TURNOUT_TRY(AddTree(tree, kind.leaves, 1.0, 0, forest));
  TURNOUT_ASSIGN(out.accepts_missing, TreeAcceptsMissing(estimator, release));
  out.model.predictor = std::move(forest);
  return {};
}

Status LoadAveragedForest(const Part& estimator, const Release& release, Loaded& out) {
  Forest forest;
  forest.average = true;
  TURNOUT_ASSIGN(const ForestKind kind, Prepare(estimator, release, out, forest));
  TURNOUT_ASSIGN(const Part trees, pickle::Attribute(estimator, "estimators_"));
  TURNOUT_ASSIGN(const pickle::Values elements, pickle::Elements(trees));
  out.accepts_missing = release.AtLeast(1, 4) && elements.size() > 0;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const Part one(elements[i], trees.path.Index(i));
    const Release own = ReleaseOf(one, release);
    TURNOUT_ASSIGN(const Part tree, pickle::Attribute(one, "tree_"));
    TURNOUT_TRY(AddTree(tree, kind.leaves, 1.0, 0, forest));
    if (i == 0 && out.accepts_missing) {
      TURNOUT_ASSIGN(out.accepts_missing, TreeAcceptsMissing(one, own));
    }
  }
  out.model.predictor = std::move(forest);
  return {};
}

}  // namespace turnout::sklearn
