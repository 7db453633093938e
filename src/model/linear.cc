#include "model/linear.h"

#include <fmt/format.h>

#include <cmath>

namespace turnout {

Status CheckLinear(const Linear& linear) {
  auto bad = [](std::string message) { return Fail(Code::kCorrupt, "linear: " + std::move(message)); };
  if (linear.features < 0) return bad(fmt::format("{} features", linear.features));
  if (linear.outputs < 1) return bad(fmt::format("{} outputs, at least 1 expected", linear.outputs));
  const auto features = static_cast<std::size_t>(linear.features);
  const auto outputs = static_cast<std::size_t>(linear.outputs);
  if (linear.weights.size() != features * outputs) {
    return bad(fmt::format("{} weights, {} ({} features x {} outputs) expected", linear.weights.size(),
                           features * outputs, features, outputs));
  }
  if (linear.intercept.size() != outputs) {
    return bad(fmt::format("{} intercepts for {} outputs", linear.intercept.size(), outputs));
  }
  for (std::size_t i = 0; i < linear.weights.size(); ++i) {
    if (!std::isfinite(linear.weights[i])) {
      return bad(fmt::format("output {}: the weight of feature {} is {}", i / features, i % features,
                             linear.weights[i]));
    }
  }
  for (std::size_t k = 0; k < outputs; ++k) {
    if (!std::isfinite(linear.intercept[k])) {
      return bad(fmt::format("output {}: the intercept is {}", k, linear.intercept[k]));
    }
  }
  return {};
}

namespace {

void SumFloats(const Linear& linear, const double* x, double* raw) {
  const auto features = static_cast<std::size_t>(linear.features);
  const auto outputs = static_cast<std::size_t>(linear.outputs);
  for (std::size_t k = 0; k < outputs; ++k) {
    const double* weights = linear.weights.data() + k * features;
    auto sum = static_cast<float>(linear.intercept[k]);
    for (std::size_t i = 0; i < features; ++i)
      sum += static_cast<float>(x[i]) * static_cast<float>(weights[i]);
    raw[k] = static_cast<double>(sum);
  }
}

}  // namespace

void SumLinear(const Linear& linear, const double* x, double* raw) {
  if (linear.float32) return SumFloats(linear, x, raw);
  const auto features = static_cast<std::size_t>(linear.features);
  const auto outputs = static_cast<std::size_t>(linear.outputs);
  for (std::size_t k = 0; k < outputs; ++k) {
    const double* weights = linear.weights.data() + k * features;
    double sum = 0;
    for (std::size_t i = 0; i < features; ++i) sum += weights[i] * x[i];
    raw[k] = sum + linear.intercept[k];
  }
}

}  // namespace turnout
