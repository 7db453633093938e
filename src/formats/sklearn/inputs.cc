// What the columns of a table must be for a chain of steps and a predictor: types, categories, missing
// values, magnitudes. scikit-learn finds out row by row and raises; here it is known when the file is read.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "formats/sklearn/parts.h"

namespace turnout::sklearn {
namespace {

// What happens to one column on its way through the steps, told by the first step that cares.
struct Demand {
  const Categories* categories = nullptr;  // an encoder reads it
  bool refuses_unknown = false;
  bool number = false;  // a scaler or an imputer reads it
};

void Demands(const std::vector<Step>& steps, std::vector<Demand>& columns) {
  if (steps.empty()) return;
  // Only the first step sees the columns themselves, but scalers keep them in place.
  for (const Step& step : steps) {
    if (std::holds_alternative<Scale>(step)) {
      for (Demand& column : columns) column.number = true;
      continue;
    }
    if (std::holds_alternative<Impute>(step)) {
      for (Demand& column : columns) column.number = true;
    } else if (const auto* one_hot = std::get_if<OneHot>(&step)) {
      for (std::size_t i = 0; i < std::min(columns.size(), one_hot->columns.size()); ++i) {
        columns[i].categories = &one_hot->columns[i];
        columns[i].refuses_unknown = !one_hot->ignore_unknown;
      }
    } else if (const auto* ordinal = std::get_if<Ordinal>(&step)) {
      for (std::size_t i = 0; i < std::min(columns.size(), ordinal->columns.size()); ++i) {
        columns[i].categories = &ordinal->columns[i];
        columns[i].refuses_unknown = !ordinal->use_unknown_value;
      }
    } else if (const auto* parallel = std::get_if<Columns>(&step)) {
      for (const Columns::Part& part : parallel->parts) {
        std::vector<Demand> taken(part.inputs.size());
        Demands(part.steps, taken);
        for (std::size_t i = 0; i < taken.size(); ++i) {
          const auto at = static_cast<std::size_t>(part.inputs[i]);
          if (at >= columns.size()) continue;  // OutputColumns reports it
          if (taken[i].categories != nullptr) columns[at] = taken[i];
          columns[at].number |= taken[i].number || part.steps.empty();
        }
      }
    }
    return;
  }
}

// How a raw column arrives at the predictor: as itself (scaled), or not at all.
struct Arrival {
  bool missing = false;  // NaN in it is NaN in some column at the predictor
  bool arrives = false;
  double shift = 0, factor = 1;  // the largest |mean| and smallest |scale| on the way
};

// Follows column flags through the steps: `columns[j]` describes what column j carries of the one input.
std::vector<Arrival> Follow(const std::vector<Step>& steps, std::vector<Arrival> columns) {
  for (const Step& step : steps) {
    if (const auto* scale = std::get_if<Scale>(&step)) {
      for (std::size_t j = 0; j < columns.size(); ++j) {
        if (!scale->mean.empty()) columns[j].shift += std::fabs(scale->mean[j]);
        if (!scale->scale.empty()) {
          columns[j].factor *= std::fabs(scale->scale[j]);
        }
      }
    } else if (const auto* impute = std::get_if<Impute>(&step)) {
      std::vector<Arrival> kept;
      for (std::size_t j = 0; j < columns.size(); ++j) {
        if (std::isnan(impute->statistics[j])) continue;
        columns[j].missing = false;
        kept.push_back(columns[j]);
      }
      columns = std::move(kept);
    } else if (const auto* one_hot = std::get_if<OneHot>(&step)) {
      std::size_t width = 0;
      for (std::size_t j = 0; j < one_hot->columns.size(); ++j) {
        width += one_hot->columns[j].size() - (one_hot->dropped[j] >= 0 ? 1 : 0);
      }
      columns.assign(width, Arrival{});
    } else if (const auto* ordinal = std::get_if<Ordinal>(&step)) {
      for (std::size_t j = 0; j < columns.size(); ++j) {
        const double code =
            ordinal->columns[j].missing >= 0 ? ordinal->missing_value : ordinal->unknown_value;
        columns[j] = {.missing = columns[j].missing && std::isnan(code)};
      }
    } else if (const auto* parallel = std::get_if<Columns>(&step)) {
      std::vector<Arrival> out;
      for (const Columns::Part& part : parallel->parts) {
        std::vector<Arrival> taken;
        for (int32_t input : part.inputs) taken.push_back(columns[static_cast<std::size_t>(input)]);
        for (const Arrival& arrival : Follow(part.steps, std::move(taken))) out.push_back(arrival);
      }
      columns = std::move(out);
    }
  }
  return columns;
}

}  // namespace

Result<std::vector<ColumnType>> InputTypes(const std::vector<Step>& steps, int32_t inputs) {
  std::vector<Demand> demands(static_cast<std::size_t>(inputs));
  Demands(steps, demands);
  std::vector<ColumnType> types;
  for (std::size_t i = 0; i < demands.size(); ++i) {
    const bool text = demands[i].categories != nullptr && demands[i].categories->is_text;
    if (text && demands[i].number) {
      return Fail(Code::kUnsupported, fmt::format("input column {} is used as text and as a number", i));
    }
    types.push_back(text ? ColumnType::kText : ColumnType::kNumber);
  }
  return types;
}

Status DescribeInputs(const std::vector<Step>& steps, const Loaded& predictor, Signature& signature) {
  const auto count = static_cast<int32_t>(signature.inputs.size());
  TURNOUT_ASSIGN(const auto types, InputTypes(steps, count));
  TURNOUT_TRY(OutputColumns(steps, types));
  std::vector<Demand> demands(signature.inputs.size());
  Demands(steps, demands);
  for (std::size_t i = 0; i < signature.inputs.size(); ++i) {
    Input& input = signature.inputs[i];
    input.type = types[i];
    input.accepts_missing = true;
    if (const Categories* categories = demands[i].categories) {
      for (std::size_t c = 0; c < categories->texts.size(); ++c) {
        if (static_cast<int32_t>(c) != categories->missing) input.categories.push_back(categories->texts[c]);
      }
      input.closed = demands[i].refuses_unknown;
      for (std::size_t c = 0; input.closed && c < categories->numbers.size(); ++c) {
        if (static_cast<int32_t>(c) != categories->missing) input.numbers.push_back(categories->numbers[c]);
      }
      if (categories->missing < 0 && demands[i].refuses_unknown) input.accepts_missing = false;
    }
    // The steps are followed once per input with a mark on it: inputs x columns, 4 million marks at the
    // 2,000 columns of the widest tables.
    std::vector<Arrival> marks(signature.inputs.size());
    marks[i] = {.missing = true, .arrives = true};
    for (const Arrival& arrival : Follow(steps, std::move(marks))) {
      if (arrival.missing && !predictor.accepts_missing) input.accepts_missing = false;
      if (arrival.arrives && input.type == ColumnType::kNumber) {
        // |x - mean| / scale stays within the predictor's limit; a little is given away to rounding.
        const double scaled = predictor.largest < 1e300 || arrival.factor < 1
                                  ? predictor.largest * arrival.factor *
                                            (arrival.factor == 1 && arrival.shift == 0 ? 1 : 1 - 1e-12) -
                                        arrival.shift
                                  : predictor.largest;
        input.largest = std::min(input.largest, scaled);
      }
    }
  }
  return {};
}

}  // namespace turnout::sklearn
