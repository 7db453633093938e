#include "model/step.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace turnout {
namespace {

using Types = std::vector<ColumnType>;

std::unexpected<Error> Bad(std::string message) { return Fail(Code::kCorrupt, std::move(message)); }

Status NeedNumbers(const Types& types) {
  for (std::size_t i = 0; i < types.size(); ++i) {
    if (types[i] != ColumnType::kNumber) return Bad(fmt::format("column {} is text, a number expected", i));
  }
  return {};
}

Status CheckCategories(const Categories& categories, ColumnType type) {
  if (categories.is_text != (type == ColumnType::kText)) {
    return Bad(fmt::format("the column is {}, its categories are {}",
                           type == ColumnType::kText ? "text" : "a number",
                           categories.is_text ? "texts" : "numbers"));
  }
  const std::size_t size = categories.size();
  constexpr std::size_t kMost = std::numeric_limits<int32_t>::max();
  if (size > kMost) return Bad(fmt::format("{} categories, at most {} expected", size, kMost));
  if (categories.missing < -1 || categories.missing >= static_cast<int64_t>(size)) {
    return Bad(fmt::format("the missing value's category is {} of {}", categories.missing, size));
  }
  std::vector<std::string_view> texts;
  std::vector<double> numbers;
  for (std::size_t i = 0; i < size; ++i) {
    if (static_cast<int64_t>(i) == categories.missing) continue;
    if (categories.is_text) {
      texts.push_back(categories.texts[i]);
    } else {
      if (std::isnan(categories.numbers[i])) return Bad(fmt::format("category {} is not a number", i));
      numbers.push_back(categories.numbers[i]);
    }
  }
  std::sort(texts.begin(), texts.end());
  if (auto twice = std::adjacent_find(texts.begin(), texts.end()); twice != texts.end()) {
    return Bad(fmt::format("category \"{}\" stands there twice", twice->substr(0, 64)));
  }
  std::sort(numbers.begin(), numbers.end());
  if (auto twice = std::adjacent_find(numbers.begin(), numbers.end()); twice != numbers.end()) {
    return Bad(fmt::format("category {} stands there twice", *twice));
  }
  return {};
}

Status CheckEncoder(const std::vector<Categories>& columns, const Types& inputs) {
  if (columns.size() != inputs.size()) {
    return Bad(fmt::format("encodes {} columns, there are {}", columns.size(), inputs.size()));
  }
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (auto status = CheckCategories(columns[i], inputs[i]); !status) {
      return Within(fmt::format("column {}", i), std::move(status).error());
    }
  }
  return {};
}

Result<Types> Outputs(const Scale& scale, Types inputs, int) {
  TURNOUT_TRY(NeedNumbers(inputs));
  for (const auto& [values, what] : {std::pair{&scale.mean, "means"}, {&scale.scale, "scales"}}) {
    if (!values->empty() && values->size() != inputs.size()) {
      return Bad(fmt::format("{} {} for {} columns", values->size(), what, inputs.size()));
    }
  }
  return inputs;
}

Result<Types> Outputs(const Impute& impute, Types inputs, int) {
  TURNOUT_TRY(NeedNumbers(inputs));
  if (impute.statistics.size() != inputs.size()) {
    return Bad(fmt::format("{} statistics for {} columns", impute.statistics.size(), inputs.size()));
  }
  const auto dropped = std::count_if(impute.statistics.begin(), impute.statistics.end(),
                                     [](double value) { return std::isnan(value); });
  inputs.resize(inputs.size() - static_cast<std::size_t>(dropped));
  return inputs;
}

Result<Types> Outputs(const OneHot& encoder, Types inputs, int) {
  TURNOUT_TRY(CheckEncoder(encoder.columns, inputs));
  if (encoder.dropped.size() != inputs.size()) {
    return Bad(fmt::format("{} dropped categories for {} columns", encoder.dropped.size(), inputs.size()));
  }
  std::size_t outputs = 0;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::size_t size = encoder.columns[i].size();
    const int32_t dropped = encoder.dropped[i];
    if (dropped < -1 || dropped >= static_cast<int64_t>(size)) {
      return Bad(fmt::format("column {}: drops category {} of {}", i, dropped, size));
    }
    outputs += size - (dropped >= 0 ? 1 : 0);
    if (outputs > kMaxColumns) return Bad(fmt::format("more than {} columns come out", kMaxColumns));
  }
  return Types(outputs, ColumnType::kNumber);
}

Result<Types> Outputs(const Ordinal& encoder, Types inputs, int) {
  TURNOUT_TRY(CheckEncoder(encoder.columns, inputs));
  return Types(inputs.size(), ColumnType::kNumber);
}

Result<Types> OutputsOf(std::span<const Step> steps, Types inputs, int level);

Result<Types> Outputs(const Columns& columns, Types inputs, int level) {
  Types outputs;
  for (std::size_t p = 0; p < columns.parts.size(); ++p) {
    const Columns::Part& part = columns.parts[p];
    auto within = [&](Error error) {
      return Within(fmt::format("part {} \"{}\"", p + 1, std::string_view(part.name).substr(0, 64)),
                    std::move(error));
    };
    Types types;
    if (part.inputs.size() > kMaxColumns) {
      return within(Bad(fmt::format("takes more than {} columns", kMaxColumns)).error());
    }
    for (int32_t input : part.inputs) {
      if (input < 0 || input >= static_cast<int64_t>(inputs.size())) {
        return within(Bad(fmt::format("takes column {} of {}", input, inputs.size())).error());
      }
      types.push_back(inputs[static_cast<std::size_t>(input)]);
    }
    auto result = OutputsOf(part.steps, std::move(types), level + 1);
    if (!result) return within(std::move(result).error());
    outputs.insert(outputs.end(), result->begin(), result->end());
    if (outputs.size() > kMaxColumns) return Bad(fmt::format("more than {} columns come out", kMaxColumns));
  }
  return outputs;
}

// The name that messages use, in the order of Step's alternatives.
constexpr std::string_view kStepNames[] = {"scale", "impute", "one-hot", "ordinal", "columns"};
static_assert(std::size(kStepNames) == std::variant_size_v<Step>);

Result<Types> OutputsOf(std::span<const Step> steps, Types inputs, int level) {
  if (level > kMaxStepNesting) {
    return Fail(Code::kUnsupported, fmt::format("steps nested deeper than {} levels", kMaxStepNesting));
  }
  for (std::size_t i = 0; i < steps.size(); ++i) {
    auto outputs =
        std::visit([&](const auto& step) { return Outputs(step, std::move(inputs), level); }, steps[i]);
    if (!outputs) {
      return Within(fmt::format("step {} ({})", i + 1, kStepNames[steps[i].index()]),
                    std::move(outputs).error());
    }
    inputs = *std::move(outputs);
  }
  return inputs;
}

// ---- one row
// -----------------------------------------------------------------------------------------------

std::vector<Value> Apply(const Scale& scale, std::vector<Value> row) {
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (!scale.mean.empty()) row[i].number -= scale.mean[i];
    if (!scale.scale.empty()) row[i].number /= scale.scale[i];
  }
  return row;
}

std::vector<Value> Apply(const Impute& impute, std::vector<Value> row) {
  std::vector<Value> out;
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (std::isnan(impute.statistics[i])) continue;
    out.push_back({.number = std::isnan(row[i].number) ? impute.statistics[i] : row[i].number});
  }
  return out;
}

std::vector<Value> Apply(const OneHot& encoder, std::vector<Value> row) {
  std::vector<Value> out;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const int32_t category = FindCategory(encoder.columns[i], row[i]);
    for (int32_t c = 0; c < static_cast<int32_t>(encoder.columns[i].size()); ++c) {
      if (c != encoder.dropped[i]) out.push_back({.number = c == category ? 1.0 : 0.0});
    }
  }
  return out;
}

std::vector<Value> Apply(const Ordinal& encoder, std::vector<Value> row) {
  std::vector<Value> out;
  for (std::size_t i = 0; i < row.size(); ++i) {
    out.push_back({.number = OrdinalCode(encoder, i, FindCategory(encoder.columns[i], row[i]))});
  }
  return out;
}

std::vector<Value> Apply(const Columns& columns, std::vector<Value> row) {
  std::vector<Value> out;
  for (const Columns::Part& part : columns.parts) {
    std::vector<Value> taken;
    for (int32_t input : part.inputs) taken.push_back(row[static_cast<std::size_t>(input)]);
    for (const Value& value : Transform(part.steps, std::move(taken))) out.push_back(value);
  }
  return out;
}

}  // namespace

int32_t FindCategory(const Categories& categories, const Value& value) {
  if (value.is_text ? value.text.data() == nullptr : std::isnan(value.number)) return categories.missing;
  for (std::size_t i = 0; i < categories.size(); ++i) {
    if (static_cast<int64_t>(i) == categories.missing) continue;
    if (value.is_text ? categories.texts[i] == value.text : categories.numbers[i] == value.number) {
      return static_cast<int32_t>(i);
    }
  }
  return -1;
}

double OrdinalCode(const Ordinal& encoder, std::size_t column, int32_t category) {
  if (category < 0) return encoder.use_unknown_value ? encoder.unknown_value : std::nan("");
  return category == encoder.columns[column].missing ? encoder.missing_value : static_cast<double>(category);
}

Result<Types> OutputColumns(std::span<const Step> steps, Types inputs) {
  return OutputsOf(steps, std::move(inputs), 1);
}

std::vector<Value> Transform(std::span<const Step> steps, std::vector<Value> row) {
  for (const Step& step : steps) {
    row = std::visit([&](const auto& s) { return Apply(s, std::move(row)); }, step);
  }
  return row;
}

}  // namespace turnout
