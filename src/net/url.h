// Parts of a request's target.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace turnout {

// "a%20b" -> "a b". Nothing if a % is not followed by two hexadecimal digits, or for %00: no name has a NUL,
// and C interfaces would see another name than the one that was checked. Not for whole paths: split them at
// '/' first, so that %2F stays inside its segment.
std::optional<std::string> PercentDecode(std::string_view text);

// The first value of `name` in a query ("a=1&b=2"), decoded ('+' is a space). Nothing if it is absent or its
// encoding is broken; empty for "a" and "a=".
std::optional<std::string> QueryValue(std::string_view query, std::string_view name);

}  // namespace turnout
