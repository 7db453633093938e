#include "bytes/number.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>

namespace turnout {
namespace {

std::string Shortest(double value) {
  std::string out;
  AppendNumber(out, value);
  return out;
}

std::string Fixed(double value, int decimals) {
  std::string out;
  AppendFixed(out, value, decimals);
  return out;
}

uint64_t Bits(double value) { return std::bit_cast<uint64_t>(value); }

TEST(ParseNumberTest, ReadsWhatTheGrammarAllows) {
  struct Case {
    const char* text;
    double value;
  };
  const std::string ones(400, '1');
  const std::string tiny = "0." + std::string(400, '0') + "1e401";
  const std::string wide = "1" + std::string(400, '0') + "e-400";
  for (const auto& [text, value] : {Case{"0", 0.0},
                                    Case{"-0", -0.0},
                                    Case{"+7", 7.0},
                                    Case{"42", 42.0},
                                    Case{"42.0", 42.0},
                                    Case{".5", 0.5},
                                    Case{"5.", 5.0},
                                    Case{"-.5e1", -5.0},
                                    Case{"007", 7.0},
                                    Case{"4.1e1", 41.0},
                                    Case{"4.1E+1", 41.0},
                                    Case{"410e-1", 41.0},
                                    Case{"0.1", 0.1},
                                    Case{"1e22", 1e22},
                                    Case{"1e23", 1e23},
                                    Case{"9007199254740993", 9007199254740992.0},
                                    Case{"9007199254740995", 9007199254740996.0},
                                    Case{"123456789012345678901234567890", 123456789012345678901234567890.0},
                                    Case{"1.7976931348623157e308", std::numeric_limits<double>::max()},
                                    Case{"5e-324", 5e-324},
                                    Case{"0e999999999999999999999", 0.0},
                                    Case{tiny.c_str(), 1.0},
                                    Case{wide.c_str(), 1.0},
                                    Case{"2.2250738585072011e-308", 2.2250738585072011e-308}}) {
    const ParsedNumber parsed = ParseNumber(text);
    EXPECT_EQ(parsed.error, NumberError::kNone) << text;
    EXPECT_EQ(Bits(parsed.value), Bits(value)) << text;
  }
  EXPECT_EQ(ParseNumber(ones).error, NumberError::kTooLarge);
}

TEST(ParseNumberTest, UnderflowIsZeroWithItsSignAndOverflowIsAnError) {
  for (const char* text : {"1e-400", "2e-324", "1e-99999999999999999999", "0.0000000000000001e-320"}) {
    EXPECT_EQ(Bits(ParseNumber(text).value), Bits(0.0)) << text;
    EXPECT_EQ(ParseNumber(text).error, NumberError::kNone) << text;
  }
  EXPECT_EQ(Bits(ParseNumber("-1e-400").value), Bits(-0.0));
  for (const char* text :
       {"1e309", "-1e309", "1e999", "+1e999", "1e99999999999999999999", "1.8e308", "1000000000000e300"}) {
    EXPECT_EQ(ParseNumber(text).error, NumberError::kTooLarge) << text;
  }
}

TEST(ParseNumberTest, RefusesEverythingElse) {
  for (const char* text : {"",      "-",     "+",     ".",   "-.",  "e5",   ".e5",      "1e",  "1e+",
                           "1e5.0", "1.2.3", "0x10",  "inf", "nan", "-inf", "infinity", "NaN", " 1",
                           "1 ",    "1,000", "1_000", "--1", "+-1", "1f",   "1d",       "٤",   "1e5e5"}) {
    EXPECT_EQ(ParseNumber(text).error, NumberError::kSyntax) << text;
  }
  EXPECT_EQ(ParseNumber(std::string_view("1\0", 2)).error, NumberError::kSyntax);
}

// glibc's strtod rounds correctly; every text must give the same bits.
TEST(ParseNumberTest, AgreesWithStrtodOnRandomDecimals) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 200'000; ++i) {
    std::string text = random() % 2 ? "-" : "";
    const int whole = static_cast<int>(random() % 12), fraction = static_cast<int>(random() % 12);
    for (int digit = 0; digit <= whole; ++digit) text += static_cast<char>('0' + random() % 10);
    if (fraction > 0) text += '.';
    for (int digit = 0; digit < fraction; ++digit) text += static_cast<char>('0' + random() % 10);
    if (random() % 2) text += "e" + std::to_string(static_cast<int>(random() % 660) - 340);
    const double expected = std::strtod(text.c_str(), nullptr);
    const ParsedNumber parsed = ParseNumber(text);
    if (std::isinf(expected)) {
      ASSERT_EQ(parsed.error, NumberError::kTooLarge) << text;
    } else {
      ASSERT_EQ(parsed.error, NumberError::kNone) << text;
      ASSERT_EQ(Bits(parsed.value), Bits(expected)) << text;
    }
  }
}

TEST(IsJsonNumberTest, IsExactlyJsonsGrammar) {
  for (const char* text : {"0", "-0", "1", "10", "-1.5", "0.5", "1e5", "1E+5", "1.25e-3", "0e0"})
    EXPECT_TRUE(IsJsonNumber(text)) << text;
  for (const char* text :
       {"", "-", "+1", "01", "-01", ".5", "5.", "1.e5", "1e", "1e+", "0x1", "1 ", "nan", "--1", "1.5.5"}) {
    EXPECT_FALSE(IsJsonNumber(text)) << text;
  }
}

TEST(AppendNumberTest, IsShortestAndWholeNumbersHaveNoPoint) {
  EXPECT_EQ(Shortest(0.1), "0.1");
  EXPECT_EQ(Shortest(42), "42");
  EXPECT_EQ(Shortest(55000), "55000");
  EXPECT_EQ(Shortest(100000), "100000");
  EXPECT_EQ(Shortest(9007199254740991.0), "9007199254740991");
  EXPECT_EQ(Shortest(-1e15), "-1000000000000000");
  EXPECT_EQ(Shortest(1e-7), "1e-07");
  EXPECT_EQ(Shortest(1e22), "1e+22");
  EXPECT_EQ(Shortest(0.0), "0");
  EXPECT_EQ(Shortest(-0.0), "-0");
  EXPECT_EQ(Shortest(static_cast<double>(0.1F)), "0.10000000149011612");
  EXPECT_EQ(Shortest(std::nan("")), "nan");
  EXPECT_EQ(Shortest(-HUGE_VAL), "-inf");
  EXPECT_EQ(Shortest(HUGE_VAL), "inf");
}

TEST(AppendNumberTest, ReadsBackToTheSameBits) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 1'000'000; ++i) {
    const double value = std::bit_cast<double>(random());
    if (!std::isfinite(value)) continue;
    const std::string text = Shortest(value);
    ASSERT_TRUE(IsJsonNumber(text)) << text;
    ASSERT_EQ(Bits(ParseNumber(text).value), Bits(value)) << text;
  }
  for (int64_t whole = -100'000; whole < 100'000; whole += 7) {
    ASSERT_EQ(Shortest(static_cast<double>(whole)), std::to_string(whole));
  }
}

TEST(AppendFixedTest, RoundsHalfToEvenOfTheExactValue) {
  EXPECT_EQ(Fixed(0.125, 2), "0.12");
  EXPECT_EQ(Fixed(0.375, 2), "0.38");
  EXPECT_EQ(Fixed(2.5, 0), "2");
  EXPECT_EQ(Fixed(1.005, 2), "1.00");  // 1.005 is below 1.005
  EXPECT_EQ(Fixed(-0.001, 2), "-0.00");
  EXPECT_EQ(Fixed(3, 2), "3.00");
  EXPECT_EQ(Fixed(1e308, 17).size(), 309u + 1 + 17);
  EXPECT_EQ(Fixed(-std::numeric_limits<double>::max(), 17).size(), 1u + 309 + 1 + 17);
  EXPECT_EQ(Fixed(std::nan(""), 2), "nan");
}

}  // namespace
}  // namespace turnout
