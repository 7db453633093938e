// JSON out: appends to a string; allocates only when the string grows.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "bytes/number.h"

namespace turnout {

// `text` as a JSON string with its quotes. Control characters, '"' and '\' are escaped; invalid UTF-8 is
// replaced by U+FFFD, so the output is always valid JSON.
void AppendJsonString(std::string& out, std::string_view text);

// Shortest form that reads back to the same double; NaN and infinity are null (JSON has no other).
void AppendJsonNumber(std::string& out, double value);

}  // namespace turnout
