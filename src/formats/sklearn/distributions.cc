// sklearn/preprocessing: PowerTransformer, QuantileTransformer (_data.py), KBinsDiscretizer
// (_discretization.py), Binarizer.
#include <fmt/format.h>

#include "formats/sklearn/transformers.h"

namespace turnout::sklearn {

Status LoadPowerTransformer(const Part& part, const Context& context, int32_t inputs, int depth,
                            Steps& steps) {
  Power power;
  TURNOUT_ASSIGN(power.lambdas, ColumnNumbers(part, "lambdas_", context, inputs));
  TURNOUT_ASSIGN(const std::string_view method, pickle::TextOr(part, "method", "yeo-johnson"));
  if (method != "yeo-johnson" && method != "box-cox") {
    return pickle::Fail(Code::kUnsupported, part, fmt::format("its method is '{}'", method));
  }
  // Since 1.9 it calls scipy.stats.yeojohnson, which takes logarithms.
  power.method = method == "box-cox"             ? Power::Method::kBoxCox
                 : context.release.AtLeast(1, 9) ? Power::Method::kYeoJohnson
                                                 : Power::Method::kYeoJohnsonByPow;
  steps.emplace_back(std::move(power));
  TURNOUT_ASSIGN(const bool standardize, pickle::BoolOr(part, "standardize", true));
  if (!standardize) return {};
  TURNOUT_ASSIGN(const Part scaler, pickle::Attribute(part, "_scaler"));
  return LoadStandardScaler(scaler, context, inputs, depth, steps);
}

Status LoadQuantileTransformer(const Part& part, const Context& context, int32_t inputs, int, Steps& steps) {
  Quantiles quantiles;
  TURNOUT_ASSIGN(const Part references, pickle::Attribute(part, "references_"));
  TURNOUT_ASSIGN(auto shares, AsDoubles(references, {-1}, context.budget));
  quantiles.references = std::move(shares.values);
  const std::size_t count = quantiles.references.size(), columns = static_cast<std::size_t>(inputs);
  TURNOUT_ASSIGN(const Part values_part, pickle::Attribute(part, "quantiles_"));
  TURNOUT_ASSIGN(const auto values,
                 AsDoubles(values_part, {static_cast<int64_t>(count), inputs}, context.budget));
  TURNOUT_TRY(context.budget.Take(values_part, values.size() * sizeof(double)));
  quantiles.columns.resize(columns);
  for (std::size_t j = 0; j < columns; ++j) {
    for (std::size_t i = 0; i < count; ++i) quantiles.columns[j].push_back(values.values[i * columns + j]);
  }
  TURNOUT_ASSIGN(const std::string_view output, pickle::TextOr(part, "output_distribution", "uniform"));
  quantiles.normal = output == "normal";
  steps.emplace_back(std::move(quantiles));
  return {};
}

// The first and the last edge are the ends of the training data: beyond them the outer bins go on.
Status LoadKBinsDiscretizer(const Part& part, const Context& context, int32_t inputs, int depth,
                            Steps& steps) {
  if (!context.release.AtLeast(1, 1)) {
    return pickle::Fail(Code::kUnsupported, part,
                        fmt::format("scikit-learn {} moves values near an edge; fit it with 1.1 or newer",
                                    context.release.text));
  }
  TURNOUT_ASSIGN(const Part list, pickle::Attribute(part, "bin_edges_"));
  TURNOUT_ASSIGN(const pickle::Values elements, pickle::Elements(list));
  if (static_cast<int64_t>(elements.size()) != inputs) {
    return pickle::Fail(Code::kCorrupt, list,
                        fmt::format("edges of {} columns; {} expected", elements.size(), inputs));
  }
  Bins bins;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const Part one(elements[i], list.path.Index(i));
    TURNOUT_ASSIGN(const auto edges, AsDoubles(one, {-1}, context.budget));
    if (edges.size() < 2) return pickle::Fail(Code::kCorrupt, one, "fewer than two edges");
    bins.edges.emplace_back(edges.values.begin() + 1, edges.values.end() - 1);
  }
  steps.emplace_back(Present{});
  steps.emplace_back(std::move(bins));
  TURNOUT_ASSIGN(const std::string_view encode, pickle::TextOr(part, "encode", "onehot"));
  if (encode == "ordinal") return {};
  TURNOUT_ASSIGN(const Part encoder, pickle::Attribute(part, "_encoder"));
  TURNOUT_TRY(LoadOneHotEncoder(encoder, context, inputs, depth, steps));
  std::get<OneHot>(steps.back()).ignore_unknown = true;  // every bin is known
  return {};
}

Status LoadBinarizer(const Part& part, const Context&, int32_t, int, Steps& steps) {
  Threshold threshold;
  TURNOUT_ASSIGN(threshold.threshold, pickle::DoubleOr(part, "threshold", 0));
  steps.emplace_back(Present{});
  steps.emplace_back(threshold);
  return {};
}

}  // namespace turnout::sklearn
