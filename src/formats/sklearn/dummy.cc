// sklearn/dummy.py.
#include <fmt/format.h>

#include <algorithm>

#include "formats/sklearn/ensembles.h"

namespace turnout::sklearn {
namespace {

std::unexpected<Error> Random(const Part& estimator, std::string_view strategy) {
  return pickle::Fail(Code::kUnsupported, estimator,
                      fmt::format("the strategy '{}' answers at random; fit it with strategy='prior', "
                                  "'most_frequent' or 'constant'",
                                  strategy));
}

// The constant of strategy='constant' as one of the classes.
Result<std::size_t> ConstantClass(const Part& estimator, const Context& context,
                                  const std::vector<Label>& classes) {
  TURNOUT_ASSIGN(const Part part, pickle::Attribute(estimator, "constant"));
  std::vector<Scalar> scalars;
  if (part.value.kind() == pickle::Kind::kArray || part.value.kind() == pickle::Kind::kList) {
    TURNOUT_ASSIGN(scalars, AsScalars(part, context.budget));
  } else if (part.value.kind() == pickle::Kind::kText) {
    TURNOUT_ASSIGN(const std::string_view text, pickle::AsText(part));
    TURNOUT_TRY(context.budget.Take(part, text.size()));
    scalars.emplace_back(std::string(text));
  } else {
    TURNOUT_ASSIGN(const double number, pickle::AsDouble(part));
    scalars.emplace_back(number);
  }
  if (scalars.size() != 1) return pickle::Unexpected(part, "one class label");
  std::string text;
  std::visit(
      [&](const auto& value) {
        if constexpr (!std::is_same_v<std::decay_t<decltype(value)>, std::monostate>) {
          text = LabelText(Label(value));
        }
      },
      scalars[0]);
  for (std::size_t k = 0; k < classes.size(); ++k) {
    if (LabelText(classes[k]) == text) return k;
  }
  return pickle::Fail(Code::kCorrupt, part, fmt::format("{} is none of its classes", text));
}

}  // namespace

Status LoadDummy(const Part& estimator, const Context& context, Loaded& out) {
  Model& model = out.model;
  Combination constant{.kind = Combination::Kind::kConstant, .features = out.inputs};
  out.accepts_missing = true;
  TURNOUT_ASSIGN(const int64_t outputs, pickle::IntOr(estimator, "n_outputs_", 1));
  if (pickle::ShortClassName(estimator.value) == "DummyRegressor") {
    TURNOUT_ASSIGN(const Part part, pickle::Attribute(estimator, "constant_"));
    TURNOUT_ASSIGN(auto values, AsDoubles(part, context.budget));
    if (values.values.empty()) return pickle::Unexpected(part, "a number for each target");
    constant.constants = std::move(values.values);
    constant.outputs = model.signature.values = static_cast<int32_t>(constant.constants.size());
    model.predictor = std::move(constant);
    return {};
  }
  if (outputs != 1) {
    return pickle::Fail(Code::kUnsupported, estimator,
                        fmt::format("it classifies {} targets at once; only one is supported", outputs));
  }
  TURNOUT_ASSIGN(const Part classes, pickle::Attribute(estimator, "classes_"));
  TURNOUT_ASSIGN(model.signature.classes, Labels(classes, context.budget));
  const std::size_t count = model.signature.classes.size();
  TURNOUT_ASSIGN(const Part prior_part, pickle::Attribute(estimator, "class_prior_"));
  TURNOUT_ASSIGN(auto prior, AsDoubles(prior_part, {static_cast<int64_t>(count)}, context.budget));
  TURNOUT_ASSIGN(const std::string_view strategy, pickle::TextOr(estimator, "strategy", "prior"));
  if (strategy == "prior") {
    constant.constants = std::move(prior.values);
  } else if (strategy == "most_frequent" || strategy == "constant") {
    std::size_t k = static_cast<std::size_t>(std::max_element(prior.values.begin(), prior.values.end()) -
                                             prior.values.begin());
    if (strategy == "constant") {
      TURNOUT_ASSIGN(k, ConstantClass(estimator, context, model.signature.classes));
    }
    constant.constants.assign(count, 0.0);
    constant.constants[k] = 1;
  } else {
    return Random(estimator, strategy);
  }
  constant.outputs = static_cast<int32_t>(count);
  model.signature.task = Task::kClassification;
  model.signature.probabilities = true;
  model.decision = Decision::kLargest;
  model.predictor = std::move(constant);
  return {};
}

}  // namespace turnout::sklearn
