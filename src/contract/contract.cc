#include "contract/contract.h"

namespace turnout {

std::string_view Name(FieldType type) {
  switch (type) {
    case FieldType::kString: return "string";
    case FieldType::kInt: return "int";
    case FieldType::kFloat: return "float";
    case FieldType::kBool: return "bool";
    case FieldType::kCategory: return "category";
    case FieldType::kText: return "text";
  }
  return "?";
}

Slot Contract::Find(std::string_view given) const {
  const auto found = names.find(given);
  return found == names.end() ? Slot{} : found->second;
}

std::vector<ColumnType> Contract::layout() const {
  std::vector<ColumnType> columns_of_batch;
  columns_of_batch.reserve(fields.size() + derived.size());
  for (const Field& field : fields) columns_of_batch.push_back(field.column());
  columns_of_batch.resize(fields.size() + derived.size(), ColumnType::kNumber);
  return columns_of_batch;
}

std::string_view Contract::column_name(int32_t column) const {
  const auto i = static_cast<std::size_t>(column);
  return i < fields.size() ? fields[i].name : derived[i - fields.size()].name;
}

}  // namespace turnout
