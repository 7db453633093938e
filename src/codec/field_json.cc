#include "codec/field_json.h"

#include "bytes/json_writer.h"
#include "bytes/number.h"

namespace turnout {

std::string_view CategoryText(const Field& field, double code) {
  if (field.type == FieldType::kCategory) {
    for (const Field::Category& category : field.values) {
      if (category.code == code) return category.text;
    }
  }
  return kMissingText;
}

void AppendFieldJson(std::string& out, const Contract& contract, std::size_t field, const Batch& batch,
                     std::size_t row) {
  const Column& column = batch.column(field);
  if (column.type == ColumnType::kText) {
    if (IsMissing(column.texts[row])) {
      out += "null";
    } else {
      AppendJsonString(out, column.texts[row]);
    }
    return;
  }
  const double number = column.numbers[row];
  const Field& described = contract.fields[field];
  if (described.type == FieldType::kBool && !IsMissing(number)) {
    out += number != 0 ? "true" : "false";
  } else if (const std::string_view text = CategoryText(described, number); !IsMissing(text)) {
    AppendJsonString(out, text);
  } else {
    AppendJsonNumber(out, number);
  }
}

void AppendRefusedKey(std::string& out, const Refusal& refusal) {
  if (refusal.key_is_number) {
    const ParsedNumber number = ParseNumber(refusal.key);
    AppendJsonNumber(out, number.error == NumberError::kNone ? number.value : kMissingNumber);
  } else if (refusal.key.empty()) {
    out += "null";
  } else {
    AppendJsonString(out, refusal.key);
  }
}

}  // namespace turnout
