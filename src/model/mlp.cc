// sklearn/neural_network/{_multilayer_perceptron,_base}.py.
#include "model/mlp.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace turnout {
namespace {

std::size_t Size(int32_t n) { return static_cast<std::size_t>(n); }

double Activate(Mlp::Activation activation, double x) {
  switch (activation) {
    case Mlp::Activation::kIdentity: return x;
    case Mlp::Activation::kRelu: return x > 0 ? x : 0;
    case Mlp::Activation::kTanh: return std::tanh(x);
    case Mlp::Activation::kLogistic: return 1 / (1 + std::exp(-x));
  }
  return x;
}

}  // namespace

Status CheckMlp(const Mlp& mlp) {
  auto bad = [](std::string message) {
    return Fail(Code::kCorrupt, "neural network: " + std::move(message));
  };
  if (mlp.layers.empty()) return bad("no layers");
  int32_t width = mlp.features;
  for (std::size_t l = 0; l < mlp.layers.size(); ++l) {
    const Mlp::Layer& layer = mlp.layers[l];
    if (layer.inputs < 1 || layer.outputs < 1 || layer.inputs != width) {
      return bad(
          fmt::format("layer {}: {} to {} numbers, {} come in", l + 1, layer.inputs, layer.outputs, width));
    }
    if (layer.weights.size() != Size(layer.inputs) * Size(layer.outputs) ||
        layer.bias.size() != Size(layer.outputs)) {
      return bad(fmt::format("layer {}: {} weights and {} biases for {} to {} numbers", l + 1,
                             layer.weights.size(), layer.bias.size(), layer.inputs, layer.outputs));
    }
    for (const auto* numbers : {&layer.weights, &layer.bias}) {
      for (const double number : *numbers) {
        if (!std::isfinite(number)) return bad(fmt::format("layer {}: a number is {}", l + 1, number));
      }
    }
    width = layer.outputs;
  }
  if (width != mlp.outputs)
    return bad(fmt::format("{} outputs, the last layer gives {}", mlp.outputs, width));
  return {};
}

void ScoreMlp(const Mlp& mlp, const double* x, double* raw) {
  std::vector<double> in(x, x + Size(mlp.features)), out;
  for (std::size_t l = 0; l < mlp.layers.size(); ++l) {
    const Mlp::Layer& layer = mlp.layers[l];
    const std::size_t width = Size(layer.outputs);
    out.assign(width, 0.0);
    for (std::size_t i = 0; i < in.size(); ++i) {
      const double* weights = layer.weights.data() + i * width;
      for (std::size_t k = 0; k < width; ++k) out[k] += in[i] * weights[k];
    }
    const bool last = l + 1 == mlp.layers.size();
    for (std::size_t k = 0; k < width; ++k) {
      out[k] += layer.bias[k];
      if (!last) out[k] = Activate(mlp.activation, out[k]);
    }
    std::swap(in, out);
  }
  std::copy(in.begin(), in.end(), raw);
}

}  // namespace turnout
