// What the columns of a table must be for a chain of steps and a predictor: types, categories, missing
// values, magnitudes.
#include <fmt/format.h>

#include <cmath>
#include <unordered_set>

#include "formats/sklearn/trace.h"

namespace turnout::sklearn {
namespace {

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
  if (!input.closed) return;
  for (const Value& value : demand.stand_ins) {
    if (FindCategory(base, value) >= 0) continue;
    if (base.is_text) {
      input.categories.emplace_back(value.text);
    } else {
      input.numbers.push_back(value.number);
    }
  }
}

Status Describe(const Demand& demand, Input& input) {
  const bool text = demand.text || (demand.categories != nullptr && demand.categories->is_text);
  if (text && demand.number) {
    return Fail(Code::kUnsupported,
                fmt::format("input column '{}' is used as text and as a number", input.name));
  }
  input.type = text ? ColumnType::kText : ColumnType::kNumber;
  input.accepts_missing = !demand.refuses_missing;
  input.largest = demand.largest;
  input.lowest = demand.domain.lowest;
  input.highest = demand.domain.highest;
  if (input.lowest > input.highest) {
    return Fail(Code::kUnsupported, fmt::format("input column '{}': no value suits all steps", input.name));
  }
  input.closed = !demand.closed.empty();
  ListCategories(demand, input);
  return {};
}

Status Describe(const std::vector<Step>& steps, const Goal& goal, double mixed, Signature& signature,
                bool& mixes) {
  Trace trace(signature, mixed);
  std::vector<TracedColumn> columns(signature.inputs.size());
  for (std::size_t i = 0; i < columns.size(); ++i) columns[i].input = i;
  auto arrived = trace.Follow(steps, std::move(columns));
  mixes = trace.mixes();
  if (!arrived) return std::unexpected(std::move(arrived).error());
  TURNOUT_TRY(trace.Arrive(*arrived, goal));
  Signature described = signature;
  for (std::size_t i = 0; i < signature.inputs.size(); ++i) {
    TURNOUT_TRY(Describe(trace.demands()[i], described.inputs[i]));
  }
  signature = std::move(described);
  return {};
}

}  // namespace

// How large values may be in front of a step that mixes columns can't be said of each column by itself. The
// largest of these limits that lets nothing grow into infinity is taken: scikit-learn may take more.
Status DescribeInputs(const std::vector<Step>& steps, const Loaded& predictor, Signature& signature) {
  const Goal goal{.accepts_missing = predictor.accepts_missing, .largest = predictor.largest};
  Status status;
  for (const double mixed : {1e150, 1e100, 1e75, 1e50, 1e36, 1e30, 1e24, 1e18, 1e15, 1e12, 1e9}) {
    bool mixes = false;
    status = Describe(steps, goal, mixed, signature, mixes);
    if (status || !mixes) return status;
  }
  return status;
}

}  // namespace turnout::sklearn
