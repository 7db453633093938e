// sklearn/ensemble/_gb.py; up to 1.3 with ensemble/_gb_losses.py, since 1.4 with _loss/link.py.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "formats/sklearn/parts.h"

namespace turnout::sklearn {
namespace {

// The raw scores before the first tree, from the class frequencies (init_ is a DummyClassifier).
std::vector<double> BaseOfClasses(std::vector<double> p, bool exponential, const Release& release) {
  const bool links = release.AtLeast(1, 4);  // losses have link objects
  // 1.4 still clips with float32's eps; later ones with float64's.
  const double eps = release.AtLeast(1, 5) ? std::numeric_limits<double>::epsilon()
                                           : static_cast<double>(std::numeric_limits<float>::epsilon());
  for (double& v : p) v = std::clamp(v, eps, 1 - eps);
  if (p.size() == 2) {
    const double raw = links ? ScipyLogit(p[1]) : std::log(p[1] / (1 - p[1]));
    return {exponential ? 0.5 * raw : raw};
  }
  std::vector<double> logs(p.size());
  std::transform(p.begin(), p.end(), logs.begin(), [](double v) { return std::log(v); });
  if (!links) return logs;
  const double mean = std::exp(NumpySum(logs) / static_cast<double>(logs.size()));  // scipy.stats.gmean
  std::transform(p.begin(), p.end(), logs.begin(), [mean](double v) { return std::log(v / mean); });
  return logs;
}

Result<std::vector<double>> Base(const Part& estimator, bool classifier, bool exponential, int32_t outputs,
                                 const Release& release) {
  const std::vector<double> zeros(static_cast<std::size_t>(outputs), 0.0);
  TURNOUT_ASSIGN(const Part init, pickle::Attribute(estimator, "init_"));
  if (init.value.kind() == pickle::Kind::kText && init.value.Text() == "zero") return zeros;
  const std::string_view name = pickle::ClassName(init.value);
  if (classifier && name == "sklearn.dummy.DummyClassifier") {
    TURNOUT_ASSIGN(const std::string_view strategy, pickle::TextOr(init, "strategy", "prior"));
    if (strategy == "prior") {
      TURNOUT_ASSIGN(const Part prior, pickle::Attribute(init, "class_prior_"));
      TURNOUT_ASSIGN(auto p, pickle::AsDoubleArray(prior, {outputs == 1 ? 2 : outputs}));
      return BaseOfClasses(std::move(p.values), exponential, release);
    }
  }
  if (!classifier && name == "sklearn.dummy.DummyRegressor") {
    TURNOUT_ASSIGN(const Part constant, pickle::Attribute(init, "constant_"));
    TURNOUT_ASSIGN(const auto values, pickle::AsDoubleArray(constant));
    if (values.size() == 1) return values.values;
    return pickle::Unexpected(constant, "one number");
  }
  return pickle::Fail(
      Code::kUnsupported, init,
      fmt::format("boosting starts from {}; only the default (class frequencies or a constant) "
                  "and init='zero' can be served: fit with init=None",
                  pickle::Describe(init.value)));
}

}  // namespace

Status LoadGradientBoosting(const Part& estimator, const Release& release, Loaded& out) {
  const bool classifier = pickle::ShortClassName(estimator.value) == "GradientBoostingClassifier";
  Model& model = out.model;
  Forest forest;
  forest.features = out.inputs;
  forest.float32 = true;
  out.largest = 0x1.fffffefffffffp+127;  // beyond, the cast to float32 gives infinity, which is refused
  TURNOUT_ASSIGN(const std::string_view loss, pickle::TextOr(estimator, "loss", ""));
  const bool exponential = loss == "exponential";
  if (classifier) {
    TURNOUT_ASSIGN(const Part classes, pickle::Attribute(estimator, "classes_"));
    TURNOUT_ASSIGN(model.signature.classes, Labels(classes));
    const std::size_t count = model.signature.classes.size();
    forest.outputs = count == 2 ? 1 : static_cast<int32_t>(count);
    model.signature.task = Task::kClassification;
    model.signature.probabilities = true;
    // Up to 1.3 the probabilities are exp(raw - logsumexp(raw)).
    model.link = count == 2              ? (exponential ? Link::kExpitTwice : Link::kExpit)
                 : release.AtLeast(1, 4) ? Link::kSoftmax
                                         : Link::kLogSumExp;
    // Since 1.4 the raw score decides (raw >= 0 is class 1); before, the larger probability.
    model.decision = !release.AtLeast(1, 4) ? Decision::kLargest
                     : count == 2           ? Decision::kRawFromZero
                                            : Decision::kLargestRaw;
  } else {
    model.signature.task = Task::kRegression;
    model.link = Link::kIdentity;
  }
  TURNOUT_ASSIGN(forest.base, Base(estimator, classifier, exponential, forest.outputs, release));
  TURNOUT_ASSIGN(const Part rate_part, pickle::Attribute(estimator, "learning_rate"));
  TURNOUT_ASSIGN(const double rate, pickle::AsDouble(rate_part));
  TURNOUT_ASSIGN(const Part stages, pickle::Attribute(estimator, "estimators_"));
  TURNOUT_ASSIGN(const pickle::Values trees, pickle::Elements(stages));
  if (trees.size() % static_cast<std::size_t>(forest.outputs) != 0) {
    return pickle::Fail(Code::kCorrupt, stages,
                        fmt::format("{} trees for {} raw scores", trees.size(), forest.outputs));
  }
  for (std::size_t i = 0; i < trees.size(); ++i) {
    const Part one(trees[i], stages.path.Index(i));
    TURNOUT_ASSIGN(const Part tree, pickle::Attribute(one, "tree_"));
    TURNOUT_TRY(AddTree(tree, Leaves::kValues, rate,
                        static_cast<int32_t>(i % static_cast<std::size_t>(forest.outputs)), forest));
  }
  model.predictor = std::move(forest);
  return {};
}

}  // namespace turnout::sklearn
