// Between constants, scalers, logarithms, powers and quantiles are monotone in floating point too, and
// squares and absolute values on either side of 0. So what arrives is an interval, and its ends can be found
// by halving; doubles are ordered as their bits.
#include "formats/sklearn/domain.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

namespace turnout::sklearn {
namespace {

bool Defined(const Step& step, double x) {
  if (std::isinf(x)) return false;
  if (std::holds_alternative<Present>(step) || std::holds_alternative<Bins>(step) ||
      std::holds_alternative<Threshold>(step)) {
    return !std::isnan(x);
  }
  const auto* power = std::get_if<Power>(&step);
  return power == nullptr || power->method != Power::Method::kBoxCox || !(x <= 0);
}

double Mapped(const Hop& hop, double x) {
  return std::visit(
      [&](const auto& step) {
        using T = std::remove_cvref_t<decltype(step)>;
        if constexpr (ElementWise<T>) {
          return Map(step, hop.column, x);
        } else if constexpr (std::is_same_v<T, Impute>) {
          return IsMarked(x, step.marker) ? step.statistics[hop.column] : x;
        } else {
          return x;
        }
      },
      *hop.step);
}

enum class Arrival { kNo, kAsMissing, kAsNumber };

// kAsMissing: on the way or at the end it is NaN.
Arrival Arrives(const std::vector<Hop>& hops, const Goal& goal, double x) {
  bool missing = false;
  for (const Hop& hop : hops) {
    if (!Defined(*hop.step, x)) return Arrival::kNo;
    x = Mapped(hop, x);
    missing = missing || std::isnan(x);
  }
  if (std::isnan(x)) return goal.accepts_missing ? Arrival::kAsMissing : Arrival::kNo;
  if (!goal.Takes(x)) return Arrival::kNo;
  return missing ? Arrival::kAsMissing : Arrival::kAsNumber;
}

// Doubles as integers in the same order, and back.
int64_t Rank(double x) {
  const auto bits = std::bit_cast<int64_t>(x);
  return bits < 0 ? std::numeric_limits<int64_t>::min() - bits : bits;
}
double OfRank(int64_t rank) {
  return std::bit_cast<double>(rank < 0 ? std::numeric_limits<int64_t>::min() - rank : rank);
}

// The last number that passes on the way from `inside`, which does, to `outside`.
template <class Passes>
double Edge(double inside, double outside, Passes passes) {
  int64_t in = Rank(inside), out = Rank(outside);
  while (in - out > 1 || out - in > 1) {
    const int64_t middle = in / 2 + out / 2 + (in % 2 + out % 2) / 2;
    (passes(OfRank(middle)) ? in : out) = middle;
  }
  return OfRank(in);
}

// Numbers of every magnitude, and those that steps have as their centres and ends.
std::vector<double> Probes(const std::vector<Hop>& hops) {
  std::vector<double> probes = {
      0, std::numeric_limits<double>::max(), 0.5, 0.9, 1.1, 2, 3, 5, 20, 50, 200, 500, 700, 709, 710};
  for (int exponent = -323; exponent <= 308; exponent += 11) probes.push_back(std::pow(10.0, exponent));
  for (int exponent = -9; exponent <= 9; ++exponent) probes.push_back(std::pow(10.0, exponent));
  for (int exponent = 36; exponent <= 40; ++exponent) probes.push_back(std::pow(10.0, exponent));
  for (const Hop& hop : hops) {
    if (const auto* scale = std::get_if<Scale>(hop.step); scale != nullptr && !scale->mean.empty()) {
      probes.push_back(scale->mean[hop.column]);
    }
    if (const auto* affine = std::get_if<Affine>(hop.step);
        affine != nullptr && !affine->factor.empty() && !affine->offset.empty()) {
      probes.push_back(-affine->offset[hop.column] / affine->factor[hop.column]);
    }
  }
  const std::size_t positive = probes.size();
  for (std::size_t i = 0; i < positive; ++i) probes.push_back(-probes[i]);
  std::erase_if(probes, [](double x) { return !std::isfinite(x); });
  std::sort(probes.begin(), probes.end());
  return probes;
}

}  // namespace

std::optional<double> Hopped(const std::vector<Hop>& hops, double x) {
  for (const Hop& hop : hops) {
    if (!Defined(*hop.step, x)) return std::nullopt;
    x = Mapped(hop, x);
  }
  if (std::isinf(x)) return std::nullopt;
  return x;
}

std::optional<Domain> DomainOf(const std::vector<Hop>& hops, const Goal& goal) {
  const std::vector<double> probes = Probes(hops);
  std::vector<Arrival> arrivals;
  for (const double probe : probes) arrivals.push_back(Arrives(hops, goal, probe));
  // Where NaN is taken too, log(x) is refused at 0 alone: then what remains a number counts.
  for (const Arrival least : {Arrival::kAsMissing, Arrival::kAsNumber}) {
    const auto passes = [&](Arrival arrival) { return arrival >= least; };
    const auto first = std::find_if(arrivals.begin(), arrivals.end(), passes);
    if (first == arrivals.end()) return std::nullopt;
    const auto end = std::find_if_not(first, arrivals.end(), passes);
    if (std::find_if(end, arrivals.end(), passes) != arrivals.end()) continue;
    const auto arrives = [&](double x) { return Arrives(hops, goal, x) >= least; };
    const auto low = static_cast<std::size_t>(first - arrivals.begin());
    const auto high = static_cast<std::size_t>(end - arrivals.begin()) - 1;
    Domain domain;
    if (low > 0) domain.lowest = Edge(probes[low], probes[low - 1], arrives);
    if (high + 1 < probes.size()) domain.highest = Edge(probes[high], probes[high + 1], arrives);
    return domain;
  }
  return std::nullopt;
}

}  // namespace turnout::sklearn
