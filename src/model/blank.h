// A number that stands for a missing value.
#pragma once

#include <cstddef>

#include "base/result.h"

namespace turnout {

// A number equal to `value`, once it is a float32, becomes missing (XGBoost's parameter `missing`).
struct Blank {
  float value = 0;
};
Status CheckStep(const Blank& blank, std::size_t columns);
double Map(const Blank& blank, std::size_t column, double x);

}  // namespace turnout
