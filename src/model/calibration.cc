// sklearn/calibration.py (_CalibratedClassifier, _SigmoidCalibration, _TemperatureScaling), isotonic.py with
// scipy's interp1d, which hands a linear interpolation of doubles to numpy's interp
// (numpy/_core/src/multiarray/compiled_base.c).
#include "model/calibration.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace turnout {
namespace {

std::size_t Size(int32_t n) { return static_cast<std::size_t>(n); }

double Interpolate(const Calibrator& c, double x) {
  if (std::isnan(x)) return x;
  x = std::clamp(x, c.x.front(), c.x.back());
  const auto above = std::upper_bound(c.x.begin(), c.x.end(), x);
  const auto j = static_cast<std::size_t>(above - c.x.begin()) - 1;  // x[j] <= x < x[j + 1]
  if (above == c.x.end() || c.x[j] == x) return c.y[j];
  const double slope = (c.y[j + 1] - c.y[j]) / (c.x[j + 1] - c.x[j]);
  return slope * (x - c.x[j]) + c.y[j];
}

double Calibrate(const Calibrator& c, double x) {
  return c.kind == Calibrator::Kind::kSigmoid ? 1 / (1 + std::exp(c.a * x + c.b)) : Interpolate(c, x);
}

// numpy's sum of a row of fewer than 8; of more its order differs, and with it last bits.
double Sum(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum;
}

void Each(const Fold& fold, const double* x, std::span<double> p) {
  std::fill(p.begin(), p.end(), 0.0);
  for (std::size_t i = 0; i < fold.calibrators.size(); ++i) {
    p[Size(fold.places[i])] = Calibrate(fold.calibrators[i], x[i]);
  }
  if (p.size() == 2) {
    p[0] = 1 - p[1];
    return;
  }
  const double sum = Sum(p);
  for (double& value : p) value = sum == 0 ? 1 / static_cast<double>(p.size()) : value / sum;
}

void Temperature(const Fold& fold, const double* x, std::span<double> p) {
  constexpr double kNeverZero = 1e-12;
  const bool log = fold.kind == Fold::Kind::kLogTemperature;
  if (fold.columns == 1) {
    p[0] = log ? 1 - x[0] : -x[0];
    p[1] = x[0];
  } else {
    std::copy_n(x, p.size(), p.begin());
  }
  for (double& value : p) value = fold.beta * (log ? std::log(value + kNeverZero) : value);
  const double largest = *std::max_element(p.begin(), p.end());
  for (double& value : p) value = std::exp(value - largest);
  const double sum = Sum(p);
  for (double& value : p) value /= sum;
}

Status CheckCalibrator(const Calibrator& c) {
  auto bad = [](std::string message) { return Fail(Code::kCorrupt, std::move(message)); };
  if (c.kind == Calibrator::Kind::kSigmoid) {
    if (std::isfinite(c.a) && std::isfinite(c.b)) return {};
    return bad(fmt::format("expit of {} x + {}", c.a, c.b));
  }
  if (c.x.empty() || c.x.size() != c.y.size()) {
    return bad(fmt::format("{} scores with {} probabilities", c.x.size(), c.y.size()));
  }
  for (std::size_t i = 0; i < c.x.size(); ++i) {
    if (!std::isfinite(c.x[i]) || !std::isfinite(c.y[i]))
      return bad(fmt::format("point {} is not finite", i));
    if (i > 0 && !(c.x[i - 1] < c.x[i])) return bad(fmt::format("point {} is not above the one before", i));
  }
  return {};
}

Status CheckFold(const Fold& fold, std::size_t classes) {
  auto bad = [](std::string message) { return Fail(Code::kCorrupt, std::move(message)); };
  if (fold.columns < 1) return bad(fmt::format("{} columns", fold.columns));
  const std::size_t columns = Size(fold.columns);
  if (fold.kind != Fold::Kind::kEach) {
    if (!std::isfinite(fold.beta)) return bad(fmt::format("the inverse temperature is {}", fold.beta));
    if (columns == classes || (columns == 1 && classes == 2)) return {};
    return bad(fmt::format("{} columns for {} classes", columns, classes));
  }
  if (fold.calibrators.empty() || fold.calibrators.size() > columns ||
      fold.places.size() != fold.calibrators.size()) {
    return bad(fmt::format("{} calibrators of {} classes for {} columns", fold.calibrators.size(),
                           fold.places.size(), columns));
  }
  for (std::size_t i = 0; i < fold.calibrators.size(); ++i) {
    if (fold.places[i] < 0 || Size(fold.places[i]) >= classes) {
      return bad(fmt::format("calibrator {} gives class {} of {}", i + 1, fold.places[i], classes));
    }
    if (auto status = CheckCalibrator(fold.calibrators[i]); !status) {
      return Within(fmt::format("calibrator {}", i + 1), std::move(status).error());
    }
  }
  return {};
}

}  // namespace

Status CheckCalibration(const Calibration& calibration) {
  auto bad = [](std::string message) { return Fail(Code::kCorrupt, "calibration: " + std::move(message)); };
  if (calibration.outputs < 2) return bad(fmt::format("{} classes", calibration.outputs));
  if (calibration.folds.empty()) return bad("no folds");
  int64_t columns = 0;
  for (std::size_t f = 0; f < calibration.folds.size(); ++f) {
    if (auto status = CheckFold(calibration.folds[f], Size(calibration.outputs)); !status) {
      return Within(fmt::format("calibration: fold {}", f + 1), std::move(status).error());
    }
    columns += calibration.folds[f].columns;
  }
  if (columns != calibration.features) {
    return bad(fmt::format("{} columns, its folds take {}", calibration.features, columns));
  }
  return {};
}

void Calibrate(const Calibration& calibration, const double* x, double* raw) {
  const std::size_t classes = Size(calibration.outputs);
  std::vector<double> p(classes);
  std::fill_n(raw, classes, 0.0);
  for (const Fold& fold : calibration.folds) {
    if (fold.kind == Fold::Kind::kEach) {
      Each(fold, x, p);
    } else {
      Temperature(fold, x, p);
    }
    x += fold.columns;
    for (std::size_t k = 0; k < classes; ++k) raw[k] += p[k] > 1 && p[k] <= 1 + 1e-5 ? 1 : p[k];
  }
  for (std::size_t k = 0; k < classes; ++k) raw[k] /= static_cast<double>(calibration.folds.size());
}

}  // namespace turnout
