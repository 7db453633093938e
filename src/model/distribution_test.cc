#include "model/distribution.h"

#include <gtest/gtest.h>

#include <cmath>

namespace turnout {
namespace {

// scipy.special.ndtri.
TEST(NormalQuantile, IsScipysToFifteenDigits) {
  const std::pair<double, double> known[] = {{1e-300, -37.04709629936120},
                                             {1e-7, -5.199337582192817},
                                             {0.001, -3.090232306167813},
                                             {0.025, -1.959963984540054},
                                             {0.3, -0.5244005127080407},
                                             {0.4999999, -2.506628274645632e-07},
                                             {0.5, 0},
                                             {0.7, 0.5244005127080407},
                                             {0.975, 1.959963984540054},
                                             {0.999999, 4.753424308817087}};
  for (const auto& [p, x] : known) {
    EXPECT_NEAR(NormalQuantile(p), x, 1e-14 * std::max(1.0, std::fabs(x))) << p;
  }
}

TEST(Quantiles, RepeatedOnesGiveTheMiddle) {
  const Quantiles uniform{{0, 0.25, 0.5, 0.75, 1}, {{1, 2, 2, 2, 5}}, false};
  EXPECT_EQ(Map(uniform, 0, 1), 0);
  EXPECT_EQ(Map(uniform, 0, -7), 0);
  EXPECT_EQ(Map(uniform, 0, 1.5), 0.125);
  EXPECT_EQ(Map(uniform, 0, 2), 0.5);
  EXPECT_EQ(Map(uniform, 0, 5), 1);
  EXPECT_EQ(Map(uniform, 0, 1e300), 1);
  EXPECT_TRUE(std::isnan(Map(uniform, 0, NAN)));
  const Quantiles normal{{0, 0.5, 1}, {{0, 1, 2}}, true};
  EXPECT_EQ(Map(normal, 0, 1), 0);
  EXPECT_NEAR(Map(normal, 0, -5), -5.19933758270342, 1e-9);
  EXPECT_NEAR(Map(normal, 0, 2), 5.19933758270342, 1e-9);
  const Quantiles constant{{0, 1}, {{3, 3}}, false};
  EXPECT_EQ(Map(constant, 0, 3), 0);  // the lower end comes last
}

TEST(Quantiles, AreCheckedToAscend) {
  EXPECT_FALSE(CheckStep(Quantiles{{0, 1}, {{2, 1}}, false}, 1));
  EXPECT_FALSE(CheckStep(Quantiles{{}, {{}}, false}, 1));
  EXPECT_FALSE(CheckStep(Quantiles{{0, 1}, {{1}}, false}, 1));
  EXPECT_TRUE(CheckStep(Quantiles{{0, 1}, {{NAN, NAN}}, false}, 1));  // a column that was always missing
  EXPECT_FALSE(CheckStep(Bins{{{2, 1}}}, 1));
}

TEST(Power, BothFormsAgree) {
  for (const double lambda : {-1.5, 0.0, 0.3, 1.0, 2.0, 3.7}) {
    for (const double x : {-20.0, -0.5, 0.0, 0.25, 9.0}) {
      const double a = Map(Power{Power::Method::kYeoJohnson, {lambda}}, 0, x);
      EXPECT_NEAR(Map(Power{Power::Method::kYeoJohnsonByPow, {lambda}}, 0, x), a,
                  1e-12 * std::max(1.0, std::fabs(a)));
    }
  }
  EXPECT_EQ(Map(Power{Power::Method::kYeoJohnson, {0}}, 0, 3), std::log1p(3.0));
  EXPECT_EQ(Map(Power{Power::Method::kYeoJohnson, {2}}, 0, -3), -std::log1p(3.0));
  EXPECT_EQ(Map(Power{Power::Method::kBoxCox, {0}}, 0, 3), std::log(3.0));
  EXPECT_NEAR(Map(Power{Power::Method::kBoxCox, {1}}, 0, 3), 2, 1e-15);
}

TEST(Bins, CountEdges) {
  const Bins bins{{{-1, 0.5, 0.5, 2}}};
  const std::pair<double, double> known[] = {{-2, 0}, {-1, 1}, {0.4, 1}, {0.5, 3}, {2, 4}, {1e300, 4}};
  for (const auto& [x, bin] : known) EXPECT_EQ(Map(bins, 0, x), bin) << x;
}

TEST(Threshold, IsNotAboveItself) {
  EXPECT_EQ(Map(Threshold{1.5}, 0, 1.5), 0);
  EXPECT_EQ(Map(Threshold{1.5}, 0, 1.6), 1);
}

}  // namespace
}  // namespace turnout
