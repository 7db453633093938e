// Converter: cells of one field to the values of its column, by the table of README.md.
//
// Made once per field and reader; the field must outlive it. Immutable; any thread.
#pragma once

#include <cmath>
#include <cstdint>
#include <string_view>
#include <unordered_map>

#include "bytes/number.h"
#include "contract/contract.h"
#include "contract/row_reader.h"

namespace turnout {

class Converter {
 public:
  explicit Converter(const Field& field);

  struct Value {
    double number = kMissingNumber;  // for a number column
    std::string_view text;           // for a text column: the cell's own bytes or those of the contract
    std::string_view error;          // type of the error ("int_type", ...); empty: the value is good
    bool missing = false;            // the cell holds no value (whether that is an error: MissingValue())
  };
  // `codes`: the cell holds a category's code.
  Value Convert(const Cell& cell, bool codes) const;

  // PERF: a good cell of an int or a float, which most cells are, without the detour of a Value. False: no
  // such cell, or no such field; Convert() then says what it is.
  bool ConvertGoodNumber(const Cell& cell, double& number) const {
    if (!is_number_ || (cell.kind != Cell::Kind::kText && cell.kind != Cell::Kind::kNumber)) return false;
    const ParsedNumber parsed = ParseNumber(cell.text);
    if (parsed.error != NumberError::kNone || parsed.value < lowest_ || parsed.value > highest_) return false;
    if (is_int_ && std::trunc(parsed.value) != parsed.value) return false;
    number = is_int_ ? parsed.value + 0.0 : parsed.value;
    return true;
  }

 private:
  Value ConvertNumber(const Cell& cell) const;
  Value ConvertBool(const Cell& cell) const;
  Value ConvertCategory(std::string_view text) const;
  Value ConvertCode(const Cell& cell) const;
  Value Chosen(const Field::Category& category) const;

  const Field& field_;
  bool is_int_, is_number_;  // an int; an int or a float
  double lowest_, highest_;  // of these
  // More categories than a short scan is good for; views into the field.
  std::unordered_map<std::string_view, uint32_t> by_text_;
  std::unordered_map<double, uint32_t> by_code_;
};

// The text of a failed check or conversion, standard or the field's own, and with the value where the field
// shows it.
std::string ErrorMessage(const Field& field, std::string_view type, bool codes, const Cell& cell);

}  // namespace turnout
