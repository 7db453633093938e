// Numpy's element-wise functions, as steps (scikit-learn's FunctionTransformer).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"

namespace turnout {

enum class Function : uint8_t {
  kLog,
  kLog1p,
  kLog2,
  kLog10,
  kExp,
  kExpm1,
  kExp2,
  kSqrt,
  kCbrt,
  kSquare,
  kAbsolute,
  kNegative,
  kReciprocal,
  kSign,
  kSin,
  kCos,
  kTanh,
  kFloor,
  kCeil,
  kRint,
  kFloat32,  // rounding to the nearest float
};
// By numpy's name ("log1p", "absolute", ...).
std::optional<Function> FindFunction(std::string_view name);
double Evaluate(Function function, double x);

struct Compute {
  Function function = Function::kLog;
};
Status CheckStep(const Compute& compute, std::size_t columns);
double Map(const Compute& compute, std::size_t column, double x);

}  // namespace turnout
