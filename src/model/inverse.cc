// sklearn/preprocessing/_data.py (PowerTransformer.inverse_transform), scipy's inv_boxcox.
#include "model/inverse.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "model/value.h"

namespace turnout {
namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();  // numpy.spacing(1)

double YeoJohnson(double x, double lambda) {
  if (x >= 0) {
    return std::fabs(lambda) < kEpsilon ? std::exp(x) - 1 : std::pow(x * lambda + 1, 1 / lambda) - 1;
  }
  if (!(std::fabs(lambda - 2) > kEpsilon)) return 1 - std::exp(-x);
  return 1 - std::pow(-(2 - lambda) * x + 1, 1 / (2 - lambda));
}

}  // namespace

Status CheckStep(const InversePower& power, std::size_t columns) {
  TURNOUT_TRY(NeedOneEach(power.lambdas.size(), "lambdas", columns));
  for (const double lambda : power.lambdas) {
    if (!std::isfinite(lambda)) return Fail(Code::kCorrupt, fmt::format("a lambda is {}", lambda));
  }
  return {};
}

double Map(const InversePower& power, std::size_t column, double x) {
  const double lambda = power.lambdas[column];
  if (std::isnan(x)) return x;
  if (power.method == InversePower::Method::kYeoJohnson) return YeoJohnson(x, lambda);
  if (lambda == 0) return std::exp(x);
  return power.method == InversePower::Method::kBoxCox ? std::pow(x * lambda + 1, 1 / lambda)
                                                       : std::exp(std::log1p(lambda * x) / lambda);
}

}  // namespace turnout
