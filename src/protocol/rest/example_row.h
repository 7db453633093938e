// A row that an endpoint's contract accepts, for documents and for the docs page: ranges and categories are
// the contract's, other numbers are typical of what the model was trained on.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "contract/contract.h"
#include "model/model.h"

namespace turnout {

// The value of each field, as JSON. Variant 0, 1, 2, ... differ, where the contract leaves room.
std::vector<std::string> ExampleValues(const Contract& contract, const Model& model, int variant = 0);

// {"age":43, ...}
std::string ExampleRow(const Contract& contract, const Model& model, int variant = 0);

// What the model's own numbers say is usual for one of its inputs: the mean or statistic of its first step,
// else the median of a forest's thresholds. Rounded to three digits.
std::optional<double> TypicalInput(const Model& model, std::size_t input);

}  // namespace turnout
