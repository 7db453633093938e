// sklearn/neural_network/_multilayer_perceptron.py.
#include <fmt/format.h>

#include "formats/sklearn/ensembles.h"

namespace turnout::sklearn {
namespace {

Result<Mlp::Activation> ActivationOf(const Part& estimator) {
  TURNOUT_ASSIGN(const Part part, pickle::Attribute(estimator, "activation"));
  TURNOUT_ASSIGN(const std::string_view name, pickle::AsText(part));
  if (name == "identity") return Mlp::Activation::kIdentity;
  if (name == "relu") return Mlp::Activation::kRelu;
  if (name == "tanh") return Mlp::Activation::kTanh;
  if (name == "logistic") return Mlp::Activation::kLogistic;
  return pickle::Fail(
      Code::kUnsupported, part,
      fmt::format("{} can't be served; identity, relu, tanh and logistic can", pickle::Describe(part.value)));
}

}  // namespace

Status LoadMlp(const Part& estimator, const Context& context, Loaded& out) {
  Model& model = out.model;
  Mlp mlp;
  mlp.features = mlp.outputs = out.inputs;
  TURNOUT_ASSIGN(mlp.activation, ActivationOf(estimator));
  TURNOUT_ASSIGN(const Part coefs, pickle::Attribute(estimator, "coefs_"));
  TURNOUT_ASSIGN(const Part intercepts, pickle::Attribute(estimator, "intercepts_"));
  TURNOUT_ASSIGN(const pickle::Values layers, pickle::Elements(coefs));
  for (std::size_t l = 0; l < layers.size(); ++l) {
    TURNOUT_ASSIGN(auto weights,
                   AsDoubles(Part(layers[l], coefs.path.Index(l)), {mlp.outputs, -1}, context.budget));
    TURNOUT_ASSIGN(const Part bias_part, pickle::Element(intercepts, l));
    TURNOUT_ASSIGN(auto bias, AsDoubles(bias_part, {weights.dim(1)}, context.budget));
    mlp.layers.push_back({mlp.outputs, static_cast<int32_t>(weights.dim(1)), std::move(weights.values),
                          std::move(bias.values)});
    mlp.outputs = mlp.layers.back().outputs;
  }
  TURNOUT_ASSIGN(const Part last, pickle::Attribute(estimator, "out_activation_"));
  TURNOUT_ASSIGN(const std::string_view activation, pickle::AsText(last));
  if (pickle::ShortClassName(estimator.value) == "MLPRegressor") {
    if (activation != "identity" && activation != "exp") {  // exp: the poisson loss, since 1.7
      return pickle::Fail(Code::kUnsupported, last, fmt::format("{} of a regression", activation));
    }
    model.link = activation == "exp" ? Link::kExp : Link::kIdentity;
    model.signature.values = mlp.outputs;
    model.predictor = std::move(mlp);
    return {};
  }
  TURNOUT_ASSIGN(const Part binarizer, pickle::Attribute(estimator, "_label_binarizer"));
  TURNOUT_ASSIGN(const Part classes, pickle::Attribute(binarizer, "classes_"));
  TURNOUT_ASSIGN(model.signature.classes, Labels(classes, context.budget));
  const auto count = static_cast<int32_t>(model.signature.classes.size());
  if (mlp.outputs != (count == 2 ? 1 : count) || activation != (count == 2 ? "logistic" : "softmax")) {
    return pickle::Fail(Code::kUnsupported, last,
                        fmt::format("{} outputs by {} for {} classes; several labels at once can't be served",
                                    mlp.outputs, activation, count));
  }
  model.signature.task = Task::kClassification;
  model.signature.probabilities = true;
  model.link = count == 2 ? Link::kExpit : Link::kSoftmax;
  model.decision = Decision::kLargest;
  model.predictor = std::move(mlp);
  return {};
}

}  // namespace turnout::sklearn
