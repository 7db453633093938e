#include "model/encoding.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace turnout {
namespace {

std::unexpected<Error> Bad(std::string message) { return Fail(Code::kCorrupt, std::move(message)); }

Status CheckOnce(const Categories& categories) {
  std::vector<std::string_view> texts;
  std::vector<double> numbers;
  for (std::size_t i = 0; i < categories.size(); ++i) {
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

Status CheckCodes(const Categories& categories) {
  const auto size = static_cast<int64_t>(categories.size());
  if (!categories.codes.empty() && categories.codes.size() != categories.size()) {
    return Bad(fmt::format("{} codes of {} categories", categories.codes.size(), size));
  }
  for (const int32_t code : categories.codes) {
    if (code < 0 || code >= size) return Bad(fmt::format("a code {} of {} categories", code, size));
  }
  if (categories.unknown < -1 || categories.unknown >= size) {
    return Bad(fmt::format("unknown categories have the code {} of {}", categories.unknown, size));
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
  TURNOUT_TRY(CheckCodes(categories));
  return CheckOnce(categories);
}

Status CheckEncoder(const std::vector<Categories>& columns, const ColumnTypes& inputs) {
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

}  // namespace

int32_t FindCategory(const Categories& categories, const Value& value) {
  if (IsMissing(value)) return categories.missing;
  for (std::size_t i = 0; i < categories.size(); ++i) {
    if (static_cast<int64_t>(i) == categories.missing) continue;
    if (value.is_text ? categories.texts[i] == value.text : categories.numbers[i] == value.number) {
      return static_cast<int32_t>(i);
    }
  }
  return -1;
}

int32_t CodeOf(const Categories& categories, int32_t category) {
  if (category < 0) return categories.unknown;
  return categories.codes.empty() ? category : categories.codes[static_cast<std::size_t>(category)];
}

std::size_t CountCodes(const Categories& categories) {
  if (categories.codes.empty()) return categories.size();
  return static_cast<std::size_t>(*std::max_element(categories.codes.begin(), categories.codes.end())) + 1;
}

double OrdinalCode(const Ordinal& encoder, std::size_t column, int32_t category) {
  if (category < 0) return encoder.use_unknown_value ? encoder.unknown_value : std::nan("");
  const Categories& categories = encoder.columns[column];
  return category == categories.missing ? encoder.missing_value : CodeOf(categories, category);
}

double TargetValue(const TargetEncode& encoder, std::size_t column, int32_t category, int32_t output) {
  if (category < 0) return encoder.unknown[static_cast<std::size_t>(output)];
  return encoder
      .values[column][static_cast<std::size_t>(category) * static_cast<std::size_t>(encoder.outputs) +
                      static_cast<std::size_t>(output)];
}

Result<ColumnTypes> OutputsOf(const OneHot& encoder, const ColumnTypes& inputs) {
  TURNOUT_TRY(CheckEncoder(encoder.columns, inputs));
  TURNOUT_TRY(NeedOneEach(encoder.dropped.size(), "dropped categories", inputs.size()));
  std::size_t outputs = 0;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::size_t size = CountCodes(encoder.columns[i]);
    const int32_t dropped = encoder.dropped[i];
    if (dropped < -1 || dropped >= static_cast<int64_t>(size)) {
      return Bad(fmt::format("column {}: drops category {} of {}", i, dropped, size));
    }
    if (encoder.columns[i].unknown >= static_cast<int64_t>(size)) {
      return Bad(fmt::format("column {}: unknown categories have the code {} of {}", i,
                             encoder.columns[i].unknown, size));
    }
    outputs += size - (dropped >= 0 ? 1 : 0);
    if (outputs > kMaxColumns) return Bad(fmt::format("more than {} columns come out", kMaxColumns));
  }
  return ColumnTypes(outputs, ColumnType::kNumber);
}

Result<ColumnTypes> OutputsOf(const Ordinal& encoder, const ColumnTypes& inputs) {
  TURNOUT_TRY(CheckEncoder(encoder.columns, inputs));
  return ColumnTypes(inputs.size(), ColumnType::kNumber);
}

Result<ColumnTypes> OutputsOf(const TargetEncode& encoder, const ColumnTypes& inputs) {
  TURNOUT_TRY(CheckEncoder(encoder.columns, inputs));
  TURNOUT_TRY(NeedOneEach(encoder.values.size(), "tables", inputs.size()));
  if (encoder.outputs < 1 || encoder.unknown.size() != static_cast<std::size_t>(encoder.outputs)) {
    return Bad(fmt::format("{} values of unknown categories for {} outputs", encoder.unknown.size(),
                           encoder.outputs));
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (encoder.values[i].size() == encoder.columns[i].size() * encoder.unknown.size()) continue;
    return Bad(fmt::format("column {}: {} values of {} categories and {} outputs", i,
                           encoder.values[i].size(), encoder.columns[i].size(), encoder.outputs));
  }
  if (inputs.size() * encoder.unknown.size() > kMaxColumns) {
    return Bad(fmt::format("more than {} columns come out", kMaxColumns));
  }
  return ColumnTypes(inputs.size() * encoder.unknown.size(), ColumnType::kNumber);
}

Row Apply(const OneHot& encoder, Row row) {
  Row out;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const Categories& categories = encoder.columns[i];
    const int32_t code = CodeOf(categories, FindCategory(categories, row[i]));
    for (int32_t c = 0; c < static_cast<int32_t>(CountCodes(categories)); ++c) {
      if (c != encoder.dropped[i]) out.push_back({.number = c == code ? 1.0 : 0.0});
    }
  }
  return out;
}

Row Apply(const Ordinal& encoder, Row row) {
  for (std::size_t i = 0; i < row.size(); ++i) {
    row[i] = {.number = OrdinalCode(encoder, i, FindCategory(encoder.columns[i], row[i]))};
  }
  return row;
}

Row Apply(const TargetEncode& encoder, Row row) {
  Row out;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const int32_t category = FindCategory(encoder.columns[i], row[i]);
    for (int32_t k = 0; k < encoder.outputs; ++k) {
      out.push_back({.number = TargetValue(encoder, i, category, k)});
    }
  }
  return out;
}

}  // namespace turnout
