// sklearn/linear_model and the linear ones of sklearn/svm: all keep coef_ and intercept_.
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

// Of a classifier: one row of weights for two classes, else one for each.
Status LoadClasses(const Part& estimator, const Part& classes, const Context& context, Loaded& out) {
  Model& model = out.model;
  TURNOUT_ASSIGN(model.signature.classes, Labels(classes, context.budget));
  const std::size_t count = model.signature.classes.size();
  TURNOUT_ASSIGN(model.predictor,
                 Weights(estimator, context, out.inputs, count == 2 ? 1 : static_cast<int32_t>(count)));
  model.signature.task = Task::kClassification;
  model.decision = count == 2 ? Decision::kRawAboveZero : Decision::kLargestRaw;
  return {};
}

}  // namespace

Status LoadLogisticRegression(const Part& estimator, const Context& context, Loaded& out) {
  TURNOUT_ASSIGN(const Part classes, pickle::Attribute(estimator, "classes_"));
  TURNOUT_TRY(LoadClasses(estimator, classes, context, out));
  const std::size_t count = out.model.signature.classes.size();
  TURNOUT_ASSIGN(const bool one_vs_rest, OneVsRest(estimator, context.release, count));
  out.model.signature.probabilities = true;
  // Multinomial with two classes is the softmax of (-d, d).
  out.model.link = !one_vs_rest ? Link::kSoftmax : count == 2 ? Link::kExpit : Link::kOneVsRest;
  return {};
}

Status LoadLinearClassifier(const Part& estimator, const Context& context, Loaded& out) {
  TURNOUT_ASSIGN(const Part classes, pickle::Attribute(estimator, "classes_"));
  return LoadClasses(estimator, classes, context, out);
}

Status LoadSgdClassifier(const Part& estimator, const Context& context, Loaded& out) {
  TURNOUT_TRY(LoadLinearClassifier(estimator, context, out));
  TURNOUT_ASSIGN(const std::string_view loss, pickle::TextOr(estimator, "loss", "hinge"));
  const bool logistic = loss == "log_loss" || loss == "log";  // until 1.2
  if (!logistic && loss != "modified_huber") return {};
  out.model.signature.probabilities = true;
  out.model.link = !logistic                                 ? Link::kModifiedHuber
                   : out.model.signature.classes.size() == 2 ? Link::kExpit
                                                             : Link::kOneVsRest;
  return {};
}

// `classes_` is a property of its label binarizer's until 1.8.
Status LoadRidgeClassifier(const Part& estimator, const Context& context, Loaded& out) {
  TURNOUT_ASSIGN(const Part binarizer, pickle::Attribute(estimator, "_label_binarizer"));
  TURNOUT_ASSIGN(const std::string_view kind, pickle::TextOr(binarizer, "y_type_", ""));
  if (kind.starts_with("multilabel")) {
    return pickle::Fail(Code::kUnsupported, estimator,
                        "it gives several labels at once; fit one classifier for each label");
  }
  TURNOUT_ASSIGN(const Part classes, pickle::Attribute(binarizer, "classes_"));
  return LoadClasses(estimator, classes, context, out);
}

Status LoadLinearRegression(const Part& estimator, const Context& context, Loaded& out) {
  TURNOUT_ASSIGN(const Part coef, pickle::Attribute(estimator, "coef_"));
  if (coef.value.kind() != pickle::Kind::kArray) return pickle::Unexpected(coef, "an array");
  const auto shape = coef.value.Shape();
  const int64_t targets = shape.size() == 2 ? shape[0] : 1;
  if (targets < 1 || targets > static_cast<int64_t>(kMaxColumns)) {
    return pickle::Fail(Code::kCorrupt, coef, fmt::format("weights of {} targets", targets));
  }
  out.model.signature.values = static_cast<int32_t>(targets);
  TURNOUT_ASSIGN(out.model.predictor, Weights(estimator, context, out.inputs, static_cast<int32_t>(targets)));
  out.model.signature.task = Task::kRegression;
  out.model.link = Link::kIdentity;
  return {};
}

// Poisson and gamma have a logarithmic link; Tweedie's is its own parameter, 'auto' by its power.
Status LoadGeneralizedLinear(const Part& estimator, const Context& context, Loaded& out) {
  TURNOUT_TRY(LoadLinearRegression(estimator, context, out));
  TURNOUT_ASSIGN(std::string_view link, pickle::TextOr(estimator, "link", "log"));
  if (link == "auto") {
    TURNOUT_ASSIGN(const double power, pickle::DoubleOr(estimator, "power", 0));
    link = power <= 0 ? "identity" : "log";
  }
  if (link != "identity" && link != "log") {
    return pickle::Fail(Code::kUnsupported, estimator, fmt::format("its link is '{}'", link));
  }
  out.model.link = link == "log" ? Link::kExp : Link::kIdentity;
  return {};
}

}  // namespace turnout::sklearn
