#include "formats/sklearn/trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace turnout::sklearn {
namespace {

bool IsScaling(const Hop& hop) {
  return std::holds_alternative<Scale>(*hop.step) || std::holds_alternative<Affine>(*hop.step) ||
         std::holds_alternative<Impute>(*hop.step) || std::holds_alternative<Present>(*hop.step);
}

// Whether the column holds the input's own value, but for what an imputer has filled.
bool IsItself(const TracedColumn& column) {
  return column.input != TracedColumn::kSeveral && column.encoded_by == nullptr && !column.given &&
         std::all_of(column.hops.begin(), column.hops.end(), [](const Hop& hop) {
           return std::holds_alternative<Impute>(*hop.step) || std::holds_alternative<Present>(*hop.step);
         });
}

// The stand-in for a missing value, if the imputer of texts or numbers has one.
void AddStandIns(const TracedColumn& column, std::vector<Value>& stand_ins) {
  for (const Hop& hop : column.hops) {
    const auto* impute = std::get_if<Impute>(hop.step);
    if (impute != nullptr && !std::isnan(impute->marker)) stand_ins.push_back({.number = impute->marker});
  }
  for (const ImputeText* impute : column.fills) {
    if (impute->marker) stand_ins.push_back({.text = *impute->marker, .is_text = true});
  }
}

}  // namespace

std::unexpected<Error> Trace::Fails(std::size_t input, std::string_view what) const {
  if (input == TracedColumn::kSeveral) return Fail(Code::kUnsupported, std::string(what));
  return Fail(Code::kUnsupported, fmt::format("input column '{}': {}", signature_.inputs[input].name, what));
}

Result<std::vector<TracedColumn>> Trace::Follow(const std::vector<Step>& steps, Traced columns) {
  for (const Step& step : steps) {
    TURNOUT_TRY(std::visit([&](const auto& one) { return Through(step, one, columns); }, step));
  }
  return columns;
}

Status Trace::Grow(const Step& step, std::size_t at, TracedColumn& column) {
  double largest = 0;
  for (const double x : {-column.magnitude, 0.0, column.magnitude}) {
    const auto here = Hopped({{&step, at}}, x);
    if (!here || std::isnan(*here)) {
      return Fails(column.input, fmt::format("the step '{}' behind one that mixes columns can't take every "
                                             "value; do it before the model",
                                             Name(step)));
    }
    largest = std::max(largest, std::fabs(*here));
  }
  column.magnitude = largest;
  return {};
}

template <ElementWise T>
Status Trace::Through(const Step& step, const T&, Traced& columns) {
  for (std::size_t j = 0; j < columns.size(); ++j) {
    TracedColumn& column = columns[j];
    if (column.input == TracedColumn::kSeveral) {
      TURNOUT_TRY(Grow(step, j, column));
      continue;
    }
    const Hop hop{&step, j};
    if (column.encoded_by == nullptr && !column.given) {
      demands_[column.input].number = true;
      column.hops.push_back(hop);
    }
    const auto missing = Hopped({hop}, column.missing.number);
    if (!missing) demands_[column.input].refuses_missing = true;
    column.missing = {.number = missing.value_or(0)};
    if (const auto unknown = Hopped({hop}, column.unknown)) {
      column.unknown = *unknown;
    } else if (column.encoded_by != nullptr) {
      if (!column.direct) return Fails(column.input, "an encoder makes NaN of codes of another encoder");
      demands_[column.input].closed.push_back(column.encoded_by);
    }
  }
  return {};
}

Status Trace::Through(const Step& step, const Impute& impute, Traced& columns) {
  Traced kept;
  for (std::size_t j = 0; j < columns.size(); ++j) {
    TracedColumn& column = columns[j];
    const double statistic = impute.statistics[j];
    if (column.input == TracedColumn::kSeveral) {
      column.magnitude = std::max(column.magnitude, std::fabs(statistic));
      if (!std::isnan(statistic)) kept.push_back(std::move(column));
      continue;
    }
    if (column.encoded_by == nullptr && !column.given) {
      demands_[column.input].number = true;
      column.hops.push_back({&step, j});
    }
    if (std::isnan(statistic)) continue;
    const bool strict = !std::isnan(impute.marker);  // then NaN is refused
    if (strict && IsMissing(column.missing)) demands_[column.input].refuses_missing = true;
    if (IsMarked(column.missing.number, impute.marker) || strict) column.missing = {.number = statistic};
    if (IsMarked(column.unknown, impute.marker)) column.unknown = statistic;
    kept.push_back(std::move(column));
  }
  columns = std::move(kept);
  return {};
}

Status Trace::Through(const Step&, const ImputeText& impute, Traced& columns) {
  for (std::size_t j = 0; j < columns.size(); ++j) {
    TracedColumn& column = columns[j];
    if (!IsItself(column)) return Fails(column.input, "an imputer of texts stands behind an encoder");
    Demand& demand = demands_[column.input];
    demand.text = true;
    if (impute.marker && IsMissing(column.missing)) demand.refuses_missing = true;
    if (IsMissing(column.missing) || IsMarked(column.missing.text, impute.marker)) {
      column.missing = {.text = impute.statistics[j], .is_text = true};
    }
    column.fills.push_back(&impute);
    column.fill_columns.push_back(j);
  }
  return {};
}

Status Trace::Through(const Step&, const Indicate& indicate, Traced& columns) {
  if (indicate.strict) {
    std::vector<bool> told(columns.size(), false);
    for (const int32_t feature : indicate.features) told[static_cast<std::size_t>(feature)] = true;
    for (std::size_t j = 0; j < columns.size(); ++j) {
      if (!told[j] && columns[j].input != TracedColumn::kSeveral && IsMissing(columns[j].missing)) {
        demands_[columns[j].input].refuses_missing = true;
      }
    }
  }
  Traced out;
  for (const int32_t feature : indicate.features) {
    const TracedColumn& column = columns[static_cast<std::size_t>(feature)];
    const bool strict = !std::isnan(indicate.marker) || indicate.text_marker;
    if (strict && column.input != TracedColumn::kSeveral && IsMissing(column.missing)) {
      demands_[column.input].refuses_missing = true;
    }
    out.push_back({.input = column.input, .given = true, .missing = {.number = 1}, .magnitude = 1});
  }
  columns = std::move(out);
  return {};
}

template <class Code>
Result<TracedColumn> Trace::Encoded(const TracedColumn& column, const Categories& categories,
                                    bool refuses_unknown, Code code) {
  const bool itself = IsItself(column);
  if (categories.is_text && (!itself || !column.hops.empty())) {
    return Fails(column.input, "a text encoder stands behind a scaler, an imputer or another encoder");
  }
  if (!itself && refuses_unknown) {
    return Fails(
        column.input,
        "an encoder that refuses unknown categories stands behind a scaler or another encoder; fit it "
        "with handle_unknown='ignore' or 'use_encoded_value'");
  }
  TracedColumn out{.input = column.input, .encoded_by = &categories, .direct = itself};
  double magnitude = std::fabs(code(-1));
  for (int32_t c = 0; c < static_cast<int32_t>(categories.size()); ++c) {
    if (const double one = std::fabs(code(c)); !(one <= magnitude)) magnitude = one;
  }
  out.magnitude = magnitude;
  if (column.input == TracedColumn::kSeveral) return out;
  Demand& demand = demands_[column.input];
  const int32_t missing = FindCategory(categories, column.missing);
  if (missing < 0 && refuses_unknown) demand.refuses_missing = true;
  if (column.encoded_by == nullptr && !column.given) {
    if (!categories.is_text) demand.number = true;
    if (demand.categories == nullptr) demand.categories = &categories;
    if (refuses_unknown) demand.closed.push_back(&categories);
    if (refuses_unknown && missing >= 0) AddStandIns(column, demand.stand_ins);
  }
  out.missing = {.number = code(missing)};
  out.unknown = refuses_unknown ? 0 : code(-1);
  return out;
}

Status Trace::Through(const Step&, const OneHot& encoder, Traced& columns) {
  Traced out;
  for (std::size_t j = 0; j < columns.size(); ++j) {
    const Categories& categories = encoder.columns[j];
    TURNOUT_ASSIGN(const TracedColumn one,
                   Encoded(columns[j], categories, !encoder.ignore_unknown && categories.unknown < 0,
                           [](int32_t) { return 0.0; }));  // 0 or 1, never missing
    out.insert(out.end(), CountCodes(categories) - (encoder.dropped[j] >= 0 ? 1 : 0), one);
    for (TracedColumn& column : out) column.magnitude = 1;
  }
  columns = std::move(out);
  return {};
}

Status Trace::Through(const Step&, const Ordinal& encoder, Traced& columns) {
  for (std::size_t j = 0; j < columns.size(); ++j) {
    TURNOUT_ASSIGN(columns[j], Encoded(columns[j], encoder.columns[j], !encoder.use_unknown_value,
                                       [&](int32_t category) { return OrdinalCode(encoder, j, category); }));
  }
  return {};
}

Status Trace::Through(const Step&, const TargetEncode& encoder, Traced& columns) {
  Traced out;
  for (std::size_t j = 0; j < columns.size(); ++j) {
    for (int32_t k = 0; k < encoder.outputs; ++k) {
      TURNOUT_ASSIGN(out.emplace_back(),
                     Encoded(columns[j], encoder.columns[j], false,
                             [&](int32_t category) { return TargetValue(encoder, j, category, k); }));
    }
  }
  columns = std::move(out);
  return {};
}

Status Trace::Through(const Step&, const Columns& parallel, Traced& columns) {
  Traced out;
  for (const Columns::Part& part : parallel.parts) {
    Traced taken;
    for (int32_t input : part.inputs) taken.push_back(columns[static_cast<std::size_t>(input)]);
    TURNOUT_ASSIGN(auto through, Follow(part.steps, std::move(taken)));
    out.insert(out.end(), std::make_move_iterator(through.begin()), std::make_move_iterator(through.end()));
  }
  columns = std::move(out);
  return {};
}

Result<double> Trace::Mix(const Traced& columns) {
  mixes_ = true;
  double largest = 0;
  for (const TracedColumn& column : columns) {
    if (column.input == TracedColumn::kSeveral || column.encoded_by != nullptr || column.given) {
      largest = std::max(largest, column.magnitude);
    } else {
      largest = std::max(largest, mixed_);
    }
    TURNOUT_TRY(ArriveOne(column, {.accepts_missing = false, .largest = mixed_}));
  }
  return largest;
}

Status Trace::Through(const Step&, const Normalize&, Traced& columns) {
  TURNOUT_ASSIGN(const double largest, Mix(columns));
  // Rows with a norm of next to nothing stay as they are.
  if (!(largest * largest * static_cast<double>(columns.size() + 1) < std::numeric_limits<double>::max())) {
    return Fails(TracedColumn::kSeveral, "values in front of a Normalizer can be too large to be squared");
  }
  columns.assign(columns.size(), {.input = TracedColumn::kSeveral, .magnitude = 1});
  return {};
}

Status Trace::Through(const Step&, const Products& products, Traced& columns) {
  TURNOUT_ASSIGN(const double largest, Mix(columns));
  Traced out;
  int32_t first = 0;
  for (const int32_t end : products.ends) {
    out.push_back({.input = TracedColumn::kSeveral,
                   .magnitude = std::pow(std::max(largest, 1.0), static_cast<double>(end - first))});
    first = end;
  }
  columns = std::move(out);
  return {};
}

Status Trace::Through(const Step&, const Project& project, Traced& columns) {
  TURNOUT_ASSIGN(const double largest, Mix(columns));
  Traced out;
  const auto features = static_cast<std::size_t>(project.features);
  for (std::size_t k = 0; k < project.outputs(); ++k) {
    double sum = project.offset.empty() ? 0 : std::fabs(project.offset[k]);
    for (std::size_t i = 0; i < features; ++i) {
      const double mean = project.mean.empty() ? 0 : std::fabs(project.mean[i]);
      sum += (largest + mean) * std::fabs(project.weights[k * features + i]);
    }
    if (!project.divisor.empty()) sum /= project.divisor[k];
    out.push_back({.input = TracedColumn::kSeveral, .magnitude = sum});
  }
  columns = std::move(out);
  return {};
}

// What it makes of a text is always there. (No count comes near the magnitude.)
Status Trace::Through(const Step&, const Vectorize& vectorize, Traced& columns) {
  const TracedColumn column = columns[0];
  if (!IsItself(column) || !column.hops.empty()) {
    return Fails(column.input, "a vectorizer of texts stands behind an encoder");
  }
  Demand& demand = demands_[column.input];
  demand.text = true;
  if (IsMissing(column.missing)) demand.refuses_missing = true;
  constexpr double kMostOften = 1e9;
  columns.assign(static_cast<std::size_t>(vectorize.features),
                 {.input = column.input, .given = true, .missing = {.number = 0}, .magnitude = kMostOften});
  return {};
}

Status Trace::Arrive(const Traced& columns, const Goal& goal) {
  for (const TracedColumn& column : columns) TURNOUT_TRY(ArriveOne(column, goal));
  return {};
}

Status Trace::ArriveOne(const TracedColumn& column, const Goal& goal) {
  if (column.input == TracedColumn::kSeveral) {
    if (goal.Takes(column.magnitude) && goal.Takes(-column.magnitude)) return {};
    return Fails(column.input, "what a step makes of several columns can grow too large for the model");
  }
  Demand& demand = demands_[column.input];
  if (IsMissing(column.missing) ? !goal.accepts_missing : !goal.Takes(column.missing.number)) {
    demand.refuses_missing = true;
  }
  if (column.given) return {};
  if (column.encoded_by != nullptr) {
    if (!std::isnan(column.unknown) || goal.accepts_missing) return {};
    if (!column.direct) return Fails(column.input, "an encoder makes NaN of codes of another encoder");
    demand.closed.push_back(column.encoded_by);
    return {};
  }
  demand.number = true;
  const bool scaled_only = std::all_of(column.hops.begin(), column.hops.end(), IsScaling);
  const auto zero = Hopped(column.hops, 0);
  if (scaled_only && zero && std::isnan(*zero)) {  // it was missing throughout when the scaler was fitted
    if (goal.accepts_missing) return {};
    return Fails(column.input, "the scaler makes every value missing, which the model refuses");
  }
  if (scaled_only && (!zero || !(std::fabs(*zero) <= goal.largest))) {
    return Fails(column.input, "what the scaler makes of 0 is too large for the model");
  }
  const auto domain = DomainOf(column.hops, goal);
  if (!domain) {
    return Fails(column.input,
                 "the model takes no number, or not all between two that it takes, as the "
                 "steps change them; do these steps before the model");
  }
  if (scaled_only && goal.lowest == -goal.highest) {
    demand.largest = std::min({demand.largest, -domain->lowest, domain->highest});
  } else {
    demand.domain.lowest = std::max(demand.domain.lowest, domain->lowest);
    demand.domain.highest = std::min(demand.domain.highest, domain->highest);
  }
  return {};
}

}  // namespace turnout::sklearn
