// sklearn/pipeline.py, model_selection/_search.py.
#include <fmt/format.h>

#include <cmath>

#include "formats/sklearn/parts.h"

namespace turnout::sklearn {
namespace {

bool IsPassthrough(pickle::Value value) {
  return value.IsNone() || (value.kind() == pickle::Kind::kText && value.Text() == "passthrough");
}

Status Append(const Part& part, std::string_view name, const Context& context, int depth,
              std::vector<Stage>& stages) {
  TURNOUT_TRY(context.budget.TakeObject(part));
  if (depth > kMaxStepNesting) {
    return pickle::Fail(Code::kUnsupported, part,
                        fmt::format("pipelines nested deeper than {}", kMaxStepNesting));
  }
  if (IsPassthrough(part.value)) return {};
  const std::string_view cls = pickle::ClassName(part.value);
  if (cls == "sklearn.model_selection._search.GridSearchCV" ||
      cls == "sklearn.model_selection._search.RandomizedSearchCV") {
    const auto best = pickle::FindAttribute(part, "best_estimator_");
    if (!best) {
      return pickle::Fail(Code::kUnsupported, part,
                          "it has no best_estimator_; fit it with refit=True, or save the model itself");
    }
    return Append(*best, name, context, depth + 1, stages);
  }
  if (cls != "sklearn.pipeline.Pipeline") {
    stages.push_back({std::string(name), part});
    return {};
  }
  TURNOUT_ASSIGN(const Part list, pickle::Attribute(part, "steps"));
  TURNOUT_ASSIGN(const pickle::Values elements, pickle::Elements(list));
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const Part entry(elements[i], list.path.Index(i));
    TURNOUT_ASSIGN(const Part name_part, pickle::Element(entry, 0));
    TURNOUT_ASSIGN(const std::string_view step_name, pickle::AsText(name_part));
    TURNOUT_TRY(context.budget.Take(entry, step_name.size()));
    TURNOUT_ASSIGN(const Part at, pickle::Element(entry, 1));
    const Part step = StepPart(part, step_name, at.value);
    TURNOUT_TRY(Append(step, step_name, context, depth + 1, stages));
  }
  return {};
}

int32_t Width(const std::vector<Step>& steps, int32_t inputs);

int32_t Width(const Step& step, int32_t inputs) {
  std::size_t width = 0;
  if (const auto* impute = std::get_if<Impute>(&step)) {
    for (double statistic : impute->statistics) width += !std::isnan(statistic);
  } else if (const auto* one_hot = std::get_if<OneHot>(&step)) {
    for (std::size_t i = 0; i < one_hot->columns.size(); ++i) {
      width += one_hot->columns[i].size() - (one_hot->dropped[i] >= 0 ? 1 : 0);
    }
  } else if (const auto* columns = std::get_if<Columns>(&step)) {
    for (const Columns::Part& part : columns->parts) {
      width += static_cast<std::size_t>(Width(part.steps, static_cast<int32_t>(part.inputs.size())));
    }
  } else {
    return inputs;
  }
  return static_cast<int32_t>(width);
}

int32_t Width(const std::vector<Step>& steps, int32_t inputs) {
  for (const Step& step : steps) inputs = Width(step, inputs);
  return inputs;
}

}  // namespace

Part StepPart(const Part& part, std::string_view name, pickle::Value value) {
  const std::string_view cls = pickle::ShortClassName(value);
  const pickle::Path path = part.path.Step(name);
  return {value, cls.empty() ? path : path.Inside(cls)};
}

Result<std::vector<Stage>> Unfold(const Part& part, std::string_view name, const Context& context,
                                  int depth) {
  std::vector<Stage> stages;
  TURNOUT_TRY(Append(part, name, context, depth, stages));
  return stages;
}

Status LoadSteps(std::span<const Stage> stages, const Context& context, int depth, int32_t& columns,
                 std::vector<Step>& steps) {
  for (const Stage& stage : stages) {
    TURNOUT_ASSIGN(auto step, LoadTransformer(stage.part, context.Of(stage.part), columns, depth));
    if (!step) continue;
    columns = Width(*step, columns);
    if (columns > static_cast<int32_t>(kMaxColumns)) {
      return pickle::Fail(Code::kUnsupported, stage.part,
                          fmt::format("{} columns come out; at most {} can be served", columns, kMaxColumns));
    }
    steps.push_back(*std::move(step));
  }
  return {};
}

}  // namespace turnout::sklearn
