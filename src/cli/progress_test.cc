#include "cli/progress.h"

#include <gtest/gtest.h>

namespace turnout {
namespace {

constexpr Progress kHalf = {.done = 50, .total = 100, .rows = 1'310'000, .rejected = 0, .seconds = 2};

TEST(ProgressLineTest, ABarWhereThereIsRoom) {
  EXPECT_EQ(ProgressLine(kHalf, 80),
            "[################.................]  50 %  1.31 M rows  655.0 k rows/s  2 s left");
  EXPECT_EQ(ProgressLine(kHalf, 80).size(), 80u);
  EXPECT_EQ(ProgressLine(kHalf, 200),
            "[####################....................]  50 %  1.31 M rows  655.0 k rows/s  2 s left");
}

TEST(ProgressLineTest, NeverWiderThanTheTerminal) {
  EXPECT_EQ(ProgressLine(kHalf, 53), "[###...]  50 %  1.31 M rows  655.0 k rows/s  2 s left");
  EXPECT_EQ(ProgressLine(kHalf, 50), " 50 %  1.31 M rows  655.0 k rows/s  2 s left");
  EXPECT_EQ(ProgressLine(kHalf, 20), " 50 %  1.31 M rows  ");
  EXPECT_EQ(ProgressLine(kHalf, 1), " ");
  EXPECT_EQ(ProgressLine(kHalf, 0), " ");
  EXPECT_EQ(ProgressLine(kHalf, -5), " ");
  for (int width = 1; width < 200; ++width) {
    EXPECT_LE(ProgressLine(kHalf, width).size(), static_cast<std::size_t>(width));
  }
}

TEST(ProgressLineTest, BeginningAndEnd) {
  EXPECT_EQ(ProgressLine({.done = 0, .total = 100, .rows = 0, .rejected = 0, .seconds = 0}, 60),
            "[..................................]   0 %  0 rows  0 rows/s");
  EXPECT_EQ(ProgressLine({.done = 100, .total = 100, .rows = 5, .rejected = 2, .seconds = 0.5}, 60),
            "[#####################] 100 %  5 rows  10 rows/s  2 rejected");
  // A file that grew meanwhile.
  EXPECT_EQ(ProgressLine({.done = 150, .total = 100, .rows = 5, .rejected = 0, .seconds = 1}, 40),
            "[##############] 100 %  5 rows  5 rows/s");
  // 100 % is said when it is done, not before.
  EXPECT_NE(
      ProgressLine({.done = 999, .total = 1000, .rows = 5, .rejected = 0, .seconds = 1}, 80).find(" 99 %"),
      std::string::npos);
}

TEST(ProgressLineTest, OfAPipeTheEndIsNotKnown) {
  EXPECT_EQ(ProgressLine({.done = 50, .total = 0, .rows = 1500, .rejected = 20, .seconds = 3}, 80),
            "1.5 k rows  500 rows/s  20 rejected");
  EXPECT_EQ(ProgressLine({.done = 50, .total = 0, .rows = 1500, .rejected = 20, .seconds = 3}, 9),
            "1.5 k row");
}

TEST(ProgressLineTest, TimeLeft) {
  const auto left = [](double seconds) {
    const std::string line =
        ProgressLine({.done = 50, .total = 100, .rows = 0, .rejected = 0, .seconds = seconds}, 200);
    return line.substr(line.rfind("rows/s") + 8);
  };
  EXPECT_EQ(left(0.2), "0 s left");
  EXPECT_EQ(left(59.4), "59 s left");
  EXPECT_EQ(left(59.6), "1 min 00 s left");
  EXPECT_EQ(left(3599), "59 min 59 s left");
  EXPECT_EQ(left(3661), "1 h 01 min left");
}

TEST(ShortTest, ThreeDigitsAndAUnit) {
  EXPECT_EQ(Short(0), "0");
  EXPECT_EQ(Short(999.4), "999");
  EXPECT_EQ(Short(999.6), "1.0 k");
  EXPECT_EQ(Short(12'345), "12.3 k");
  EXPECT_EQ(Short(999'949), "999.9 k");
  EXPECT_EQ(Short(999'951), "1.00 M");
  EXPECT_EQ(Short(1'310'000), "1.31 M");
  EXPECT_EQ(Short(999'996'000), "1.00 G");
  EXPECT_EQ(Short(2.5e9), "2.50 G");
}

}  // namespace
}  // namespace turnout
