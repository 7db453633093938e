// Support vector machines (libsvm): sums of a kernel between the row and the support vectors.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"

namespace turnout {

struct Svm {
  enum class Kernel : uint8_t {
    kLinear,   // x . v
    kPoly,     // (gamma x . v + coef0) ^ degree
    kRbf,      // exp(-gamma |x - v|^2)
    kSigmoid,  // tanh(gamma x . v + coef0)
  };
  Kernel kernel = Kernel::kRbf;
  double gamma = 1;
  double coef0 = 0;
  int32_t degree = 3;

  int32_t features = 0;
  int32_t outputs = 1;
  std::vector<double> vectors;  // vectors x features
  // Support vectors of each class, which stand one class behind the other. Empty: a single function.
  std::vector<int32_t> counts;
  std::vector<double> coefficients;  // (classes - 1) x vectors; of a single function 1 x vectors
  std::vector<double> intercepts;    // one for each pair of classes i < j: (0,1), (0,2), ..., (1,2), ...
  // Three classes or more: raw scores are the pairs' (positive: the first of them), else one for each class,
  // its votes and a fraction by their confidence. Two classes: one score, positive for the second.
  bool pairs = false;
  // One for each pair: log odds = a * score + b; then, behind the scores, a probability of each class.
  std::vector<double> a, b;

  std::size_t size() const { return features > 0 ? vectors.size() / static_cast<std::size_t>(features) : 0; }
};

Status CheckSvm(const Svm& svm);
void ScoreSvm(const Svm& svm, const double* x, double* raw);

}  // namespace turnout
