#include <cmath>

#include "formats/sklearn/trace.h"

namespace turnout::sklearn {
namespace {

// No score and no value of a model fitted on finite numbers comes near this.
constexpr double kLargestScore = 1e30;

bool IsInput(const TracedColumn& column) {
  return column.input != TracedColumn::kSeveral && column.encoded_by == nullptr && !column.given &&
         column.hops.empty();
}

double Magnitude(const Member& member, Give give) {
  switch (give) {
    case Give::kProbabilities:
    case Give::kVote:
    case Give::kSecond: return 1;
    case Give::kClass: {
      auto largest = static_cast<double>(member.model->signature.classes.size());
      for (const double label : member.labels) largest = std::max(largest, std::fabs(label));
      return largest;
    }
    case Give::kScores:
    case Give::kValues: break;
  }
  return kLargestScore;
}

}  // namespace

// What a member asks of a column is asked of the input that it is made of.
Status Trace::AskFor(const Input& asked, const TracedColumn& column) {
  const bool text = asked.type == ColumnType::kText;
  if (text && !IsInput(column)) {
    return Fails(column.input,
                 "an encoder inside of an ensemble stands behind another step; put it in front");
  }
  if (!text) {
    TURNOUT_TRY(ArriveOne(column, {.accepts_missing = asked.accepts_missing, .largest = asked.largest}));
  }
  const bool anywhere = asked.lowest == Input().lowest && asked.highest == Input().highest;
  if (column.input == TracedColumn::kSeveral || (anywhere && !text && !asked.closed)) return {};
  if (!IsInput(column)) {
    return Fails(column.input,
                 "a step inside of an ensemble that does not take every number stands behind "
                 "another step; put it in front");
  }
  Demand& demand = demands_[column.input];
  demand.domain.lowest = std::max(demand.domain.lowest, asked.lowest);
  demand.domain.highest = std::min(demand.domain.highest, asked.highest);
  demand.text = demand.text || text;
  if (text && !asked.accepts_missing && IsMissing(column.missing)) demand.refuses_missing = true;
  if (!text && !asked.closed) return {};
  Categories& categories = categories_.emplace_back();
  categories.is_text = text;
  categories.texts = asked.categories;
  categories.numbers = asked.numbers;
  if (demand.categories == nullptr && categories.size() > 0) demand.categories = &categories;
  if (asked.closed) demand.closed.push_back(&categories);
  return {};
}

Status Trace::Through(const Step&, const Members& members, Traced& columns) {
  Traced out;
  for (const Member& member : members.members) {
    for (std::size_t i = 0; i < member.inputs.size(); ++i) {
      TURNOUT_TRY(
          AskFor(member.model->signature.inputs[i], columns[static_cast<std::size_t>(member.inputs[i])]));
    }
    for (const Give give : member.gives) {
      Member one = member;
      one.gives = {give};
      out.insert(out.end(), GivenColumns(one),
                 {.input = TracedColumn::kSeveral, .magnitude = Magnitude(member, give)});
    }
  }
  if (members.passthrough) {
    out.insert(out.end(), std::make_move_iterator(columns.begin()), std::make_move_iterator(columns.end()));
  }
  columns = std::move(out);
  return {};
}

}  // namespace turnout::sklearn
