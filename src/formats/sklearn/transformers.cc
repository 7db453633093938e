#include "formats/sklearn/transformers.h"
#include "formats/sklearn/load.h"

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
    {"sklearn.preprocessing._target_encoder.TargetEncoder", LoadTargetEncoder},
    {"sklearn.preprocessing._data.PowerTransformer", LoadPowerTransformer},
    {"sklearn.preprocessing._data.QuantileTransformer", LoadQuantileTransformer},
    {"sklearn.preprocessing._data.Binarizer", LoadBinarizer},
    {"sklearn.preprocessing._data.Normalizer", LoadNormalizer},
    {"sklearn.preprocessing._discretization.KBinsDiscretizer", LoadKBinsDiscretizer},
    {"sklearn.preprocessing._polynomial.PolynomialFeatures", LoadPolynomialFeatures},
    {"sklearn.decomposition._pca.PCA", LoadPca},
    {"sklearn.decomposition._incremental_pca.IncrementalPCA", LoadPca},
    {"sklearn.decomposition._truncated_svd.TruncatedSVD", LoadTruncatedSvd},
    {"sklearn.feature_selection._univariate_selection.SelectKBest", LoadSelectKBest},
    {"sklearn.feature_selection._univariate_selection.SelectPercentile", LoadSelectPercentile},
    {"sklearn.feature_selection._univariate_selection.SelectFpr", LoadSelectFpr},
    {"sklearn.feature_selection._univariate_selection.SelectFdr", LoadSelectFdr},
    {"sklearn.feature_selection._univariate_selection.SelectFwe", LoadSelectFwe},
    {"sklearn.feature_selection._univariate_selection.GenericUnivariateSelect", LoadGenericUnivariateSelect},
    {"sklearn.feature_selection._variance_threshold.VarianceThreshold", LoadVarianceThreshold},
    {"sklearn.feature_selection._from_model.SelectFromModel", LoadSelectFromModel},
    {"sklearn.feature_selection._rfe.RFE", LoadSupport},
    {"sklearn.feature_selection._rfe.RFECV", LoadSupport},
    {"sklearn.feature_selection._sequential.SequentialFeatureSelector", LoadSupport},
    {"sklearn.feature_extraction.text.CountVectorizer", LoadCountVectorizer},
    {"sklearn.feature_extraction.text.HashingVectorizer", LoadHashingVectorizer},
    {"sklearn.feature_extraction.text.TfidfVectorizer", LoadTfidfVectorizer},
    {"sklearn.feature_extraction.text.TfidfTransformer", LoadTfidfTransformer},
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

std::vector<std::string_view> TransformerClasses() {
  std::vector<std::string_view> classes;
  for (const Transformer& transformer : kTransformers) classes.push_back(transformer.name);
  return classes;
}

Status CheckTransformer(const Part& part) {
  const std::string_view name = pickle::ClassName(part.value);
  if (FindTransformer(name) != nullptr) return {};
  return pickle::Fail(
      Code::kUnsupported, part,
      fmt::format("{} can't be run by this server (turnout inspect --support lists what it reads). Replace "
                  "the step, or do its work before the model",
                  name.empty() ? pickle::Describe(part.value) : std::string(name)));
}

Status LoadTransformer(const Part& part, const Context& context, int32_t inputs, int depth,
                       std::vector<Step>& steps) {
  TURNOUT_TRY(CheckTransformer(part));
  return FindTransformer(pickle::ClassName(part.value))->load(part, context, inputs, depth, steps);
}

}  // namespace turnout::sklearn
