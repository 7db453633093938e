// sklearn/ensemble/{_voting,_bagging,_weight_boosting,_iforest,_gb,_gb_losses}.py, numpy's average and
// bincount, _loss/link.py.
#include "model/combination.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace turnout {
namespace {

using Kind = Combination::Kind;

constexpr std::string_view kNames[] = {"the columns",
                                       "constant",
                                       "mean",
                                       "weighted mean",
                                       "votes",
                                       "weighted median",
                                       "SAMME",
                                       "SAMME.R",
                                       "anomaly",
                                       "offset",
                                       "sum from values",
                                       "sum from logit",
                                       "sum from logit (scipy)",
                                       "sum from log",
                                       "sum from centred log"};

std::size_t Size(int32_t n) { return static_cast<std::size_t>(n); }

// Columns of one member.
std::size_t Block(const Combination& c) {
  switch (c.kind) {
    case Kind::kVotes:
    case Kind::kWeightedMedian:
    case Kind::kSamme: return 1;
    case Kind::kSammeReal: return c.outputs == 1 ? 2 : Size(c.outputs);
    default: return Size(c.outputs);
  }
}

// Index of a class among `count`; what members give lies within, whatever a file says.
std::size_t ClassAt(double x, std::size_t count) {
  return x > 0 ? std::min(static_cast<std::size_t>(x), count - 1) : 0;
}

// One score of two, as AdaBoost's decision_function: the second's less the first's.
void Decide(std::span<double> scores, double divisor, double* raw) {
  for (double& score : scores) score /= divisor;
  if (scores.size() == 2) {
    raw[0] = -scores[0] + scores[1];
  } else {
    std::copy(scores.begin(), scores.end(), raw);
  }
}

void Samme(const Combination& c, const double* x, double* raw) {
  std::vector<double> scores(c.outputs == 1 ? 2 : Size(c.outputs), 0.0);
  for (std::size_t m = 0; m < c.weights.size(); ++m) {
    const std::size_t predicted = ClassAt(x[m], scores.size());
    for (std::size_t k = 0; k < scores.size(); ++k) {
      scores[k] += k == predicted ? c.weights[m] : c.other * c.weights[m];
    }
  }
  Decide(scores, c.divisor, raw);
}

void SammeReal(const Combination& c, const double* x, double* raw) {
  const std::size_t classes = Block(c);
  const double each = 1.0 / static_cast<double>(classes), times = static_cast<double>(classes - 1);
  std::vector<double> scores(classes, 0.0), logs(classes);
  for (std::size_t at = 0; at < Size(c.features); at += classes) {
    for (std::size_t k = 0; k < classes; ++k) {
      logs[k] = std::log(std::max(x[at + k], std::numeric_limits<double>::epsilon()));
    }
    const double mean = each * std::accumulate(logs.begin(), logs.end(), 0.0);
    for (std::size_t k = 0; k < classes; ++k) scores[k] += times * (logs[k] - mean);
  }
  Decide(scores, c.divisor, raw);
}

double WeightedMedian(const Combination& c, const double* x) {
  std::vector<std::size_t> order(c.weights.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [x](std::size_t a, std::size_t b) { return x[a] < x[b]; });
  double total = 0;
  for (const std::size_t m : order) total += c.weights[m];
  double below = 0;
  for (const std::size_t m : order) {
    below += c.weights[m];
    if (below >= 0.5 * total) return x[m];
  }
  return x[order[0]];
}

// Gradient boosting's raw scores to start from; `trees` are added to them.
void Start(const Combination& c, const double* x, double* raw) {
  const std::size_t n = Size(c.outputs);
  auto kept = [&](double p) { return std::clamp(p, c.smallest, 1 - c.smallest); };
  switch (c.kind) {
    case Kind::kFromLogit: {
      const double p = kept(x[0]);
      raw[0] = c.scale * std::log(p / (1 - p));
      return;
    }
    case Kind::kFromSciPyLogit: {  // xsf/log_exp.h
      const double p = kept(x[0]), s = 2 * (p - 0.5);
      raw[0] = c.scale * (p < 0.3 || p > 0.65 ? std::log(p / (1 - p)) : std::log1p(s) - std::log1p(-s));
      return;
    }
    case Kind::kFromLog:
      for (std::size_t k = 0; k < n; ++k) raw[k] = std::log(kept(x[k]));
      return;
    case Kind::kFromCentredLog: {
      double logs = 0;
      for (std::size_t k = 0; k < n; ++k) logs += std::log(kept(x[k]));
      const double mean = std::exp(logs / static_cast<double>(n));
      for (std::size_t k = 0; k < n; ++k) raw[k] = std::log(kept(x[k]) / mean);
      return;
    }
    default: std::copy_n(x, n, raw);
  }
}

}  // namespace

std::string_view Name(Kind kind) { return kNames[static_cast<std::size_t>(kind)]; }

Status CheckCombination(const Combination& c) {
  auto bad = [&](std::string message) {
    return Fail(Code::kCorrupt, fmt::format("combination ({}): {}", Name(c.kind), message));
  };
  if (c.features < 0) return bad(fmt::format("{} columns", c.features));
  if (c.outputs < 1) return bad(fmt::format("{} outputs, at least 1 expected", c.outputs));
  for (const double number : {c.divisor, c.other, c.offset, c.scale, c.smallest}) {
    if (!std::isfinite(number)) return bad(fmt::format("a parameter is {}", number));
  }
  if (!(c.smallest >= 0 && c.smallest <= 0.5)) return bad(fmt::format("smallest probability {}", c.smallest));
  for (const auto* numbers : {&c.weights, &c.constants}) {
    for (const double number : *numbers) {
      if (!std::isfinite(number)) return bad(fmt::format("a weight or constant is {}", number));
    }
  }
  const std::size_t columns = Size(c.features), outputs = Size(c.outputs), block = Block(c);
  auto need = [&](std::size_t expected) -> Status {
    if (columns == expected) return {};
    return bad(fmt::format("{} columns, {} expected", columns, expected));
  };
  switch (c.kind) {
    case Kind::kColumns: return need(outputs);
    case Kind::kConstant:
      if (c.constants.size() == outputs) return {};
      return bad(fmt::format("{} constants for {} outputs", c.constants.size(), outputs));
    case Kind::kAnomaly:
    case Kind::kOffset:
      if (outputs != 2) return bad(fmt::format("{} outputs, 2 expected", outputs));
      return need(1);
    case Kind::kFromLogit:
    case Kind::kFromSciPyLogit:
      if (outputs != 1) return bad(fmt::format("{} outputs, 1 expected", outputs));
      return need(2);
    case Kind::kFromValues:
    case Kind::kFromLog:
    case Kind::kFromCentredLog: return need(2 * outputs);
    case Kind::kMean:
    case Kind::kSammeReal:
      if (columns != 0 && columns % block == 0) return {};
      return bad(fmt::format("{} columns in blocks of {}", columns, block));
    case Kind::kWeightedMedian:
      if (outputs != 1) return bad(fmt::format("{} outputs, 1 expected", outputs));
      [[fallthrough]];
    case Kind::kWeightedMean:
    case Kind::kVotes:
    case Kind::kSamme:
      if (c.weights.empty()) return bad("no weights");
      return need(c.weights.size() * block);
  }
  return {};
}

void Combine(const Combination& c, const double* x, double* raw) {
  const std::size_t n = Size(c.outputs), columns = Size(c.features), members = columns / n;
  switch (c.kind) {
    case Kind::kColumns: std::copy_n(x, n, raw); return;
    case Kind::kConstant: std::copy(c.constants.begin(), c.constants.end(), raw); return;
    case Kind::kMean:
      std::copy_n(x, n, raw);
      for (std::size_t i = n; i < columns; ++i) raw[i % n] += x[i];
      for (std::size_t k = 0; k < n; ++k) raw[k] /= static_cast<double>(members);
      return;
    case Kind::kWeightedMean:
      for (std::size_t k = 0; k < n; ++k) raw[k] = x[k] * c.weights[0];
      for (std::size_t i = n; i < columns; ++i) raw[i % n] += x[i] * c.weights[i / n];
      for (std::size_t k = 0; k < n; ++k) raw[k] /= c.divisor;
      return;
    case Kind::kVotes:
      std::fill_n(raw, n, 0.0);
      for (std::size_t m = 0; m < columns; ++m) raw[ClassAt(x[m], n)] += c.weights[m];
      return;
    case Kind::kWeightedMedian: raw[0] = WeightedMedian(c, x); return;
    case Kind::kSamme: return Samme(c, x, raw);
    case Kind::kSammeReal: return SammeReal(c, x, raw);
    case Kind::kAnomaly:
      raw[1] = -std::pow(2.0, -(x[0] / c.divisor));
      raw[0] = raw[1] - c.offset;
      return;
    case Kind::kOffset:
      raw[0] = x[0];
      raw[1] = x[0] + c.offset;
      return;
    case Kind::kFromValues:
    case Kind::kFromLogit:
    case Kind::kFromSciPyLogit:
    case Kind::kFromLog:
    case Kind::kFromCentredLog: {
      Start(c, x, raw);
      const double* trees = x + columns - n;
      for (std::size_t k = 0; k < n; ++k) raw[k] += trees[k];
      return;
    }
  }
}

}  // namespace turnout
