// A neural network of dense layers: x -> activation(x W + b) -> ... -> x W + b.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"

namespace turnout {

struct Mlp {
  enum class Activation : uint8_t { kIdentity, kRelu, kTanh, kLogistic };
  struct Layer {
    int32_t inputs = 0, outputs = 0;
    std::vector<double> weights;  // inputs x outputs, row-major
    std::vector<double> bias;     // outputs
  };
  Activation activation = Activation::kRelu;  // between the layers; none behind the last
  int32_t features = 0;
  int32_t outputs = 1;
  std::vector<Layer> layers;
};

Status CheckMlp(const Mlp& mlp);
void ScoreMlp(const Mlp& mlp, const double* x, double* raw);

}  // namespace turnout
