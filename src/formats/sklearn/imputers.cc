// sklearn/impute/_base.py. Missing is what the table's decoder leaves empty, in numbers and in texts: NaN,
// None and pandas.NA are the same here.
#include <fmt/format.h>

#include <cmath>

#include "formats/sklearn/transformers.h"

namespace turnout::sklearn {
namespace {

using pickle::Kind;

// `missing_values`: what stands for a missing value; at most one of them is set.
struct Marker {
  std::optional<double> number;
  std::optional<std::string> text;
};

Result<Marker> LoadMarker(const Part& part) {
  TURNOUT_ASSIGN(const Part missing, pickle::Attribute(part, "missing_values"));
  switch (missing.value.kind()) {
    case Kind::kNone: return Marker{};
    case Kind::kFloat:
      if (std::isnan(missing.value.Float())) return Marker{};
      return Marker{missing.value.Float(), {}};
    case Kind::kInt: return Marker{static_cast<double>(missing.value.Int()), {}};
    case Kind::kText: {
      TURNOUT_ASSIGN(const std::string_view text, pickle::AsText(missing));
      return Marker{{}, std::string(text)};
    }
    case Kind::kGlobal:
      if (missing.value.Name() == "pandas._libs.missing.NA" || missing.value.Name() == "pandas.NA") {
        return Marker{};
      }
      break;
    case Kind::kObject:
      if (pickle::ClassName(missing.value).starts_with("pandas._libs.missing.")) return Marker{};
      break;
    default: break;
  }
  return pickle::Fail(Code::kUnsupported, missing,
                      fmt::format("found {}; NaN, None, pandas.NA, a number or a text can be served",
                                  pickle::Describe(missing.value)));
}

// Whether the imputer's numbers are held in float32: what replaces a missing value is rounded to it
// (since 1.7, which keeps _fill_dtype).
bool FillsFloat32(const Part& part) {
  const auto dtype = pickle::FindAttribute(part, "_fill_dtype");
  return dtype && dtype->value.kind() == Kind::kDtype && dtype->value.AsDtype().kind == 'f' &&
         dtype->value.AsDtype().itemsize == 4;
}

// Whether a NaN statistic drops its column: always before 1.2, but for 'constant', which drops none before
// 1.8 and keeps NaN itself.
Result<bool> Keeps(const Part& part, const Context& context) {
  TURNOUT_ASSIGN(const bool keeps, pickle::BoolOr(part, "keep_empty_features", false));
  TURNOUT_ASSIGN(const std::string_view strategy, pickle::TextOr(part, "strategy", "mean"));
  return keeps || (strategy == "constant" && !context.release.AtLeast(1, 8));
}

Indicate MakeIndicate(const Marker& marker, std::vector<int32_t> features) {
  return {.features = std::move(features),
          .strict = false,
          .marker = marker.number.value_or(std::nan("")),
          .text_marker = marker.text};
}

Result<std::vector<int32_t>> LoadFeatures(const Part& indicator, const Context& context, int32_t inputs) {
  TURNOUT_ASSIGN(const Part part, pickle::Attribute(indicator, "features_"));
  TURNOUT_ASSIGN(const auto indices, AsIntegers(part, {-1}, context.budget));
  std::vector<int32_t> features;
  for (const int64_t index : indices.values) {
    if (index < 0 || index >= inputs) {
      return pickle::Fail(Code::kCorrupt, part, fmt::format("column {} of {}", index, inputs));
    }
    features.push_back(static_cast<int32_t>(index));
  }
  return features;
}

// Columns of numbers, or of texts, one behind the other.
struct Run {
  bool is_text = false;
  Columns::Part part;
  Impute numbers;
  ImputeText texts;
};

void Finish(Run& run, const Marker& marker, Columns& columns) {
  if (run.part.inputs.empty()) return;
  if (run.is_text) {
    run.texts.marker = marker.text;
    run.part.steps.emplace_back(std::move(run.texts));
  } else {
    run.numbers.marker = marker.number.value_or(std::nan(""));
    run.part.steps.emplace_back(std::move(run.numbers));
  }
  columns.parts.push_back(std::move(run.part));
  run = {};
}

}  // namespace

Status LoadSimpleImputer(const Part& part, const Context& context, int32_t inputs, int, Steps& steps) {
  TURNOUT_ASSIGN(const Marker marker, LoadMarker(part));
  TURNOUT_ASSIGN(const Part statistics, pickle::Attribute(part, "statistics_"));
  TURNOUT_ASSIGN(auto values, AsScalars(statistics, context.budget));
  if (values.size() != static_cast<std::size_t>(inputs)) {
    return pickle::Fail(Code::kCorrupt, statistics,
                        fmt::format("{} statistics for {} columns", values.size(), inputs));
  }
  TURNOUT_ASSIGN(const bool keeps, Keeps(part, context));
  const bool float32 = FillsFloat32(part);
  Columns columns;
  Run run;
  for (int32_t i = 0; i < inputs; ++i) {
    Scalar& value = values[static_cast<std::size_t>(i)];
    std::string* text = std::get_if<std::string>(&value);
    double number = 0;
    if (const double* real = std::get_if<double>(&value)) number = *real;
    if (const int64_t* integer = std::get_if<int64_t>(&value)) number = static_cast<double>(*integer);
    if (const bool* truth = std::get_if<bool>(&value)) number = *truth;
    if (float32) number = static_cast<double>(static_cast<float>(number));
    const bool empty = std::holds_alternative<std::monostate>(value) || std::isnan(number);
    if (empty && keeps) {
      return pickle::Fail(
          Code::kUnsupported, part,
          fmt::format("missing values of column {} are replaced by {}; use another fill_value", i,
                      std::isnan(number) ? "NaN" : "None"));
    }
    if (empty) continue;
    if (run.is_text != (text != nullptr)) Finish(run, marker, columns);
    run.is_text = text != nullptr;
    run.part.inputs.push_back(i);
    if (text != nullptr) {
      if (marker.number) {
        return pickle::Fail(Code::kUnsupported, statistics,
                            "a column of texts in which a number stands for missing values; impute it apart");
      }
      run.texts.statistics.push_back(std::move(*text));
    } else {
      if (marker.text) {
        return pickle::Fail(Code::kUnsupported, statistics,
                            "a column of numbers in which a text stands for missing values; impute it apart");
      }
      run.numbers.statistics.push_back(number);
    }
  }
  Finish(run, marker, columns);
  TURNOUT_ASSIGN(const bool indicated, pickle::BoolOr(part, "add_indicator", false));
  if (indicated) {
    TURNOUT_ASSIGN(const Part indicator, pickle::Attribute(part, "indicator_"));
    TURNOUT_ASSIGN(auto features, LoadFeatures(indicator, context, inputs));
    Columns::Part where = PassThrough("indicator", Range(inputs));
    where.steps.emplace_back(MakeIndicate(marker, std::move(features)));
    columns.parts.push_back(std::move(where));
  }
  // The common case stays one step: all columns of one kind, none dropped.
  if (columns.parts.size() == 1 && columns.parts[0].inputs.size() == static_cast<std::size_t>(inputs)) {
    steps.push_back(std::move(columns.parts[0].steps[0]));
  } else {
    steps.emplace_back(std::move(columns));
  }
  return {};
}

Status LoadMissingIndicator(const Part& part, const Context& context, int32_t inputs, int, Steps& steps) {
  TURNOUT_ASSIGN(const Marker marker, LoadMarker(part));
  TURNOUT_ASSIGN(auto features, LoadFeatures(part, context, inputs));
  Indicate indicate = MakeIndicate(marker, std::move(features));
  TURNOUT_ASSIGN(const std::string_view which, pickle::TextOr(part, "features", "missing-only"));
  TURNOUT_ASSIGN(const bool strict, pickle::BoolOr(part, "error_on_new", true));
  indicate.strict = strict && which == "missing-only";
  steps.emplace_back(std::move(indicate));
  return {};
}

}  // namespace turnout::sklearn
