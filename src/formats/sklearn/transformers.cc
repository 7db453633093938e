// sklearn/preprocessing/{_data,_encoders,_function_transformer}.py, impute/_base.py,
// compose/_column_transformer.py.
#include <fmt/format.h>

#include <cmath>

#include "formats/sklearn/parts.h"

namespace turnout::sklearn {
namespace {

using pickle::Kind;

Result<std::vector<double>> Numbers(const Part& estimator, std::string_view name, const Context& context,
                                    int32_t inputs) {
  TURNOUT_ASSIGN(const Part part, pickle::Attribute(estimator, name));
  TURNOUT_ASSIGN(auto values, AsDoubles(part, {inputs}, context.budget));
  return std::move(values.values);
}

// mean_ and scale_ are NaN for a column that was always missing.
Result<std::optional<Step>> LoadScale(const Part& part, const Context& context, int32_t inputs, int) {
  Scale scale;
  TURNOUT_ASSIGN(const bool with_mean, pickle::BoolOr(part, "with_mean", true));
  TURNOUT_ASSIGN(const bool with_std, pickle::BoolOr(part, "with_std", true));
  if (with_mean) {
    TURNOUT_ASSIGN(scale.mean, Numbers(part, "mean_", context, inputs));
  }
  if (with_std) {
    TURNOUT_ASSIGN(scale.scale, Numbers(part, "scale_", context, inputs));
    for (std::size_t i = 0; i < scale.scale.size(); ++i) {
      if (scale.scale[i] == 0) {
        return pickle::Fail(Code::kCorrupt, part,
                            fmt::format("scale_[{}] is 0; a scaler never keeps that", i));
      }
    }
  }
  return scale;
}

Result<std::optional<Step>> LoadImpute(const Part& part, const Context& context, int32_t inputs, int) {
  TURNOUT_ASSIGN(const bool indicator, pickle::BoolOr(part, "add_indicator", false));
  if (indicator) {
    return pickle::Fail(Code::kUnsupported, part, "add_indicator=True can't be served yet");
  }
  TURNOUT_ASSIGN(const Part missing, pickle::Attribute(part, "missing_values"));
  if (missing.value.kind() != Kind::kFloat || !std::isnan(missing.value.Float())) {
    return pickle::Fail(
        Code::kUnsupported, missing,
        fmt::format("found {}; only missing_values=nan can be served yet", pickle::Describe(missing.value)));
  }
  Impute impute;
  auto statistics = Numbers(part, "statistics_", context, inputs);
  if (!statistics) {
    const auto found = pickle::FindAttribute(part, "statistics_");
    if (!found || found->value.kind() != Kind::kArray || !found->value.ElementType().has_objects) {
      return std::unexpected(std::move(statistics).error());
    }
    return pickle::Fail(Code::kUnsupported, *found,
                        "only columns of numbers can be imputed yet; encode a text column without an imputer "
                        "(a missing text is a category of its own)");
  }
  impute.statistics = *std::move(statistics);
  // A column without a statistic is dropped, unless the imputer was told to keep it.
  TURNOUT_ASSIGN(bool keeps, pickle::BoolOr(part, "keep_empty_features", false));
  TURNOUT_ASSIGN(const std::string_view strategy, pickle::TextOr(part, "strategy", "mean"));
  keeps = keeps || (strategy == "constant" && !context.release.AtLeast(1, 8));
  for (double statistic : impute.statistics) {
    if (keeps && std::isnan(statistic)) {
      return pickle::Fail(Code::kUnsupported, part,
                          "missing values are replaced by NaN; use another fill_value");
    }
  }
  return impute;
}

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

Result<std::vector<Categories>> LoadAllCategories(const Part& part, const Context& context, int32_t inputs) {
  TURNOUT_ASSIGN(const bool infrequent, pickle::BoolOr(part, "_infrequent_enabled", false));
  if (infrequent) {
    return pickle::Fail(Code::kUnsupported, part,
                        "grouping infrequent categories (min_frequency, max_categories) can't be served yet");
  }
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
  return columns;
}

Result<std::optional<Step>> LoadOneHot(const Part& part, const Context& context, int32_t inputs, int) {
  OneHot encoder;
  TURNOUT_ASSIGN(encoder.columns, LoadAllCategories(part, context, inputs));
  encoder.dropped.assign(encoder.columns.size(), -1);
  if (const auto drop = pickle::FindAttribute(part, "drop_idx_")) {
    TURNOUT_ASSIGN(const auto indices,
                   AsScalars(*drop, context.budget));  // None: nothing is dropped in that column
    if (indices.size() != encoder.columns.size()) {
      return pickle::Fail(Code::kCorrupt, *drop,
                          fmt::format("{} entries; {} expected", indices.size(), encoder.columns.size()));
    }
    for (std::size_t i = 0; i < indices.size(); ++i) {
      const int64_t* index = std::get_if<int64_t>(&indices[i]);
      if (index == nullptr) continue;
      if (*index < 0 || *index >= static_cast<int64_t>(encoder.columns[i].size())) {
        return pickle::Fail(
            Code::kCorrupt, *drop,
            fmt::format("drops category {} of {} in column {}", *index, encoder.columns[i].size(), i));
      }
      encoder.dropped[i] = static_cast<int32_t>(*index);
    }
  }
  // 'infrequent_if_exist' and 'warn' ignore as well where no category is infrequent.
  TURNOUT_ASSIGN(const std::string_view unknown, pickle::TextOr(part, "handle_unknown", "error"));
  encoder.ignore_unknown = unknown != "error";
  return encoder;
}

Result<std::optional<Step>> LoadOrdinal(const Part& part, const Context& context, int32_t inputs, int) {
  Ordinal encoder;
  TURNOUT_ASSIGN(encoder.columns, LoadAllCategories(part, context, inputs));
  TURNOUT_ASSIGN(const std::string_view unknown, pickle::TextOr(part, "handle_unknown", "error"));
  encoder.use_unknown_value = unknown == "use_encoded_value";
  if (encoder.use_unknown_value) {
    TURNOUT_ASSIGN(const Part value, pickle::Attribute(part, "unknown_value"));
    TURNOUT_ASSIGN(encoder.unknown_value, pickle::AsDouble(value));
  }
  TURNOUT_ASSIGN(encoder.missing_value, pickle::DoubleOr(part, "encoded_missing_value", std::nan("")));
  return encoder;
}

// The positions of each part's columns are in _transformer_to_input_indices (since 1.0).
Result<std::optional<Step>> LoadColumns(const Part& part, const Context& context, int32_t inputs, int depth) {
  if (pickle::FindAttribute(part, "transformer_weights")) {
    return pickle::Fail(Code::kUnsupported, part, "transformer_weights can't be served yet");
  }
  TURNOUT_ASSIGN(const Part positions, pickle::Attribute(part, "_transformer_to_input_indices"));
  TURNOUT_ASSIGN(const Part transformers, pickle::Attribute(part, "transformers_"));
  TURNOUT_ASSIGN(const pickle::Values elements, pickle::Elements(transformers));
  Columns columns;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const Part entry(elements[i], transformers.path.Index(i));
    TURNOUT_ASSIGN(const Part name_part, pickle::Element(entry, 0));
    TURNOUT_ASSIGN(const std::string_view name, pickle::AsText(name_part));
    const std::size_t searched = positions.value.kind() == Kind::kDict ? positions.value.size() : 0;
    TURNOUT_TRY(context.budget.Take(entry, name.size() + 16 * (searched + 1)));
    TURNOUT_ASSIGN(const Part at, pickle::Element(entry, 1));
    if (at.value.kind() == Kind::kText && at.value.Text() == "drop") continue;
    TURNOUT_ASSIGN(const Part indices_part, pickle::Entry(positions, name));
    TURNOUT_ASSIGN(const auto indices, AsIntegers(indices_part, context.budget));
    if (indices.values.empty()) continue;
    Columns::Part out;
    out.name = name;
    for (int64_t index : indices.values) {
      if (index < 0 || index >= inputs) {
        return pickle::Fail(Code::kCorrupt, indices_part,
                            fmt::format("column {} of {}; columns count from 0", index, inputs));
      }
      out.inputs.push_back(static_cast<int32_t>(index));
    }
    const Part fitted = StepPart(part, name, at.value);
    TURNOUT_ASSIGN(const auto stages, Unfold(fitted, name, context, depth + 1));
    auto width = static_cast<int32_t>(out.inputs.size());
    TURNOUT_TRY(LoadSteps(stages, context, depth + 1, width, out.steps));
    columns.parts.push_back(std::move(out));
  }
  return columns;
}

// func None is the identity, and so is HistGradientBoosting's partial(check_array, ...).
Result<std::optional<Step>> LoadFunction(const Part& part, const Context&, int32_t, int) {
  const auto func = pickle::FindAttribute(part, "func");
  if (!func) return std::nullopt;
  if (pickle::ClassName(func->value) == "functools.partial") {
    const pickle::Value args = func->value.Args();
    if (args.kind() == Kind::kTuple && args.size() == 1 && args.Items()[0].kind() == Kind::kGlobal &&
        args.Items()[0].Name() == "sklearn.utils.validation.check_array") {
      return std::nullopt;
    }
  }
  return pickle::Fail(Code::kUnsupported, *func,
                      fmt::format("found {}; a FunctionTransformer with a function can't be served yet",
                                  pickle::Describe(func->value)));
}

struct Transformer {
  std::string_view name;
  Result<std::optional<Step>> (*load)(const Part&, const Context&, int32_t inputs, int depth);
};
constexpr Transformer kTransformers[] = {
    {"sklearn.preprocessing._data.StandardScaler", LoadScale},
    {"sklearn.impute._base.SimpleImputer", LoadImpute},
    {"sklearn.preprocessing._encoders.OneHotEncoder", LoadOneHot},
    {"sklearn.preprocessing._encoders.OrdinalEncoder", LoadOrdinal},
    {"sklearn.compose._column_transformer.ColumnTransformer", LoadColumns},
    {"sklearn.preprocessing._function_transformer.FunctionTransformer", LoadFunction},
};

}  // namespace

Status CheckTransformer(const Part& part) {
  const std::string_view name = pickle::ClassName(part.value);
  std::string known;
  for (const Transformer& transformer : kTransformers) {
    if (transformer.name == name) return {};
    known += transformer.name.substr(transformer.name.rfind('.') + 1);
    known += ", ";
  }
  return pickle::Fail(Code::kUnsupported, part,
                      fmt::format("{} can't be run by this server; it reads {}Pipeline. Replace the step by "
                                  "one of these, or do its work before the model",
                                  name.empty() ? pickle::Describe(part.value) : std::string(name), known));
}

Result<std::optional<Step>> LoadTransformer(const Part& part, const Context& context, int32_t inputs,
                                            int depth) {
  TURNOUT_TRY(CheckTransformer(part));
  const std::string_view name = pickle::ClassName(part.value);
  for (const Transformer& transformer : kTransformers) {
    if (transformer.name == name) return transformer.load(part, context, inputs, depth);
  }
  return std::nullopt;
}

}  // namespace turnout::sklearn
