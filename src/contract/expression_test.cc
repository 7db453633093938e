#include "contract/expression.h"

#include <gtest/gtest.h>

#include <cmath>

#include "contract/date.h"

namespace turnout {
namespace {

// Columns: age = 30, income = 50000.5, gone = missing, plan = "premium", when = "2024-02-29T13:45:10Z",
// nothing = a missing text, "my field" = 7.
class ExpressionTest : public testing::Test {
 protected:
  static constexpr ColumnType N = ColumnType::kNumber, T = ColumnType::kText;
  ExpressionTest() : batch_(std::vector<ColumnType>{N, N, N, T, T, T, N}) {
    batch_.AppendRow(0, {});
    batch_.column(0).numbers.back() = 30;
    batch_.column(1).numbers.back() = 50000.5;
    batch_.column(3).texts.back() = "premium";
    batch_.column(4).texts.back() = "2024-02-29T13:45:10Z";
    batch_.column(6).numbers.back() = 7;
  }

  static Result<Expression> Parse(std::string_view text) {
    return Expression::Parse(text, [](std::string_view name) -> Expression::Named {
      static const std::pair<std::string_view, ColumnType> kColumns[] = {
          {"age", N}, {"income", N}, {"gone", N}, {"plan", T}, {"when", T}, {"nothing", T}, {"my field", N}};
      for (int32_t i = 0; i < static_cast<int32_t>(std::size(kColumns)); ++i) {
        if (kColumns[i].first == name) return {i, kColumns[i].second};
      }
      return {};
    });
  }
  std::string Problem(std::string_view text) {
    const auto parsed = Parse(text);
    return parsed ? "" : parsed.error().message;
  }

  Batch batch_;
};

TEST_F(ExpressionTest, ComputesNumbers) {
  struct Case {
    const char* text;
    double value;
  };
  for (const auto& [text, value] : {
           Case{"1", 1},
           Case{"age / 12", 30.0 / 12},
           Case{"1 + 2 * 3 - 4 / 2", 5},
           Case{"(1 + 2) * 3", 9},
           Case{"10 - 4 - 3", 3},
           Case{"64 / 4 / 2", 8},
           Case{"-age", -30},
           Case{"--age", 30},
           Case{"2 * -3", -6},
           Case{"- 2 + 5", 3},
           Case{"+5", 5},
           Case{"1e3 + .5", 1000.5},
           Case{"0.1 + 0.2", 0.1 + 0.2},
           Case{"log1p(income) - 2 * max(age, 18)", std::log1p(50000.5) - 60},
           Case{"log(exp(2))", 2},
           Case{"log10(1000)", 3},
           Case{"log2(8)", 3},
           Case{"expm1(0)", 0},
           Case{"sqrt(16)", 4},
           Case{"pow(2, 10)", 1024},
           Case{"abs(-2.5)", 2.5},
           Case{"floor(-2.5)", -3},
           Case{"ceil(-2.5)", -2},
           Case{"round(2.5)", 2},
           Case{"round(3.5)", 4},
           Case{"min(3, 1, 2)", 1},
           Case{"max(3, 1, 2)", 3},
           Case{"min(5)", 5},
           Case{"clip(age, 0, 1)", 1},
           Case{"clip(-1, 0, 1)", 0},
           Case{"clip(0.5, 0, 1)", 0.5},
           Case{"age < 31", 1},
           Case{"age <= 30", 1},
           Case{"age > 30", 0},
           Case{"age >= 30", 1},
           Case{"age == 30", 1},
           Case{"age != 30", 0},
           Case{"1 + 1 == 2", 1},
           Case{"age > 20 and age < 40", 1},
           Case{"age > 40 or age < 20", 0},
           Case{"not age", 0},
           Case{"not not age", 1},
           Case{"not age > 40", 1},
           Case{"0 and 1 or 1", 1},
           Case{"if(age < 30, 1, 2)", 2},
           Case{"if(income > 0, age / income, 0)", 30 / 50000.5},
           Case{"if(0, 1 / 0, 4)", 4},
           Case{"coalesce(gone, 5)", 5},
           Case{"coalesce(gone, gone, age, 1)", 30},
           Case{"is_missing(gone)", 1},
           Case{"is_missing(age)", 0},
           Case{"is_missing(plan)", 0},
           Case{"is_missing(nothing)", 1},
           Case{"is_missing(age / 0)", 1},
           Case{"`my field` * 2", 14},
           Case{"lookup(plan, basic: 0, premium: 2, else: 1)", 2},
           Case{"lookup(plan, 'basic': 0, else: -1.5)", -1.5},
           Case{"lookup(plan, \"premium\": -2)", -2},
           Case{"1 + lookup(plan, 5: 1, premium: 3) * 2", 7},
           Case{"year(when)", 2024},
           Case{"month(when)", 2},
           Case{"day(when)", 29},
           Case{"weekday(when)", 3},
           Case{"hour(when)", 13},
           Case{"minute(when)", 45},
           Case{"days(when)", 19782},
       }) {
    const auto parsed = Parse(text);
    ASSERT_TRUE(parsed) << text << ": " << parsed.error().message;
    EXPECT_EQ(parsed->Evaluate(batch_, 0), value) << text;
    EXPECT_EQ(parsed->text(), text);
  }
}

TEST_F(ExpressionTest, WhatIsNoRealNumberIsMissing) {
  for (const char* text : {"gone",
                           "gone + 1",
                           "gone < 1",
                           "gone == gone",
                           "not gone",
                           "gone and 0",
                           "gone or 1",
                           "min(1, gone)",
                           "max(gone, 1)",
                           "clip(gone, 0, 1)",
                           "clip(1, gone, 2)",
                           "if(gone, 1, 2)",
                           "if(1, gone, 2)",
                           "coalesce(gone, gone)",
                           "1 / 0",
                           "0 / 0",
                           "log(-1)",
                           "log(0)",
                           "sqrt(-1)",
                           "exp(1000)",
                           "-(1 / 0)",
                           "1e308 * 10",
                           "pow(-8, 1 / 3)",
                           "lookup(plan, basic: 1)",
                           "lookup(nothing, basic: 1, else: 2)",
                           "year(plan)",
                           "year(nothing)",
                           "abs(gone)",
                           "round(gone)"}) {
    const auto parsed = Parse(text);
    ASSERT_TRUE(parsed) << text << ": " << parsed.error().message;
    EXPECT_TRUE(IsMissing(parsed->Evaluate(batch_, 0))) << text;
  }
}

TEST_F(ExpressionTest, SaysWhatIsWrongAndWhere) {
  struct Case {
    std::string text, message;
  };
  for (const auto& [text, message] : {
           Case{"", "character 1: the expression ends where a number, a name or '(' was expected"},
           Case{"age +", "character 6: the expression ends where a number, a name or '(' was expected"},
           Case{"(age", "character 5: the expression ends where ')' was expected"},
           Case{"age)", "character 4: expected an operator or the end, found ')'"},
           Case{"1 2", "character 3: expected an operator or the end, found '2'"},
           Case{"incme * 2", "character 1: unknown name 'incme'"},
           Case{"2 * system(age)", "character 5: unknown function 'system'"},
           Case{"plan + 1", "character 1: 'plan' is a text; lookup(plan, ...) gives a number for it"},
           Case{"year(age)", "character 6: year() needs a text; 'age' is a number"},
           Case{"lookup(age, a: 1)", "character 8: lookup() needs a text; 'age' is a number"},
           Case{"lookup(plan)", "character 12: expected ', text: number', found ')'"},
           Case{"lookup(plan, a: 1, a: 2)", "character 20: 'a' is given twice"},
           Case{"lookup(plan, a: 1, else: 2, else: 3)", "character 29: 'else' is given twice"},
           Case{"lookup(plan, a: b)", "character 17: expected a number, found 'b'"},
           Case{"lookup(plan, a 1)", "character 16: expected ':', found '1'"},
           Case{"lookup(plan, : 1)", "character 14: expected a text, found ':'"},
           Case{"year('2024')", "character 6: expected the name of a text field, found '2024'"},
           Case{"log()", "character 1: log() takes exactly 1 argument, not 0"},
           Case{"log(1, 2)", "character 1: log() takes exactly 1 argument, not 2"},
           Case{"if(1, 2)", "character 1: if() takes exactly 3 arguments, not 2"},
           Case{"min()", "character 1: min() takes at least 1 argument, not 0"},
           Case{"age ; age", "character 5: unexpected ';'"},
           Case{"age = 1", "character 5: unexpected '='"},
           Case{"a\xff", "character 1: unknown name 'a\xff'"},
           Case{"age \x01", "character 5: unexpected byte 0x01"},
           Case{"'text'", "character 1: expected a number, a name or '(', found 'text'"},
           Case{"'text", "character 1: no closing '"},
           Case{"1.2.3", "character 1: '1.2.3' is not a number"},
           Case{"1e", "character 1: '1e' is not a number"},
           Case{"1e999", "character 1: '1e999' is not a number"},
           Case{"1 < 2 < 3", "character 7: expected an operator or the end, found '<'"},
           Case{"2 ** 3", "character 4: expected a number, a name or '(', found '*'"},
       }) {
    EXPECT_EQ(Problem(text), message) << text;
  }
}

std::string Repeated(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

TEST_F(ExpressionTest, HasLimits) {
  EXPECT_EQ(Problem(Repeated("(", 31) + "age" + Repeated(")", 31)), "");
  EXPECT_EQ(Problem(Repeated("(", 32) + "age" + Repeated(")", 32)),
            "character 33: more than 32 levels of nesting");
  EXPECT_EQ(Problem(Repeated("(", 4000)), "character 33: more than 32 levels of nesting");
  EXPECT_EQ(Problem(Repeated("log(", 1000)), "character 129: more than 32 levels of nesting");
  EXPECT_EQ(Problem("1" + Repeated("+1", 127)), "");
  EXPECT_EQ(Problem("1" + Repeated("+1", 128)), "character 258: more than 256 operations");
  EXPECT_EQ(Problem(Repeated("-", 4000) + "1"), "character 4002: more than 256 operations");
  EXPECT_EQ(Problem(Repeated("not ", 1000) + "1"), "character 4002: more than 256 operations");
  EXPECT_EQ(Problem(std::string(4097, ' ')), "an expression of 4097 bytes; at most 4096 are read");
  EXPECT_EQ(Problem("min(" + Repeated("1,", 300) + "1)"), "character 518: more than 256 operations");
  const auto wide = Parse("max(" + Repeated("1,", 253) + "2)");
  ASSERT_TRUE(wide);
  EXPECT_EQ(wide->Evaluate(batch_, 0), 2);
}

TEST_F(ExpressionTest, SurvivesEveryTruncation) {
  const std::string text =
      "if(not is_missing(gone), lookup(plan, 'a b': -1e2, else: 3), clip(`my field` / 2, 0, year(when)))";
  ASSERT_EQ(Problem(text), "");
  for (std::size_t size = 0; size < text.size(); ++size) EXPECT_NE(Problem(text.substr(0, size)), "") << size;
}

TEST(ParseDateTest, ReadsIso8601AndChecksTheCalendar) {
  struct Case {
    const char* text;
    int year, month, day, hour, minute, weekday, days;
  };
  for (const Case& c :
       {Case{"1970-01-01", 1970, 1, 1, 0, 0, 3, 0}, Case{"1969-12-31", 1969, 12, 31, 0, 0, 2, -1},
        Case{"2000-02-29", 2000, 2, 29, 0, 0, 1, 11016},
        Case{"2024-02-29 23:59", 2024, 2, 29, 23, 59, 3, 19782},
        Case{"2024-12-31T00:00:00.123456789Z", 2024, 12, 31, 0, 0, 1, 20088},
        Case{"2024-03-01t01:02:60+05:30", 2024, 3, 1, 1, 2, 4, 19783},
        Case{"2024-03-01T01:02-0800", 2024, 3, 1, 1, 2, 4, 19783},
        Case{"2024-03-01T01:02:03+01", 2024, 3, 1, 1, 2, 4, 19783},
        Case{"0001-01-01", 1, 1, 1, 0, 0, 0, -719162}, Case{"9999-12-31", 9999, 12, 31, 0, 0, 4, 2932896}}) {
    const auto date = ParseDate(c.text);
    ASSERT_TRUE(date) << c.text;
    EXPECT_EQ(std::vector<int>(
                  {date->year, date->month, date->day, date->hour, date->minute, date->weekday, date->days}),
              std::vector<int>({c.year, c.month, c.day, c.hour, c.minute, c.weekday, c.days}))
        << c.text;
  }
  for (const char* text : {"",
                           "2024",
                           "2024-02",
                           "2024-2-9",
                           "2023-02-29",
                           "1900-02-29",
                           "2024-04-31",
                           "2024-13-01",
                           "2024-00-01",
                           "2024-01-00",
                           "2024-01-32",
                           "24-01-01",
                           "2024/01/01",
                           "20240101",
                           "2024-01-01T",
                           "2024-01-01T24:00",
                           "2024-01-01T12:60",
                           "2024-01-01T12:00:61",
                           "2024-01-01T12:00:00.",
                           "2024-01-01T12:00Zx",
                           "2024-01-01T12:00+24:00",
                           "2024-01-01T12:00+1",
                           " 2024-01-01",
                           "2024-01-01 ",
                           "2024-01-01x"}) {
    EXPECT_FALSE(ParseDate(text)) << text;
  }
}

}  // namespace
}  // namespace turnout
