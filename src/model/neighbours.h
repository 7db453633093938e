// The nearest of the training rows, all of them compared.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"

namespace turnout {

struct Neighbours {
  enum class Metric : uint8_t {
    kEuclidean,
    kManhattan,
    kChebyshev,
    kMinkowski,  // (sum |x - y|^p)^(1/p)
    kCosine,     // 1 - x . y / |x| |y|
  };
  Metric metric = Metric::kEuclidean;
  double p = 2;
  int32_t count = 5;         // of neighbours
  bool by_distance = false;  // they weigh 1 / distance; of some at distance 0 only those count

  int32_t features = 0;
  int32_t outputs = 1;
  std::vector<double> points;   // rows x features
  std::vector<int32_t> labels;  // a class for each row: raw[k] is class k's share. Empty: means of
  std::vector<double> targets;  // rows x outputs

  std::size_t size() const { return features > 0 ? points.size() / static_cast<std::size_t>(features) : 0; }
};

Status CheckNeighbours(const Neighbours& neighbours);
// Of equally distant rows at the last place the first is taken; scikit-learn leaves that open.
void ScoreNeighbours(const Neighbours& neighbours, const double* x, double* raw);

}  // namespace turnout
