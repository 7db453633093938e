// sklearn/svm/src/libsvm/svm.cpp (svm_predict_values, multiclass_probability), svm/_base.py,
// utils/multiclass.py (_ovr_decision_function).
#include "model/svm.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace turnout {
namespace {

std::size_t Size(int32_t n) { return static_cast<std::size_t>(n); }

double Power(double base, int32_t times) {
  double power = 1;
  for (int32_t t = times; t > 0; t /= 2) {
    if (t % 2 == 1) power *= base;
    base *= base;
  }
  return power;
}

double KernelOf(const Svm& svm, const double* x, const double* v) {
  double sum = 0;
  for (std::size_t i = 0; i < Size(svm.features); ++i) {
    sum += svm.kernel == Svm::Kernel::kRbf ? (x[i] - v[i]) * (x[i] - v[i]) : x[i] * v[i];
  }
  switch (svm.kernel) {
    case Svm::Kernel::kLinear: return sum;
    case Svm::Kernel::kPoly: return Power(svm.gamma * sum + svm.coef0, svm.degree);
    case Svm::Kernel::kRbf: return std::exp(-svm.gamma * sum);
    case Svm::Kernel::kSigmoid: return std::tanh(svm.gamma * sum + svm.coef0);
  }
  return sum;
}

// The score of each pair of classes, positive for the first of them.
std::vector<double> PairScores(const Svm& svm, const std::vector<double>& kernel) {
  const std::size_t classes = svm.counts.size(), vectors = kernel.size();
  std::vector<std::size_t> first(classes + 1, 0);
  for (std::size_t k = 0; k < classes; ++k) first[k + 1] = first[k] + Size(svm.counts[k]);
  std::vector<double> scores;
  for (std::size_t i = 0; i < classes; ++i) {
    for (std::size_t j = i + 1; j < classes; ++j) {
      const double* of_i = svm.coefficients.data() + (j - 1) * vectors;
      const double* of_j = svm.coefficients.data() + i * vectors;
      double sum = 0;
      for (std::size_t s = first[i]; s < first[i + 1]; ++s) sum += of_i[s] * kernel[s];
      for (std::size_t s = first[j]; s < first[j + 1]; ++s) sum += of_j[s] * kernel[s];
      scores.push_back(sum + svm.intercepts[scores.size()]);
    }
  }
  return scores;
}

void ClassScores(const std::vector<double>& pairs, std::size_t classes, double* raw) {
  std::vector<double> confidence(classes, 0.0);
  std::fill_n(raw, classes, 0.0);
  std::size_t p = 0;
  for (std::size_t i = 0; i < classes; ++i) {
    for (std::size_t j = i + 1; j < classes; ++j, ++p) {
      confidence[i] += pairs[p];
      confidence[j] -= pairs[p];
      raw[pairs[p] < 0 ? j : i] += 1;
    }
  }
  for (std::size_t k = 0; k < classes; ++k) raw[k] += confidence[k] / (3 * (std::fabs(confidence[k]) + 1));
}

// Method 2 of Wu, Lin and Weng, "Probability estimates for multi-class classification by pairwise coupling".
void Couple(const std::vector<double>& pair, std::size_t n, double* p) {
  std::vector<double> q(n * n, 0.0), qp(n);
  for (std::size_t t = 0; t < n; ++t) {
    p[t] = 1.0 / static_cast<double>(n);
    for (std::size_t j = 0; j < n; ++j) {
      if (j == t) continue;
      q[t * n + t] += pair[j * n + t] * pair[j * n + t];
      q[t * n + j] = -pair[j * n + t] * pair[t * n + j];
    }
  }
  const double eps = 0.005 / static_cast<double>(n);
  const std::size_t most = std::max<std::size_t>(100, n);
  for (std::size_t iteration = 0; iteration < most; ++iteration) {
    double pqp = 0;
    for (std::size_t t = 0; t < n; ++t) {
      qp[t] = 0;
      for (std::size_t j = 0; j < n; ++j) qp[t] += q[t * n + j] * p[j];
      pqp += p[t] * qp[t];
    }
    double error = 0;
    for (std::size_t t = 0; t < n; ++t) error = std::max(error, std::fabs(qp[t] - pqp));
    if (error < eps) return;
    for (std::size_t t = 0; t < n; ++t) {
      const double diff = (-qp[t] + pqp) / q[t * n + t];
      p[t] += diff;
      pqp = (pqp + diff * (diff * q[t * n + t] + 2 * qp[t])) / (1 + diff) / (1 + diff);
      for (std::size_t j = 0; j < n; ++j) {
        qp[j] = (qp[j] + diff * q[t * n + j]) / (1 + diff);
        p[j] /= 1 + diff;
      }
    }
  }
}

void Probabilities(const Svm& svm, const std::vector<double>& scores, double* p) {
  constexpr double kLeast = 1e-7;
  const std::size_t n = svm.counts.size();
  std::vector<double> pair(n * n, 0.0);
  std::size_t at = 0;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = i + 1; j < n; ++j, ++at) {
      const double f = scores[at] * svm.a[at] + svm.b[at];
      const double first = f >= 0 ? std::exp(-f) / (1 + std::exp(-f)) : 1 / (1 + std::exp(f));
      pair[i * n + j] = std::clamp(first, kLeast, 1 - kLeast);
      pair[j * n + i] = 1 - pair[i * n + j];
    }
  }
  Couple(pair, n, p);
}

}  // namespace

Status CheckSvm(const Svm& svm) {
  auto bad = [](std::string message) {
    return Fail(Code::kCorrupt, "support vectors: " + std::move(message));
  };
  if (svm.features < 1) return bad(fmt::format("{} features", svm.features));
  if (svm.degree < 0) return bad(fmt::format("degree {}", svm.degree));
  if (!std::isfinite(svm.gamma) || !std::isfinite(svm.coef0)) {
    return bad(fmt::format("gamma {} and coef0 {}", svm.gamma, svm.coef0));
  }
  const std::size_t vectors = svm.size(), classes = svm.counts.size();
  if (svm.vectors.size() != vectors * Size(svm.features)) {
    return bad(fmt::format("{} numbers for vectors of {} features", svm.vectors.size(), svm.features));
  }
  std::size_t counted = 0;
  for (const int32_t count : svm.counts) {
    if (count < 0) return bad(fmt::format("{} of a class", count));
    counted += Size(count);
  }
  if (classes == 1 || (classes > 0 && counted != vectors)) {
    return bad(fmt::format("{} in {} classes, there are {}", counted, classes, vectors));
  }
  const std::size_t pairs = classes == 0 ? 1 : classes * (classes - 1) / 2;
  const std::size_t rows = classes == 0 ? 1 : classes - 1;
  if (svm.coefficients.size() != rows * vectors) {
    return bad(fmt::format("{} coefficients, {} expected", svm.coefficients.size(), rows * vectors));
  }
  if (svm.intercepts.size() != pairs) {
    return bad(fmt::format("{} intercepts, {} expected", svm.intercepts.size(), pairs));
  }
  const bool probable = !svm.a.empty();
  if (svm.a.size() != svm.b.size() || (probable && (svm.a.size() != pairs || classes == 0))) {
    return bad(
        fmt::format("{} and {} parameters of probabilities, {} expected", svm.a.size(), svm.b.size(), pairs));
  }
  const std::size_t scores = classes <= 2 ? 1 : svm.pairs ? pairs : classes;
  if (Size(svm.outputs) != scores + (probable ? classes : 0)) {
    return bad(fmt::format("{} outputs, {} expected", svm.outputs, scores + (probable ? classes : 0)));
  }
  for (const auto* numbers : {&svm.vectors, &svm.coefficients, &svm.intercepts, &svm.a, &svm.b}) {
    for (const double number : *numbers) {
      if (!std::isfinite(number)) return bad(fmt::format("a number is {}", number));
    }
  }
  return {};
}

void ScoreSvm(const Svm& svm, const double* x, double* raw) {
  std::vector<double> kernel(svm.size());
  for (std::size_t s = 0; s < kernel.size(); ++s) {
    kernel[s] = KernelOf(svm, x, svm.vectors.data() + s * Size(svm.features));
  }
  const std::size_t classes = svm.counts.size();
  if (classes == 0) {
    double sum = 0;
    for (std::size_t s = 0; s < kernel.size(); ++s) sum += svm.coefficients[s] * kernel[s];
    raw[0] = sum + svm.intercepts[0];
    return;
  }
  const std::vector<double> scores = PairScores(svm, kernel);
  std::size_t count = 1;
  if (classes == 2) {
    raw[0] = -scores[0];
  } else if (svm.pairs) {
    std::copy(scores.begin(), scores.end(), raw);
    count = scores.size();
  } else {
    ClassScores(scores, classes, raw);
    count = classes;
  }
  if (!svm.a.empty()) Probabilities(svm, scores, raw + count);
}

}  // namespace turnout
