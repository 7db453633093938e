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
  const double eps = release.AtLeast(1, 8) ? std::numeric_limits<double>::epsilon()
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

Result<std::vector<double>> Base(const Part& estimator, const Context& context, bool classifier,
                                 bool exponential, int32_t outputs) {
  const std::vector<double> zeros(static_cast<std::size_t>(outputs), 0.0);
  TURNOUT_ASSIGN(const Part init, pickle::Attribute(estimator, "init_"));
  if (init.value.kind() == pickle::Kind::kText && init.value.Text() == "zero") return zeros;
  const std::string_view name = pickle::ClassName(init.value);
  if (classifier && name == "sklearn.dummy.DummyClassifier") {
    TURNOUT_ASSIGN(const std::string_view strategy, pickle::TextOr(init, "strategy", "prior"));
    if (strategy == "prior") {
      TURNOUT_ASSIGN(const Part prior, pickle::Attribute(init, "class_prior_"));
      TURNOUT_ASSIGN(auto p, AsDoubles(prior, {outputs == 1 ? 2 : outputs}, context.budget));
      return BaseOfClasses(std::move(p.values), exponential, context.release);
    }
  }
  if (!classifier && name == "sklearn.dummy.DummyRegressor") {
    TURNOUT_ASSIGN(const Part constant, pickle::Attribute(init, "constant_"));
    TURNOUT_ASSIGN(const auto values, AsDoubles(constant, context.budget));
    if (values.size() == 1) return values.values;
    return pickle::Unexpected(constant, "one number");
  }
  return pickle::Fail(
      Code::kUnsupported, init,
      fmt::format("boosting starts from {}; only the default (class frequencies or a constant) "
                  "and init='zero' can be served: fit with init=None",
                  pickle::Describe(init.value)));
}

// Whether the loss is `exponential`; an error if it is one whose link is not known here.
Result<bool> IsExponential(const Part& estimator, bool classifier) {
  TURNOUT_ASSIGN(const Part part, pickle::Attribute(estimator, "loss"));
  TURNOUT_ASSIGN(const std::string_view loss, pickle::AsText(part));
  if (classifier && loss == "exponential") return true;
  static constexpr std::string_view kClassifier[] = {"log_loss", "deviance"};
  static constexpr std::string_view kRegressor[] = {"squared_error", "ls",    "absolute_error",
                                                    "lad",           "huber", "quantile"};
  const auto known = classifier ? std::span<const std::string_view>(kClassifier) : std::span(kRegressor);
  if (std::find(known.begin(), known.end(), loss) != known.end()) return false;
  return pickle::Fail(Code::kUnsupported, part,
                      fmt::format("{} can't be served; {} can", pickle::Describe(part.value),
                                  classifier ? "log_loss and exponential"
                                             : "squared_error, absolute_error, huber and quantile"));
}

}  // namespace

Status LoadGradientBoosting(const Part& estimator, const Context& context, Loaded& out) {
  const bool classifier = pickle::ShortClassName(estimator.value) == "GradientBoostingClassifier";
  Model& model = out.model;
  Forest forest;
  forest.features = out.inputs;
  forest.float32 = true;
  out.largest = kFloat32Limit;
  TURNOUT_ASSIGN(const bool exponential, IsExponential(estimator, classifier));
  if (classifier) {
    TURNOUT_ASSIGN(const Part classes, pickle::Attribute(estimator, "classes_"));
    TURNOUT_ASSIGN(model.signature.classes, Labels(classes, context.budget));
    const std::size_t count = model.signature.classes.size();
    forest.outputs = count == 2 ? 1 : static_cast<int32_t>(count);
    model.signature.task = Task::kClassification;
    model.signature.probabilities = true;
    // Up to 1.3 the probabilities are exp(raw - logsumexp(raw)).
    model.link = count == 2                      ? Link::kExpit
                 : context.release.AtLeast(1, 4) ? Link::kSoftmax
                                                 : Link::kLogSumExp;
    if (exponential) model.link_scale = 2;
    // Since 1.4 the raw score decides (raw >= 0 is class 1); before, the larger probability.
    model.decision = !context.release.AtLeast(1, 4) ? Decision::kLargest
                     : count == 2                   ? Decision::kRawFromZero
                                                    : Decision::kLargestRaw;
  } else {
    model.signature.task = Task::kRegression;
    model.link = Link::kIdentity;
  }
  TURNOUT_ASSIGN(forest.base, Base(estimator, context, classifier, exponential, forest.outputs));
  TURNOUT_ASSIGN(const Part rate_part, pickle::Attribute(estimator, "learning_rate"));
  TURNOUT_ASSIGN(const double rate, pickle::AsDouble(rate_part));
  TURNOUT_ASSIGN(const Part stages, pickle::Attribute(estimator, "estimators_"));
  const pickle::Value array = stages.value;
  if (array.kind() != pickle::Kind::kArray || array.Shape().size() != 2 ||
      array.Shape()[1] != forest.outputs) {
    return pickle::Unexpected(stages, fmt::format("an array of trees, {} in a stage", forest.outputs));
  }
  TURNOUT_ASSIGN(const pickle::Values trees, pickle::Elements(stages));
  for (std::size_t i = 0; i < trees.size(); ++i) {
    const Part one(trees[i], stages.path.Index(i));
    TURNOUT_TRY(context.budget.TakeObject(one));
    TURNOUT_ASSIGN(const Part tree, pickle::Attribute(one, "tree_"));
    TURNOUT_TRY(AddTree(tree, Leaves::kValues, rate,
                        static_cast<int32_t>(i % static_cast<std::size_t>(forest.outputs)), context.budget,
                        forest));
  }
  model.predictor = std::move(forest);
  return {};
}

}  // namespace turnout::sklearn
