#include <fmt/format.h>

#include <cassert>

#include "contract/contract.h"
#include "contract/default_reply.h"

namespace turnout {

Contract DeriveContract(const Signature& signature, std::string_view name) {
  Contract contract;
  contract.name = name;
  for (std::size_t i = 0; i < signature.inputs.size(); ++i) {
    const Input& input = signature.inputs[i];
    Field field;
    // Two inputs of one name could not be told apart in a row: the later ones get their position.
    field.name = input.name.empty() || contract.names.contains(input.name)
                     ? fmt::format("{}#{}", input.name, i)
                     : input.name;
    field.nullable = input.accepts_missing;
    if (input.type == ColumnType::kNumber) {
      field.type = FieldType::kFloat;
    } else if (input.categories.empty()) {
      field.type = FieldType::kText;
    } else {
      field.type = FieldType::kCategory;
      field.values_from = Field::Values::kModel;
      field.as_text = true;
    }
    contract.names.emplace(field.name, Slot{static_cast<int32_t>(i), false});
    contract.features.push_back(static_cast<int32_t>(i));
    contract.fields.push_back(std::move(field));
  }
  contract.reply = DefaultReply(contract, signature);
  contract.columns = DefaultColumns(signature);
  [[maybe_unused]] const Status bound = BindContract(contract, signature);
  assert(bound && "a derived contract fits its model");
  contract.bound = false;
  return contract;
}

}  // namespace turnout
