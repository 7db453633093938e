// What the scikit-learn loaders share. Internal to formats/sklearn.
#pragma once

#include <cstdint>
#include <limits>
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

// ---- context.cc

// The scikit-learn release that wrote an object.
struct Release {
  int major = 0, minor = 0, patch = 0;
  std::string text;  // "1.4.1.post1"; empty: the file does not say

  bool AtLeast(int a, int b, int c = 0) const {
    if (major != a) return major > a;
    if (minor != b) return minor > b;
    return patch >= c;
  }
};
// An object without `_sklearn_version` has its parent's.
Release ReleaseOf(const Part& estimator, const Release& parent);

// What a file may make its loader build and look at. A pickle can refer to one object a million times at two
// bytes each, so neither memory nor time is bounded by its length: every loader takes from the budget before
// it copies or walks.
class Budget {
 public:
  explicit Budget(std::size_t read_bytes);
  // `part` is where the budget ends, if it does.
  Status Take(const Part& part, uint64_t bytes);
  // For one object whose attributes are then looked up by name.
  Status TakeObject(const Part& object);

 private:
  uint64_t left_;
};

struct Context {
  Release release;
  Budget& budget;

  Context Of(const Part& estimator) const { return {ReleaseOf(estimator, release), budget}; }
};

// ---- values.cc

// The sum of a row as numpy adds it (pairwise, eight accumulators): numpy/_core/src/umath/loops_utils.h.
double NumpySum(std::span<const double> values);
// scipy.special.logit (xsf/log_exp.h): log(p / (1 - p)), by log1p near one half.
double ScipyLogit(double p);

// As in formats/pickle/access.h, within the budget.
using Doubles = pickle::NdArray<double>;
using Integers = pickle::NdArray<int64_t>;
Result<Doubles> AsDoubles(const Part& part, Budget& budget);
Result<Doubles> AsDoubles(const Part& part, std::initializer_list<int64_t> shape, Budget& budget);
Result<Integers> AsIntegers(const Part& part, Budget& budget);
Result<Integers> AsIntegers(const Part& part, std::initializer_list<int64_t> shape, Budget& budget);
Result<std::vector<std::string>> AsTexts(const Part& part, Budget& budget);

// One element of an array of anything: labels, categories.
using Scalar = std::variant<std::monostate, bool, int64_t, double, std::string>;  // monostate: None
// From arrays of numbers, bools, texts and objects, and from lists of these.
Result<std::vector<Scalar>> AsScalars(const Part& part, Budget& budget);
// The `classes_` of a classifier: two or more, no two alike.
Result<std::vector<Label>> Labels(const Part& classes, Budget& budget);

// ---- nodes.cc

// The nodes of one tree by column, as every tree of scikit-learn has them.
struct NodeTable {
  std::vector<int64_t> leaf;  // 0: a split
  std::vector<int64_t> left, right, feature;
  std::vector<double> threshold;
  std::vector<int64_t> missing_left;  // empty: NaN is refused
};
// The node array of a tree, to be read field by field; within the budget.
Result<Part> NodeArray(const Part& tree, Budget& budget);
// Appends them as a tree that adds to output `target`. The caller then appends the values of its leaves, in
// the order of the nodes, to forest.leaves.
Status AddNodes(const Part& nodes, const NodeTable& table, int32_t target, Forest& forest);

// ---- trees.cc

// Where a double cast to float32 becomes infinite, which scikit-learn refuses: the largest float plus half
// of its last place rounds up; everything below rounds to the largest float.
inline constexpr double kFloat32Limit = 0x1.fffffefffffffp+127;

enum class Leaves {
  kValues,     // one number per leaf, times `scale`
  kFractions,  // one number per class, as stored
  kCounts,     // one number per class, divided by their sum (files up to 1.3)
};
// Appends a `sklearn.tree._tree.Tree`.
Status AddTree(const Part& tree, Leaves leaves, double scale, int32_t target, Budget& budget, Forest& forest);

// What a loader of a predictor fills in; `inputs` is the number of columns that reach it.
struct Loaded {
  Model& model;
  int32_t inputs;
  bool accepts_missing = false;                         // of the predictor itself
  double largest = std::numeric_limits<double>::max();  // so for |x|
  int depth = 0;                                        // what the estimator is nested in
  // Steps of the model from here on change its answer: they ask nothing of its inputs.
  std::size_t answering = std::numeric_limits<std::size_t>::max();
  bool decides = false;  // it has a decision_function: the raw scores less Model::extra
};

// ---- load.cc
// Appends the steps of a pipeline that ends in a predictor, or of a predictor, to out.model and loads the
// predictor; out.inputs is the number of columns before the steps, then of those that reach the predictor.
Status LoadChain(const Part& part, std::string_view name, const Context& context, Loaded& out);
// A whole model over `columns` columns, those of them that it takes, and Loaded::decides. `front` stands
// before its steps.
struct Nested {
  Member member;  // without what it gives
  bool decides = false;
};
Result<Nested> LoadNested(const Part& part, std::string_view name, const Context& context, int32_t columns,
                          int depth, std::vector<Step> front = {});

// ---- trees.cc, gradient_boosting.cc, hist_gradient_boosting.cc, linear.cc: one predictor each
Status LoadDecisionTree(const Part& estimator, const Context& context, Loaded& out);
Status LoadAveragedForest(const Part& estimator, const Context& context, Loaded& out);
Status LoadGradientBoosting(const Part& estimator, const Context& context, Loaded& out);
Status LoadHistGradientBoosting(const Part& estimator, const Context& context, Loaded& out);
Status LoadLogisticRegression(const Part& estimator, const Context& context, Loaded& out);
Status LoadLinearRegression(const Part& estimator, const Context& context, Loaded& out);
Status LoadGeneralizedLinear(const Part& estimator, const Context& context, Loaded& out);
Status LoadLinearClassifier(const Part& estimator, const Context& context, Loaded& out);
Status LoadSgdClassifier(const Part& estimator, const Context& context, Loaded& out);
Status LoadRidgeClassifier(const Part& estimator, const Context& context, Loaded& out);

// ---- transformers.cc
// An error that names the class, unless it is one that is read.
Status CheckTransformer(const Part& transformer);
// Appends the steps of one transformer over `inputs` columns; none if it changes nothing. `depth` counts what
// it is nested in.
Status LoadTransformer(const Part& transformer, const Context& context, int32_t inputs, int depth,
                       std::vector<Step>& steps);

// ---- pipeline.cc
struct Stage {
  std::string name;
  Part part;
};
// The estimator `value` of the step `name` of a pipeline or a ColumnTransformer.
Part StepPart(const Part& part, std::string_view name, pickle::Value value);
// The estimators of a pipeline in the order in which rows pass them: nested pipelines and searches are
// opened, "passthrough" and None left out. Anything else is a chain of one.
Result<std::vector<Stage>> Unfold(const Part& part, std::string_view name, const Context& context, int depth);
// Appends the steps of transformers, one behind the other. `columns` is the number of columns before them,
// then after them.
Status LoadSteps(std::span<const Stage> stages, const Context& context, int depth, int32_t& columns,
                 std::vector<Step>& steps);

// ---- inputs.cc
// Fills type, accepts_missing, largest, lowest, highest, categories, numbers and closed of the signature's
// inputs from the steps and the predictor behind them.
Status DescribeInputs(const std::vector<Step>& steps, const Loaded& predictor, Signature& signature);

}  // namespace turnout::sklearn
