// The way back through a PowerTransformer, for targets that were transformed before a regressor was fitted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/result.h"

namespace turnout {

// Element-wise, as the steps of model/scaling.h.
struct InversePower {
  enum class Method : uint8_t {
    kYeoJohnson,
    kBoxCox,       // (x lambda + 1)^(1 / lambda)
    kBoxCoxByLog,  // exp(log1p(x lambda) / lambda): differs in last bits
  };
  Method method = Method::kYeoJohnson;
  std::vector<double> lambdas;
};
Status CheckStep(const InversePower& power, std::size_t columns);
double Map(const InversePower& power, std::size_t column, double x);

}  // namespace turnout
