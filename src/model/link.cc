// The links and the decisions, each as the origin library computes it.
//
// expit is scipy's at every version: 1 / (1 + exp(-x)) with the C library's exp (scipy/special/_logit.h up
// to 1.13, xsf/log_exp.h after it). Softmax is scikit-learn's utils/extmath.py: the largest score is taken
// off, numpy's exp, one division by numpy's sum, whose order follows the array's: rows side by side for
// linear models and GradientBoosting, columns for HistGradientBoosting (its raw_predictions are in Fortran
// order; for a single row numpy takes the other order).
#include <algorithm>
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

// XGBoost's (src/common/math.h): Sigmoid, Softmax.
float ExpitFloat(float x) {
  constexpr float kMostNegated = 88.7f, kNeverZero = 1e-16f;
  return 1.0f / (std::exp(std::min(-x, kMostNegated)) + 1.0f + kNeverZero);
}

// One value per raw score, or of one raw score the probabilities of two classes.
template <class Function>
void EachFloat(Function function, std::span<const double> raw, std::span<double> out) {
  const std::size_t first = out.size() - raw.size();
  for (std::size_t k = 0; k < raw.size(); ++k) {
    out[first + k] = static_cast<double>(function(static_cast<float>(raw[k])));
  }
  if (first == 1) out[0] = static_cast<double>(1.0f - static_cast<float>(out[1]));
}

void SoftmaxFloat(std::span<const double> raw, std::span<double> out) {
  const auto largest = static_cast<float>(*std::max_element(raw.begin(), raw.end()));
  double sum = 0;
  for (std::size_t k = 0; k < out.size(); ++k) {
    out[k] = std::exp(static_cast<float>(raw[k]) - largest);
    sum += out[k];
  }
  for (double& p : out) p = static_cast<float>(p) / static_cast<float>(sum);
}

float Softplus(float x) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); }

// ExpectileRegression of XGBoost 3.3 (src/objective/regression_obj.cu): each above the one before it by a
// softplus.
void Expectiles(std::span<const double> raw, std::span<double> out) {
  constexpr float kLeastStep = 1e-6f;
  out[0] = raw[0];
  for (std::size_t k = 1; k < out.size(); ++k) {
    const float step = kLeastStep + Softplus(static_cast<float>(raw[k]));
    out[k] = static_cast<double>(static_cast<float>(out[k - 1]) + step);
  }
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

void Softmax(std::span<const double> raw, double scale, std::span<double> out,
             double (*sum_of)(std::span<const double>)) {
  const double largest = scale * Largest(raw);
  for (std::size_t k = 0; k < out.size(); ++k) out[k] = std::exp(scale * raw[k] - largest);
  const double sum = sum_of(out);
  for (double& p : out) p /= sum;
}

void LogSumExp(std::span<const double> raw, std::span<double> out) {
  const double largest = Largest(raw);
  for (std::size_t k = 0; k < out.size(); ++k) out[k] = std::exp(raw[k] - largest);
  const double log_sum = std::log(Sum(out)) + largest;
  for (std::size_t k = 0; k < out.size(); ++k) out[k] = std::exp(raw[k] - log_sum);
}

void Normalise(std::span<double> out) {
  const double sum = Sum(out);
  if (sum == 0) return;
  for (double& p : out) p /= sum;
}

// Their shares of the sum; equal ones of nothing.
void Share(std::span<double> out) {
  const double sum = Sum(out);
  for (double& p : out) p = sum == 0 ? 1 / static_cast<double>(out.size()) : p / sum;
}

void OneVsRest(std::span<const double> raw, std::span<double> out) {
  for (std::size_t k = 0; k < out.size(); ++k) out[k] = Expit(raw[k]);
  Share(out);
}

// sklearn/linear_model/_stochastic_gradient.py, predict_proba.
void ModifiedHuber(std::span<const double> raw, std::span<double> out) {
  if (raw.size() == 1) return Binary((std::clamp(raw[0], -1.0, 1.0) + 1) / 2, out);
  for (std::size_t k = 0; k < out.size(); ++k) out[k] = (std::clamp(raw[k], -1.0, 1.0) + 1) / 2;
  Share(out);
}

std::size_t FirstLargest(std::span<const double> values) {
  std::size_t best = 0;
  for (std::size_t k = 1; k < values.size(); ++k) {
    if (values[k] > values[best]) best = k;
  }
  return best;
}

std::size_t LastLargest(std::span<const double> values) {
  std::size_t best = 0;
  for (std::size_t k = 1; k < values.size(); ++k) {
    if (values[k] >= values[best]) best = k;
  }
  return best;
}

std::size_t MostVotes(std::span<const double> pairs) {
  std::size_t classes = 2;
  while (classes * (classes - 1) / 2 < pairs.size()) ++classes;
  std::vector<double> votes(classes, 0.0);
  std::size_t p = 0;
  for (std::size_t i = 0; i < classes; ++i) {
    for (std::size_t j = i + 1; j < classes; ++j) ++votes[pairs[p++] > 0 ? i : j];
  }
  return FirstLargest(votes);
}

std::size_t FirstLargestRounded(std::span<const double> values) {
  std::size_t best = 0;
  for (std::size_t k = 1; k < values.size(); ++k) {
    if (std::nearbyint(values[k]) > std::nearbyint(values[best])) best = k;
  }
  return best;
}

}  // namespace

void ApplyLink(Link link, double scale, std::span<const double> raw, std::span<double> out) {
  auto each = [&](auto function) { std::transform(raw.begin(), raw.end(), out.begin(), function); };
  switch (link) {
    case Link::kIdentity: return each([](double x) { return x; });
    case Link::kExp: return each([](double x) { return std::exp(x); });
    case Link::kEachExpit: return each([scale](double x) { return Expit(scale * x); });
    case Link::kLog1pExp: return each([](double x) { return std::log1p(std::exp(x)); });
    case Link::kSignedSquare: return each([](double x) { return x * std::fabs(x); });
    case Link::kExpFloat:
      return each([](double x) { return static_cast<double>(std::exp(static_cast<float>(x))); });
    case Link::kExpitFloat: return EachFloat(ExpitFloat, raw, out);
    case Link::kSoftmaxFloat: return SoftmaxFloat(raw, out);
    case Link::kStep: return EachFloat([](float x) { return x > 0 ? 1.0f : 0.0f; }, raw, out);
    case Link::kExpectiles: return Expectiles(raw, out);
    case Link::kAscending:
      std::copy(raw.begin(), raw.end(), out.begin());
      return std::sort(out.begin(), out.end());
    case Link::kExpit: return Binary(Expit(scale * raw[0]), out);
    case Link::kSoftmax:
      if (raw.size() == 1) {
        const double both[2] = {-scale * raw[0], scale * raw[0]};
        return Softmax(both, 1, out, Sum);
      }
      return Softmax(raw, scale, out, Sum);
    case Link::kSoftmaxInOrder: return Softmax(raw, scale, out, SumInOrder);
    case Link::kLogSumExp: return LogSumExp(raw, out);
    case Link::kOneVsRest: return OneVsRest(raw, out);
    case Link::kModifiedHuber: return ModifiedHuber(raw, out);
    case Link::kGivenSecond: return Binary(raw.back(), out);
    case Link::kGiven:
    case Link::kGivenNormalised: {
      const auto given = raw.last(out.size());
      std::copy(given.begin(), given.end(), out.begin());
      return link == Link::kGiven ? void() : Normalise(out);
    }
  }
}

std::size_t Decide(Decision decision, std::span<const double> raw, std::span<const double> probabilities) {
  switch (decision) {
    case Decision::kNone: return 0;
    case Decision::kLargest: return FirstLargest(probabilities);
    case Decision::kLargestRaw: return FirstLargest(raw);
    case Decision::kRawAboveZero: return raw[0] > 0 ? 1 : 0;
    case Decision::kRawFromZero: return raw[0] >= 0 ? 1 : 0;
    case Decision::kLastLargestRaw: return LastLargest(raw);
    case Decision::kLargestRounded: return FirstLargestRounded(raw);
    case Decision::kPairVotes: return MostVotes(raw);
    case Decision::kRawFromThreshold:
    case Decision::kProbabilityFrom: break;  // by the model
  }
  return 0;
}

std::size_t Decide(const Model& model, std::span<const double> raw, std::span<const double> probabilities) {
  const auto positive = static_cast<std::size_t>(model.positive);
  double score = 0;
  switch (model.decision) {
    case Decision::kRawFromThreshold: score = positive == 1 ? raw[0] : -raw[0]; break;
    case Decision::kProbabilityFrom: score = probabilities[positive]; break;
    default:
      return Decide(model.decision, raw.first(raw.size() - static_cast<std::size_t>(model.extra)),
                    probabilities);
  }
  return score >= model.threshold ? positive : 1 - positive;
}

}  // namespace turnout
