// sklearn/naive_bayes.py (GaussianNB), discriminant_analysis.py (QuadraticDiscriminantAnalysis).
#include "model/bayes.h"

#include <fmt/format.h>

#include <cmath>

namespace turnout {
namespace {

std::size_t Size(int32_t n) { return static_cast<std::size_t>(n); }

std::size_t Classes(const Gaussians& g) { return g.difference ? 2 : Size(g.outputs); }

}  // namespace

Status CheckGaussians(const Gaussians& g) {
  auto bad = [](std::string message) {
    return Fail(Code::kCorrupt, "normal distributions: " + std::move(message));
  };
  if (g.features < 1 || g.outputs < 1 || (g.difference && g.outputs != 1)) {
    return bad(fmt::format("{} features, {} outputs", g.features, g.outputs));
  }
  const std::size_t features = Size(g.features), classes = Classes(g);
  if (g.means.size() != classes * features) return bad(fmt::format("{} means", g.means.size()));
  if (g.constants.size() != classes) return bad(fmt::format("{} constants", g.constants.size()));
  if (!g.variances.empty()) {
    if (g.variances.size() != classes * features) return bad(fmt::format("{} variances", g.variances.size()));
    for (const double variance : g.variances) {
      if (!(variance > 0)) return bad(fmt::format("a variance is {}", variance));
    }
  } else {
    std::size_t numbers = 0;
    for (const int32_t rank : g.ranks) {
      if (rank < 0 || rank > g.features) return bad(fmt::format("a matrix of {} columns", rank));
      numbers += Size(rank) * features;
    }
    if (g.ranks.size() != classes || g.matrices.size() != numbers) {
      return bad(fmt::format("{} numbers in {} matrices", g.matrices.size(), g.ranks.size()));
    }
  }
  for (const auto* all : {&g.means, &g.variances, &g.matrices, &g.constants}) {
    for (const double number : *all) {
      if (!std::isfinite(number)) return bad(fmt::format("a number is {}", number));
    }
  }
  return {};
}

void ScoreGaussians(const Gaussians& g, const double* x, double* raw) {
  const std::size_t features = Size(g.features), classes = Classes(g);
  const double* matrix = g.matrices.data();
  double scores[2] = {0, 0};
  for (std::size_t k = 0; k < classes; ++k) {
    const double* mean = g.means.data() + k * features;
    double sum = 0;
    if (!g.variances.empty()) {
      for (std::size_t i = 0; i < features; ++i) {
        sum += (x[i] - mean[i]) * (x[i] - mean[i]) / g.variances[k * features + i];
      }
    } else {
      const std::size_t rank = Size(g.ranks[k]);
      for (std::size_t c = 0; c < rank; ++c) {
        double along = 0;
        for (std::size_t i = 0; i < features; ++i) along += (x[i] - mean[i]) * matrix[i * rank + c];
        sum += along * along;
      }
      matrix += features * rank;
    }
    (g.difference ? scores : raw)[k] = g.constants[k] - 0.5 * sum;
  }
  if (g.difference) raw[0] = scores[1] - scores[0];
}

}  // namespace turnout
