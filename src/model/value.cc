#include "model/value.h"

#include <fmt/format.h>

namespace turnout {

Status NeedNumbers(const ColumnTypes& inputs) {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i] == ColumnType::kNumber) continue;
    return Fail(Code::kCorrupt, fmt::format("column {} is text, a number expected", i));
  }
  return {};
}

Status NeedOneEach(std::size_t count, std::string_view what, std::size_t columns) {
  if (count == columns) return {};
  return Fail(Code::kCorrupt, fmt::format("{} {} for {} columns", count, what, columns));
}

}  // namespace turnout
