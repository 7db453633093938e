#include "model/imputing.h"

#include <fmt/format.h>

#include <algorithm>

namespace turnout {

Status CheckStep(const Present&, std::size_t) { return {}; }
double Map(const Present&, std::size_t, double x) { return x; }

bool IsMarked(double number, double marker) {
  return std::isnan(marker) ? std::isnan(number) : number == marker;
}

bool IsMarked(std::string_view text, const std::optional<std::string>& marker) {
  return marker ? text.data() != nullptr && text == *marker : text.data() == nullptr;
}

bool IsMarked(const Indicate& indicate, const Value& value) {
  return value.is_text ? IsMarked(value.text, indicate.text_marker) : IsMarked(value.number, indicate.marker);
}

Result<ColumnTypes> OutputsOf(const Impute& impute, const ColumnTypes& inputs) {
  TURNOUT_TRY(NeedNumbers(inputs));
  TURNOUT_TRY(NeedOneEach(impute.statistics.size(), "statistics", inputs.size()));
  const auto dropped = std::count_if(impute.statistics.begin(), impute.statistics.end(),
                                     [](double value) { return std::isnan(value); });
  return ColumnTypes(inputs.size() - static_cast<std::size_t>(dropped), ColumnType::kNumber);
}

Result<ColumnTypes> OutputsOf(const ImputeText& impute, const ColumnTypes& inputs) {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i] == ColumnType::kText) continue;
    return Fail(Code::kCorrupt, fmt::format("column {} is a number, a text expected", i));
  }
  TURNOUT_TRY(NeedOneEach(impute.statistics.size(), "statistics", inputs.size()));
  return inputs;
}

Result<ColumnTypes> OutputsOf(const Indicate& indicate, const ColumnTypes& inputs) {
  for (const int32_t feature : indicate.features) {
    if (feature < 0 || feature >= static_cast<int64_t>(inputs.size())) {
      return Fail(Code::kCorrupt, fmt::format("takes column {} of {}", feature, inputs.size()));
    }
  }
  return ColumnTypes(indicate.features.size(), ColumnType::kNumber);
}

Row Apply(const Impute& impute, Row row) {
  Row out;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const double statistic = impute.statistics[i];
    if (std::isnan(statistic)) continue;
    out.push_back({.number = IsMarked(row[i].number, impute.marker) ? statistic : row[i].number});
  }
  return out;
}

Row Apply(const ImputeText& impute, Row row) {
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (IsMarked(row[i].text, impute.marker)) row[i].text = impute.statistics[i];
  }
  return row;
}

Row Apply(const Indicate& indicate, Row row) {
  Row out;
  for (const int32_t feature : indicate.features) {
    out.push_back({.number = IsMarked(indicate, row[static_cast<std::size_t>(feature)]) ? 1.0 : 0.0});
  }
  return out;
}

}  // namespace turnout
