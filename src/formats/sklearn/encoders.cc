// sklearn/preprocessing/_encoders.py.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "formats/sklearn/transformers.h"

namespace turnout::sklearn {
namespace {

// A column's categories; the missing value (NaN or None) is a category of its own.
Result<Categories> LoadCategories(const Part& part, const Context& context) {
  TURNOUT_ASSIGN(auto scalars, AsScalars(part, context.budget));
  Categories categories;
  bool numbers = false;
  for (std::size_t i = 0; i < scalars.size(); ++i) {
    const double* real = std::get_if<double>(&scalars[i]);
    const int64_t* integer = std::get_if<int64_t>(&scalars[i]);
    const bool none = std::holds_alternative<std::monostate>(scalars[i]);
    if (none || (real != nullptr && std::isnan(*real))) {
      if (categories.missing >= 0) {
        return pickle::Fail(Code::kUnsupported, part, "both None and NaN are categories");
      }
      categories.missing = static_cast<int32_t>(i);
      categories.texts.emplace_back();
      categories.numbers.push_back(std::nan(""));
    } else if (auto* text = std::get_if<std::string>(&scalars[i])) {
      categories.is_text = true;
      categories.texts.push_back(std::move(*text));
      categories.numbers.push_back(0);
    } else {
      numbers = true;
      categories.texts.emplace_back();
      // A bool category is the number 0 or 1, as it compares in Python.
      categories.numbers.push_back(real != nullptr      ? *real
                                   : integer != nullptr ? static_cast<double>(*integer)
                                                        : static_cast<double>(std::get<bool>(scalars[i])));
    }
  }
  if (numbers && categories.is_text) {
    return pickle::Fail(Code::kUnsupported, part, "texts and numbers are mixed in one column's categories");
  }
  if (categories.is_text) {
    categories.numbers.clear();
  } else {
    categories.texts.clear();
  }
  return categories;
}

// Infrequent categories share the last code; the mapping is None for a column without any.
Status LoadGroups(const Part& part, const Context& context, std::vector<Categories>& columns) {
  TURNOUT_ASSIGN(const bool infrequent, pickle::BoolOr(part, "_infrequent_enabled", false));
  if (!infrequent) return {};
  TURNOUT_ASSIGN(const Part mappings, pickle::Attribute(part, "_default_to_infrequent_mappings"));
  TURNOUT_ASSIGN(const pickle::Values elements, pickle::Elements(mappings));
  if (elements.size() != columns.size()) {
    return pickle::Fail(Code::kCorrupt, mappings,
                        fmt::format("{} entries; {} expected", elements.size(), columns.size()));
  }
  for (std::size_t i = 0; i < elements.size(); ++i) {
    if (elements[i].IsNone()) continue;
    const Part mapping(elements[i], mappings.path.Index(i));
    TURNOUT_ASSIGN(const auto codes, AsIntegers(mapping, {-1}, context.budget));
    // OrdinalEncoder groups what is not missing; the missing value's category, the last one, has no entry.
    const std::size_t known = columns[i].size() - (columns[i].missing >= 0 ? 1 : 0);
    if (codes.size() != columns[i].size() && codes.size() != known) {
      return pickle::Fail(Code::kCorrupt, mapping,
                          fmt::format("{} entries for {} categories", codes.size(), columns[i].size()));
    }
    for (const int64_t code : codes.values) {
      if (code < 0 || code >= static_cast<int64_t>(columns[i].size())) {
        return pickle::Fail(Code::kCorrupt, mapping,
                            fmt::format("code {} of {} categories", code, columns[i].size()));
      }
      columns[i].codes.push_back(static_cast<int32_t>(code));
    }
    if (codes.size() < columns[i].size()) columns[i].codes.push_back(0);
  }
  return {};
}

Result<std::vector<Categories>> LoadAllCategories(const Part& part, const Context& context, int32_t inputs) {
  TURNOUT_ASSIGN(const Part list, pickle::Attribute(part, "categories_"));
  TURNOUT_ASSIGN(const pickle::Values elements, pickle::Elements(list));
  if (static_cast<int64_t>(elements.size()) != inputs) {
    return pickle::Fail(Code::kCorrupt, list,
                        fmt::format("categories of {} columns; {} expected", elements.size(), inputs));
  }
  TURNOUT_TRY(context.budget.Take(list, elements.size() * sizeof(Categories)));
  std::vector<Categories> columns;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    TURNOUT_ASSIGN(columns.emplace_back(), LoadCategories(Part(elements[i], list.path.Index(i)), context));
  }
  TURNOUT_TRY(LoadGroups(part, context, columns));
  return columns;
}

// Which code has no column. `_drop_idx_after_grouping` (since 1.3) counts codes; `drop_idx_` does so in files
// without it, and else counts categories.
Result<std::vector<int32_t>> LoadDropped(const Part& part, const Context& context,
                                         const std::vector<Categories>& columns) {
  std::vector<int32_t> dropped(columns.size(), -1);
  const bool grouped = pickle::HasAttribute(part.value, "_drop_idx_after_grouping");
  const auto drop = pickle::FindAttribute(part, grouped ? "_drop_idx_after_grouping" : "drop_idx_");
  if (!drop) return dropped;
  TURNOUT_ASSIGN(const auto indices, AsScalars(*drop, context.budget));
  if (indices.size() != columns.size()) {
    return pickle::Fail(Code::kCorrupt, *drop,
                        fmt::format("{} entries; {} expected", indices.size(), columns.size()));
  }
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const int64_t* index = std::get_if<int64_t>(&indices[i]);  // None: nothing is dropped in that column
    if (index == nullptr) continue;
    const std::size_t codes = CountCodes(columns[i]);
    if (*index < 0 || *index >= static_cast<int64_t>(codes)) {
      return pickle::Fail(Code::kCorrupt, *drop,
                          fmt::format("drops category {} of {} in column {}", *index, codes, i));
    }
    dropped[i] = static_cast<int32_t>(*index);
  }
  return dropped;
}

}  // namespace

Status LoadOneHotEncoder(const Part& part, const Context& context, int32_t inputs, int, Steps& steps) {
  OneHot encoder;
  TURNOUT_ASSIGN(encoder.columns, LoadAllCategories(part, context, inputs));
  TURNOUT_ASSIGN(encoder.dropped, LoadDropped(part, context, encoder.columns));
  TURNOUT_ASSIGN(const std::string_view unknown, pickle::TextOr(part, "handle_unknown", "error"));
  encoder.ignore_unknown = unknown != "error";
  if (unknown == "infrequent_if_exist" || unknown == "warn") {
    for (Categories& column : encoder.columns) {
      if (!column.codes.empty()) column.unknown = static_cast<int32_t>(CountCodes(column)) - 1;
    }
  }
  steps.emplace_back(std::move(encoder));
  return {};
}

Status LoadOrdinalEncoder(const Part& part, const Context& context, int32_t inputs, int, Steps& steps) {
  Ordinal encoder;
  TURNOUT_ASSIGN(encoder.columns, LoadAllCategories(part, context, inputs));
  TURNOUT_ASSIGN(const std::string_view unknown, pickle::TextOr(part, "handle_unknown", "error"));
  encoder.use_unknown_value = unknown == "use_encoded_value";
  if (encoder.use_unknown_value) {
    TURNOUT_ASSIGN(const Part value, pickle::Attribute(part, "unknown_value"));
    TURNOUT_ASSIGN(encoder.unknown_value, pickle::AsDouble(value));
  }
  TURNOUT_ASSIGN(encoder.missing_value, pickle::DoubleOr(part, "encoded_missing_value", std::nan("")));
  steps.emplace_back(std::move(encoder));
  return {};
}

// encodings_ has a list for each column, or for each column and class; unknown categories take the mean of
// the target.
Status LoadTargetEncoder(const Part& part, const Context& context, int32_t inputs, int, Steps& steps) {
  TargetEncode encoder;
  TURNOUT_ASSIGN(encoder.columns, LoadAllCategories(part, context, inputs));
  TURNOUT_ASSIGN(const Part mean, pickle::Attribute(part, "target_mean_"));
  TURNOUT_ASSIGN(auto means, AsDoubles(mean, context.budget));
  TURNOUT_ASSIGN(const Part list, pickle::Attribute(part, "encodings_"));
  TURNOUT_ASSIGN(const pickle::Values elements, pickle::Elements(list));
  const std::size_t outputs = means.size(), columns = encoder.columns.size();
  if (outputs == 0 || elements.size() != outputs * columns) {
    return pickle::Fail(
        Code::kCorrupt, list,
        fmt::format("{} lists for {} columns and {} means", elements.size(), columns, outputs));
  }
  encoder.outputs = static_cast<int32_t>(outputs);
  encoder.unknown = std::move(means.values);
  for (std::size_t i = 0; i < columns; ++i) {
    std::vector<double>& values = encoder.values.emplace_back(encoder.columns[i].size() * outputs);
    for (std::size_t k = 0; k < outputs; ++k) {
      const std::size_t at = i * outputs + k;
      const Part one(elements[at], list.path.Index(at));
      TURNOUT_ASSIGN(const auto numbers,
                     AsDoubles(one, {static_cast<int64_t>(encoder.columns[i].size())}, context.budget));
      for (std::size_t c = 0; c < numbers.size(); ++c) values[c * outputs + k] = numbers.values[c];
    }
  }
  steps.emplace_back(std::move(encoder));
  return {};
}

}  // namespace turnout::sklearn
