// numpy's dtype codes, and single elements of arrays as C++ numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "formats/pickle/object.h"

namespace turnout::pickle {

// "f8", "<i4", "U12", "V56", "b1", "O8": a dtype without fields; nullopt if the code is not one that numpy
// pickles.
std::optional<Dtype> ParseDtypeCode(std::string_view code);

// Whether LoadDouble and LoadInteger can read elements of this dtype: b1, i1-i8, u1-u8, f2-f8.
bool IsNumber(const Dtype& dtype);
bool IsInteger(const Dtype& dtype);  // b1, i1-i8, u1-u8

// The element at `data` (itemsize bytes, any alignment) of a dtype that IsNumber.
double LoadDouble(const Dtype& dtype, const uint8_t* data);
// nullopt: not integral, or does not fit int64.
std::optional<int64_t> LoadInteger(const Dtype& dtype, const uint8_t* data);

}  // namespace turnout::pickle
