// sklearn/feature_selection: which columns each selector keeps.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>

#include "formats/sklearn/transformers.h"

namespace turnout::sklearn {
namespace {

using Numbers = std::vector<double>;
using Mask = std::vector<bool>;

// numpy.percentile by linear interpolation (numpy/lib/_function_base_impl.py: _lerp).
double Percentile(Numbers sorted, double percent) {
  std::sort(sorted.begin(), sorted.end());
  const double at = percent / 100 * static_cast<double>(sorted.size() - 1);
  const auto low = static_cast<std::size_t>(std::floor(at));
  const std::size_t high = std::min(low + 1, sorted.size() - 1);
  const double t = at - std::floor(at), difference = sorted[high] - sorted[low];
  return t >= 0.5 ? sorted[high] - difference * (1 - t) : sorted[low] + difference * t;
}

double Median(Numbers values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

// The `count` largest; of equal ones the last, as a stable sort leaves them. NaN is the smallest.
Mask Largest(Numbers scores, std::size_t count) {
  for (double& score : scores) score = std::isnan(score) ? std::numeric_limits<double>::lowest() : score;
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return scores[a] < scores[b]; });
  Mask mask(scores.size(), false);
  for (std::size_t i = scores.size() - std::min(count, scores.size()); i < scores.size(); ++i)
    mask[order[i]] = true;
  return mask;
}

Mask BestShare(Numbers scores, double percent) {
  if (percent == 100) return Mask(scores.size(), true);
  if (percent == 0) return Mask(scores.size(), false);
  for (double& score : scores) score = std::isnan(score) ? std::numeric_limits<double>::lowest() : score;
  const double threshold = Percentile(scores, 100 - percent);
  Mask mask;
  int64_t kept = 0;
  for (const double score : scores) {
    mask.push_back(score > threshold);
    kept += mask.back();
  }
  const auto most = static_cast<int64_t>(static_cast<double>(scores.size()) * percent / 100);
  for (std::size_t i = 0; i < scores.size() && kept < most; ++i) {
    if (scores[i] != threshold) continue;
    mask[i] = true;
    ++kept;
  }
  return mask;
}

Mask Below(const Numbers& values, double limit, bool or_equal = false) {
  Mask mask;
  for (const double value : values) mask.push_back(or_equal ? value <= limit : value < limit);
  return mask;
}

// Benjamini and Hochberg's procedure.
Mask FalseDiscoveries(const Numbers& p_values, double alpha) {
  Numbers sorted = p_values;
  std::sort(sorted.begin(), sorted.end());
  const auto count = static_cast<double>(sorted.size());
  double largest = -1;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (sorted[i] <= alpha / count * static_cast<double>(i + 1)) largest = sorted[i];
  }
  return largest < 0 ? Mask(sorted.size(), false) : Below(p_values, largest, true);
}

// One of the univariate filters; `mode` as GenericUnivariateSelect names it.
Result<Mask> Filter(const Part& part, const Context& context, int32_t inputs, std::string_view mode,
                    const Part& parameter) {
  if (mode == "k_best" || mode == "percentile") {
    TURNOUT_ASSIGN(const Numbers scores, ColumnNumbers(part, "scores_", context, inputs));
    if (parameter.value.kind() == pickle::Kind::kText && parameter.value.Text() == "all") {
      return Mask(scores.size(), true);
    }
    TURNOUT_ASSIGN(const double number, pickle::AsDouble(parameter));
    if (!(number >= 0)) return pickle::Unexpected(parameter, "a number from 0");
    if (mode == "percentile") return BestShare(scores, std::min(number, 100.0));
    return Largest(scores, static_cast<std::size_t>(std::min<double>(number, inputs)));
  }
  TURNOUT_ASSIGN(const Numbers p_values, ColumnNumbers(part, "pvalues_", context, inputs));
  TURNOUT_ASSIGN(const double alpha, pickle::AsDouble(parameter));
  if (mode == "fpr") return Below(p_values, alpha);
  if (mode == "fdr") return FalseDiscoveries(p_values, alpha);
  if (mode == "fwe") return Below(p_values, alpha / static_cast<double>(p_values.size()));
  return pickle::Fail(Code::kUnsupported, part, fmt::format("its mode is '{}'", mode));
}

bool IsOne(double x) { return std::fabs(x - 1) <= 1e-8 + 1e-5; }  // numpy.isclose

// Whether weights of 0 are what the estimator's penalty is for: then the threshold is next to 0.
Result<bool> MakesZeros(const Part& estimator, const Release& release) {
  const std::string_view name = pickle::ShortClassName(estimator.value);
  const auto penalty = pickle::FindAttribute(estimator, "penalty");
  if (penalty && penalty->value.kind() == pickle::Kind::kText && penalty->value.Text() == "l1") return true;
  if (name.find("Lasso") != name.npos) return true;
  const bool elastic = name.find("ElasticNet") != name.npos;
  const bool logistic = release.AtLeast(1, 8) && name.starts_with("LogisticRegression");
  if (!elastic && !logistic) return false;
  const auto ratio = pickle::FindAttribute(estimator, name.ends_with("CV") ? "l1_ratio_" : "l1_ratio");
  if (!ratio) return false;
  TURNOUT_ASSIGN(const auto values, pickle::AsDoubleArray(*ratio));
  return !values.values.empty() && std::all_of(values.values.begin(), values.values.end(), IsOne);
}

// A number, 'mean', 'median' or '1.25*mean'.
Result<double> ThresholdOf(const Part& part, const Part& estimator, const Context& context,
                           const Numbers& importances) {
  const auto given = pickle::FindAttribute(part, "threshold");
  if (given && given->value.kind() != pickle::Kind::kText) return pickle::AsDouble(*given);
  std::string_view text = "mean";
  if (given) {
    TURNOUT_ASSIGN(text, pickle::AsText(*given));
  } else {
    TURNOUT_ASSIGN(const bool zeros, MakesZeros(estimator, context.Of(estimator).release));
    if (zeros) return 1e-5;
  }
  double factor = 1;
  if (const std::size_t star = text.find('*'); star != text.npos) {
    std::string_view number = text.substr(0, star);
    while (number.ends_with(' ')) number.remove_suffix(1);
    while (number.starts_with(' ')) number.remove_prefix(1);
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), factor);
    if (error != std::errc{} || end != number.data() + number.size()) {
      return pickle::Unexpected(*given, "a threshold like '1.25*mean'");
    }
    text.remove_prefix(star + 1);
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
  }
  if (text == "median") return factor * Median(importances);
  if (text == "mean") return factor * (NumpySum(importances) / static_cast<double>(importances.size()));
  return pickle::Unexpected(*given, "a threshold of 'mean' or 'median'");
}

// Estimators that take missing values, so that their selectors do too (scikit-learn's tag allow_nan).
bool TakesMissing(const Part& estimator, const Context& context) {
  const std::string_view name = pickle::ClassName(estimator.value);
  const Release release = context.Of(estimator).release;
  if (name.find("HistGradientBoosting") != name.npos) return true;
  if (name.starts_with("sklearn.tree._classes.DecisionTree")) return release.AtLeast(1, 3);
  if (name.starts_with("sklearn.ensemble._forest.RandomForest")) return release.AtLeast(1, 4);
  if (name.starts_with("sklearn.ensemble._forest.ExtraTrees")) return release.AtLeast(1, 6);
  return false;
}

Status Keep(const Part& part, const Mask& mask, bool takes_missing, Steps& steps) {
  Columns::Part kept = PassThrough("kept", {});
  for (std::size_t i = 0; i < mask.size(); ++i) {
    if (mask[i]) kept.inputs.push_back(static_cast<int32_t>(i));
  }
  if (kept.inputs.empty()) return pickle::Fail(Code::kUnsupported, part, "it keeps no column");
  if (!takes_missing) steps.emplace_back(Present{});
  Columns columns;
  columns.parts.push_back(std::move(kept));
  steps.emplace_back(std::move(columns));
  return {};
}

Status LoadFilter(const Part& part, const Context& context, int32_t inputs, std::string_view mode,
                  std::string_view parameter, Steps& steps) {
  TURNOUT_ASSIGN(const Part value, pickle::Attribute(part, parameter));
  TURNOUT_ASSIGN(const Mask mask, Filter(part, context, inputs, mode, value));
  return Keep(part, mask, false, steps);
}

}  // namespace

Status LoadSelectKBest(const Part& part, const Context& context, int32_t inputs, int, Steps& steps) {
  return LoadFilter(part, context, inputs, "k_best", "k", steps);
}
Status LoadSelectPercentile(const Part& part, const Context& context, int32_t inputs, int, Steps& steps) {
  return LoadFilter(part, context, inputs, "percentile", "percentile", steps);
}
Status LoadSelectFpr(const Part& part, const Context& context, int32_t inputs, int, Steps& steps) {
  return LoadFilter(part, context, inputs, "fpr", "alpha", steps);
}
Status LoadSelectFdr(const Part& part, const Context& context, int32_t inputs, int, Steps& steps) {
  return LoadFilter(part, context, inputs, "fdr", "alpha", steps);
}
Status LoadSelectFwe(const Part& part, const Context& context, int32_t inputs, int, Steps& steps) {
  return LoadFilter(part, context, inputs, "fwe", "alpha", steps);
}
Status LoadGenericUnivariateSelect(const Part& part, const Context& context, int32_t inputs, int,
                                   Steps& steps) {
  TURNOUT_ASSIGN(const std::string_view mode, pickle::TextOr(part, "mode", "percentile"));
  return LoadFilter(part, context, inputs, mode, "param", steps);
}

Status LoadVarianceThreshold(const Part& part, const Context& context, int32_t inputs, int, Steps& steps) {
  TURNOUT_ASSIGN(const Numbers variances, ColumnNumbers(part, "variances_", context, inputs));
  TURNOUT_ASSIGN(const double threshold, pickle::DoubleOr(part, "threshold", 0));
  Mask mask;
  for (const double variance : variances) mask.push_back(variance > threshold);
  return Keep(part, mask, true, steps);
}

Status LoadSelectFromModel(const Part& part, const Context& context, int32_t inputs, int, Steps& steps) {
  auto estimator = pickle::FindAttribute(part, "estimator_");
  if (!estimator) {
    TURNOUT_ASSIGN(estimator, pickle::Attribute(part, "estimator"));
  }
  TURNOUT_ASSIGN(const std::string_view getter, pickle::TextOr(part, "importance_getter", "auto"));
  if (getter != "auto") {
    return pickle::Fail(Code::kUnsupported, part,
                        fmt::format("it reads importances from '{}'; only 'auto' can be served", getter));
  }
  TURNOUT_ASSIGN(const double order, pickle::DoubleOr(part, "norm_order", 1));
  TURNOUT_ASSIGN(const Numbers importances, ImportancesOf(*estimator, context.Of(*estimator), inputs, order));
  TURNOUT_ASSIGN(const double threshold, ThresholdOf(part, *estimator, context, importances));
  Mask mask(importances.size(), true);
  if (pickle::FindAttribute(part, "max_features")) {
    TURNOUT_ASSIGN(const Part most, pickle::Attribute(part, pickle::HasAttribute(part.value, "max_features_")
                                                                ? "max_features_"
                                                                : "max_features"));
    TURNOUT_ASSIGN(const int64_t count, pickle::AsInt(most));
    // Of equal ones the first.
    Numbers reversed(importances.rbegin(), importances.rend());
    mask = Largest(std::move(reversed), static_cast<std::size_t>(std::clamp<int64_t>(count, 0, inputs)));
    std::reverse(mask.begin(), mask.end());
  }
  for (std::size_t i = 0; i < mask.size(); ++i) mask[i] = mask[i] && !(importances[i] < threshold);
  return Keep(part, mask, TakesMissing(*estimator, context), steps);
}

// RFE, RFECV and SequentialFeatureSelector keep the mask.
Status LoadSupport(const Part& part, const Context& context, int32_t inputs, int, Steps& steps) {
  TURNOUT_ASSIGN(const Part support, pickle::Attribute(part, "support_"));
  TURNOUT_ASSIGN(const auto values, AsIntegers(support, {inputs}, context.budget));
  TURNOUT_ASSIGN(const Part estimator, pickle::Attribute(part, "estimator"));
  return Keep(part, Mask(values.values.begin(), values.values.end()), TakesMissing(estimator, context),
              steps);
}

}  // namespace turnout::sklearn
