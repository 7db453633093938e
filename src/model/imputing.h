// Steps that fill missing values, or tell where they are (scikit-learn's SimpleImputer, MissingIndicator).
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "model/value.h"

namespace turnout {

// Replaces a missing number by the column's statistic. A column whose statistic is NaN is dropped.
struct Impute {
  std::vector<double> statistics;
  // What is missing: NaN, or a number that stands for it (missing_values=-1; NaN itself is then refused).
  double marker = std::numeric_limits<double>::quiet_NaN();
};

// The same for texts. Without a marker the missing text is filled; with one, texts equal to it are.
struct ImputeText {
  std::vector<std::string> statistics;
  std::optional<std::string> marker = std::nullopt;
};

// One column for each of `features`: 1 where it is missing, else 0. The columns may be numbers or texts.
struct Indicate {
  std::vector<int32_t> features;                             // indices into the columns before this step
  bool strict = false;                                       // the other columns must not be missing
  double marker = std::numeric_limits<double>::quiet_NaN();  // as Impute's, for columns of numbers
  std::optional<std::string> text_marker = std::nullopt;     // as ImputeText's, for columns of texts
};

// Nothing may be missing here; changes nothing.
struct Present {};
Status CheckStep(const Present& present, std::size_t columns);
double Map(const Present& present, std::size_t column, double x);

// Whether a value is what the step takes for missing.
bool IsMarked(double number, double marker);
bool IsMarked(std::string_view text, const std::optional<std::string>& marker);
bool IsMarked(const Indicate& indicate, const Value& value);

Result<ColumnTypes> OutputsOf(const Impute& impute, const ColumnTypes& inputs);
Result<ColumnTypes> OutputsOf(const ImputeText& impute, const ColumnTypes& inputs);
Result<ColumnTypes> OutputsOf(const Indicate& indicate, const ColumnTypes& inputs);
Row Apply(const Impute& impute, Row row);
Row Apply(const ImputeText& impute, Row row);
Row Apply(const Indicate& indicate, Row row);

}  // namespace turnout
