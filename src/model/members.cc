#include "model/members.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/model.h"

namespace turnout {
namespace {

std::unexpected<Error> Bad(std::string message) { return Fail(Code::kCorrupt, std::move(message)); }

constexpr std::string_view kGiveNames[] = {"scores", "probabilities", "second probability",
                                           "class",  "vote",          "values"};

bool Has(const Model& model, Give give) {
  const bool classifies = model.signature.task == Task::kClassification;
  switch (give) {
    case Give::kScores: return true;
    case Give::kProbabilities: return Probabilities(model) > 0;
    case Give::kSecond: return Probabilities(model) == 2;
    case Give::kVote:
    case Give::kClass: return classifies;
    case Give::kValues: return !classifies;
  }
  return false;
}

Status Check(const Member& member, const ColumnTypes& columns, int level) {
  if (member.model == nullptr) return Bad("there is no model");
  TURNOUT_TRY(CheckModel(*member.model, level + 1));
  const auto& inputs = member.model->signature.inputs;
  if (member.inputs.size() != inputs.size()) {
    return Bad(fmt::format("is given {} columns, its model takes {}", member.inputs.size(), inputs.size()));
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const int32_t at = member.inputs[i];
    if (at < 0 || static_cast<std::size_t>(at) >= columns.size()) {
      return Bad(fmt::format("takes column {} of {}", at, columns.size()));
    }
    if (columns[static_cast<std::size_t>(at)] != inputs[i].type) {
      return Bad(
          fmt::format("takes column {} as {}", at,
                      inputs[i].type == ColumnType::kText ? "text, it is a number" : "a number, it is text"));
    }
  }
  for (const Give give : member.gives) {
    if (!Has(*member.model, give)) return Bad(fmt::format("its model has no {}", Name(give)));
  }
  const std::size_t classes = member.model->signature.classes.size();
  if (!member.labels.empty() && member.labels.size() != classes) {
    return Bad(fmt::format("{} labels for {} classes", member.labels.size(), classes));
  }
  if (member.places.empty()) return {};
  if (member.places.size() != classes || member.width < 1 ||
      member.width > static_cast<int64_t>(kMaxColumns)) {
    return Bad(fmt::format("{} of {} columns for {} classes", member.places.size(), member.width, classes));
  }
  for (const int32_t place : member.places) {
    if (place < 0 || place >= member.width) {
      return Bad(fmt::format("a class stands in column {} of {}", place, member.width));
    }
  }
  return {};
}

}  // namespace

std::string_view Name(Give give) { return kGiveNames[static_cast<std::size_t>(give)]; }

std::size_t GivenColumns(const Member& member) {
  std::size_t columns = 0;
  for (const Give give : member.gives) {
    switch (give) {
      case Give::kScores: columns += Decisions(*member.model); break;
      case Give::kProbabilities:
        columns +=
            member.places.empty() ? Probabilities(*member.model) : static_cast<std::size_t>(member.width);
        break;
      case Give::kVote:
        columns += member.places.empty() ? member.model->signature.classes.size()
                                         : static_cast<std::size_t>(member.width);
        break;
      case Give::kValues: columns += Values(*member.model); break;
      case Give::kSecond:
      case Give::kClass: ++columns; break;
    }
  }
  return columns;
}

Result<ColumnTypes> OutputsOf(const Members& members, const ColumnTypes& inputs, int level) {
  std::size_t columns = members.passthrough ? inputs.size() : 0;
  for (std::size_t m = 0; m < members.members.size(); ++m) {
    if (auto status = Check(members.members[m], inputs, level); !status) {
      return Within(fmt::format("member {}", m + 1), std::move(status).error());
    }
    columns += GivenColumns(members.members[m]);
    if (columns > kMaxColumns) return Bad(fmt::format("more than {} columns come out", kMaxColumns));
  }
  if (members.passthrough) TURNOUT_TRY(NeedNumbers(inputs));
  return ColumnTypes(columns, ColumnType::kNumber);
}

Row Apply(const Members& members, Row row) {
  std::vector<double> given;
  for (const Member& member : members.members) {
    Row taken;
    for (const int32_t input : member.inputs) taken.push_back(row[static_cast<std::size_t>(input)]);
    const Prediction prediction = Predict(*member.model, taken);
    const std::size_t at = given.size();
    given.resize(at + GivenColumns(member));
    Place(member,
          {.raw = prediction.raw,
           .probabilities = prediction.probabilities,
           .class_index = prediction.class_index,
           .values = prediction.values},
          given.data() + at, 1);
  }
  Row out;
  for (const double value : given) out.push_back({.number = value});
  if (members.passthrough) out.insert(out.end(), row.begin(), row.end());
  return out;
}

void Place(const Member& member, const MemberAnswer& answer, double* out, std::size_t stride) {
  auto append = [&](std::span<const double> values) {
    for (const double value : values) {
      *out = value;
      out += stride;
    }
  };
  for (const Give give : member.gives) {
    switch (give) {
      case Give::kScores: append(answer.raw.first(Decisions(*member.model))); break;
      case Give::kProbabilities:
      case Give::kVote: {
        const std::size_t classes = member.model->signature.classes.size();
        const std::size_t width = member.places.empty() ? classes : static_cast<std::size_t>(member.width);
        for (std::size_t k = 0; k < width; ++k) out[k * stride] = 0;
        for (std::size_t k = 0; k < classes; ++k) {
          const std::size_t at = member.places.empty() ? k : static_cast<std::size_t>(member.places[k]);
          out[at * stride] = give == Give::kProbabilities ? answer.probabilities[k]
                             : k == answer.class_index    ? 1
                                                          : 0;
        }
        out += width * stride;
        break;
      }
      case Give::kSecond: append(answer.probabilities.last(1)); break;
      case Give::kClass: {
        const double label = member.labels.empty() ? static_cast<double>(answer.class_index)
                                                   : member.labels[answer.class_index];
        append({&label, 1});
        break;
      }
      case Give::kValues: append(answer.values); break;
    }
  }
}

}  // namespace turnout
