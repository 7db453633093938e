#include "contract/date.h"

#include <chrono>

namespace turnout {
namespace {

// Takes fixed parts off the front of a text.
class Taker {
 public:
  explicit Taker(std::string_view text) : rest_(text) {}

  bool Digits(std::size_t count, int max, int& out) {
    if (rest_.size() < count) return false;
    int value = 0;
    for (const char c : rest_.substr(0, count)) {
      if (c < '0' || c > '9') return false;
      value = value * 10 + (c - '0');
    }
    rest_.remove_prefix(count);
    out = value;
    return value <= max;
  }
  bool Char(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool done() const { return rest_.empty(); }
  void SkipDigits() {
    while (!rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9') rest_.remove_prefix(1);
  }

 private:
  std::string_view rest_;
};

// "Z", "+05:30", "-0800", "+01" or nothing.
bool TakeZone(Taker& taker) {
  if (taker.done() || taker.Char('Z') || taker.Char('z')) return true;
  int ignored = 0;
  if (!taker.Char('+') && !taker.Char('-')) return false;
  if (!taker.Digits(2, 23, ignored)) return false;
  if (taker.done()) return true;
  taker.Char(':');
  return taker.Digits(2, 59, ignored);
}

}  // namespace

std::optional<Date> ParseDate(std::string_view text) {
  Taker taker(text);
  Date date;
  if (!taker.Digits(4, 9999, date.year) || !taker.Char('-') || !taker.Digits(2, 12, date.month) ||
      !taker.Char('-') || !taker.Digits(2, 31, date.day)) {
    return std::nullopt;
  }
  const std::chrono::year_month_day calendar{std::chrono::year(date.year),
                                             std::chrono::month(static_cast<unsigned>(date.month)),
                                             std::chrono::day(static_cast<unsigned>(date.day))};
  if (!calendar.ok()) return std::nullopt;
  if (taker.Char('T') || taker.Char('t') || taker.Char(' ')) {
    int second = 0;
    if (!taker.Digits(2, 23, date.hour) || !taker.Char(':') || !taker.Digits(2, 59, date.minute))
      return std::nullopt;
    if (taker.Char(':')) {
      if (!taker.Digits(2, 60, second)) return std::nullopt;  // 60: a leap second
      if (taker.Char('.')) {
        int first = 0;
        if (!taker.Digits(1, 9, first)) return std::nullopt;
        taker.SkipDigits();
      }
    }
    if (!TakeZone(taker)) return std::nullopt;
  }
  if (!taker.done()) return std::nullopt;
  const std::chrono::sys_days days(calendar);
  date.days = static_cast<int>(days.time_since_epoch().count());
  date.weekday = static_cast<int>(std::chrono::weekday(days).iso_encoding()) - 1;
  return date;
}

}  // namespace turnout
