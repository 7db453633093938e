// The escapes of JSON strings. Internal to bytes.
#pragma once

#include <string_view>

namespace turnout {

// Writes what `text` (the inside of a string literal) stands for to `out`, which has room for text.size()
// bytes; returns the end. nullptr: a bad escape, or half a surrogate pair.
char* UnescapeJson(std::string_view text, char* out);

}  // namespace turnout
