// Steps that turn categories into numbers (scikit-learn's OneHotEncoder, OrdinalEncoder, TargetEncoder).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/value.h"

namespace turnout {

// The categories of one encoded column: texts or numbers, in the file's order, each of them once.
struct Categories {
  std::vector<std::string> texts;  // used when the column is text
  std::vector<double> numbers;     // used when the column holds numbers
  bool is_text = false;
  int32_t missing = -1;  // index of the missing value's category, if it is one; what stands
                         // there in texts or numbers is never compared
  // The code of each category: infrequent ones share the last. Empty: its index.
  std::vector<int32_t> codes = {};
  int32_t unknown = -1;  // the code of a value that is no category, or -1

  std::size_t size() const { return is_text ? texts.size() : numbers.size(); }
};

// The index of a value's category, or -1.
int32_t FindCategory(const Categories& categories, const Value& value);
// The code of a category (FindCategory's answer).
int32_t CodeOf(const Categories& categories, int32_t category);
// How many codes there are: the largest of them, plus one.
std::size_t CountCodes(const Categories& categories);

// Each column becomes one column per code (0/1), less the dropped one. An unknown category without a code
// gives zeros when `ignore_unknown`; otherwise the input is refused (Input::closed).
struct OneHot {
  std::vector<Categories> columns;
  std::vector<int32_t> dropped;  // per column: the code without a column, or -1
  bool ignore_unknown = false;
};

// Each column becomes the code of its category, as a number.
struct Ordinal {
  std::vector<Categories> columns;
  bool use_unknown_value = false;  // false: an unknown category is refused (Input::closed), or else NaN
  double unknown_value = 0;
  double missing_value = 0;  // what the missing category is encoded as (NaN by default)
};
double OrdinalCode(const Ordinal& encoder, std::size_t column, int32_t category);

// Each column becomes `outputs` numbers that its category stands for.
struct TargetEncode {
  std::vector<Categories> columns;
  int32_t outputs = 1;
  std::vector<std::vector<double>> values;  // per column: categories x outputs, row-major
  std::vector<double> unknown;              // `outputs` of them
};
double TargetValue(const TargetEncode& encoder, std::size_t column, int32_t category, int32_t output);

Result<ColumnTypes> OutputsOf(const OneHot& encoder, const ColumnTypes& inputs);
Result<ColumnTypes> OutputsOf(const Ordinal& encoder, const ColumnTypes& inputs);
Result<ColumnTypes> OutputsOf(const TargetEncode& encoder, const ColumnTypes& inputs);
Row Apply(const OneHot& encoder, Row row);
Row Apply(const Ordinal& encoder, Row row);
Row Apply(const TargetEncode& encoder, Row row);

}  // namespace turnout
