// sklearn/preprocessing/{_data,_encoders,_function_transformer}.py, impute/_base.py,
// compose/_column_transformer.py, pipeline.py.
#include <fmt/format.h>

#include <cmath>

#include "formats/sklearn/parts.h"

namespace turnout::sklearn {
namespace {

using pickle::Kind;

constexpr int kDeepest = 16;  // nested pipelines; the same as model/step.h

Result<std::vector<double>> Numbers(const Part& estimator, std::string_view name, int32_t inputs) {
  TURNOUT_ASSIGN(const Part part, pickle::Attribute(estimator, name));
  TURNOUT_ASSIGN(auto values, pickle::AsDoubleArray(part, {inputs}));
  return std::move(values.values);
}

Result<Step> LoadScale(const Part& part, int32_t inputs) {
  Scale scale;
  TURNOUT_ASSIGN(const bool with_mean, pickle::BoolOr(part, "with_mean", true));
  TURNOUT_ASSIGN(const bool with_std, pickle::BoolOr(part, "with_std", true));
  if (with_mean) {
    TURNOUT_ASSIGN(scale.mean, Numbers(part, "mean_", inputs));
  }
  if (with_std) {
    TURNOUT_ASSIGN(scale.scale, Numbers(part, "scale_", inputs));
  }
  return scale;
}

Result<Step> LoadImpute(const Part& part, int32_t inputs) {
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
  TURNOUT_ASSIGN(const Part statistics, pickle::Attribute(part, "statistics_"));
  auto values = pickle::AsDoubleArray(statistics, {inputs});
  if (!values) {
    return pickle::Fail(Code::kUnsupported, statistics,
                        "only columns of numbers can be imputed yet; encode a text column without an imputer "
                        "(a missing text is a category of its own)");
  }
  impute.statistics = std::move(values->values);
  return impute;
}

// A column's categories; the missing value (NaN or None) is a category of its own.
Result<Categories> LoadCategories(const Part& part) {
  TURNOUT_ASSIGN(auto scalars, Scalars(part));
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

Result<std::vector<Categories>> LoadAllCategories(const Part& part, int32_t inputs) {
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
  std::vector<Categories> columns;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    TURNOUT_ASSIGN(columns.emplace_back(), LoadCategories(Part(elements[i], list.path.Index(i))));
  }
  return columns;
}

Result<Step> LoadOneHot(const Part& part, int32_t inputs) {
  OneHot encoder;
  TURNOUT_ASSIGN(encoder.columns, LoadAllCategories(part, inputs));
  encoder.dropped.assign(encoder.columns.size(), -1);
  if (const auto drop = pickle::FindAttribute(part, "drop_idx_")) {
    TURNOUT_ASSIGN(const auto indices, Scalars(*drop));  // None: nothing is dropped in that column
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

Result<Step> LoadOrdinal(const Part& part, int32_t inputs) {
  Ordinal encoder;
  TURNOUT_ASSIGN(encoder.columns, LoadAllCategories(part, inputs));
  TURNOUT_ASSIGN(const std::string_view unknown, pickle::TextOr(part, "handle_unknown", "error"));
  encoder.use_unknown_value = unknown == "use_encoded_value";
  if (encoder.use_unknown_value) {
    TURNOUT_ASSIGN(const Part value, pickle::Attribute(part, "unknown_value"));
    TURNOUT_ASSIGN(encoder.unknown_value, pickle::AsDouble(value));
  }
  TURNOUT_ASSIGN(encoder.missing_value, pickle::DoubleOr(part, "encoded_missing_value", std::nan("")));
  return encoder;
}

Result<std::vector<Step>> Load(const Part& part, const Release& parent, int32_t inputs, int depth);

// `columns` of each part as positions: _transformer_to_input_indices (1.0+).
Result<Step> LoadColumns(const Part& part, const Release& release, int depth) {
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
    TURNOUT_ASSIGN(const Part fitted_at, pickle::Element(entry, 1));
    const Part fitted(fitted_at.value, part.path.Step(name).Inside(pickle::ShortClassName(fitted_at.value)));
    if (fitted.value.kind() == Kind::kText && fitted.value.Text() == "drop") continue;
    TURNOUT_ASSIGN(const Part indices_part, pickle::Entry(positions, name));
    TURNOUT_ASSIGN(const auto indices, pickle::AsIntArray(indices_part));
    Columns::Part out;
    out.name = name;
    for (int64_t index : indices.values) {
      if (index < 0 || index > std::numeric_limits<int32_t>::max()) {
        return pickle::Fail(Code::kCorrupt, indices_part, fmt::format("column {}", index));
      }
      out.inputs.push_back(static_cast<int32_t>(index));
    }
    if (out.inputs.empty()) continue;
    TURNOUT_ASSIGN(out.steps, Load(fitted, release, static_cast<int32_t>(out.inputs.size()), depth + 1));
    columns.parts.push_back(std::move(out));
  }
  return columns;
}

// func None is the identity, and so is HistGradientBoosting's partial(check_array, ...).
Status CheckIdentity(const Part& part) {
  const auto func = pickle::FindAttribute(part, "func");
  if (!func || pickle::ClassName(func->value) == "functools.partial") return {};
  return pickle::Fail(Code::kUnsupported, *func,
                      fmt::format("found {}; a FunctionTransformer with a function can't be served yet",
                                  pickle::Describe(func->value)));
}

Result<std::vector<Step>> LoadPipeline(const Part& part, const Release& release, int32_t inputs, int depth) {
  TURNOUT_ASSIGN(const Part list, pickle::Attribute(part, "steps"));
  TURNOUT_ASSIGN(const pickle::Values elements, pickle::Elements(list));
  std::vector<Step> steps;
  std::vector<ColumnType> types(static_cast<std::size_t>(inputs), ColumnType::kNumber);
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const Part entry(elements[i], list.path.Index(i));
    TURNOUT_ASSIGN(const Part name_part, pickle::Element(entry, 0));
    TURNOUT_ASSIGN(const std::string_view name, pickle::AsText(name_part));
    TURNOUT_ASSIGN(const Part at, pickle::Element(entry, 1));
    const Part step(at.value, part.path.Step(name).Inside(pickle::ShortClassName(at.value)));
    TURNOUT_ASSIGN(auto loaded, Load(step, release, static_cast<int32_t>(types.size()), depth + 1));
    TURNOUT_ASSIGN(types, InputTypes(loaded, static_cast<int32_t>(types.size())));
    auto outputs = OutputColumns(loaded, std::move(types));
    if (!outputs) return pickle::Fail(outputs.error().code, step, outputs.error().message);
    types = *std::move(outputs);
    for (Step& one : loaded) steps.push_back(std::move(one));
  }
  return steps;
}

Result<std::vector<Step>> Load(const Part& part, const Release& parent, int32_t inputs, int depth) {
  if (depth > kDeepest) {
    return pickle::Fail(Code::kUnsupported, part, fmt::format("steps nested deeper than {}", kDeepest));
  }
  if (part.value.IsNone() || (part.value.kind() == Kind::kText && part.value.Text() == "passthrough")) {
    return std::vector<Step>{};
  }
  const std::string_view name = pickle::ClassName(part.value);
  const Release release = ReleaseOf(part, parent);
  auto one = [](Result<Step> step) -> Result<std::vector<Step>> {
    if (!step) return std::unexpected(std::move(step).error());
    std::vector<Step> steps;
    steps.push_back(*std::move(step));
    return steps;
  };
  if (name == "sklearn.preprocessing._data.StandardScaler") return one(LoadScale(part, inputs));
  if (name == "sklearn.impute._base.SimpleImputer") return one(LoadImpute(part, inputs));
  if (name == "sklearn.preprocessing._encoders.OneHotEncoder") return one(LoadOneHot(part, inputs));
  if (name == "sklearn.preprocessing._encoders.OrdinalEncoder") return one(LoadOrdinal(part, inputs));
  if (name == "sklearn.compose._column_transformer.ColumnTransformer") {
    return one(LoadColumns(part, release, depth));
  }
  if (name == "sklearn.pipeline.Pipeline") return LoadPipeline(part, release, inputs, depth);
  if (name == "sklearn.preprocessing._function_transformer.FunctionTransformer") {
    TURNOUT_TRY(CheckIdentity(part));
    return std::vector<Step>{};
  }
  return pickle::Fail(
      Code::kUnsupported, part,
      fmt::format("{} can't be run by this server; it reads {}. Replace the step by one of "
                  "these, or move it before the model",
                  name.empty() ? pickle::Describe(part.value) : std::string(name), SupportedTransformers()));
}

}  // namespace

std::string_view SupportedTransformers() {
  return "StandardScaler, SimpleImputer, OneHotEncoder, OrdinalEncoder, ColumnTransformer, Pipeline, "
         "FunctionTransformer()";
}

Result<std::vector<Step>> LoadTransformer(const Part& transformer, const Release& release, int32_t inputs) {
  return Load(transformer, release, inputs, 1);
}

}  // namespace turnout::sklearn
