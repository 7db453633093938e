#include "contract/converter.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "bytes/number.h"
#include "bytes/utf8.h"

namespace turnout {
namespace {

constexpr std::size_t kShortScan = 8;             // categories; a hash costs more up to about here
constexpr double kLargestInt = 9007199254740991;  // 2^53 - 1: beyond it a double can't tell neighbours apart
constexpr std::size_t kListedValues = 10;
constexpr std::size_t kShownBytes = 100;

std::string_view TrimSpaces(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// `lower` in lower case.
bool EqualsIgnoringCase(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] | 0x20) : text[i];
    if (c != lower[i]) return false;
  }
  return true;
}

std::string_view TypeError(FieldType type) {
  switch (type) {
    case FieldType::kInt: return "int_type";
    case FieldType::kFloat: return "float_type";
    case FieldType::kBool: return "bool_type";
    case FieldType::kCategory: return "enum";
    case FieldType::kString:
    case FieldType::kText: break;
  }
  return "string_type";
}

Converter::Value Bad(std::string_view error) { return {.text = {}, .error = error}; }
Converter::Value Missing() { return {.text = {}, .error = {}, .missing = true}; }

// At most kShownBytes of it, cut between characters.
std::string_view Shortened(std::string_view text) {
  if (text.size() <= kShownBytes) return text;
  std::size_t end = 0;
  for (std::size_t length; (length = std::max<std::size_t>(Utf8Length(text, end), 1)) + end <= kShownBytes;) {
    end += length;
  }
  return text.substr(0, end);
}

std::string Shown(const Cell& cell) {
  switch (cell.kind) {
    case Cell::Kind::kText:
    case Cell::Kind::kNumber: {
      const std::string_view text = Shortened(cell.text);
      return std::string(text) + (text.size() < cell.text.size() ? "..." : "");
    }
    case Cell::Kind::kTrue: return "true";
    case Cell::Kind::kFalse: return "false";
    case Cell::Kind::kMissing: return "null";
    case Cell::Kind::kNested: break;
  }
  return "an object or array";
}

// "'basic', 'standard' or 'premium'", "0, 1 or 2".
std::string Choices(const Field& field, bool codes) {
  std::string out;
  const std::size_t count = field.values.size();
  for (std::size_t i = 0; i < count; ++i) {
    if (i == kListedValues) return out + " or one of " + std::to_string(count - i) + " more";
    if (i > 0) out += i + 1 == count ? " or " : ", ";
    if (codes) {
      AppendNumber(out, field.values[i].code);
    } else {
      out += "'" + field.values[i].text + "'";
    }
  }
  return out;
}

std::string StandardMessage(const Field& field, std::string_view type, bool codes) {
  if (type == "missing") return "Field required";
  if (type == "duplicate") return "Field given twice";
  if (type == "int_type") return "Input should be a valid integer";
  if (type == "float_type") return "Input should be a valid number";
  if (type == "bool_type") return "Input should be a valid boolean";
  if (type == "string_type") return "Input should be a valid string";
  if (type == "greater_than_equal" || type == "less_than_equal") {
    const bool low = type == "greater_than_equal";
    std::string out =
        low ? "Input should be greater than or equal to " : "Input should be less than or equal to ";
    AppendNumber(out, low ? *field.min : *field.max);
    return out;
  }
  return "Input should be " + Choices(field, codes);
}

}  // namespace

Converter::Converter(const Field& field)
    : field_(field),
      is_int_(field.type == FieldType::kInt),
      is_number_(is_int_ || field.type == FieldType::kFloat) {
  const double limit = is_int_ ? kLargestInt : std::numeric_limits<double>::max();
  lowest_ = std::max(field.min.value_or(-limit), -limit);
  highest_ = std::min(field.max.value_or(limit), limit);
  if (field.values.size() <= kShortScan) return;
  for (uint32_t i = 0; i < field.values.size(); ++i) {
    by_text_.emplace(field.values[i].text, i);
    by_code_.emplace(field.values[i].code, i);
  }
}

Converter::Value Converter::Convert(const Cell& cell, bool codes) const {
  if (cell.kind == Cell::Kind::kMissing) return Missing();
  switch (field_.type) {
    case FieldType::kString:
    case FieldType::kText:
      // A text that is empty has an address all the same: an address of nothing would mean missing.
      if (cell.kind == Cell::Kind::kText || cell.kind == Cell::Kind::kNumber) {
        return {.text = cell.text.data() == nullptr ? std::string_view("") : cell.text, .error = {}};
      }
      return Bad("string_type");
    case FieldType::kInt:
    case FieldType::kFloat: return ConvertNumber(cell);
    case FieldType::kBool: return ConvertBool(cell);
    case FieldType::kCategory: break;
  }
  if (codes) return ConvertCode(cell);
  if (cell.kind == Cell::Kind::kText || cell.kind == Cell::Kind::kNumber) return ConvertCategory(cell.text);
  return Bad("enum");
}

Converter::Value Converter::ConvertNumber(const Cell& cell) const {
  if (cell.kind != Cell::Kind::kText && cell.kind != Cell::Kind::kNumber) return Bad(TypeError(field_.type));
  const std::string_view text = TrimSpaces(cell.text);
  const ParsedNumber parsed = ParseNumber(text);
  if (parsed.error != NumberError::kNone) {
    if (text.empty() || EqualsIgnoringCase(text, "nan")) return Missing();
    return Bad(TypeError(field_.type));
  }
  if (field_.type == FieldType::kInt &&
      (std::trunc(parsed.value) != parsed.value || std::fabs(parsed.value) > kLargestInt)) {
    return Bad("int_type");
  }
  if (field_.min && parsed.value < *field_.min) return Bad("greater_than_equal");
  if (field_.max && parsed.value > *field_.max) return Bad("less_than_equal");
  // An int has no negative zero.
  const double value = field_.type == FieldType::kInt ? parsed.value + 0.0 : parsed.value;
  return {.number = value, .text = {}, .error = {}};
}

Converter::Value Converter::ConvertBool(const Cell& cell) const {
  const auto value = [](bool on) { return Value{.number = on ? 1.0 : 0.0, .text = {}, .error = {}}; };
  if (cell.kind == Cell::Kind::kTrue || cell.kind == Cell::Kind::kFalse)
    return value(cell.kind == Cell::Kind::kTrue);
  if (cell.kind == Cell::Kind::kNested) return Bad("bool_type");
  const std::string_view text = TrimSpaces(cell.text);
  if (text.empty()) return Missing();
  if (EqualsIgnoringCase(text, "true")) return value(true);
  if (EqualsIgnoringCase(text, "false")) return value(false);
  const ParsedNumber parsed = ParseNumber(text);
  if (parsed.error != NumberError::kNone || (parsed.value != 0 && parsed.value != 1)) return Bad("bool_type");
  return value(parsed.value == 1);
}

Converter::Value Converter::ConvertCategory(std::string_view text) const {
  if (by_text_.empty()) {
    for (const Field::Category& category : field_.values) {
      if (category.text == text) return Chosen(category);
    }
  } else if (const auto found = by_text_.find(text); found != by_text_.end()) {
    return Chosen(field_.values[found->second]);
  }
  if (field_.open) return {.text = text.data() == nullptr ? std::string_view("") : text, .error = {}};
  return Bad("enum");
}

Converter::Value Converter::ConvertCode(const Cell& cell) const {
  if (cell.kind != Cell::Kind::kText && cell.kind != Cell::Kind::kNumber) return Bad("enum");
  const std::string_view text = TrimSpaces(cell.text);
  const ParsedNumber parsed = ParseNumber(text);
  if (parsed.error != NumberError::kNone) {
    if (text.empty() || EqualsIgnoringCase(text, "nan")) return Missing();
    return Bad("enum");
  }
  if (by_code_.empty()) {
    for (const Field::Category& category : field_.values) {
      if (category.code == parsed.value) return Chosen(category);
    }
  } else if (const auto found = by_code_.find(parsed.value); found != by_code_.end()) {
    return Chosen(field_.values[found->second]);
  }
  return Bad("enum");
}

Converter::Value Converter::Chosen(const Field::Category& category) const {
  return {.number = category.code, .text = category.text, .error = {}};
}

std::string ErrorMessage(const Field& field, std::string_view type, bool codes, const Cell& cell) {
  const bool check = type == "enum" || type == "greater_than_equal" || type == "less_than_equal";
  if (check && !field.message.empty()) {
    std::string out = field.message;
    if (const std::size_t at = out.find("{value}"); field.show && at != std::string::npos) {
      out.replace(at, std::string_view("{value}").size(), Shown(cell));
    }
    return out;
  }
  std::string out = StandardMessage(field, type, codes);
  if (field.show && type != "missing" && type != "duplicate") out += ": got " + Shown(cell);
  return out;
}

}  // namespace turnout
