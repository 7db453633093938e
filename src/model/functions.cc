#include "model/functions.h"

#include <cmath>
#include <utility>

namespace turnout {

std::optional<Function> FindFunction(std::string_view name) {
  static constexpr std::pair<std::string_view, Function> kFunctions[] = {
      {"log", Function::kLog},           {"log1p", Function::kLog1p},
      {"log2", Function::kLog2},         {"log10", Function::kLog10},
      {"exp", Function::kExp},           {"expm1", Function::kExpm1},
      {"exp2", Function::kExp2},         {"sqrt", Function::kSqrt},
      {"cbrt", Function::kCbrt},         {"square", Function::kSquare},
      {"absolute", Function::kAbsolute}, {"abs", Function::kAbsolute},
      {"fabs", Function::kAbsolute},     {"negative", Function::kNegative},
      {"sign", Function::kSign},         {"reciprocal", Function::kReciprocal},
      {"sin", Function::kSin},           {"cos", Function::kCos},
      {"tanh", Function::kTanh},         {"floor", Function::kFloor},
      {"ceil", Function::kCeil},         {"rint", Function::kRint},
  };
  for (const auto& [known, function] : kFunctions) {
    if (known == name) return function;
  }
  return std::nullopt;
}

double Evaluate(Function function, double x) {
  switch (function) {
    case Function::kLog: return std::log(x);
    case Function::kLog1p: return std::log1p(x);
    case Function::kLog2: return std::log2(x);
    case Function::kLog10: return std::log10(x);
    case Function::kExp: return std::exp(x);
    case Function::kExpm1: return std::expm1(x);
    case Function::kExp2: return std::exp2(x);
    case Function::kSqrt: return std::sqrt(x);
    case Function::kCbrt: return std::cbrt(x);
    case Function::kSquare: return x * x;
    case Function::kAbsolute: return std::fabs(x);
    case Function::kNegative: return -x;
    case Function::kReciprocal: return 1 / x;
    case Function::kSign: return std::isnan(x) ? x : static_cast<double>((x > 0) - (x < 0));
    case Function::kSin: return std::sin(x);
    case Function::kCos: return std::cos(x);
    case Function::kTanh: return std::tanh(x);
    case Function::kFloor: return std::floor(x);
    case Function::kCeil: return std::ceil(x);
    case Function::kRint: return std::nearbyint(x);
    case Function::kFloat32: return static_cast<double>(static_cast<float>(x));
  }
  return x;
}

Status CheckStep(const Compute&, std::size_t) { return {}; }
double Map(const Compute& compute, std::size_t, double x) { return Evaluate(compute.function, x); }

}  // namespace turnout
