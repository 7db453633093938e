// sklearn/ensemble/_gb.py; up to 1.3 with ensemble/_gb_losses.py, since 1.4 with _loss/link.py.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "formats/sklearn/ensembles.h"

namespace turnout::sklearn {
namespace {

// The smallest distance of a probability from 0 and 1 before its logarithm is taken.
double SmallestProbability(const Release& release) {
  return release.AtLeast(1, 8) ? std::numeric_limits<double>::epsilon()
                               : static_cast<double>(std::numeric_limits<float>::epsilon());
}

// The raw scores before the first tree, from the class frequencies (init_ is a DummyClassifier).
std::vector<double> BaseOfClasses(std::vector<double> p, bool exponential, const Release& release) {
  const bool links = release.AtLeast(1, 4);  // losses have link objects
  const double eps = SmallestProbability(release);
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
  std::vector<double> zeros(static_cast<std::size_t>(outputs), 0.0);
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
  return pickle::Unexpected(init, "'zero' or an estimator");
}

// Whether init_ is an estimator that was given, whose answer for a row its raw scores start from.
bool StartsFromEstimator(const Part& estimator, bool classifier) {
  const auto init = pickle::FindAttribute(estimator, "init_");
  if (!init || init->value.kind() != pickle::Kind::kObject) return false;
  const std::string_view name = pickle::ClassName(init->value);
  if (name != (classifier ? "sklearn.dummy.DummyClassifier" : "sklearn.dummy.DummyRegressor")) return true;
  return classifier && pickle::TextOr(*init, "strategy", "prior").value_or("") != "prior";
}

// The forest's raw scores are added to what the estimator in init_ answers for the row cast to float32.
Status StartFrom(const Part& init, const Context& context, bool exponential, Forest forest, Loaded& out) {
  Model& model = out.model;
  const bool classifier = model.signature.task == Task::kClassification;
  TURNOUT_ASSIGN(Nested nested,
                 LoadNested(init, "init", context, out.inputs, out.depth, {Compute{Function::kFloat32}}));
  const Signature& given = nested.member.model->signature;
  if (classifier ? given.classes.size() != model.signature.classes.size() || !given.probabilities
                 : given.task != Task::kRegression || given.values != 1) {
    return pickle::Fail(Code::kUnsupported, init,
                        classifier ? "boosting starts from it, and it has no probability of each class"
                                   : "boosting starts from it, and it gives no number");
  }
  using Kind = Combination::Kind;
  const bool links = context.release.AtLeast(1, 4);
  Combination sum{.kind = Kind::kFromValues, .outputs = forest.outputs};
  if (classifier && forest.outputs == 1) {
    sum.kind = links ? Kind::kFromSciPyLogit : Kind::kFromLogit;
    if (exponential) sum.scale = 0.5;
  } else if (classifier) {
    sum.kind = links ? Kind::kFromCentredLog : Kind::kFromLog;
  }
  sum.features = 2 * sum.outputs;
  if (classifier) sum.smallest = SmallestProbability(context.release);
  nested.member.gives = {!classifier           ? Give::kValues
                         : forest.outputs == 1 ? Give::kSecond
                                               : Give::kProbabilities};
  auto trees = std::make_shared<Model>();
  for (int32_t i = 0; i < out.inputs; ++i) {
    trees->signature.inputs.push_back({.name = fmt::format("x{}", i), .largest = out.largest});
  }
  trees->signature.values = forest.outputs;
  trees->predictor = std::move(forest);
  Member member{.model = std::move(trees), .gives = {Give::kValues}};
  for (int32_t i = 0; i < out.inputs; ++i) member.inputs.push_back(i);
  Members members;
  members.members.push_back(std::move(nested.member));
  members.members.push_back(std::move(member));
  AddMembers(std::move(members), out);
  model.predictor = std::move(sum);
  return {};
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
  const bool starts_from = StartsFromEstimator(estimator, classifier);
  if (starts_from) {
    forest.base.assign(static_cast<std::size_t>(forest.outputs), 0.0);
  } else {
    TURNOUT_ASSIGN(forest.base, Base(estimator, context, classifier, exponential, forest.outputs));
  }
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
  if (starts_from) {
    TURNOUT_ASSIGN(const Part init, pickle::Attribute(estimator, "init_"));
    return StartFrom(init, context, exponential, std::move(forest), out);
  }
  model.predictor = std::move(forest);
  return {};
}

}  // namespace turnout::sklearn
