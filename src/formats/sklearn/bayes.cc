// sklearn/naive_bayes.py, discriminant_analysis.py.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "formats/sklearn/ensembles.h"

namespace turnout::sklearn {
namespace {

Result<int32_t> LoadClasses(const Part& estimator, const Context& context, Model& model) {
  TURNOUT_ASSIGN(const Part classes, pickle::Attribute(estimator, "classes_"));
  TURNOUT_ASSIGN(model.signature.classes, Labels(classes, context.budget));
  model.signature.task = Task::kClassification;
  model.signature.probabilities = true;
  model.link = Link::kLogSumExp;
  model.decision = Decision::kLargestRaw;
  return static_cast<int32_t>(model.signature.classes.size());
}

Result<std::vector<double>> Numbers(const Part& estimator, std::string_view name,
                                    std::initializer_list<int64_t> shape, const Context& context) {
  TURNOUT_ASSIGN(const Part part, pickle::Attribute(estimator, name));
  TURNOUT_ASSIGN(auto numbers, AsDoubles(part, shape, context.budget));
  return std::move(numbers.values);
}

}  // namespace

Status LoadGaussianNb(const Part& estimator, const Context& context, Loaded& out) {
  TURNOUT_ASSIGN(const int32_t classes, LoadClasses(estimator, context, out.model));
  Gaussians gaussians{.features = out.inputs, .outputs = classes};
  TURNOUT_ASSIGN(gaussians.means, Numbers(estimator, "theta_", {classes, out.inputs}, context));
  TURNOUT_ASSIGN(gaussians.variances,  // sigma_ before 1.0
                 Numbers(estimator, pickle::HasAttribute(estimator.value, "var_") ? "var_" : "sigma_",
                         {classes, out.inputs}, context));
  TURNOUT_ASSIGN(const auto prior, Numbers(estimator, "class_prior_", {classes}, context));
  const auto features = static_cast<std::size_t>(out.inputs);
  for (std::size_t k = 0; k < prior.size(); ++k) {
    std::vector<double> logs;
    for (std::size_t i = 0; i < features; ++i) {
      logs.push_back(std::log(2 * std::numbers::pi * gaussians.variances[k * features + i]));
    }
    gaussians.constants.push_back(std::log(prior[k]) - 0.5 * NumpySum(logs));
  }
  out.model.predictor = std::move(gaussians);
  return {};
}

// MultinomialNB, ComplementNB and BernoulliNB are linear in the row.
Status LoadDiscreteNb(const Part& estimator, const Context& context, Loaded& out) {
  const std::string_view name = pickle::ShortClassName(estimator.value);
  TURNOUT_ASSIGN(const int32_t classes, LoadClasses(estimator, context, out.model));
  Linear linear;
  linear.features = out.inputs;
  linear.outputs = classes;
  TURNOUT_ASSIGN(linear.weights, Numbers(estimator, "feature_log_prob_", {classes, out.inputs}, context));
  linear.intercept.assign(static_cast<std::size_t>(classes), 0.0);
  if (name != "ComplementNB") {  // which uses it for a single class only
    TURNOUT_ASSIGN(linear.intercept, Numbers(estimator, "class_log_prior_", {classes}, context));
  }
  if (name == "BernoulliNB") {
    const auto features = static_cast<std::size_t>(out.inputs);
    for (std::size_t k = 0; k < linear.intercept.size(); ++k) {
      std::vector<double> absent;  // the logarithms of 1 - p
      for (std::size_t i = 0; i < features; ++i) {
        double& weight = linear.weights[k * features + i];
        absent.push_back(std::log(1 - std::exp(weight)));
        weight -= absent.back();
      }
      linear.intercept[k] += NumpySum(absent);
    }
    if (const auto threshold = pickle::FindAttribute(estimator, "binarize")) {
      TURNOUT_ASSIGN(const double at, pickle::AsDouble(*threshold));
      out.model.steps.emplace_back(Threshold{at});
    }
  }
  out.model.predictor = std::move(linear);
  return {};
}

// One column for each category of each feature, then linear. Numbers beyond the categories are refused, as it
// raises; not so what an encoder in front makes of a value that it does not know.
Status LoadCategoricalNb(const Part& estimator, const Context& context, Loaded& out) {
  TURNOUT_ASSIGN(const int32_t classes, LoadClasses(estimator, context, out.model));
  TURNOUT_ASSIGN(const Part list, pickle::Attribute(estimator, "feature_log_prob_"));
  TURNOUT_ASSIGN(const pickle::Values tables, pickle::Elements(list));
  if (tables.size() != static_cast<std::size_t>(out.inputs)) {
    return pickle::Fail(Code::kCorrupt, list,
                        fmt::format("{} tables for {} features", tables.size(), out.inputs));
  }
  OneHot encoder;
  encoder.ignore_unknown = !out.model.steps.empty();
  std::vector<std::vector<double>> weights(static_cast<std::size_t>(classes));
  for (std::size_t f = 0; f < tables.size(); ++f) {
    TURNOUT_ASSIGN(const auto table,
                   AsDoubles(Part(tables[f], list.path.Index(f)), {classes, -1}, context.budget));
    const auto count = static_cast<std::size_t>(table.dim(1));
    Categories& categories = encoder.columns.emplace_back();
    for (std::size_t c = 0; c < count; ++c) categories.numbers.push_back(static_cast<double>(c));
    encoder.dropped.push_back(-1);
    for (std::size_t k = 0; k < weights.size(); ++k) {
      const auto row = table.values.begin() + static_cast<std::ptrdiff_t>(k * count);
      weights[k].insert(weights[k].end(), row, row + static_cast<std::ptrdiff_t>(count));
    }
  }
  Linear linear;
  linear.features = static_cast<int32_t>(weights[0].size());
  linear.outputs = classes;
  for (const std::vector<double>& row : weights) {
    linear.weights.insert(linear.weights.end(), row.begin(), row.end());
  }
  TURNOUT_ASSIGN(linear.intercept, Numbers(estimator, "class_log_prior_", {classes}, context));
  out.inputs = linear.features;
  out.model.steps.emplace_back(std::move(encoder));
  out.model.predictor = std::move(linear);
  return {};
}

Status LoadLinearDiscriminant(const Part& estimator, const Context& context, Loaded& out) {
  TURNOUT_ASSIGN(const int32_t classes, LoadClasses(estimator, context, out.model));
  Linear linear;
  linear.features = out.inputs;
  linear.outputs = classes == 2 ? 1 : classes;
  TURNOUT_ASSIGN(linear.weights, Numbers(estimator, "coef_", {linear.outputs, out.inputs}, context));
  TURNOUT_ASSIGN(linear.intercept, Numbers(estimator, "intercept_", {linear.outputs}, context));
  out.model.link = classes == 2 ? Link::kExpit : Link::kSoftmax;
  if (classes == 2) out.model.decision = Decision::kRawAboveZero;
  out.model.predictor = std::move(linear);
  return {};
}

Status LoadQuadraticDiscriminant(const Part& estimator, const Context& context, Loaded& out) {
  TURNOUT_ASSIGN(const int32_t classes, LoadClasses(estimator, context, out.model));
  Gaussians gaussians{.features = out.inputs, .outputs = classes == 2 ? 1 : classes};
  gaussians.difference = classes == 2;
  TURNOUT_ASSIGN(gaussians.means, Numbers(estimator, "means_", {classes, out.inputs}, context));
  TURNOUT_ASSIGN(const auto priors, Numbers(estimator, "priors_", {classes}, context));
  TURNOUT_ASSIGN(const Part rotations, pickle::Attribute(estimator, "rotations_"));
  TURNOUT_ASSIGN(const Part scalings, pickle::Attribute(estimator, "scalings_"));
  for (std::size_t k = 0; k < priors.size(); ++k) {
    TURNOUT_ASSIGN(const Part scaling_part, pickle::Element(scalings, k));
    TURNOUT_ASSIGN(const auto scaling, AsDoubles(scaling_part, context.budget));
    const auto rank = static_cast<int64_t>(scaling.size());
    TURNOUT_ASSIGN(const Part rotation_part, pickle::Element(rotations, k));
    TURNOUT_ASSIGN(const auto rotation, AsDoubles(rotation_part, {out.inputs, rank}, context.budget));
    std::vector<double> logs;
    for (const double scale : scaling.values) {
      if (!(scale > 0))
        return pickle::Fail(Code::kCorrupt, scaling_part, fmt::format("a variance is {}", scale));
      logs.push_back(std::log(scale));
    }
    for (std::size_t i = 0; i < rotation.size(); ++i) {
      gaussians.matrices.push_back(rotation.values[i] * std::pow(scaling.values[i % scaling.size()], -0.5));
    }
    gaussians.ranks.push_back(static_cast<int32_t>(rank));
    gaussians.constants.push_back(-0.5 * NumpySum(logs) + std::log(priors[k]));
  }
  out.model.link = classes == 2 ? Link::kExpit : Link::kSoftmax;
  if (classes == 2) out.model.decision = Decision::kRawAboveZero;
  out.model.predictor = std::move(gaussians);
  return {};
}

}  // namespace turnout::sklearn
