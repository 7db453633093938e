// What the columns of a table must be for a chain of steps and a predictor: types, categories, missing
// values, magnitudes. scikit-learn finds out row by row and raises; here it is known when the file is read.
//
// Every column at the predictor is made of exactly one input. So the columns are followed once through the
// steps, each with what has become of its input, of a missing value and of an unknown category on the way.
#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <unordered_set>

#include "formats/sklearn/parts.h"

namespace turnout::sklearn {
namespace {

struct Scaling {
  double mean, scale;
  double operator()(double x) const { return (x - mean) / scale; }
};

struct Column {
  std::size_t input = 0;
  std::vector<Scaling> scalings;           // of the input's value, when it is not encoded
  const Categories* encoded_by = nullptr;  // the value is a code: always within every limit
  bool direct = true;                      // what was encoded is the input's value
  bool filled = false;                     // an imputer has seen it
  double missing = std::nan("");           // what a missing value is here; NaN: still missing
  double unknown = 0;                      // what an unknown category is here; NaN: missing
};

// What the steps ask of one input.
struct Demand {
  bool number = false;                         // arithmetic, or the predictor itself
  const Categories* categories = nullptr;      // of the first encoder
  std::vector<const Categories*> closed = {};  // of encoders that refuse others
  bool refuses_missing = false;
  double largest = std::numeric_limits<double>::max();
};

class Trace {
 public:
  explicit Trace(const Signature& signature) : signature_(signature), demands_(signature.inputs.size()) {}

  Result<std::vector<Column>> Follow(const std::vector<Step>& steps, std::vector<Column> columns) {
    for (const Step& step : steps) {
      TURNOUT_TRY(std::visit([&](const auto& one) { return Through(one, columns); }, step));
    }
    return columns;
  }

  Status Arrive(const std::vector<Column>& columns, const Loaded& predictor);

  std::vector<Demand>& demands() { return demands_; }

 private:
  Status Through(const Scale& scale, std::vector<Column>& columns);
  Status Through(const Impute& impute, std::vector<Column>& columns);
  Status Through(const OneHot& encoder, std::vector<Column>& columns);
  Status Through(const Ordinal& encoder, std::vector<Column>& columns);
  Status Through(const Columns& parallel, std::vector<Column>& columns);
  // The column as an encoder gives it; `code` maps FindCategory's answer to a number.
  template <class Code>
  Result<Column> Encoded(const Column& column, const Categories& categories, bool refuses_unknown, Code code);

  std::unexpected<Error> Fails(std::size_t input, std::string_view what) const {
    return Fail(Code::kUnsupported,
                fmt::format("input column '{}': {}", signature_.inputs[input].name, what));
  }

  const Signature& signature_;
  std::vector<Demand> demands_;
};

Status Trace::Through(const Scale& scale, std::vector<Column>& columns) {
  for (std::size_t j = 0; j < columns.size(); ++j) {
    Column& column = columns[j];
    const Scaling one{scale.mean.empty() ? 0 : scale.mean[j], scale.scale.empty() ? 1 : scale.scale[j]};
    if (column.encoded_by == nullptr) {
      demands_[column.input].number = true;
      column.scalings.push_back(one);
    }
    column.missing = one(column.missing);
    column.unknown = one(column.unknown);
  }
  return {};
}

Status Trace::Through(const Impute& impute, std::vector<Column>& columns) {
  std::vector<Column> kept;
  for (std::size_t j = 0; j < columns.size(); ++j) {
    Column& column = columns[j];
    if (column.encoded_by == nullptr) demands_[column.input].number = true;
    const double statistic = impute.statistics[j];
    if (std::isnan(statistic)) continue;
    if (std::isnan(column.missing)) column.missing = statistic;
    if (std::isnan(column.unknown)) column.unknown = statistic;
    column.filled = true;
    kept.push_back(std::move(column));
  }
  columns = std::move(kept);
  return {};
}

template <class Code>
Result<Column> Trace::Encoded(const Column& column, const Categories& categories, bool refuses_unknown,
                              Code code) {
  Demand& demand = demands_[column.input];
  const bool itself = column.encoded_by == nullptr && column.scalings.empty();
  if (categories.is_text && (!itself || column.filled)) {
    return Fails(column.input, "a text encoder stands behind a scaler, an imputer or another encoder");
  }
  if (!itself && refuses_unknown) {
    return Fails(
        column.input,
        "an encoder that refuses unknown categories stands behind a scaler or another encoder; fit it "
        "with handle_unknown='ignore' or 'use_encoded_value'");
  }
  const int32_t missing = FindCategory(categories, {.number = column.missing});
  if (missing < 0 && refuses_unknown) demand.refuses_missing = true;
  if (column.encoded_by == nullptr) {
    if (!categories.is_text) demand.number = true;
    if (demand.categories == nullptr) demand.categories = &categories;
    if (refuses_unknown) demand.closed.push_back(&categories);
  }
  return Column{.input = column.input,
                .scalings = {},
                .encoded_by = &categories,
                .direct = itself,
                .filled = false,
                .missing = code(missing),
                .unknown = refuses_unknown ? 0 : code(-1)};
}

Status Trace::Through(const OneHot& encoder, std::vector<Column>& columns) {
  std::vector<Column> out;
  for (std::size_t j = 0; j < columns.size(); ++j) {
    const Categories& categories = encoder.columns[j];
    TURNOUT_ASSIGN(const Column one, Encoded(columns[j], categories, !encoder.ignore_unknown,
                                             [](int32_t) { return 0.0; }));  // 0 or 1, never missing
    out.insert(out.end(), categories.size() - (encoder.dropped[j] >= 0 ? 1 : 0), one);
  }
  columns = std::move(out);
  return {};
}

Status Trace::Through(const Ordinal& encoder, std::vector<Column>& columns) {
  for (std::size_t j = 0; j < columns.size(); ++j) {
    TURNOUT_ASSIGN(columns[j], Encoded(columns[j], encoder.columns[j], !encoder.use_unknown_value,
                                       [&](int32_t category) { return OrdinalCode(encoder, j, category); }));
  }
  return {};
}

Status Trace::Through(const Columns& parallel, std::vector<Column>& columns) {
  std::vector<Column> out;
  for (const Columns::Part& part : parallel.parts) {
    std::vector<Column> taken;
    for (int32_t input : part.inputs) taken.push_back(columns[static_cast<std::size_t>(input)]);
    TURNOUT_ASSIGN(auto through, Follow(part.steps, std::move(taken)));
    out.insert(out.end(), std::make_move_iterator(through.begin()), std::make_move_iterator(through.end()));
  }
  columns = std::move(out);
  return {};
}

double Scaled(const std::vector<Scaling>& scalings, double x) {
  for (const Scaling& scaling : scalings) x = scaling(x);
  return x;
}

// The largest t for which every |x| <= t arrives within `limit`; -1 if there is none. Subtracting and
// dividing by constants is monotone in floating point too, so the two ends decide; doubles from 0 up are
// ordered as their bits, so halving finds the last one that fits.
double LargestWithin(const std::vector<Scaling>& scalings, double limit) {
  const auto fits = [&](double t) {
    return std::fabs(Scaled(scalings, t)) <= limit && std::fabs(Scaled(scalings, -t)) <= limit;
  };
  if (!fits(0)) return -1;
  uint64_t low = 0, high = std::bit_cast<uint64_t>(std::numeric_limits<double>::infinity());
  while (high - low > 1) {
    const uint64_t middle = low + (high - low) / 2;
    (fits(std::bit_cast<double>(middle)) ? low : high) = middle;
  }
  return std::bit_cast<double>(low);
}

Status Trace::Arrive(const std::vector<Column>& columns, const Loaded& predictor) {
  for (const Column& column : columns) {
    Demand& demand = demands_[column.input];
    if (std::isnan(column.missing) ? !predictor.accepts_missing
                                   : !(std::fabs(column.missing) <= predictor.largest)) {
      demand.refuses_missing = true;
    }
    if (column.encoded_by != nullptr) {
      if (!std::isnan(column.unknown) || predictor.accepts_missing) continue;
      if (!column.direct) return Fails(column.input, "an encoder makes NaN of codes of another encoder");
      demand.closed.push_back(column.encoded_by);
      continue;
    }
    demand.number = true;
    if (std::isnan(Scaled(column.scalings, 0))) {  // it was missing throughout when the scaler was fitted
      if (!predictor.accepts_missing) {
        return Fails(column.input, "the scaler makes every value missing, which the model refuses");
      }
      continue;
    }
    const double largest = LargestWithin(column.scalings, predictor.largest);
    if (largest < 0) return Fails(column.input, "what the scaler makes of 0 is too large for the model");
    demand.largest = std::min(demand.largest, largest);
  }
  return {};
}

// What every encoder takes that refuses unknown categories; without one, what the first encoder knows.
void ListCategories(const Demand& demand, Input& input) {
  if (demand.categories == nullptr) return;
  const std::vector<const Categories*>& closed = demand.closed;
  const Categories& base = closed.empty() ? *demand.categories : *closed[0];
  std::vector<bool> listed(base.size(), true);
  if (base.missing >= 0) listed[static_cast<std::size_t>(base.missing)] = false;
  for (const Categories* other : std::unordered_set(closed.begin(), closed.end())) {
    if (other == &base) continue;
    const std::unordered_set<std::string_view> texts(other->texts.begin(), other->texts.end());
    const std::unordered_set<double> numbers(other->numbers.begin(), other->numbers.end());
    for (std::size_t c = 0; c < base.size(); ++c) {
      if (!(base.is_text ? texts.contains(base.texts[c]) : numbers.contains(base.numbers[c])))
        listed[c] = false;
    }
  }
  for (std::size_t c = 0; c < base.size(); ++c) {
    if (!listed[c]) continue;
    if (base.is_text) {
      input.categories.push_back(base.texts[c]);
    } else if (input.closed) {
      input.numbers.push_back(base.numbers[c]);
    }
  }
}

Status Describe(const Demand& demand, Input& input) {
  const bool text = demand.categories != nullptr && demand.categories->is_text;
  if (text && demand.number) {
    return Fail(Code::kUnsupported,
                fmt::format("input column '{}' is used as text and as a number", input.name));
  }
  input.type = text ? ColumnType::kText : ColumnType::kNumber;
  input.accepts_missing = !demand.refuses_missing;
  input.largest = demand.largest;
  input.closed = !demand.closed.empty();
  ListCategories(demand, input);
  return {};
}

}  // namespace

Status DescribeInputs(const std::vector<Step>& steps, const Loaded& predictor, Signature& signature) {
  Trace trace(signature);
  std::vector<Column> columns(signature.inputs.size());
  for (std::size_t i = 0; i < columns.size(); ++i) columns[i].input = i;
  TURNOUT_ASSIGN(columns, trace.Follow(steps, std::move(columns)));
  TURNOUT_TRY(trace.Arrive(columns, predictor));
  for (std::size_t i = 0; i < signature.inputs.size(); ++i) {
    TURNOUT_TRY(Describe(trace.demands()[i], signature.inputs[i]));
  }
  return {};
}

}  // namespace turnout::sklearn
