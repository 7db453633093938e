#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "formats/sklearn/ensembles.h"

namespace turnout::sklearn {

Result<std::vector<Nested>> LoadNestedList(const Part& list, const Context& context, const Loaded& out) {
  TURNOUT_ASSIGN(const pickle::Values elements, pickle::Elements(list));
  if (elements.empty()) return pickle::Fail(Code::kCorrupt, list, "an ensemble of no estimators");
  std::vector<Nested> nested;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const Part one(elements[i], list.path.Index(i));
    TURNOUT_ASSIGN(nested.emplace_back(),
                   LoadNested(one, fmt::format("{}", i), context, out.inputs, out.depth));
  }
  return nested;
}

void AddMembers(Members members, Loaded& out) {
  std::size_t columns = members.passthrough ? static_cast<std::size_t>(out.inputs) : 0;
  for (const Member& member : members.members) columns += GivenColumns(member);
  out.inputs = static_cast<int32_t>(std::min(columns, kMaxColumns + 1));  // CheckModel says if it is too many
  out.model.steps.emplace_back(std::move(members));
}

Result<Give> ScoreOf(const Part& estimator, const Nested& nested) {
  const Model& model = *nested.member.model;
  if (model.signature.task == Task::kClassification) {
    if (nested.decides) return Give::kScores;
    if (model.signature.probabilities) {
      return model.signature.classes.size() == 2 ? Give::kSecond : Give::kProbabilities;
    }
  }
  return pickle::Fail(
      Code::kUnsupported, estimator,
      fmt::format("{} has neither decision_function nor predict_proba", model.origin.estimator));
}

Result<std::vector<int32_t>> PlacesOf(const Part& estimator, const Model& member,
                                      const std::vector<Label>& classes) {
  std::unordered_map<std::string, int32_t> at;
  for (std::size_t k = 0; k < classes.size(); ++k) at.emplace(LabelText(classes[k]), static_cast<int32_t>(k));
  std::vector<int32_t> places;
  for (const Label& label : member.signature.classes) {
    const auto found = at.find(LabelText(label));
    if (found == at.end()) {
      return pickle::Fail(Code::kCorrupt, estimator,
                          fmt::format("its class {} is none of the ensemble's", LabelText(label)));
    }
    places.push_back(found->second);
  }
  return places;
}

Result<std::vector<double>> MemberNumbers(const Part& estimator, std::string_view name,
                                          const Context& context, std::size_t members) {
  const auto part = pickle::FindAttribute(estimator, name);
  if (!part) return std::vector<double>();
  TURNOUT_ASSIGN(auto numbers, AsDoubles(*part, context.budget));
  if (numbers.size() < members) {
    return pickle::Fail(Code::kCorrupt, *part,
                        fmt::format("{} numbers for {} estimators", numbers.size(), members));
  }
  return std::move(numbers.values);
}

}  // namespace turnout::sklearn
