// sklearn/multiclass.py, multioutput.py, compose/_target.py.
#include <fmt/format.h>

#include <algorithm>

#include "formats/sklearn/ensembles.h"
#include "formats/sklearn/transformers.h"

namespace turnout::sklearn {
namespace {

// The steps of a transformer's inverse_transform over `columns` columns.
Status LoadInverse(const Part& transformer, const Context& context, int32_t columns, Steps& steps) {
  auto numbers = [&](std::string_view name) { return ColumnNumbers(transformer, name, context, columns); };
  const std::string_view name = pickle::ShortClassName(transformer.value);
  if (name == "FunctionTransformer") return LoadInverseFunction(transformer, columns, steps);
  if (name == "StandardScaler" || name == "RobustScaler") {
    const bool standard = name == "StandardScaler";
    TURNOUT_ASSIGN(const bool centred,
                   pickle::BoolOr(transformer, standard ? "with_mean" : "with_centering", true));
    TURNOUT_ASSIGN(const bool scaled,
                   pickle::BoolOr(transformer, standard ? "with_std" : "with_scaling", true));
    Affine affine;
    if (scaled) {
      TURNOUT_ASSIGN(affine.factor, numbers("scale_"));
    }
    if (centred) {
      TURNOUT_ASSIGN(affine.offset, numbers(standard ? "mean_" : "center_"));
    }
    steps.emplace_back(std::move(affine));
    return {};
  }
  if (name == "MinMaxScaler") {
    Scale scale;
    TURNOUT_ASSIGN(scale.mean, numbers("min_"));
    TURNOUT_ASSIGN(scale.scale, numbers("scale_"));
    steps.emplace_back(std::move(scale));
    return {};
  }
  if (name == "MaxAbsScaler") {
    Affine affine;
    TURNOUT_ASSIGN(affine.factor, numbers("scale_"));
    steps.emplace_back(std::move(affine));
    return {};
  }
  if (name == "PowerTransformer") {
    TURNOUT_ASSIGN(const bool standardised, pickle::BoolOr(transformer, "standardize", true));
    if (standardised) {
      TURNOUT_ASSIGN(const Part scaler, pickle::Attribute(transformer, "_scaler"));
      TURNOUT_TRY(LoadInverse(scaler, context, columns, steps));
    }
    InversePower power;
    TURNOUT_ASSIGN(power.lambdas, numbers("lambdas_"));
    TURNOUT_ASSIGN(const std::string_view method, pickle::TextOr(transformer, "method", "yeo-johnson"));
    // scipy's inv_boxcox since 1.4.
    power.method = method != "box-cox"             ? InversePower::Method::kYeoJohnson
                   : context.release.AtLeast(1, 4) ? InversePower::Method::kBoxCoxByLog
                                                   : InversePower::Method::kBoxCox;
    steps.emplace_back(std::move(power));
    return {};
  }
  return pickle::Fail(
      Code::kUnsupported, transformer,
      fmt::format("targets can't be transformed back by {}; FunctionTransformer with a function "
                  "of numpy, the scalers and PowerTransformer can be served",
                  pickle::Describe(transformer.value)));
}

}  // namespace

Status LoadTransformedTarget(const Part& estimator, const Context& context, Loaded& out) {
  TURNOUT_ASSIGN(const Part regressor, pickle::Attribute(estimator, "regressor_"));
  TURNOUT_ASSIGN(Nested nested, LoadNested(regressor, "regressor", context, out.inputs, out.depth));
  const Signature& signature = nested.member.model->signature;
  if (signature.task != Task::kRegression) {
    return pickle::Fail(Code::kUnsupported, regressor, "it is no regression");
  }
  const int32_t values = signature.values;
  nested.member.gives = {Give::kValues};
  Members members;
  members.members.push_back(std::move(nested.member));
  AddMembers(std::move(members), out);
  out.answering = out.model.steps.size();
  TURNOUT_ASSIGN(const Part transformer, pickle::Attribute(estimator, "transformer_"));
  TURNOUT_TRY(LoadInverse(transformer, context.Of(transformer), values, out.model.steps));
  out.model.signature.values = values;
  out.model.predictor = Combination{.features = values, .outputs = values};
  return {};
}

Status LoadMultiOutput(const Part& estimator, const Context& context, Loaded& out) {
  TURNOUT_ASSIGN(const Part list, pickle::Attribute(estimator, "estimators_"));
  TURNOUT_ASSIGN(auto nested, LoadNestedList(list, context, out));
  Members members;
  for (Nested& one : nested) {
    if (one.member.model->signature.task != Task::kRegression) {
      return pickle::Fail(Code::kUnsupported, list, "one of its estimators is no regression");
    }
    one.member.gives = {Give::kValues};
    members.members.push_back(std::move(one.member));
  }
  AddMembers(std::move(members), out);
  out.model.signature.values = out.inputs;
  out.model.predictor = Combination{.features = out.inputs, .outputs = out.inputs};
  return {};
}

Status LoadOneVsRest(const Part& estimator, const Context& context, Loaded& out) {
  Model& model = out.model;
  TURNOUT_ASSIGN(const Part binarizer, pickle::Attribute(estimator, "label_binarizer_"));
  TURNOUT_ASSIGN(const std::string_view kind, pickle::TextOr(binarizer, "y_type_", "multiclass"));
  if (kind.starts_with("multilabel")) {
    return pickle::Fail(Code::kUnsupported, estimator,
                        "it answers several labels at once; only one is supported");
  }
  TURNOUT_ASSIGN(const Part classes_part, pickle::Attribute(binarizer, "classes_"));
  TURNOUT_ASSIGN(model.signature.classes, Labels(classes_part, context.budget));
  const std::size_t classes = model.signature.classes.size();
  TURNOUT_ASSIGN(const Part list, pickle::Attribute(estimator, "estimators_"));
  TURNOUT_ASSIGN(auto nested, LoadNestedList(list, context, out));
  if (nested.size() != (classes == 2 ? 1 : classes)) {
    return pickle::Fail(Code::kCorrupt, list,
                        fmt::format("{} estimators for {} classes", nested.size(), classes));
  }
  bool decides = true, probable = true;
  for (std::size_t i = 0; i < nested.size(); ++i) {
    const Signature& signature = nested[i].member.model->signature;
    if (signature.classes.size() != 2) {
      return pickle::Fail(Code::kUnsupported, Part(list.value, list.path.Index(i)),
                          "it does not tell two classes apart");
    }
    decides = decides && nested[i].decides;
    probable = probable && signature.probabilities;
  }
  if (!decides && !probable) {
    return pickle::Fail(Code::kUnsupported, list,
                        "its estimators have neither decision_function nor predict_proba");
  }
  Members members;
  for (Nested& one : nested) {
    if (decides) one.member.gives.push_back(Give::kScores);
    if (probable) one.member.gives.push_back(Give::kSecond);
    members.members.push_back(std::move(one.member));
  }
  AddMembers(std::move(members), out);
  const auto count = static_cast<int32_t>(nested.size());
  if (decides && probable && count > 1) {  // first the scores, then the probabilities
    Columns::Part order;
    for (const int32_t first : {0, 1}) {
      for (int32_t i = 0; i < count; ++i) order.inputs.push_back(2 * i + first);
    }
    model.steps.emplace_back(Columns{.parts = {std::move(order)}});
  }
  model.signature.task = Task::kClassification;
  model.signature.probabilities = probable;
  if (probable) {
    model.link = classes == 2 ? Link::kGivenSecond : Link::kGivenNormalised;
    if (decides) model.extra = count;
  }
  out.decides = decides;
  // Up to 1.7 the last of equal scores wins.
  if (classes > 2) {
    model.decision = context.release.AtLeast(1, 8) ? Decision::kLargestRaw : Decision::kLastLargestRaw;
  } else {
    model.decision = decides ? Decision::kRawAboveZero : Decision::kLargest;
  }
  model.predictor = Combination{.features = out.inputs, .outputs = out.inputs};
  return {};
}

}  // namespace turnout::sklearn
