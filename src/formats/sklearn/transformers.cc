#include "formats/sklearn/transformers.h"

#include <fmt/format.h>

namespace turnout::sklearn {
namespace {

// Every transformer that is read, by class. Module paths are those since 0.22.
struct Transformer {
  std::string_view name;
  LoadStep* load;
};
constexpr Transformer kTransformers[] = {
    {"sklearn.preprocessing._data.StandardScaler", LoadStandardScaler},
    {"sklearn.preprocessing._data.MinMaxScaler", LoadMinMaxScaler},
    {"sklearn.preprocessing._data.MaxAbsScaler", LoadMaxAbsScaler},
    {"sklearn.preprocessing._data.RobustScaler", LoadRobustScaler},
    {"sklearn.impute._base.SimpleImputer", LoadSimpleImputer},
    {"sklearn.impute._base.MissingIndicator", LoadMissingIndicator},
    {"sklearn.preprocessing._encoders.OneHotEncoder", LoadOneHotEncoder},
    {"sklearn.preprocessing._encoders.OrdinalEncoder", LoadOrdinalEncoder},
    {"sklearn.compose._column_transformer.ColumnTransformer", LoadColumnTransformer},
    {"sklearn.pipeline.FeatureUnion", LoadFeatureUnion},
    {"sklearn.preprocessing._function_transformer.FunctionTransformer", LoadFunctionTransformer},
};

const Transformer* FindTransformer(std::string_view name) {
  for (const Transformer& transformer : kTransformers) {
    if (transformer.name == name) return &transformer;
  }
  return nullptr;
}

}  // namespace

Result<std::vector<double>> ColumnNumbers(const Part& transformer, std::string_view name,
                                          const Context& context, int32_t inputs) {
  TURNOUT_ASSIGN(const Part part, pickle::Attribute(transformer, name));
  TURNOUT_ASSIGN(auto values, AsDoubles(part, {inputs}, context.budget));
  return std::move(values.values);
}

Status CheckTransformer(const Part& part) {
  const std::string_view name = pickle::ClassName(part.value);
  if (FindTransformer(name) != nullptr) return {};
  std::string known;
  for (const Transformer& transformer : kTransformers) {
    known += transformer.name.substr(transformer.name.rfind('.') + 1);
    known += ", ";
  }
  return pickle::Fail(Code::kUnsupported, part,
                      fmt::format("{} can't be run by this server; it reads {}Pipeline. Replace the step by "
                                  "one of these, or do its work before the model",
                                  name.empty() ? pickle::Describe(part.value) : std::string(name), known));
}

Status LoadTransformer(const Part& part, const Context& context, int32_t inputs, int depth,
                       std::vector<Step>& steps) {
  TURNOUT_TRY(CheckTransformer(part));
  return FindTransformer(pickle::ClassName(part.value))->load(part, context, inputs, depth, steps);
}

}  // namespace turnout::sklearn
