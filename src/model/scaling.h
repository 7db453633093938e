// Steps that put numbers on another scale, each column by itself.
//
// Every element-wise step has CheckStep, which says whether it fits a number of columns, and Map, the value
// of one cell. Missing (NaN) stays missing unless the step says otherwise.
#pragma once

#include <cstddef>
#include <limits>
#include <vector>

#include "base/result.h"

namespace turnout {

// (x - mean) / scale (scikit-learn's StandardScaler, RobustScaler, MaxAbsScaler); an empty vector is left
// out.
struct Scale {
  std::vector<double> mean;
  std::vector<double> scale;
};
Status CheckStep(const Scale& scale, std::size_t columns);
double Map(const Scale& scale, std::size_t column, double x);

// x * factor + offset (MinMaxScaler, the weights of a ColumnTransformer); an empty vector is left out.
struct Affine {
  std::vector<double> factor;
  std::vector<double> offset;
};
Status CheckStep(const Affine& affine, std::size_t columns);
double Map(const Affine& affine, std::size_t column, double x);

// Nothing below `low` or above `high` (numpy's clip).
struct Clip {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
};
Status CheckStep(const Clip& clip, std::size_t columns);
double Map(const Clip& clip, std::size_t column, double x);

}  // namespace turnout
