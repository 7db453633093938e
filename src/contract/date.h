// Dates as text, for expressions.
#pragma once

#include <optional>
#include <string_view>

namespace turnout {

struct Date {
  int year = 0, month = 0, day = 0;
  int hour = 0, minute = 0;  // 0 if the text has no time
  int weekday = 0;           // Monday = 0
  int days = 0;              // since 1970-01-01
};

// "2024-02-29", "2024-02-29T13:45", "2024-02-29 13:45:07.25Z", "...+05:30": ISO 8601, the calendar checked,
// the fields as written. Anything else: nothing.
std::optional<Date> ParseDate(std::string_view text);

}  // namespace turnout
