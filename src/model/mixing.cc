#include "model/mixing.h"

#include <fmt/format.h>

#include <algorithm>

namespace turnout {
namespace {

std::unexpected<Error> Bad(std::string message) { return Fail(Code::kCorrupt, std::move(message)); }

Status NeedFeatures(int32_t features, const ColumnTypes& inputs) {
  TURNOUT_TRY(NeedNumbers(inputs));
  if (features == static_cast<int64_t>(inputs.size())) return {};
  return Bad(fmt::format("takes {} columns, there are {}", features, inputs.size()));
}

}  // namespace

Result<ColumnTypes> OutputsOf(const Normalize&, const ColumnTypes& inputs) {
  TURNOUT_TRY(NeedNumbers(inputs));
  return inputs;
}

Result<ColumnTypes> OutputsOf(const Products& products, const ColumnTypes& inputs) {
  TURNOUT_TRY(NeedFeatures(products.features, inputs));
  int32_t before = 0;
  for (const int32_t end : products.ends) {
    if (end < before || end > static_cast<int64_t>(products.factors.size())) {
      return Bad(fmt::format("factors end at {} of {}", end, products.factors.size()));
    }
    before = end;
  }
  for (const int32_t factor : products.factors) {
    if (factor < 0 || factor >= products.features) {
      return Bad(fmt::format("factor {} of {} columns", factor, products.features));
    }
  }
  return ColumnTypes(products.ends.size(), ColumnType::kNumber);
}

Result<ColumnTypes> OutputsOf(const Project& project, const ColumnTypes& inputs) {
  TURNOUT_TRY(NeedFeatures(project.features, inputs));
  const auto features = static_cast<std::size_t>(project.features);
  if (features == 0 || project.weights.size() % features != 0) {
    return Bad(fmt::format("{} weights for {} columns", project.weights.size(), features));
  }
  const std::size_t outputs = project.outputs();
  if (!project.mean.empty()) TURNOUT_TRY(NeedOneEach(project.mean.size(), "means", features));
  if (!project.offset.empty()) TURNOUT_TRY(NeedOneEach(project.offset.size(), "offsets", outputs));
  if (!project.divisor.empty()) TURNOUT_TRY(NeedOneEach(project.divisor.size(), "divisors", outputs));
  return ColumnTypes(outputs, ColumnType::kNumber);
}

Row Apply(const Normalize& normalize, Row row) {
  double norm = 0;
  for (const Value& value : row) {
    const double x = std::fabs(value.number);
    switch (normalize.norm) {
      case Normalize::Norm::kL1: norm += x; break;
      case Normalize::Norm::kL2: norm += x * x; break;
      case Normalize::Norm::kLargest: norm = std::max(norm, x); break;
    }
  }
  if (normalize.norm == Normalize::Norm::kL2) norm = std::sqrt(norm);
  if (norm == 0 || norm < normalize.smallest) norm = 1;
  for (Value& value : row) value.number /= norm;
  return row;
}

Row Apply(const Products& products, Row row) {
  Row out;
  std::size_t first = 0;
  for (const int32_t end : products.ends) {
    const auto last = static_cast<std::size_t>(end);
    double product = first == last ? 1 : row[static_cast<std::size_t>(products.factors[last - 1])].number;
    for (std::size_t f = last; f-- > first + 1;) {
      product *= row[static_cast<std::size_t>(products.factors[f - 1])].number;
    }
    out.push_back({.number = product});
    first = last;
  }
  return out;
}

Row Apply(const Project& project, Row row) {
  const auto features = static_cast<std::size_t>(project.features);
  Row out;
  for (std::size_t k = 0; k < project.outputs(); ++k) {
    double sum = 0;
    for (std::size_t i = 0; i < features; ++i) {
      const double x = row[i].number - (project.mean.empty() ? 0 : project.mean[i]);
      sum += x * project.weights[k * features + i];
    }
    if (!project.offset.empty()) sum -= project.offset[k];
    if (!project.divisor.empty()) sum /= project.divisor[k];
    out.push_back({.number = sum});
  }
  return out;
}

}  // namespace turnout
