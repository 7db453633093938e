#include "model/step.h"

#include <fmt/format.h>

namespace turnout {
namespace {

// In the order of Step's alternatives.
constexpr std::string_view kStepNames[] = {
    "scale",    "impute",  "one-hot",       "ordinal",       "columns",   "impute text",
    "indicate", "affine",  "clip",          "target encode", "members",   "present",
    "function", "power",   "quantiles",     "bins",          "threshold", "normalize",
    "products", "project", "inverse power", "blank",         "vectorize"};
static_assert(std::size(kStepNames) == std::variant_size_v<Step>);

Result<ColumnTypes> OutputsOf(std::span<const Step> steps, const ColumnTypes& inputs, int level);

Result<ColumnTypes> OutputsOf(const Columns& columns, const ColumnTypes& inputs, int level) {
  ColumnTypes outputs;
  for (std::size_t p = 0; p < columns.parts.size(); ++p) {
    const Columns::Part& part = columns.parts[p];
    auto within = [&](Error error) {
      return Within(fmt::format("part {} \"{}\"", p + 1, std::string_view(part.name).substr(0, 64)),
                    std::move(error));
    };
    auto bad = [&](std::string message) { return within(Fail(Code::kCorrupt, std::move(message)).error()); };
    ColumnTypes types;
    if (part.inputs.size() > kMaxColumns) return bad(fmt::format("takes more than {} columns", kMaxColumns));
    for (int32_t input : part.inputs) {
      if (input < 0 || input >= static_cast<int64_t>(inputs.size())) {
        return bad(fmt::format("takes column {} of {}", input, inputs.size()));
      }
      types.push_back(inputs[static_cast<std::size_t>(input)]);
    }
    auto result = OutputsOf(part.steps, types, level + 1);
    if (!result) return within(std::move(result).error());
    outputs.insert(outputs.end(), result->begin(), result->end());
    if (outputs.size() > kMaxColumns) {
      return Fail(Code::kCorrupt, fmt::format("more than {} columns come out", kMaxColumns));
    }
  }
  return outputs;
}

template <ElementWise T>
Result<ColumnTypes> OutputsOf(const T& step, const ColumnTypes& inputs, int) {
  TURNOUT_TRY(NeedNumbers(inputs));
  TURNOUT_TRY(CheckStep(step, inputs.size()));
  return inputs;
}

template <class T>
  requires(!ElementWise<T>)
Result<ColumnTypes> OutputsOf(const T& step, const ColumnTypes& inputs, int) {
  return turnout::OutputsOf(step, inputs);
}

Result<ColumnTypes> OutputsOf(std::span<const Step> steps, const ColumnTypes& inputs, int level) {
  ColumnTypes columns = inputs;
  if (level > kMaxStepNesting) {
    return Fail(Code::kUnsupported, fmt::format("steps nested deeper than {} levels", kMaxStepNesting));
  }
  for (std::size_t i = 0; i < steps.size(); ++i) {
    auto outputs = std::visit([&](const auto& step) { return OutputsOf(step, columns, level); }, steps[i]);
    if (!outputs) {
      return Within(fmt::format("step {} ({})", i + 1, Name(steps[i])), std::move(outputs).error());
    }
    columns = *std::move(outputs);
  }
  return columns;
}

Row Apply(const Columns& columns, Row row) {
  Row out;
  for (const Columns::Part& part : columns.parts) {
    Row taken;
    for (int32_t input : part.inputs) taken.push_back(row[static_cast<std::size_t>(input)]);
    for (const Value& value : Transform(part.steps, std::move(taken))) out.push_back(value);
  }
  return out;
}

template <ElementWise T>
Row Apply(const T& step, Row row) {
  for (std::size_t i = 0; i < row.size(); ++i) row[i].number = Map(step, i, row[i].number);
  return row;
}

}  // namespace

std::string_view Name(const Step& step) { return kStepNames[step.index()]; }

Result<ColumnTypes> OutputColumns(std::span<const Step> steps, const ColumnTypes& inputs, int level) {
  return OutputsOf(steps, inputs, level);
}

Row Transform(std::span<const Step> steps, Row row) {
  for (const Step& step : steps) {
    row = std::visit([&](const auto& s) { return Apply(s, std::move(row)); }, step);
  }
  return row;
}

}  // namespace turnout
