// The loaders of transformers, for transformers.cc's table. Internal to formats/sklearn.
//
// Each appends the steps that do what the transformer does to `inputs` columns; none if it changes nothing.
// `depth` counts what it is nested in.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "formats/sklearn/parts.h"

namespace turnout::sklearn {

using Steps = std::vector<Step>;
using LoadStep = Status(const Part& transformer, const Context& context, int32_t inputs, int depth,
                        Steps& steps);

// ---- scalers.cc
LoadStep LoadStandardScaler, LoadMinMaxScaler, LoadMaxAbsScaler, LoadRobustScaler;
// ---- imputers.cc
LoadStep LoadSimpleImputer, LoadMissingIndicator;
// ---- encoders.cc
LoadStep LoadOneHotEncoder, LoadOrdinalEncoder, LoadTargetEncoder;
// ---- distributions.cc
LoadStep LoadPowerTransformer, LoadQuantileTransformer, LoadKBinsDiscretizer, LoadBinarizer;
// ---- mixing.cc
LoadStep LoadPolynomialFeatures, LoadNormalizer, LoadPca, LoadTruncatedSvd;
// ---- text.cc
LoadStep LoadCountVectorizer, LoadHashingVectorizer, LoadTfidfVectorizer, LoadTfidfTransformer;
// ---- selection.cc
LoadStep LoadSelectKBest, LoadSelectPercentile, LoadSelectFpr, LoadSelectFdr, LoadSelectFwe,
    LoadGenericUnivariateSelect, LoadVarianceThreshold, LoadSelectFromModel, LoadSupport;
// ---- functions.cc
LoadStep LoadFunctionTransformer;
// The way back: its inverse_func.
Status LoadInverseFunction(const Part& transformer, int32_t inputs, Steps& steps);
// ---- columns.cc
LoadStep LoadColumnTransformer, LoadFeatureUnion;

// An array attribute of one number per column.
Result<std::vector<double>> ColumnNumbers(const Part& transformer, std::string_view name,
                                          const Context& context, int32_t inputs);
// ---- importances.cc
// coef_ or feature_importances_ of a fitted estimator, one number per column; `norm_order` is for weights of
// several outputs.
Result<std::vector<double>> ImportancesOf(const Part& estimator, const Context& context, int32_t features,
                                          double norm_order);

// A part of a Columns step that passes these columns through.
Columns::Part PassThrough(std::string name, std::vector<int32_t> inputs);
// 0, 1, ..., count - 1.
std::vector<int32_t> Range(int32_t count);

}  // namespace turnout::sklearn
