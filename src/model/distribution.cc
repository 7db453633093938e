#include "model/distribution.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "model/value.h"

namespace turnout {
namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();  // numpy.spacing(1)

double BoxCox(double x, double lambda) {
  return std::fabs(lambda) < 1e-19 ? std::log(x) : std::expm1(lambda * std::log(x)) / lambda;
}

double YeoJohnson(double x, double lambda, bool by_pow) {
  const double sign = x >= 0 ? 1 : -1;
  const double power = x >= 0 ? lambda : 2 - lambda;
  const double magnitude = std::fabs(x);
  const bool log = x >= 0 ? std::fabs(lambda) < kEpsilon : !(std::fabs(lambda - 2) > kEpsilon);
  if (log) return sign * std::log1p(magnitude);
  if (by_pow) return sign * (std::pow(magnitude + 1, power) - 1) / power;
  return sign * std::expm1(power * std::log1p(magnitude)) / power;
}

Status CheckAscending(const std::vector<double>& values, std::size_t column) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isnan(values[i]) || (i > 0 && values[i] < values[i - 1])) {
      return Fail(Code::kCorrupt,
                  fmt::format("column {}: value {} is {}, not in ascending order", column, i, values[i]));
    }
  }
  return {};
}

// numpy.interp of one number (numpy/_core/src/multiarray/compiled_base.c). `at(i)` are the points, `value(i)`
// what they stand for.
template <class At, class ValueAt>
double Interpolate(double x, std::size_t count, At at, ValueAt value) {
  if (x > at(count - 1)) return value(count - 1);
  if (x < at(0)) return value(0);
  std::size_t low = 0, high = count;  // the last point that is not above x
  while (high - low > 1) {
    const std::size_t middle = low + (high - low) / 2;
    (at(middle) <= x ? low : high) = middle;
  }
  if (low == count - 1) return value(low);
  if (at(low) == x) return value(low);
  const double slope = (value(low + 1) - value(low)) / (at(low + 1) - at(low));
  const double result = slope * (x - at(low)) + value(low);
  if (!std::isnan(result)) return result;
  const double other = slope * (x - at(low + 1)) + value(low + 1);
  return std::isnan(other) && value(low) == value(low + 1) ? value(low) : other;
}

}  // namespace

Status CheckStep(const Power& power, std::size_t columns) {
  return NeedOneEach(power.lambdas.size(), "lambdas", columns);
}

double Map(const Power& power, std::size_t column, double x) {
  if (std::isnan(x)) return x;
  const double lambda = power.lambdas[column];
  if (power.method == Power::Method::kBoxCox) return BoxCox(x, lambda);
  return YeoJohnson(x, lambda, power.method == Power::Method::kYeoJohnsonByPow);
}

Status CheckStep(const Quantiles& quantiles, std::size_t columns) {
  TURNOUT_TRY(NeedOneEach(quantiles.columns.size(), "lists of quantiles", columns));
  if (quantiles.references.empty()) return Fail(Code::kCorrupt, "no quantiles");
  TURNOUT_TRY(CheckAscending(quantiles.references, 0));
  for (std::size_t i = 0; i < columns; ++i) {
    const std::vector<double>& values = quantiles.columns[i];
    TURNOUT_TRY(NeedOneEach(values.size(), "values", quantiles.references.size()));
    // A column that was always missing has no quantiles.
    if (!std::isnan(values[0])) TURNOUT_TRY(CheckAscending(values, i));
  }
  return {};
}

double Map(const Quantiles& quantiles, std::size_t column, double x) {
  constexpr double kBound = 1e-7;
  if (std::isnan(x)) return x;
  const std::vector<double>& q = quantiles.columns[column];
  const std::vector<double>& r = quantiles.references;
  if (std::isnan(q[0])) return q[0];
  const std::size_t n = q.size();
  // The mean of both directions, for repeated quantiles.
  double y = 0.5 * (Interpolate(
                        x, n, [&](std::size_t i) { return q[i]; }, [&](std::size_t i) { return r[i]; }) -
                    Interpolate(
                        -x, n, [&](std::size_t i) { return -q[n - 1 - i]; },
                        [&](std::size_t i) { return -r[n - 1 - i]; }));
  if (quantiles.normal ? x + kBound > q.back() : x == q.back()) y = 1;
  if (quantiles.normal ? x - kBound < q.front() : x == q.front()) y = 0;
  if (!quantiles.normal) return y;
  static const double kLow = NormalQuantile(kBound - kEpsilon),
                      kHigh = NormalQuantile(1 - (kBound - kEpsilon));
  if (y <= 0) return kLow;
  if (y >= 1) return kHigh;
  return std::clamp(NormalQuantile(y), kLow, kHigh);
}

Status CheckStep(const Bins& bins, std::size_t columns) {
  TURNOUT_TRY(NeedOneEach(bins.edges.size(), "lists of edges", columns));
  for (std::size_t i = 0; i < columns; ++i) TURNOUT_TRY(CheckAscending(bins.edges[i], i));
  return {};
}

double Map(const Bins& bins, std::size_t column, double x) {
  const std::vector<double>& edges = bins.edges[column];
  return static_cast<double>(std::upper_bound(edges.begin(), edges.end(), x) - edges.begin());
}

Status CheckStep(const Threshold&, std::size_t) { return {}; }
double Map(const Threshold& threshold, std::size_t, double x) { return x > threshold.threshold ? 1 : 0; }

// Newton's method with a third-order term (Halley's) on the complementary error function, from the tail's
// asymptote: five rounds reach the last bits from every start. The smaller tail is solved, so that 1 - p
// loses nothing.
double NormalQuantile(double p) {
  const bool upper = p > 0.5;
  const double tail = upper ? 1 - p : p;
  const double t = std::sqrt(-2 * std::log(tail));
  double x = tail > 0.3 ? (0.5 - tail) * 2.5 : t - std::log(t * std::sqrt(2 * std::numbers::pi)) / t;
  for (int round = 0; round < 6; ++round) {
    const double density = std::exp(-x * x / 2) / std::sqrt(2 * std::numbers::pi);
    const double step = (0.5 * std::erfc(x / std::numbers::sqrt2) - tail) / density;
    x += step / (1 - x * step / 2);
  }
  return upper ? x : -x;
}

}  // namespace turnout
