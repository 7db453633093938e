#include "bytes/number.h"

#include <cassert>
#include <charconv>
#include <cmath>
#include <limits>

namespace turnout {
namespace {

bool IsDigit(char c) { return static_cast<unsigned char>(c - '0') <= 9; }

// 10^0 to 10^22: the powers of ten that a double holds exactly.
constexpr double kPowersOfTen[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                   1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
constexpr uint64_t kLargestExact = uint64_t{1} << 53;
constexpr int kMantissaDigits = 19;  // always fit into 64 bits

// A number's parts, as far as its text follows the grammar.
struct Decimal {
  bool valid = false;
  bool negative = false;
  bool exact = true;  // mantissa * 10^exponent is the number (at most 19 significant digits)
  uint64_t mantissa = 0;
  int64_t exponent = 0;
  int64_t leading = 0;  // decimal exponent of the first digit that is not 0
};

Decimal Split(std::string_view text) {
  Decimal number;
  const char* at = text.data();
  const char* const end = at + text.size();
  if (at != end && (*at == '-' || *at == '+')) number.negative = *at++ == '-';

  int significant = 0;
  int64_t fraction = 0;    // digits after the point so far
  int64_t whole_left = 0;  // digits before the point that follow the first significant one
  bool digits = false, point = false;
  for (; at != end; ++at) {
    if (IsDigit(*at)) {
      digits = true;
      if (point) ++fraction;
      if (significant == 0) {
        if (*at == '0') continue;
        number.leading = point ? -fraction : 0;
      } else if (!point) {
        ++whole_left;
      }
      if (significant < kMantissaDigits) {
        number.mantissa = number.mantissa * 10 + static_cast<uint64_t>(*at - '0');
      } else {
        number.exact = false;
      }
      ++significant;
    } else if (*at == '.' && !point) {
      point = true;
    } else {
      break;
    }
  }
  if (!digits) return number;
  number.leading += whole_left;

  int64_t exponent = 0;
  if (at != end && (*at == 'e' || *at == 'E')) {
    ++at;
    bool down = false;
    if (at != end && (*at == '-' || *at == '+')) down = *at++ == '-';
    if (at == end) return number;
    for (; at != end && IsDigit(*at); ++at) {
      if (exponent < int64_t{1} << 50) exponent = exponent * 10 + (*at - '0');
    }
    if (!IsDigit(at[-1])) return number;
    if (down) exponent = -exponent;
  }
  number.valid = at == end;
  number.exponent = exponent - fraction;
  number.leading += exponent;
  return number;
}

}  // namespace

ParsedNumber ParseNumber(std::string_view text) {
  // PERF: nearly every number is a few digits, perhaps with a minus and a point. They take 40 instructions
  // here instead of 155, which is 6 % of scoring a churn row from CSV.
  if (text.size() <= kMantissaDigits) {
    const char* at = text.data();
    const char* const end = at + text.size();
    const bool minus = at != end && *at == '-';
    at += minus;
    const auto places = end - at;
    const char* point = nullptr;
    uint64_t mantissa = 0;
    for (; at != end; ++at) {
      if (IsDigit(*at)) {
        mantissa = mantissa * 10 + static_cast<uint64_t>(*at - '0');
      } else if (*at == '.' && point == nullptr) {
        point = at;
      } else {
        break;
      }
    }
    if (at == end && places > (point != nullptr ? 1 : 0) && mantissa <= kLargestExact) {
      // Exact operands, so one rounding: as below.
      const auto whole = static_cast<double>(mantissa);
      const double value = point == nullptr ? whole : whole / kPowersOfTen[end - point - 1];
      return {minus ? -value : value, NumberError::kNone};
    }
  }

  const Decimal number = Split(text);
  if (!number.valid) return {0, NumberError::kSyntax};
  const double sign = number.negative ? -1.0 : 1.0;
  if (number.mantissa == 0) return {std::copysign(0.0, sign), NumberError::kNone};

  // Both operands are exact, so the one rounding of * or / gives the nearest double (Clinger 1990).
  if (number.exact && number.mantissa <= kLargestExact && number.exponent >= -22 && number.exponent <= 22) {
    const auto mantissa = static_cast<double>(number.mantissa);
    const double magnitude = number.exponent < 0 ? mantissa / kPowersOfTen[-number.exponent]
                                                 : mantissa * kPowersOfTen[number.exponent];
    return {sign * magnitude, NumberError::kNone};
  }

  const char* const end = text.data() + text.size();
  double value = 0;
  const auto [stop, error] = std::from_chars(text.data() + (text.front() == '+'), end, value);
  if (error == std::errc::result_out_of_range) {
    if (number.leading > 0) return {0, NumberError::kTooLarge};
    return {std::copysign(0.0, sign), NumberError::kNone};
  }
  assert(error == std::errc() && stop == end);
  return {value, NumberError::kNone};
}

bool IsJsonNumber(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  const auto digits = [&] {
    const char* const start = at;
    while (at != end && IsDigit(*at)) ++at;
    return at != start;
  };
  if (at != end && *at == '-') ++at;
  if (at != end && *at == '0') {
    ++at;
  } else if (!digits()) {
    return false;
  }
  if (at != end && *at == '.') {
    ++at;
    if (!digits()) return false;
  }
  if (at != end && (*at == 'e' || *at == 'E')) {
    ++at;
    if (at != end && (*at == '-' || *at == '+')) ++at;
    if (!digits()) return false;
  }
  return at == end;
}

void AppendNumber(std::string& out, double value) {
  if (std::fabs(value) < static_cast<double>(kLargestExact)) {
    const auto whole = static_cast<int64_t>(value);
    if (static_cast<double>(whole) == value) {
      if (whole == 0 && std::signbit(value)) out.push_back('-');
      AppendInteger(out, whole);
      return;
    }
  } else if (!std::isfinite(value)) {
    out.append(std::isnan(value) ? "nan" : value < 0 ? "-inf" : "inf");
    return;
  }
  char buffer[32];  // the longest is 24: "-2.2250738585072014e-308"
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  assert(error == std::errc());
  out.append(buffer, end);
}

void AppendFixed(std::string& out, double value, int decimals) {
  assert(decimals >= 0 && decimals <= 17);
  if (!std::isfinite(value)) {
    AppendNumber(out, value);
    return;
  }
  char buffer[1 + std::numeric_limits<double>::max_exponent10 + 1 + 1 + 17];
  const auto [end, error] =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed, decimals);
  assert(error == std::errc());
  out.append(buffer, end);
}

void AppendInteger(std::string& out, int64_t value) {
  char buffer[20];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  assert(error == std::errc());
  out.append(buffer, end);
}

}  // namespace turnout
