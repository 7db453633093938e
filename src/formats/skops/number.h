// Numbers as Python's json module writes them.
#pragma once

#include <string_view>

#include "formats/pickle/store.h"

namespace turnout::skops {

// "2", "-1.5e-07", "NaN", "-Infinity", integers of up to 2000 digits -> an int, big int or float; false: it
// is none of these.
bool ReadNumber(std::string_view text, pickle::PickleStore& store, pickle::Id* result);

}  // namespace turnout::skops
