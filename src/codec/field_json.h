// A row's own values as JSON: echoed fields and the keys of refused rows.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "contract/contract.h"
#include "contract/row_reader.h"
#include "data/batch.h"

namespace turnout {

// The text of a category's code as the contract lists it; missing if `field` is no category or has no such
// code.
std::string_view CategoryText(const Field& field, double code);

// A cell of the batch: the text, the number, true or false for a bool, a category's text; null if missing.
void AppendFieldJson(std::string& out, const Contract& contract, std::size_t field, const Batch& batch,
                     std::size_t row);

// The key of a refused row, of the same JSON type as that of a good one; null where it could not be read.
void AppendRefusedKey(std::string& out, const Refusal& refusal);

}  // namespace turnout
