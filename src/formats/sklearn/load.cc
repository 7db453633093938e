#include "formats/sklearn/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <unordered_set>

#include "formats/lightgbm/load.h"
#include "formats/sklearn/ensembles.h"
#include "formats/xgboost/load.h"

namespace turnout {
namespace sklearn {
namespace {

// Every predictor that is read, by class. Module paths are those since 0.22.
struct Predictor {
  std::string_view name;
  Status (*load)(const Part&, const Context&, Loaded&);
};
constexpr Predictor kPredictors[] = {
    {"sklearn.tree._classes.DecisionTreeClassifier", LoadDecisionTree},
    {"sklearn.tree._classes.DecisionTreeRegressor", LoadDecisionTree},
    {"sklearn.tree._classes.ExtraTreeClassifier", LoadDecisionTree},
    {"sklearn.tree._classes.ExtraTreeRegressor", LoadDecisionTree},
    {"sklearn.ensemble._forest.RandomForestClassifier", LoadAveragedForest},
    {"sklearn.ensemble._forest.RandomForestRegressor", LoadAveragedForest},
    {"sklearn.ensemble._forest.ExtraTreesClassifier", LoadAveragedForest},
    {"sklearn.ensemble._forest.ExtraTreesRegressor", LoadAveragedForest},
    {"sklearn.ensemble._gb.GradientBoostingClassifier", LoadGradientBoosting},
    {"sklearn.ensemble._gb.GradientBoostingRegressor", LoadGradientBoosting},
    {"sklearn.ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoostingClassifier",
     LoadHistGradientBoosting},
    {"sklearn.ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoostingRegressor",
     LoadHistGradientBoosting},
    {"sklearn.linear_model._logistic.LogisticRegression", LoadLogisticRegression},
    {"sklearn.linear_model._logistic.LogisticRegressionCV", LoadLogisticRegression},
    {"sklearn.linear_model._base.LinearRegression", LoadLinearRegression},
    {"sklearn.linear_model._ridge.Ridge", LoadLinearRegression},
    {"sklearn.linear_model._ridge.RidgeCV", LoadLinearRegression},
    {"sklearn.linear_model._coordinate_descent.Lasso", LoadLinearRegression},
    {"sklearn.linear_model._coordinate_descent.LassoCV", LoadLinearRegression},
    {"sklearn.linear_model._coordinate_descent.ElasticNet", LoadLinearRegression},
    {"sklearn.linear_model._coordinate_descent.ElasticNetCV", LoadLinearRegression},
    {"sklearn.linear_model._coordinate_descent.MultiTaskLasso", LoadLinearRegression},
    {"sklearn.linear_model._coordinate_descent.MultiTaskLassoCV", LoadLinearRegression},
    {"sklearn.linear_model._coordinate_descent.MultiTaskElasticNet", LoadLinearRegression},
    {"sklearn.linear_model._coordinate_descent.MultiTaskElasticNetCV", LoadLinearRegression},
    {"sklearn.linear_model._bayes.BayesianRidge", LoadLinearRegression},
    {"sklearn.linear_model._bayes.ARDRegression", LoadLinearRegression},
    {"sklearn.linear_model._huber.HuberRegressor", LoadLinearRegression},
    {"sklearn.linear_model._quantile.QuantileRegressor", LoadLinearRegression},
    {"sklearn.linear_model._theil_sen.TheilSenRegressor", LoadLinearRegression},
    {"sklearn.linear_model._least_angle.Lars", LoadLinearRegression},
    {"sklearn.linear_model._least_angle.LarsCV", LoadLinearRegression},
    {"sklearn.linear_model._least_angle.LassoLars", LoadLinearRegression},
    {"sklearn.linear_model._least_angle.LassoLarsCV", LoadLinearRegression},
    {"sklearn.linear_model._least_angle.LassoLarsIC", LoadLinearRegression},
    {"sklearn.linear_model._omp.OrthogonalMatchingPursuit", LoadLinearRegression},
    {"sklearn.linear_model._omp.OrthogonalMatchingPursuitCV", LoadLinearRegression},
    {"sklearn.linear_model._stochastic_gradient.SGDRegressor", LoadLinearRegression},
    {"sklearn.linear_model._passive_aggressive.PassiveAggressiveRegressor", LoadLinearRegression},
    {"sklearn.linear_model._glm.glm.PoissonRegressor", LoadGeneralizedLinear},
    {"sklearn.linear_model._glm.glm.GammaRegressor", LoadGeneralizedLinear},
    {"sklearn.linear_model._glm.glm.TweedieRegressor", LoadGeneralizedLinear},
    {"sklearn.linear_model._stochastic_gradient.SGDClassifier", LoadSgdClassifier},
    {"sklearn.linear_model._perceptron.Perceptron", LoadLinearClassifier},
    {"sklearn.linear_model._passive_aggressive.PassiveAggressiveClassifier", LoadLinearClassifier},
    {"sklearn.linear_model._ridge.RidgeClassifier", LoadRidgeClassifier},
    {"sklearn.linear_model._ridge.RidgeClassifierCV", LoadRidgeClassifier},
    {"sklearn.svm._classes.LinearSVC", LoadLinearClassifier},
    {"sklearn.svm._classes.LinearSVR", LoadLinearRegression},
    {"sklearn.calibration.CalibratedClassifierCV", LoadCalibratedClassifier},
    {"sklearn.model_selection._classification_threshold.FixedThresholdClassifier", LoadThresholdClassifier},
    {"sklearn.model_selection._classification_threshold.TunedThresholdClassifierCV", LoadThresholdClassifier},
    {"sklearn.ensemble._iforest.IsolationForest", LoadIsolationForest},
    {"sklearn.dummy.DummyClassifier", LoadDummy},
    {"sklearn.dummy.DummyRegressor", LoadDummy},
    {"sklearn.ensemble._voting.VotingClassifier", LoadVoting},
    {"sklearn.ensemble._voting.VotingRegressor", LoadVoting},
    {"sklearn.ensemble._stacking.StackingClassifier", LoadStacking},
    {"sklearn.ensemble._stacking.StackingRegressor", LoadStacking},
    {"sklearn.ensemble._bagging.BaggingClassifier", LoadBagging},
    {"sklearn.ensemble._bagging.BaggingRegressor", LoadBagging},
    {"sklearn.ensemble._weight_boosting.AdaBoostClassifier", LoadAdaBoost},
    {"sklearn.ensemble._weight_boosting.AdaBoostRegressor", LoadAdaBoost},
    {"sklearn.compose._target.TransformedTargetRegressor", LoadTransformedTarget},
    {"sklearn.multioutput.MultiOutputRegressor", LoadMultiOutput},
    {"sklearn.multiclass.OneVsRestClassifier", LoadOneVsRest},
    {"sklearn.svm._classes.SVC", LoadSvc},
    {"sklearn.svm._classes.NuSVC", LoadSvc},
    {"sklearn.svm._classes.SVR", LoadSvr},
    {"sklearn.svm._classes.NuSVR", LoadSvr},
    {"sklearn.svm._classes.OneClassSVM", LoadOneClassSvm},
    {"sklearn.neighbors._classification.KNeighborsClassifier", LoadNeighbours},
    {"sklearn.neighbors._regression.KNeighborsRegressor", LoadNeighbours},
    {"sklearn.cluster._kmeans.KMeans", LoadKMeans},
    {"sklearn.cluster._kmeans.MiniBatchKMeans", LoadKMeans},
    {"sklearn.naive_bayes.GaussianNB", LoadGaussianNb},
    {"sklearn.naive_bayes.MultinomialNB", LoadDiscreteNb},
    {"sklearn.naive_bayes.ComplementNB", LoadDiscreteNb},
    {"sklearn.naive_bayes.BernoulliNB", LoadDiscreteNb},
    {"sklearn.naive_bayes.CategoricalNB", LoadCategoricalNb},
    {"sklearn.discriminant_analysis.LinearDiscriminantAnalysis", LoadLinearDiscriminant},
    {"sklearn.discriminant_analysis.QuadraticDiscriminantAnalysis", LoadQuadraticDiscriminant},
    {"sklearn.neural_network._multilayer_perceptron.MLPClassifier", LoadMlp},
    {"sklearn.neural_network._multilayer_perceptron.MLPRegressor", LoadMlp},
    {"lightgbm.sklearn.LGBMClassifier", lightgbm::LoadLastStep},
    {"lightgbm.sklearn.LGBMRegressor", lightgbm::LoadLastStep},
    {"lightgbm.sklearn.LGBMRanker", lightgbm::LoadLastStep},
    {"xgboost.sklearn.XGBClassifier", xgboost::LoadLastStep},
    {"xgboost.sklearn.XGBRegressor", xgboost::LoadLastStep},
    {"xgboost.sklearn.XGBRanker", xgboost::LoadLastStep},
    {"xgboost.sklearn.XGBRFClassifier", xgboost::LoadLastStep},
    {"xgboost.sklearn.XGBRFRegressor", xgboost::LoadLastStep},
};

const Predictor* FindPredictor(std::string_view name) {
  for (const Predictor& predictor : kPredictors) {
    if (predictor.name == name) return &predictor;
  }
  return nullptr;
}

bool KnowsTable(const Part& part) { return pickle::FindAttribute(part, "n_features_in_").has_value(); }

// The first entry of a FeatureUnion whose estimator knows how many columns it takes, else `first`: functions
// and what passes columns through may not (scikit-learn 1.1).
std::optional<Part> Counting(const Part& list, std::optional<Part> first) {
  constexpr std::size_t kMost = 64;
  for (std::size_t i = 0; i < kMost; ++i) {
    auto entry = pickle::Element(list, i);
    if (!entry) break;
    auto estimator = pickle::Element(*entry, 1);
    if (estimator && KnowsTable(*estimator)) return *std::move(entry);
  }
  return first;
}

// The first stage that knows its table, behind functions that change no column's place.
Part FirstStage(std::span<const Stage> stages) {
  for (const Stage& stage : stages) {
    if (KnowsTable(stage.part) || pickle::ShortClassName(stage.part.value) != "FunctionTransformer") {
      return stage.part;
    }
  }
  return stages.front().part;
}

// What knows the table that a step was fitted on: ensembles and wrappers ask their first member for it
// (n_features_in_ is a property of theirs).
Part FittedOnTable(Part part) {
  constexpr int kDeep = 4 * kMaxStepNesting;
  static constexpr std::string_view kLists[] = {"estimators_", "calibrated_classifiers_", "steps",
                                                "transformer_list"};
  static constexpr std::string_view kOne[] = {"estimator_", "regressor_", "best_estimator_", "estimator",
                                              "base_estimator"};
  for (int level = 0; level < kDeep && !pickle::FindAttribute(part, "n_features_in_"); ++level) {
    std::optional<Part> inner;
    for (const std::string_view name : kLists) {
      if (inner) break;
      const auto list = pickle::FindAttribute(part, name);
      if (!list) continue;
      if (auto first = pickle::Element(*list, 0)) inner = *std::move(first);
      if (name == "transformer_list") inner = Counting(*list, inner);
      if (!inner || (name != "steps" && name != "transformer_list")) continue;
      auto step = pickle::Element(*inner, 1);
      inner = step ? std::optional(*std::move(step)) : std::nullopt;
    }
    for (const std::string_view name : kOne) {
      if (!inner) inner = pickle::FindAttribute(part, name);
    }
    if (!inner) break;
    part = *std::move(inner);
  }
  return part;
}

// The columns of the table that the first step was fitted on.
Status ReadInputs(const Part& first_step, Budget& budget, Signature& signature) {
  const Part first = FittedOnTable(first_step);
  const auto count_part = pickle::FindAttribute(first, "n_features_in_");
  if (!count_part && pickle::ClassName(first.value).starts_with("sklearn.feature_extraction.text.")) {
    signature.inputs.resize(1);  // vectorizers take texts, not a table
    signature.inputs[0].name = "x0";
    return {};
  }
  if (!count_part) {
    return pickle::Fail(
        Code::kUnsupported, first,
        "it has no n_features_in_: it was never fitted, or a scikit-learn before 0.24 wrote it");
  }
  TURNOUT_ASSIGN(const int64_t count, pickle::AsInt(*count_part));
  if (count < 1 || count > static_cast<int64_t>(kMaxColumns)) {
    return pickle::Fail(Code::kCorrupt, *count_part,
                        fmt::format("{} input columns; between 1 and {} expected", count, kMaxColumns));
  }
  TURNOUT_TRY(budget.Take(*count_part, static_cast<uint64_t>(count) * sizeof(Input)));
  signature.inputs.resize(static_cast<std::size_t>(count));
  const auto names = pickle::FindAttribute(first, "feature_names_in_");
  if (!names) {
    for (std::size_t i = 0; i < signature.inputs.size(); ++i)
      signature.inputs[i].name = fmt::format("x{}", i);
    return {};
  }
  TURNOUT_ASSIGN(auto texts, AsTexts(*names, budget));
  if (texts.size() != signature.inputs.size()) {
    return pickle::Fail(Code::kCorrupt, *names, fmt::format("{} names for {} columns", texts.size(), count));
  }
  std::unordered_set<std::string_view> seen;
  for (const std::string& text : texts) {
    if (!seen.insert(text).second) {
      return pickle::Fail(Code::kUnsupported, *names,
                          fmt::format("two columns are named '{}'; rename one before fitting", text));
    }
  }
  for (std::size_t i = 0; i < texts.size(); ++i) signature.inputs[i].name = std::move(texts[i]);
  signature.named = true;
  return {};
}

// The indices into the columns before a step that it takes; none if it takes all of them.
std::vector<std::vector<int32_t>*> TakenBy(Step& step) {
  std::vector<std::vector<int32_t>*> taken;
  if (auto* columns = std::get_if<Columns>(&step)) {
    for (Columns::Part& part : columns->parts) taken.push_back(&part.inputs);
  } else if (auto* members = std::get_if<Members>(&step); members != nullptr && !members->passthrough) {
    for (Member& member : members->members) taken.push_back(&member.inputs);
  }
  return taken;
}

// A column that the first step does not take may hold anything and may be left out, as in the library: it is
// no input. The columns that are left.
std::vector<int32_t> LeaveOutDropped(Model& model) {
  std::vector<int32_t> left(model.signature.inputs.size());
  std::iota(left.begin(), left.end(), 0);
  const auto taken =
      model.steps.empty() ? std::vector<std::vector<int32_t>*>() : TakenBy(model.steps.front());
  if (taken.empty()) return left;
  std::vector<int32_t> place(model.signature.inputs.size(), -1);
  for (const std::vector<int32_t>* inputs : taken) {
    for (int32_t input : *inputs) place[static_cast<std::size_t>(input)] = 0;
  }
  left.clear();
  std::vector<Input> kept;
  for (std::size_t i = 0; i < place.size(); ++i) {
    if (place[i] < 0) continue;
    place[i] = static_cast<int32_t>(kept.size());
    left.push_back(static_cast<int32_t>(i));
    kept.push_back(std::move(model.signature.inputs[i]));
  }
  model.signature.inputs = std::move(kept);
  for (std::vector<int32_t>* inputs : taken) {
    for (int32_t& input : *inputs) input = place[static_cast<std::size_t>(input)];
  }
  return left;
}

// The error of an estimator that can't be served, before anything is read.
Status CheckChain(std::span<const Stage> stages, const Context& outer) {
  for (const Stage& stage : stages.first(stages.size() - 1)) TURNOUT_TRY(CheckTransformer(stage.part));
  const Part& last = stages.back().part;
  const std::string_view name = pickle::ClassName(last.value);
  if (name.starts_with("sklearn.preprocessing._label.")) {
    return pickle::Fail(
        Code::kUnsupported, last,
        "it translates labels and predicts nothing; serve the model that was fitted on them, and "
        "name its classes in the contract's reply");
  }
  if (FindPredictor(name) == nullptr && CheckTransformer(last)) {
    return pickle::Fail(
        Code::kUnsupported, last,
        "it transforms rows and predicts nothing; save the pipeline of it and the model behind it");
  }
  if (FindPredictor(name) == nullptr) {
    return pickle::Fail(
        Code::kUnsupported, last,
        fmt::format("{} can't be served; turnout inspect --support lists what this server reads",
                    name.empty() ? pickle::Describe(last.value) : std::string(name)));
  }
  if (outer.Of(last).release.text.empty()) {
    return pickle::Fail(
        Code::kUnsupported, last,
        "it has no _sklearn_version, and what its numbers mean depends on the release; save the "
        "estimator itself with pickle.dump");
  }
  return {};
}

// Predictors without a decision_function, of those that are no regressions.
bool HasDecisionFunction(std::string_view name) {
  static constexpr std::string_view kWithout[] = {"sklearn.tree.",
                                                  "sklearn.ensemble._forest.",
                                                  "sklearn.naive_bayes.",
                                                  "sklearn.neighbors.",
                                                  "sklearn.neural_network.",
                                                  "sklearn.dummy.",
                                                  "sklearn.calibration.",
                                                  "sklearn.ensemble._voting.",
                                                  "sklearn.ensemble._bagging.",
                                                  "sklearn.multiclass.",
                                                  "sklearn.ensemble._stacking.",
                                                  "sklearn.cluster.",
                                                  "sklearn.model_selection._classification_threshold."};
  return name.starts_with("sklearn.") &&
         std::none_of(std::begin(kWithout), std::end(kWithout),
                      [name](std::string_view module) { return name.starts_with(module); });
}

Status LoadStages(std::span<const Stage> stages, const Context& outer, Loaded& out) {
  const Part& last = stages.back().part;
  const std::string_view name = pickle::ClassName(last.value);
  const Context context = outer.Of(last);
  Model& model = out.model;
  if (model.origin.estimator.empty()) {
    model.origin.estimator = name;
    model.origin.version = context.release.text;
  }
  for (const Stage& stage : stages) {
    model.origin.steps.push_back(fmt::format("{}: {}", stage.name, pickle::ShortClassName(stage.part.value)));
  }
  TURNOUT_TRY(LoadSteps(stages.first(stages.size() - 1), context, out.depth, out.inputs, model.steps));
  TURNOUT_ASSIGN(const int64_t expected, pickle::IntOr(last, "n_features_in_", out.inputs));
  if (expected != out.inputs) {
    return pickle::Fail(
        Code::kCorrupt, last,
        fmt::format("it takes {} columns, the steps before it give {}", expected, out.inputs));
  }
  // HistGradientBoosting keeps its own encoder of categorical columns, which also reorders them (since 1.4).
  if (const auto own = pickle::FindAttribute(last, "_preprocessor")) {
    const Stage stage{"_preprocessor", *own};
    TURNOUT_TRY(LoadSteps({&stage, 1}, context, out.depth, out.inputs, model.steps));
  }
  out.decides = HasDecisionFunction(name);
  return FindPredictor(name)->load(last, context, out);
}

Result<std::vector<Stage>> StagesOf(const Part& part, std::string_view name, const Context& context,
                                    int depth) {
  TURNOUT_ASSIGN(std::vector<Stage> stages, Unfold(part, name, context, depth));
  if (stages.empty()) {
    return pickle::Fail(Code::kUnsupported, part,
                        part.value.IsNone()
                            ? "found None, a fitted estimator expected"
                            : "every step is passed through; an estimator must be the last one");
  }
  return stages;
}

Status Describe(const Loaded& loaded) {
  const std::vector<Step>& steps = loaded.model.steps;
  if (loaded.answering >= steps.size()) return DescribeInputs(steps, loaded, loaded.model.signature);
  const auto end = steps.begin() + static_cast<std::ptrdiff_t>(loaded.answering);
  return DescribeInputs({steps.begin(), end}, loaded, loaded.model.signature);
}

Result<Model> LoadModel(const Part& root, std::string_view name, const Context& outer) {
  TURNOUT_ASSIGN(const std::vector<Stage> stages, StagesOf(root, name, outer, 0));
  const Part& last = stages.back().part;
  if (stages.size() == 1 && lightgbm::IsLightGbm(pickle::ClassName(last.value))) {
    return lightgbm::LoadPickled(last, outer.budget);
  }
  if (stages.size() == 1 && xgboost::IsXgboost(pickle::ClassName(last.value))) {
    return xgboost::LoadPickled(last, outer.budget);
  }
  Model model;
  model.origin = {.format = "pickle", .library = "scikit-learn", .version = {}, .estimator = {}, .steps = {}};
  Loaded loaded{.model = model, .inputs = 0};
  TURNOUT_TRY(CheckChain(stages, outer));
  TURNOUT_TRY(ReadInputs(FirstStage(stages), outer.budget, model.signature));
  loaded.inputs = static_cast<int32_t>(model.signature.inputs.size());
  TURNOUT_TRY(LoadStages(stages, outer, loaded));
  if (model.signature.named) LeaveOutDropped(model);  // by position they all count
  TURNOUT_TRY(Describe(loaded));
  return model;
}

}  // namespace

Status LoadChain(const Part& part, std::string_view name, const Context& outer, Loaded& out) {
  ++out.depth;  // the estimators of a damaged file may contain themselves
  TURNOUT_ASSIGN(const std::vector<Stage> stages, StagesOf(part, name, outer, out.depth));
  TURNOUT_TRY(CheckChain(stages, outer));
  TURNOUT_TRY(LoadStages(stages, outer, out));
  --out.depth;
  return {};
}

Result<Nested> LoadNested(const Part& part, std::string_view name, const Context& context, int32_t columns,
                          int depth, std::vector<Step> front) {
  TURNOUT_TRY(context.budget.Take(part, sizeof(Model) + static_cast<uint64_t>(columns) * sizeof(Input)));
  auto model = std::make_shared<Model>();
  Loaded loaded{.model = *model, .inputs = columns, .depth = depth};
  model->steps = std::move(front);
  for (int32_t i = 0; i < columns; ++i) model->signature.inputs.push_back({.name = fmt::format("x{}", i)});
  TURNOUT_TRY(LoadChain(part, name, context, loaded));
  Nested nested;
  nested.member.inputs = LeaveOutDropped(*model);
  if (auto status = Describe(loaded); !status) {
    return Within(part.path.text(), std::move(status).error());
  }
  nested.member.model = std::move(model);
  nested.decides = loaded.decides;
  return nested;
}

std::vector<std::string_view> PredictorClasses() {
  std::vector<std::string_view> classes;
  for (const Predictor& predictor : kPredictors) classes.push_back(predictor.name);
  return classes;
}

}  // namespace sklearn

Result<Model> LoadSklearn(const pickle::Graph& graph) {
  const sklearn::Part root(graph.root());
  sklearn::Budget budget(graph.end() + graph.memory_bytes());
  return sklearn::LoadModel(root, "model", {sklearn::ReleaseOf(root, {}), budget});
}

}  // namespace turnout
