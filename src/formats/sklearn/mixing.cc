// sklearn/preprocessing/_polynomial.py, Normalizer; sklearn/decomposition: PCA, TruncatedSVD.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "formats/sklearn/transformers.h"

namespace turnout::sklearn {
namespace {

// Ascending factors of one product more, in the order of the library: by their number, then column by column.
// False behind the last one.
bool Next(std::vector<int32_t>& factors, int32_t features, bool distinct) {
  for (std::size_t i = factors.size(); i-- > 0;) {
    const auto behind = static_cast<int32_t>(factors.size() - 1 - i);
    const int32_t last = features - 1 - (distinct ? behind : 0);
    if (factors[i] >= last) continue;
    int32_t factor = ++factors[i];
    for (std::size_t j = i + 1; j < factors.size(); ++j) factors[j] = distinct ? ++factor : factor;
    return true;
  }
  return false;
}

Result<Project> LoadComponents(const Part& part, const Context& context, int32_t inputs) {
  TURNOUT_ASSIGN(const Part components, pickle::Attribute(part, "components_"));
  TURNOUT_ASSIGN(auto weights, AsDoubles(components, {-1, inputs}, context.budget));
  Project project;
  project.features = inputs;
  project.weights = std::move(weights.values);
  return project;
}

}  // namespace

Status LoadPolynomialFeatures(const Part& part, const Context& context, int32_t inputs, int, Steps& steps) {
  TURNOUT_ASSIGN(const bool distinct, pickle::BoolOr(part, "interaction_only", false));
  TURNOUT_ASSIGN(const bool bias, pickle::BoolOr(part, "include_bias", true));
  TURNOUT_ASSIGN(int64_t least, pickle::IntOr(part, "_min_degree", 0));
  int64_t most = 0;
  if (const auto fitted = pickle::FindAttribute(part, "_max_degree")) {  // since 1.0
    TURNOUT_ASSIGN(most, pickle::AsInt(*fitted));
  } else {
    TURNOUT_ASSIGN(const Part degree, pickle::Attribute(part, "degree"));
    TURNOUT_ASSIGN(most, pickle::AsInt(degree));
  }
  constexpr int64_t kMostDegree = 64;
  if (least < 0 || most < 0 || most > kMostDegree) {
    return pickle::Fail(Code::kUnsupported, part,
                        fmt::format("products of {} to {} factors; at most {}", least, most, kMostDegree));
  }
  Products products;
  products.features = inputs;
  if (bias) products.ends.push_back(0);
  for (int64_t degree = std::max<int64_t>(least, 1); degree <= most; ++degree) {
    if (distinct && degree > inputs) break;
    std::vector<int32_t> factors(static_cast<std::size_t>(degree), 0);
    for (std::size_t i = 0; distinct && i < factors.size(); ++i) factors[i] = static_cast<int32_t>(i);
    do {
      if (products.ends.size() >= kMaxColumns) {
        return pickle::Fail(Code::kUnsupported, part,
                            fmt::format("more than {} products of columns come out", kMaxColumns));
      }
      TURNOUT_TRY(context.budget.Take(part, sizeof(int32_t) * (factors.size() + 1)));
      products.factors.insert(products.factors.end(), factors.begin(), factors.end());
      products.ends.push_back(static_cast<int32_t>(products.factors.size()));
    } while (Next(factors, inputs, distinct));
  }
  steps.emplace_back(std::move(products));
  return {};
}

Status LoadNormalizer(const Part& part, const Context&, int32_t, int, Steps& steps) {
  TURNOUT_ASSIGN(const std::string_view norm, pickle::TextOr(part, "norm", "l2"));
  Normalize normalize{.norm = Normalize::Norm::kL2, .smallest = 10 * std::numeric_limits<double>::epsilon()};
  if (norm == "l1") {
    normalize.norm = Normalize::Norm::kL1;
  } else if (norm == "max") {
    normalize.norm = Normalize::Norm::kLargest;
  } else if (norm != "l2") {
    return pickle::Fail(Code::kUnsupported, part, fmt::format("its norm is '{}'", norm));
  }
  steps.emplace_back(normalize);
  return {};
}

// Until 1.4 the mean is taken off the values, since 1.5 its projection off theirs.
Status LoadPca(const Part& part, const Context& context, int32_t inputs, int, Steps& steps) {
  TURNOUT_ASSIGN(Project project, LoadComponents(part, context, inputs));
  const std::size_t features = static_cast<std::size_t>(inputs), outputs = project.outputs();
  if (pickle::FindAttribute(part, "mean_")) {
    TURNOUT_ASSIGN(project.mean, ColumnNumbers(part, "mean_", context, inputs));
  }
  if (context.release.AtLeast(1, 5) && !project.mean.empty()) {
    for (std::size_t k = 0; k < outputs; ++k) {
      double sum = 0;
      for (std::size_t i = 0; i < features; ++i) sum += project.mean[i] * project.weights[k * features + i];
      project.offset.push_back(sum);
    }
    project.mean.clear();
  }
  TURNOUT_ASSIGN(const bool whiten, pickle::BoolOr(part, "whiten", false));
  if (whiten) {
    TURNOUT_ASSIGN(project.divisor,
                   ColumnNumbers(part, "explained_variance_", context, static_cast<int32_t>(outputs)));
    for (double& divisor : project.divisor) {
      divisor = std::sqrt(divisor);
      if (context.release.AtLeast(1, 5)) {
        divisor = std::max(divisor, std::numeric_limits<double>::epsilon());
      }
      if (!(divisor > 0)) {
        return pickle::Fail(Code::kUnsupported, part,
                            "it divides by a variance of 0; fit it with fewer components");
      }
    }
  }
  steps.emplace_back(std::move(project));
  return {};
}

Status LoadTruncatedSvd(const Part& part, const Context& context, int32_t inputs, int, Steps& steps) {
  TURNOUT_ASSIGN(steps.emplace_back(), LoadComponents(part, context, inputs));
  return {};
}

}  // namespace turnout::sklearn
