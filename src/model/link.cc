// The links and the decisions, each as the origin library computes it.
//
// expit is scipy's at every version: 1 / (1 + exp(-x)) with the C library's exp (scipy/special/_logit.h up
// to 1.13, xsf/log_exp.h after it). Softmax is scikit-learn's utils/extmath.py: the largest score is taken
// off, numpy's exp, one division by numpy's sum, whose order follows the array's: rows side by side for
// linear models and GradientBoosting, columns for HistGradientBoosting (its raw_predictions are in Fortran
// order; for a single row numpy takes the other order).
#include <cassert>
#include <cmath>

#include "model/model.h"

namespace turnout {
namespace {

double Expit(double x) { return 1 / (1 + std::exp(-x)); }

void Binary(double p1, std::span<double> out) {
  out[0] = 1 - p1;
  out[1] = p1;
}

double Largest(std::span<const double> values) {
  double largest = values[0];
  for (double value : values) largest = value > largest ? value : largest;
  return largest;
}

double SumInOrder(std::span<const double> x) {
  double sum = 0;
  for (double value : x) sum += value;
  return sum;
}

// numpy's pairwise sum of a contiguous row (umath/loops_utils.h.src): plain below 8 values, eight
// partial sums up to 128, halves above. Other orders differ in the last bits.
double Sum(std::span<const double> x) {
  const std::size_t n = x.size();
  if (n < 8) return SumInOrder(x);
  if (n <= 128) {
    double part[8];
    for (std::size_t j = 0; j < 8; ++j) part[j] = x[j];
    std::size_t i = 8;
    for (; i + 8 <= n; i += 8) {
      for (std::size_t j = 0; j < 8; ++j) part[j] += x[i + j];
    }
    double sum = ((part[0] + part[1]) + (part[2] + part[3])) + ((part[4] + part[5]) + (part[6] + part[7]));
    for (; i < n; ++i) sum += x[i];
    return sum;
  }
  const std::size_t half = n / 2 - n / 2 % 8;
  return Sum(x.first(half)) + Sum(x.subspan(half));
}

void Softmax(std::span<const double> raw, std::span<double> out, double (*sum_of)(std::span<const double>)) {
  const double largest = Largest(raw);
  for (std::size_t k = 0; k < out.size(); ++k) out[k] = std::exp(raw[k] - largest);
  const double sum = sum_of(out);
  for (double& p : out) p /= sum;
}

void LogSumExp(std::span<const double> raw, std::span<double> out) {
  const double largest = Largest(raw);
  for (std::size_t k = 0; k < out.size(); ++k) out[k] = std::exp(raw[k] - largest);
  const double log_sum = std::log(Sum(out)) + largest;
  for (std::size_t k = 0; k < out.size(); ++k) out[k] = std::exp(raw[k] - log_sum);
}

void OneVsRest(std::span<const double> raw, std::span<double> out) {
  for (std::size_t k = 0; k < out.size(); ++k) out[k] = Expit(raw[k]);
  const double sum = Sum(out);
  for (double& p : out) p = sum == 0 ? 1 / static_cast<double>(out.size()) : p / sum;
}

std::size_t FirstLargest(std::span<const double> values) {
  std::size_t best = 0;
  for (std::size_t k = 1; k < values.size(); ++k) {
    if (values[k] > values[best]) best = k;
  }
  return best;
}

}  // namespace

void ApplyLink(Link link, std::span<const double> raw, std::span<double> out) {
  switch (link) {
    case Link::kIdentity:
      assert(raw.size() == out.size());
      for (std::size_t k = 0; k < out.size(); ++k) out[k] = raw[k];
      return;
    case Link::kExp:
      assert(raw.size() == out.size());
      for (std::size_t k = 0; k < out.size(); ++k) out[k] = std::exp(raw[k]);
      return;
    case Link::kExpit: return Binary(Expit(raw[0]), out);
    case Link::kExpitTwice: return Binary(Expit(2 * raw[0]), out);
    case Link::kSoftmax:
      if (raw.size() == 1) {
        const double both[2] = {-raw[0], raw[0]};
        return Softmax(both, out, Sum);
      }
      return Softmax(raw, out, Sum);
    case Link::kSoftmaxInOrder: return Softmax(raw, out, SumInOrder);
    case Link::kLogSumExp: return LogSumExp(raw, out);
    case Link::kOneVsRest: return OneVsRest(raw, out);
  }
}

std::size_t Decide(Decision decision, std::span<const double> raw, std::span<const double> probabilities) {
  switch (decision) {
    case Decision::kNone: return 0;
    case Decision::kLargest: return FirstLargest(probabilities);
    case Decision::kLargestRaw: return FirstLargest(raw);
    case Decision::kRawAboveZero: return raw[0] > 0 ? 1 : 0;
    case Decision::kRawFromZero: return raw[0] >= 0 ? 1 : 0;
  }
  return 0;
}

}  // namespace turnout
