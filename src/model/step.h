// The transforming steps in front of a predictor.
//
// A step maps a row of values to a row of values. Numbers are double, missing is NaN; a text column is
// only ever read by an encoder. Steps are plain data: the slow model interprets them, engines compile them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
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

// (x - mean) / scale, each where present (scikit-learn's StandardScaler); empty vectors are left out.
struct Scale {
  std::vector<double> mean;
  std::vector<double> scale;
};

// Replaces a missing number by the column's statistic. A column whose statistic is NaN is dropped
// (scikit-learn's SimpleImputer for numbers).
struct Impute {
  std::vector<double> statistics;
};

// The categories of one encoded column: texts or numbers, in the file's order, each of them once.
struct Categories {
  std::vector<std::string> texts;  // used when the column is text
  std::vector<double> numbers;     // used when the column holds numbers
  bool is_text = false;
  int32_t missing = -1;  // index of the missing value's category, if it is one; what stands
                         // there in texts or numbers is never compared

  std::size_t size() const { return is_text ? texts.size() : numbers.size(); }
};

// The index of a value's category, or -1.
int32_t FindCategory(const Categories& categories, const Value& value);

// Each column becomes one column per category (0/1), less the dropped one. An unknown category gives
// zeros when `ignore_unknown`; otherwise the input is refused (Input::closed).
struct OneHot {
  std::vector<Categories> columns;
  std::vector<int32_t> dropped;  // per column: index of the category without a column, or -1
  bool ignore_unknown = false;
};

// Each column becomes the index of its category, as a number.
struct Ordinal {
  std::vector<Categories> columns;
  bool use_unknown_value = false;  // false: an unknown category is refused (Input::closed), or else NaN
  double unknown_value = 0;
  double missing_value = 0;  // what the missing category is encoded as (NaN by default)
};

// The code of a category (FindCategory's answer) of a column.
double OrdinalCode(const Ordinal& encoder, std::size_t column, int32_t category);

struct Columns;
using Step = std::variant<Scale, Impute, OneHot, Ordinal, Columns>;

// Parts side by side: each takes some of the input columns through steps of its own; the outputs are
// concatenated in order (scikit-learn's ColumnTransformer; also a reordering of columns).
struct Columns {
  struct Part {
    std::string name;
    std::vector<int32_t> inputs;  // indices into the columns before this step
    std::vector<Step> steps;      // none: passed through
  };
  std::vector<Part> parts;
};

inline constexpr int kMaxStepNesting = 16;
inline constexpr std::size_t kMaxColumns = 1 << 20;

// The number and type of columns after `steps`, given those before; an error names the step that does
// not fit. Nesting is limited to kMaxStepNesting levels, columns to kMaxColumns.
Result<std::vector<ColumnType>> OutputColumns(std::span<const Step> steps, std::vector<ColumnType> inputs);

// One row through the steps. `row` must have passed OutputColumns' types.
std::vector<Value> Transform(std::span<const Step> steps, std::vector<Value> row);

}  // namespace turnout
