// What a model has against a value that its contract lets through: only the model can tell.
#pragma once

#include <algorithm>
#include <cmath>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "data/batch.h"
#include "data/signature.h"

namespace turnout {

// What a closed input may hold, for looking up; empty for others.
struct ClosedValues {
  std::unordered_set<std::string_view> texts;  // views into the input
  std::vector<double> numbers;                 // ascending

  explicit ClosedValues(const Input& input) {
    if (!input.closed) return;
    texts.insert(input.categories.begin(), input.categories.end());
    numbers = input.numbers;
    std::sort(numbers.begin(), numbers.end());
  }
};

// What is wrong with one value for one input ("missing", "out_of_range", "out_of_domain", "enum"); empty:
// nothing.
inline std::string_view Objection(const Input& input, const ClosedValues& closed, double x) {
  if (IsMissing(x)) return input.accepts_missing ? std::string_view{} : "missing";
  if (std::fabs(x) > input.largest || std::isinf(x)) return "out_of_range";
  if (x < input.lowest || x > input.highest) return "out_of_domain";
  const bool known = !input.closed || std::binary_search(closed.numbers.begin(), closed.numbers.end(), x);
  return known ? std::string_view{} : "enum";
}

inline std::string_view Objection(const Input& input, const ClosedValues& closed, std::string_view text) {
  if (IsMissing(text)) return input.accepts_missing ? std::string_view{} : "missing";
  return !input.closed || closed.texts.contains(text) ? std::string_view{} : "enum";
}

}  // namespace turnout
