// Numbers as text: exact both ways.
//
// Grammar of a number (JSON's, plus what CSV files hold): optional sign (+ too), digits with an optional
// point (".5" and "5." too), optional exponent. No hexadecimal, no "inf", no "nan", no digit separators, no
// blanks. The nearest double, ties to even, whatever the length.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace turnout {

enum class NumberError : uint8_t {
  kNone,
  kSyntax,    // not a number at all
  kTooLarge,  // magnitude above the largest double ("1e999"); underflow is not an error, it gives 0 or a
              // subnormal
};

struct ParsedNumber {
  double value = 0;
  NumberError error = NumberError::kNone;
};

ParsedNumber ParseNumber(std::string_view text);

// Exactly JSON's grammar (no leading +, no leading zeros, digits on both sides of the point).
bool IsJsonNumber(std::string_view text);

// Shortest text that reads back to the same double: "0.1", "42", "1e-07"; "nan", "inf", "-inf".
// Whole numbers below 2^53 have no point or exponent; negative zero is "-0".
void AppendNumber(std::string& out, double value);

// Fixed decimals (0 to 17), rounded half to even of the exact value: AppendFixed(out, 0.125, 2) is "0.12".
void AppendFixed(std::string& out, double value, int decimals);

void AppendInteger(std::string& out, int64_t value);

}  // namespace turnout
