// What XGBoost computes in float32: sums of a linear model, links, the number that stands for missing.
#include <gtest/gtest.h>

#include <cmath>

#include "model/model.h"

namespace turnout {
namespace {

TEST(Float32, ALinearModelAddsInOrderFromItsIntercept) {
  const Linear linear{.features = 3, .outputs = 1, .float32 = true, .weights = {1, 1, -1}, .intercept = {1}};
  ASSERT_TRUE(CheckLinear(linear));
  const double row[] = {0x1p24, 1, 0x1p24};
  double raw = 0;
  SumLinear(linear, row, &raw);
  EXPECT_EQ(raw, 0);  // 1 + 2^24 is 2^24 there, and so is that + 1
  const double tenth[] = {0.1, 0, 0};
  SumLinear(linear, tenth, &raw);
  EXPECT_EQ(raw, static_cast<double>(1.0f + 0.1f));
}

std::vector<double> Apply(Link link, std::vector<double> raw, std::size_t outputs) {
  std::vector<double> out(outputs);
  ApplyLink(link, 1, raw, out);
  return out;
}

TEST(Float32, LinksOfSeveralValues) {
  const float half = 1.0f / (std::exp(-0.0f) + 1.0f + 1e-16f);
  EXPECT_EQ(Apply(Link::kExpitFloat, {0}, 2), (std::vector<double>{1.0f - half, half}));
  EXPECT_EQ(Apply(Link::kExpitFloat, {0, 200}, 2), (std::vector<double>{half, 1}));
  EXPECT_EQ(Apply(Link::kStep, {1e-30}, 2), (std::vector<double>{0, 1}));
  EXPECT_EQ(Apply(Link::kStep, {0, 1, -1}, 3), (std::vector<double>{0, 1, 0}));
  EXPECT_EQ(Apply(Link::kAscending, {3, -1, 2}, 3), (std::vector<double>{-1, 2, 3}));
  const float step = 1e-6f + (2.0f + std::log1p(std::exp(-2.0f)));
  EXPECT_EQ(Apply(Link::kExpectiles, {0.5, 2}, 2), (std::vector<double>{0.5, 0.5f + step}));
}

TEST(Float32, ANumberThatIsMissing) {
  const Blank blank{-999.1f};
  EXPECT_TRUE(CheckStep(blank, 3));
  EXPECT_TRUE(std::isnan(Map(blank, 0, -999.1)));
  EXPECT_TRUE(std::isnan(Map(blank, 0, std::nan(""))));
  EXPECT_EQ(Map(blank, 0, -999.2), -999.2);
  EXPECT_TRUE(std::isnan(Map(Blank{0}, 0, -1e-60))) << "0 as a float32";
  EXPECT_FALSE(CheckStep(Blank{NAN}, 1));
}

}  // namespace
}  // namespace turnout
