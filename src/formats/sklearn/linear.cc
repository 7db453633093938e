// sklearn/linear_model/{_logistic,_base,_ridge,_coordinate_descent}.py.
#include <fmt/format.h>

#include "formats/sklearn/parts.h"

namespace turnout::sklearn {
namespace {

// coef_ is [outputs, features], or [features] for one output; intercept_ a number or [outputs].
Result<Linear> Weights(const Part& estimator, const Context& context, int32_t features, int32_t outputs) {
  Linear linear;
  linear.features = features;
  linear.outputs = outputs;
  TURNOUT_ASSIGN(const Part coef, pickle::Attribute(estimator, "coef_"));
  TURNOUT_ASSIGN(auto weights, AsDoubles(coef, context.budget));
  const std::vector<int64_t> flat = {features}, matrix = {outputs, features};
  if (weights.shape != matrix && !(outputs == 1 && weights.shape == flat)) {
    return pickle::Unexpected(coef, fmt::format("shape ({}, {})", outputs, features));
  }
  linear.weights = std::move(weights.values);
  TURNOUT_ASSIGN(const Part intercept, pickle::Attribute(estimator, "intercept_"));
  TURNOUT_ASSIGN(auto constants, AsDoubles(intercept, context.budget));
  if (constants.size() == 1) constants.values.resize(static_cast<std::size_t>(outputs), constants.values[0]);
  if (constants.size() != static_cast<std::size_t>(outputs)) {
    return pickle::Fail(Code::kCorrupt, intercept,
                        fmt::format("{} intercepts; {} expected", constants.size(), outputs));
  }
  linear.intercept = std::move(constants.values);
  return linear;
}

// Whether predict_proba treats the classes one against the rest (else it is a softmax). `multi_class` is
// gone since 1.8; where it was left to the solver ('auto', 'deprecated'), newton-cholesky has a multinomial
// form since 1.6 (_logistic.py, predict_proba).
Result<bool> OneVsRest(const Part& estimator, const Release& release, std::size_t classes) {
  TURNOUT_ASSIGN(const std::string_view mode, pickle::TextOr(estimator, "multi_class", ""));
  if (mode == "ovr" || mode == "warn") return true;
  if (mode == "multinomial") return false;
  if (classes == 2) return true;
  if (mode.empty()) return false;
  TURNOUT_ASSIGN(const std::string_view solver, pickle::TextOr(estimator, "solver", "lbfgs"));
  return solver == "liblinear" || (solver == "newton-cholesky" && !release.AtLeast(1, 6));
}

}  // namespace

Status LoadLogisticRegression(const Part& estimator, const Context& context, Loaded& out) {
  Model& model = out.model;
  TURNOUT_ASSIGN(const Part classes, pickle::Attribute(estimator, "classes_"));
  TURNOUT_ASSIGN(model.signature.classes, Labels(classes, context.budget));
  const std::size_t count = model.signature.classes.size();
  TURNOUT_ASSIGN(Linear linear,
                 Weights(estimator, context, out.inputs, count == 2 ? 1 : static_cast<int32_t>(count)));
  TURNOUT_ASSIGN(const bool one_vs_rest, OneVsRest(estimator, context.release, count));
  model.signature.task = Task::kClassification;
  model.signature.probabilities = true;
  // Multinomial with two classes is the softmax of (-d, d).
  model.link = !one_vs_rest ? Link::kSoftmax : count == 2 ? Link::kExpit : Link::kOneVsRest;
  model.decision = count == 2 ? Decision::kRawAboveZero : Decision::kLargestRaw;
  model.predictor = std::move(linear);
  return {};
}

Status LoadLinearRegression(const Part& estimator, const Context& context, Loaded& out) {
  TURNOUT_ASSIGN(const Part coef, pickle::Attribute(estimator, "coef_"));
  TURNOUT_ASSIGN(const auto weights, AsDoubles(coef, context.budget));
  if (weights.shape.size() == 2 && weights.shape[0] != 1) {
    return pickle::Fail(
        Code::kUnsupported, coef,
        fmt::format("it predicts {} targets at once; only one is supported", weights.shape[0]));
  }
  TURNOUT_ASSIGN(out.model.predictor, Weights(estimator, context, out.inputs, 1));
  out.model.signature.task = Task::kRegression;
  out.model.link = Link::kIdentity;
  return {};
}

}  // namespace turnout::sklearn
