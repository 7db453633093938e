// Which values of an input column pass through a chain of element-wise steps. Internal to formats/sklearn.
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <vector>

#include "model/step.h"

namespace turnout::sklearn {

// One column's part of an element-wise step or of an imputer of numbers.
struct Hop {
  const Step* step;
  std::size_t column;
};

// What a number is after the hops; nullopt: a step refuses it on the way, as scikit-learn does with infinity,
// with a missing value where nothing may be missing, and with what a Box-Cox transform is not defined for.
std::optional<double> Hopped(const std::vector<Hop>& hops, double x);

// What waits behind the hops.
struct Goal {
  bool accepts_missing = false;
  double largest = std::numeric_limits<double>::max();  // for |x|
  double lowest = std::numeric_limits<double>::lowest();
  double highest = std::numeric_limits<double>::max();

  bool Takes(double x) const { return std::fabs(x) <= largest && x >= lowest && x <= highest; }
};

// The numbers that arrive: from `lowest` to `highest`.
struct Domain {
  double lowest = std::numeric_limits<double>::lowest();
  double highest = std::numeric_limits<double>::max();
};
// nullopt: none do, or not all between two that do.
std::optional<Domain> DomainOf(const std::vector<Hop>& hops, const Goal& goal);

}  // namespace turnout::sklearn
