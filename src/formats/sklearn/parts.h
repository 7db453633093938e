// What the scikit-learn loaders share. Internal to formats/sklearn.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "formats/pickle/access.h"
#include "model/model.h"

namespace turnout::sklearn {

using pickle::Part;

// The scikit-learn release that wrote the file. An object without `_sklearn_version` has its parent's.
struct Release {
  int major = 0, minor = 0, patch = 0;
  std::string text;  // "1.4.1.post1"; empty: the file does not say

  bool AtLeast(int a, int b, int c = 0) const {
    if (major != a) return major > a;
    if (minor != b) return minor > b;
    return patch >= c;
  }
};
Release ReleaseOf(const Part& estimator, const Release& parent);

// ---- arrays.cc
// The sum of a row as numpy adds it (pairwise, eight accumulators): numpy/_core/src/umath/loops_utils.h.
double NumpySum(std::span<const double> values);
// scipy.special.logit (xsf/log_exp.h): log(p / (1 - p)), by log1p near one half.
double ScipyLogit(double p);

// One element of an array of anything: labels, categories.
using Scalar = std::variant<std::monostate, bool, int64_t, double, std::string>;  // monostate: None
// From arrays of numbers, bools, texts and objects, and from lists of these.
Result<std::vector<Scalar>> Scalars(const Part& part);

// ---- labels.cc
Result<std::vector<Label>> Labels(const Part& classes);

// ---- trees.cc
enum class Leaves {
  kValues,     // one number per leaf, times `scale`
  kFractions,  // one number per class, as stored
  kCounts,     // one number per class, divided by their sum (files up to 1.4.0)
};
// Appends a `sklearn.tree._tree.Tree` that adds to output `target`.
Status AddTree(const Part& tree, Leaves leaves, double scale, int32_t target, Forest& forest);

// What a loader of a predictor fills in; `inputs` is the number of columns that reach it.
struct Loaded {
  Model& model;
  int32_t inputs;
  bool accepts_missing = false;  // of the predictor itself
  double largest = std::numeric_limits<double>::max();
};

// ---- trees.cc, gradient_boosting.cc, hist_gradient_boosting.cc, linear.cc: one predictor each
Status LoadDecisionTree(const Part& estimator, const Release& release, Loaded& out);
Status LoadAveragedForest(const Part& estimator, const Release& release, Loaded& out);
Status LoadGradientBoosting(const Part& estimator, const Release& release, Loaded& out);
Status LoadHistGradientBoosting(const Part& estimator, const Release& release, Loaded& out);
Status LoadLogisticRegression(const Part& estimator, const Release& release, Loaded& out);
Status LoadLinearRegression(const Part& estimator, const Release& release, Loaded& out);

// ---- transformers.cc
// The steps of one transformer over `inputs` columns; "passthrough" and None give none.
Result<std::vector<Step>> LoadTransformer(const Part& transformer, const Release& release, int32_t inputs);
// Whether it is a transformer that LoadTransformer knows; for messages.
std::string_view SupportedTransformers();

// ---- inputs.cc
// Text or number, per input column, by the encoders that read it; an error if two disagree.
Result<std::vector<ColumnType>> InputTypes(const std::vector<Step>& steps, int32_t inputs);
// Fills type, accepts_missing, largest, categories and closed of the signature's inputs from the steps and
// the predictor behind them.
Status DescribeInputs(const std::vector<Step>& steps, const Loaded& predictor, Signature& signature);

}  // namespace turnout::sklearn
