// What passes between the transforming steps: a row of values.
#pragma once

#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "data/signature.h"

namespace turnout {

// One value of a row between steps.
struct Value {
  double number = 0;        // when !is_text
  std::string_view text{};  // when is_text; data() == nullptr is missing
  bool is_text = false;
};

inline bool IsMissing(const Value& value) {
  return value.is_text ? value.text.data() == nullptr : std::isnan(value.number);
}

inline constexpr std::size_t kMaxColumns = 1 << 20;

using Row = std::vector<Value>;
using ColumnTypes = std::vector<ColumnType>;

// What the checks of the steps use: no column is text;
Status NeedNumbers(const ColumnTypes& inputs);
// and "{count} {what} for {columns} columns" unless they are as many; `what` in the plural.
Status NeedOneEach(std::size_t count, std::string_view what, std::size_t columns);

}  // namespace turnout
