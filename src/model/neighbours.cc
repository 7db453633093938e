// sklearn/neighbors/{_classification,_regression,_base}.py.
#include "model/neighbours.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace turnout {
namespace {

std::size_t Size(int32_t n) { return static_cast<std::size_t>(n); }

// What orders rows as their distance does, and is as scikit-learn's trees compare them: without the root.
double Reduced(const Neighbours& n, const double* x, const double* y) {
  const std::size_t features = Size(n.features);
  double sum = 0, xx = 0, yy = 0;
  for (std::size_t i = 0; i < features; ++i) {
    const double d = std::fabs(x[i] - y[i]);
    switch (n.metric) {
      case Neighbours::Metric::kEuclidean: sum += d * d; break;
      case Neighbours::Metric::kManhattan: sum += d; break;
      case Neighbours::Metric::kChebyshev: sum = std::max(sum, d); break;
      case Neighbours::Metric::kMinkowski: sum += std::pow(d, n.p); break;
      case Neighbours::Metric::kCosine:
        sum += x[i] * y[i];
        xx += x[i] * x[i];
        yy += y[i] * y[i];
        break;
    }
  }
  if (n.metric != Neighbours::Metric::kCosine) return sum;
  const double lengths = std::sqrt(xx) * std::sqrt(yy);
  return std::clamp(1 - (lengths == 0 ? 0 : sum / lengths), 0.0, 2.0);
}

double Distance(const Neighbours& n, double reduced) {
  if (n.metric == Neighbours::Metric::kEuclidean) return std::sqrt(reduced);
  return n.metric == Neighbours::Metric::kMinkowski ? std::pow(reduced, 1 / n.p) : reduced;
}

}  // namespace

Status CheckNeighbours(const Neighbours& n) {
  auto bad = [](std::string message) { return Fail(Code::kCorrupt, "neighbours: " + std::move(message)); };
  if (n.features < 1 || n.outputs < 1)
    return bad(fmt::format("{} features, {} outputs", n.features, n.outputs));
  const std::size_t rows = n.size();
  if (n.points.size() != rows * Size(n.features)) {
    return bad(fmt::format("{} numbers for rows of {} features", n.points.size(), n.features));
  }
  if (n.count < 1 || Size(n.count) > rows) return bad(fmt::format("{} neighbours of {} rows", n.count, rows));
  if (!(n.p >= 1) || !std::isfinite(n.p)) return bad(fmt::format("p is {}", n.p));
  if (n.labels.empty() ? n.targets.size() != rows * Size(n.outputs)
                       : n.labels.size() != rows || !n.targets.empty()) {
    return bad(fmt::format("{} labels and {} targets for {} rows", n.labels.size(), n.targets.size(), rows));
  }
  for (const int32_t label : n.labels) {
    if (label < 0 || label >= n.outputs) return bad(fmt::format("class {} of {}", label, n.outputs));
  }
  for (const auto* numbers : {&n.points, &n.targets}) {
    for (const double number : *numbers) {
      if (!std::isfinite(number)) return bad(fmt::format("a number is {}", number));
    }
  }
  return {};
}

void ScoreNeighbours(const Neighbours& n, const double* x, double* raw) {
  const std::size_t count = Size(n.count), outputs = Size(n.outputs);
  std::vector<std::pair<double, std::size_t>> nearest(n.size());
  for (std::size_t r = 0; r < nearest.size(); ++r) {
    nearest[r] = {Reduced(n, x, n.points.data() + r * Size(n.features)), r};
  }
  std::partial_sort(nearest.begin(), nearest.begin() + n.count, nearest.end());
  const bool on_one = nearest[0].first == 0;
  std::fill_n(raw, outputs, 0.0);
  double total = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto [reduced, row] = nearest[i];
    const double distance = Distance(n, reduced);
    const double weight = !n.by_distance ? 1 : on_one ? (distance == 0 ? 1 : 0) : 1 / distance;
    total += weight;
    if (!n.labels.empty()) {
      raw[Size(n.labels[row])] += weight;
      continue;
    }
    for (std::size_t k = 0; k < outputs; ++k) raw[k] += n.targets[row * outputs + k] * weight;
  }
  if (total == 0) total = 1;
  for (std::size_t k = 0; k < outputs; ++k) raw[k] /= total;
}

}  // namespace turnout
