// Calibration: from what classifiers answer to probabilities that mean frequencies (scikit-learn's
// CalibratedClassifierCV).
//
// The columns are the scores of one or more folds, side by side; raw[k] is the mean over the folds of the
// probability of class k.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"

namespace turnout {

// One score -> a probability.
struct Calibrator {
  enum class Kind : uint8_t {
    kSigmoid,   // expit(-(a * x + b))
    kIsotonic,  // x kept in [x.front(), x.back()], then linear between the points
  };
  Kind kind = Kind::kSigmoid;
  double a = 0, b = 0;
  std::vector<double> x, y;  // kIsotonic: one point or more; x ascending
};

struct Fold {
  enum class Kind : uint8_t {
    kEach,         // each calibrator takes its column and gives the class `places[i]`; then, of two classes,
                   // p0 = 1 - p1; of more, divided by their sum, or equal shares where it is 0
    kTemperature,  // softmax of beta * the columns (one column d: of -d and d)
    kLogTemperature,  // the same of their logarithms, log(p + 1e-12) (one column p: of 1 - p and p)
  };
  Kind kind = Kind::kEach;
  int32_t columns = 1;
  std::vector<Calibrator> calibrators;  // kEach: of the first columns, in their order
  std::vector<int32_t> places;          // kEach: the class of each calibrator
  double beta = 1;
};

struct Calibration {
  int32_t features = 0;
  int32_t outputs = 2;  // classes
  std::vector<Fold> folds;
};

Status CheckCalibration(const Calibration& calibration);
void Calibrate(const Calibration& calibration, const double* x, double* raw);

}  // namespace turnout
