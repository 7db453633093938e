// A linear model: raw[k] = (sum over i of weights[k][i] * x[i]) + intercept[k], in double, i ascending from
// 0.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"

namespace turnout {

struct Linear {
  int32_t features = 0;
  int32_t outputs = 1;
  bool float32 = false;         // intercept, values, products and sums are float32, the intercept comes first
                                // (XGBoost's gblinear)
  std::vector<double> weights;  // outputs x features, row-major
  std::vector<double> intercept;  // outputs
};

Status CheckLinear(const Linear& linear);
void SumLinear(const Linear& linear, const double* x, double* raw);

}  // namespace turnout
