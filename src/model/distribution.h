// Steps that change the distribution of a column (scikit-learn's PowerTransformer, QuantileTransformer) or
// cut it into bins (KBinsDiscretizer, Binarizer). All are element-wise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/result.h"

namespace turnout {

struct Power {
  enum class Method : uint8_t {
    kYeoJohnson,       // by expm1 and log1p
    kYeoJohnsonByPow,  // ((x + 1)^lambda - 1) / lambda: differs in last bits
    kBoxCox,           // of positive numbers
  };
  Method method = Method::kYeoJohnson;
  std::vector<double> lambdas;
};
Status CheckStep(const Power& power, std::size_t columns);
double Map(const Power& power, std::size_t column, double x);

// The share of the training values below x, between the quantiles of the column; `normal` gives the normal
// distribution's quantile of that share.
struct Quantiles {
  std::vector<double> references;            // the shares, ascending
  std::vector<std::vector<double>> columns;  // per column: as many values, ascending
  bool normal = false;
};
Status CheckStep(const Quantiles& quantiles, std::size_t columns);
double Map(const Quantiles& quantiles, std::size_t column, double x);

// How many edges are not above x.
struct Bins {
  std::vector<std::vector<double>> edges;  // per column, ascending; the outer two are left out
};
Status CheckStep(const Bins& bins, std::size_t columns);
double Map(const Bins& bins, std::size_t column, double x);

// 1 above the threshold, else 0.
struct Threshold {
  double threshold = 0;
};
Status CheckStep(const Threshold& threshold, std::size_t columns);
double Map(const Threshold& threshold, std::size_t column, double x);

// x where the normal distribution's cumulative share is p, 0 < p < 1.
double NormalQuantile(double p);

}  // namespace turnout
