// sklearn/pipeline.py, model_selection/_search.py.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "formats/sklearn/parts.h"

namespace turnout::sklearn {
namespace {

bool IsPassthrough(pickle::Value value) {
  return value.IsNone() || (value.kind() == pickle::Kind::kText && value.Text() == "passthrough");
}

// Searches of every library keep the best model in best_estimator_.
bool IsSearch(pickle::Value value) {
  const std::string_view cls = pickle::ShortClassName(value);
  return cls.ends_with("SearchCV") || pickle::HasAttribute(value, "best_estimator_");
}

// Imbalanced-learn's samplers change the rows that a model is fitted on, never those that it predicts.
bool IsSampler(std::string_view cls) {
  return cls.starts_with("imblearn.over_sampling.") || cls.starts_with("imblearn.under_sampling.") ||
         cls.starts_with("imblearn.combine.") || cls == "imblearn.base.FunctionSampler";
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
  if (IsSampler(cls)) return {};
  if (IsSearch(part.value)) {
    const auto best = pickle::FindAttribute(part, "best_estimator_");
    if (!best) {
      return pickle::Fail(Code::kUnsupported, part,
                          "it has no best_estimator_; fit it with refit=True, or save the model itself");
    }
    return Append(*best, name, context, depth + 1, stages);
  }
  if (cls == "sklearn.frozen._frozen.FrozenEstimator") {
    TURNOUT_ASSIGN(const Part fitted, pickle::Attribute(part, "estimator"));
    return Append(fitted, name, context, depth + 1, stages);
  }
  if (cls != "sklearn.pipeline.Pipeline" && cls != "imblearn.pipeline.Pipeline") {
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

std::size_t Width(std::span<const Step> steps, std::size_t inputs);

// The number of columns behind a step.
template <class T>
std::size_t WidthOf(const T&, std::size_t inputs) {
  return inputs;
}
std::size_t WidthOf(const Impute& impute, std::size_t) {
  return static_cast<std::size_t>(std::count_if(impute.statistics.begin(), impute.statistics.end(),
                                                [](double statistic) { return !std::isnan(statistic); }));
}
std::size_t WidthOf(const Indicate& indicate, std::size_t) { return indicate.features.size(); }
std::size_t WidthOf(const OneHot& encoder, std::size_t) {
  std::size_t width = 0;
  for (std::size_t i = 0; i < encoder.columns.size(); ++i) {
    width += CountCodes(encoder.columns[i]) - (encoder.dropped[i] >= 0 ? 1 : 0);
  }
  return width;
}
std::size_t WidthOf(const TargetEncode& encoder, std::size_t inputs) {
  return inputs * static_cast<std::size_t>(encoder.outputs);
}
std::size_t WidthOf(const Vectorize& vectorize, std::size_t) {
  return static_cast<std::size_t>(vectorize.features);
}
std::size_t WidthOf(const Products& products, std::size_t) { return products.ends.size(); }
std::size_t WidthOf(const Project& project, std::size_t) { return project.outputs(); }
std::size_t WidthOf(const Columns& columns, std::size_t) {
  std::size_t width = 0;
  for (const Columns::Part& part : columns.parts) width += Width(part.steps, part.inputs.size());
  return width;
}

std::size_t Width(std::span<const Step> steps, std::size_t inputs) {
  for (const Step& step : steps) {
    inputs = std::visit([&](const auto& one) { return WidthOf(one, inputs); }, step);
  }
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
    const std::size_t first = steps.size();
    TURNOUT_TRY(LoadTransformer(stage.part, context.Of(stage.part), columns, depth, steps));
    const std::size_t width = Width(std::span(steps).subspan(first), static_cast<std::size_t>(columns));
    if (width > kMaxColumns) {
      return pickle::Fail(Code::kUnsupported, stage.part,
                          fmt::format("{} columns come out; at most {} can be served", width, kMaxColumns));
    }
    columns = static_cast<int32_t>(width);
  }
  return {};
}

}  // namespace turnout::sklearn
