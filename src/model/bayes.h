// Classes as normal distributions: raw[k] is the logarithm of how likely the row is in class k, less what is
// the same for all classes.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"

namespace turnout {

struct Gaussians {
  int32_t features = 0;
  int32_t outputs = 2;            // classes
  std::vector<double> means;      // classes x features
  std::vector<double> variances;  // classes x features (naive Bayes), or empty:
  // raw[k] = constants[k] - sum of squares of (x - means[k]) times the class's matrix / 2 (quadratic
  // discriminant). Each class has features x ranks[k] numbers, row-major, one class behind the other.
  std::vector<double> matrices;
  std::vector<int32_t> ranks;
  std::vector<double> constants;
  bool difference = false;  // two classes: one score, the second's less the first's
};

Status CheckGaussians(const Gaussians& gaussians);
void ScoreGaussians(const Gaussians& gaussians, const double* x, double* raw);

}  // namespace turnout
