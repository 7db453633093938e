// Steps whose columns are made of several: norms of rows (scikit-learn's Normalizer), products
// (PolynomialFeatures), projections (PCA, TruncatedSVD). Nothing may be missing.
#pragma once

#include <cstdint>
#include <vector>

#include "model/value.h"

namespace turnout {

// Every value divided by the norm of its row, where that is not next to nothing.
struct Normalize {
  enum class Norm : uint8_t { kL1, kL2, kLargest };
  Norm norm = Norm::kL2;
  double smallest = 0;  // a norm below it, and one of 0, counts as 1
};

// Each output is the product of some columns, the last factor first; of none: 1.
struct Products {
  int32_t features = 0;
  std::vector<int32_t> factors;  // of all outputs, one behind the other; ascending in each
  std::vector<int32_t> ends;     // where each output's factors end
};

// y[k] = (sum over i of weights[k][i] * (x[i] - mean[i]) - offset[k]) / divisor[k]; empty vectors are left
// out.
struct Project {
  int32_t features = 0;
  std::vector<double> mean;
  std::vector<double> weights;  // outputs x features, row-major
  std::vector<double> offset;
  std::vector<double> divisor;

  std::size_t outputs() const {
    return features == 0 ? 0 : weights.size() / static_cast<std::size_t>(features);
  }
};

Result<ColumnTypes> OutputsOf(const Normalize& normalize, const ColumnTypes& inputs);
Result<ColumnTypes> OutputsOf(const Products& products, const ColumnTypes& inputs);
Result<ColumnTypes> OutputsOf(const Project& project, const ColumnTypes& inputs);
Row Apply(const Normalize& normalize, Row row);
Row Apply(const Products& products, Row row);
Row Apply(const Project& project, Row row);

}  // namespace turnout
