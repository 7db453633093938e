#include "model/calibration.h"

#include <gtest/gtest.h>

#include <cmath>

namespace turnout {
namespace {

std::vector<double> Calibrated(const Calibration& calibration, std::vector<double> x) {
  const Status checked = CheckCalibration(calibration);
  EXPECT_TRUE(checked) << checked.error().message;
  std::vector<double> raw(static_cast<std::size_t>(calibration.outputs));
  Calibrate(calibration, x.data(), raw.data());
  return raw;
}

Calibrator Sigmoid(double a, double b) { return {.kind = Calibrator::Kind::kSigmoid, .a = a, .b = b}; }
Calibrator Isotonic(std::vector<double> x, std::vector<double> y) {
  return {.kind = Calibrator::Kind::kIsotonic, .x = std::move(x), .y = std::move(y)};
}

TEST(Calibration, TwoClasses) {
  const Calibration sigmoid{.features = 1, .folds = {{.calibrators = {Sigmoid(-2, 0.5)}, .places = {1}}}};
  const double p = 1 / (1 + std::exp(-2 * 3.0 + 0.5));
  EXPECT_EQ(Calibrated(sigmoid, {3}), (std::vector{1 - p, p}));
}

TEST(Calibration, IsotonicIsLinearBetweenItsPoints) {
  const Calibration isotonic{.features = 1,
                             .folds = {{.calibrators = {Isotonic({1, 2, 4}, {0, 0.25, 1})}, .places = {1}}}};
  const auto second = [&](double x) { return Calibrated(isotonic, {x})[1]; };
  EXPECT_EQ(second(-INFINITY), 0);
  EXPECT_EQ(second(1), 0);
  EXPECT_EQ(second(1.5), 0.125);
  EXPECT_EQ(second(2), 0.25);
  EXPECT_EQ(second(3), 0.625);
  EXPECT_EQ(second(4), 1);
  EXPECT_EQ(second(9), 1);
  const Calibration one{.features = 1, .folds = {{.calibrators = {Isotonic({1}, {0.5})}, .places = {1}}}};
  EXPECT_EQ(Calibrated(one, {7})[1], 0.5);
}

TEST(Calibration, ManyClassesAreDividedByTheirSum) {
  const Calibrator as_is = Isotonic({0, 1}, {0, 1});
  Calibration three{.features = 3,
                    .outputs = 3,
                    .folds = {{.columns = 3, .calibrators = {as_is, as_is, as_is}, .places = {0, 1, 2}}}};
  EXPECT_EQ(Calibrated(three, {0.5, 0.5, 1}), (std::vector{0.25, 0.25, 0.5}));
  const double third = 1.0 / 3;
  EXPECT_EQ(Calibrated(three, {0, 0, 0}), (std::vector{third, third, third}));
  // A fold that has not seen the second class; and the mean of two folds.
  three.folds.push_back({.columns = 2, .calibrators = {as_is, as_is}, .places = {2, 0}});
  three.features = 5;
  EXPECT_EQ(Calibrated(three, {0.5, 0.5, 1, 1, 0}), (std::vector{0.125, 0.125, 0.75}));
}

TEST(Calibration, Temperature) {
  const Calibration scores{.features = 1, .folds = {{.kind = Fold::Kind::kTemperature, .beta = 0.5}}};
  const double e = std::exp(-0.5 - 0.5);
  EXPECT_EQ(Calibrated(scores, {1}), (std::vector{e / (e + 1), 1 / (e + 1)}));
  const Calibration logs{.features = 1, .folds = {{.kind = Fold::Kind::kLogTemperature, .beta = 1}}};
  EXPECT_NEAR(Calibrated(logs, {0.2})[1], 0.2, 1e-12);
}

TEST(Calibration, IsChecked) {
  const auto error = [](Calibration calibration) {
    const Status checked = CheckCalibration(calibration);
    return checked ? "" : checked.error().message;
  };
  EXPECT_EQ(error({.features = 1, .outputs = 1}), "calibration: 1 classes");
  EXPECT_EQ(error({.features = 1}), "calibration: no folds");
  const auto fold = [&](Fold one) { return error({.features = 1, .folds = {std::move(one)}}); };
  EXPECT_EQ(fold({.columns = 2, .calibrators = {Sigmoid(1, 0)}, .places = {1}}),
            "calibration: 1 columns, its folds take 2");
  EXPECT_EQ(fold({}), "calibration: fold 1: 0 calibrators of 0 classes for 1 columns");
  EXPECT_EQ(fold({.calibrators = {Sigmoid(1, 0)}, .places = {2}}),
            "calibration: fold 1: calibrator 1 gives class 2 of 2");
  EXPECT_EQ(fold({.calibrators = {Sigmoid(NAN, 0)}, .places = {1}}),
            "calibration: fold 1: calibrator 1: expit of nan x + 0");
  EXPECT_EQ(fold({.calibrators = {Isotonic({}, {})}, .places = {1}}),
            "calibration: fold 1: calibrator 1: 0 scores with 0 probabilities");
  EXPECT_EQ(fold({.calibrators = {Isotonic({2, 1}, {0, 1})}, .places = {1}}),
            "calibration: fold 1: calibrator 1: point 1 is not above the one before");
  EXPECT_EQ(fold({.calibrators = {Isotonic({2}, {INFINITY})}, .places = {1}}),
            "calibration: fold 1: calibrator 1: point 0 is not finite");
  EXPECT_EQ(fold({.kind = Fold::Kind::kTemperature, .columns = 3}),
            "calibration: fold 1: 3 columns for 2 classes");
  EXPECT_EQ(fold({.kind = Fold::Kind::kTemperature, .beta = NAN}),
            "calibration: fold 1: the inverse temperature is nan");
}

}  // namespace
}  // namespace turnout
