// sklearn/neighbors/{_classification,_regression,_base}.py; cluster/_kmeans.py.
#include <fmt/format.h>

#include <limits>

#include "formats/sklearn/ensembles.h"

namespace turnout::sklearn {
namespace {

Status LoadMetric(const Part& estimator, Neighbours& neighbours) {
  TURNOUT_ASSIGN(const Part part, pickle::Attribute(estimator, "effective_metric_"));
  const std::string_view name = part.value.kind() == pickle::Kind::kText ? part.value.Text() : "";
  const auto parameters = pickle::FindAttribute(estimator, "effective_metric_params_");
  const bool weighed = parameters && parameters->value.kind() == pickle::Kind::kDict &&
                       pickle::FindEntry(*parameters, "w").has_value();
  using Metric = Neighbours::Metric;
  if (name == "euclidean" || name == "l2") {
    neighbours.metric = Metric::kEuclidean;
  } else if (name == "manhattan" || name == "l1" || name == "cityblock") {
    neighbours.metric = Metric::kManhattan;
  } else if (name == "chebyshev" || name == "infinity") {
    neighbours.metric = Metric::kChebyshev;
  } else if (name == "minkowski") {
    neighbours.metric = Metric::kMinkowski;
    if (parameters && parameters->value.kind() == pickle::Kind::kDict) {
      if (const auto p = pickle::FindEntry(*parameters, "p")) {
        TURNOUT_ASSIGN(neighbours.p, pickle::AsDouble(*p));
      }
    }
  } else if (name == "cosine") {
    neighbours.metric = Metric::kCosine;
  } else {
    return pickle::Fail(
        Code::kUnsupported, part,
        fmt::format("{} can't be served as a metric; euclidean, manhattan, chebyshev, minkowski "
                    "and cosine can",
                    pickle::Describe(part.value)));
  }
  if (weighed) return pickle::Fail(Code::kUnsupported, part, "a metric with weights can't be served");
  return {};
}

}  // namespace

Status LoadNeighbours(const Part& estimator, const Context& context, Loaded& out) {
  Model& model = out.model;
  Neighbours neighbours;
  neighbours.features = out.inputs;
  TURNOUT_TRY(LoadMetric(estimator, neighbours));
  TURNOUT_ASSIGN(const Part count_part, pickle::Attribute(estimator, "n_neighbors"));
  TURNOUT_ASSIGN(const int64_t count, pickle::AsInt(count_part));
  if (count < 1 || count > std::numeric_limits<int32_t>::max()) {
    return pickle::Fail(Code::kCorrupt, count_part, fmt::format("{} neighbours", count));
  }
  neighbours.count = static_cast<int32_t>(count);
  const auto weights = pickle::FindAttribute(estimator, "weights");
  if (weights) {
    const std::string_view name = weights->value.kind() == pickle::Kind::kText ? weights->value.Text() : "";
    neighbours.by_distance = name == "distance";
    if (name != "uniform" && name != "distance") {
      return pickle::Fail(Code::kUnsupported, *weights,
                          fmt::format("{} can't be served as weights; 'uniform' and 'distance' can",
                                      pickle::Describe(weights->value)));
    }
  }
  TURNOUT_ASSIGN(const Part points_part, pickle::Attribute(estimator, "_fit_X"));
  TURNOUT_ASSIGN(auto points, AsDoubles(points_part, {-1, out.inputs}, context.budget));
  neighbours.points = std::move(points.values);
  TURNOUT_ASSIGN(const Part y, pickle::Attribute(estimator, "_y"));
  if (pickle::ShortClassName(estimator.value) == "KNeighborsRegressor") {
    TURNOUT_ASSIGN(auto targets, AsDoubles(y, context.budget));
    neighbours.outputs = model.signature.values = static_cast<int32_t>(targets.dim(1));
    neighbours.targets = std::move(targets.values);
    model.predictor = std::move(neighbours);
    return {};
  }
  TURNOUT_ASSIGN(const bool several, pickle::BoolOr(estimator, "outputs_2d_", false));
  if (several) {
    return pickle::Fail(Code::kUnsupported, estimator,
                        "it classifies several targets at once; only one is supported");
  }
  TURNOUT_ASSIGN(const Part classes, pickle::Attribute(estimator, "classes_"));
  TURNOUT_ASSIGN(model.signature.classes, Labels(classes, context.budget));
  neighbours.outputs = static_cast<int32_t>(model.signature.classes.size());
  TURNOUT_ASSIGN(const auto labels, AsIntegers(y, context.budget));
  for (const int64_t label : labels.values) {
    if (label < 0 || label >= neighbours.outputs) {
      return pickle::Fail(Code::kCorrupt, y, fmt::format("class {} of {}", label, neighbours.outputs));
    }
    neighbours.labels.push_back(static_cast<int32_t>(label));
  }
  model.signature.task = Task::kClassification;
  model.signature.probabilities = true;
  model.decision = Decision::kLargest;
  model.predictor = std::move(neighbours);
  return {};
}

// The nearest centre c is the one with the largest 2 x . c - |c|^2.
Status LoadKMeans(const Part& estimator, const Context& context, Loaded& out) {
  TURNOUT_ASSIGN(const Part part, pickle::Attribute(estimator, "cluster_centers_"));
  TURNOUT_ASSIGN(auto centres, AsDoubles(part, {-1, out.inputs}, context.budget));
  const auto width = static_cast<std::size_t>(out.inputs);
  const std::size_t count = width == 0 ? 0 : centres.size() / width;
  if (count == 0) return pickle::Fail(Code::kCorrupt, part, "no clusters");
  Linear linear;
  linear.features = out.inputs;
  linear.outputs = static_cast<int32_t>(count);
  Model& model = out.model;
  for (std::size_t k = 0; k < count; ++k) {
    double square = 0;
    for (std::size_t i = 0; i < width; ++i) {
      const double c = centres.values[k * width + i];
      square += c * c;
      linear.weights.push_back(2 * c);
    }
    linear.intercept.push_back(-square);
    model.signature.classes.emplace_back(static_cast<int64_t>(k));
  }
  model.signature.task = Task::kClassification;
  model.decision = Decision::kLargestRaw;
  model.predictor = std::move(linear);
  return {};
}

}  // namespace turnout::sklearn
