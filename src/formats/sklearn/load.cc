#include "formats/sklearn/load.h"

#include <fmt/format.h>

#include <string>
#include <unordered_set>

#include "formats/lightgbm/load.h"
#include "formats/sklearn/parts.h"

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
    {"lightgbm.sklearn.LGBMClassifier", lightgbm::LoadLastStep},
    {"lightgbm.sklearn.LGBMRegressor", lightgbm::LoadLastStep},
    {"lightgbm.sklearn.LGBMRanker", lightgbm::LoadLastStep},
};

const Predictor* FindPredictor(std::string_view name) {
  for (const Predictor& predictor : kPredictors) {
    if (predictor.name == name) return &predictor;
  }
  return nullptr;
}

// The columns of the table that the first step was fitted on.
Status ReadInputs(const Part& first, Budget& budget, Signature& signature) {
  const auto count_part = pickle::FindAttribute(first, "n_features_in_");
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

// A column that the ColumnTransformer drops may hold anything and may be left out, as in the library: it is
// no input. Only where columns have names; by position they all count.
void LeaveOutDropped(Model& model) {
  auto* columns = model.steps.empty() ? nullptr : std::get_if<Columns>(&model.steps.front());
  if (columns == nullptr || !model.signature.named) return;
  std::vector<int32_t> place(model.signature.inputs.size(), -1);
  for (const Columns::Part& part : columns->parts) {
    for (int32_t input : part.inputs) place[static_cast<std::size_t>(input)] = 0;
  }
  std::vector<Input> kept;
  for (std::size_t i = 0; i < place.size(); ++i) {
    if (place[i] < 0) continue;
    place[i] = static_cast<int32_t>(kept.size());
    kept.push_back(std::move(model.signature.inputs[i]));
  }
  model.signature.inputs = std::move(kept);
  for (Columns::Part& part : columns->parts) {
    for (int32_t& input : part.inputs) input = place[static_cast<std::size_t>(input)];
  }
}

std::string KnownPredictors() {
  std::string list;
  for (const Predictor& predictor : kPredictors) {
    if (!list.empty()) list += ", ";
    list += predictor.name.substr(predictor.name.rfind('.') + 1);
  }
  return list;
}

}  // namespace
}  // namespace sklearn

Result<Model> LoadSklearn(const pickle::Graph& graph) {
  using namespace sklearn;
  const Part root(graph.root());
  Budget budget(graph.end() + graph.memory_bytes());
  const Context outer{ReleaseOf(root, {}), budget};
  TURNOUT_ASSIGN(const std::vector<Stage> stages, Unfold(root, "model", outer, 0));
  if (stages.empty()) {
    return pickle::Fail(Code::kUnsupported, root,
                        root.value.IsNone()
                            ? "found None, a fitted estimator expected"
                            : "every step is passed through; an estimator must be the last one");
  }
  for (const Stage& stage : std::span(stages).first(stages.size() - 1))
    TURNOUT_TRY(CheckTransformer(stage.part));
  const Part last = stages.back().part;
  const std::string_view name = pickle::ClassName(last.value);
  if (stages.size() == 1 && lightgbm::IsLightGbm(name)) return lightgbm::LoadPickled(last, budget);
  const sklearn::Predictor* predictor = FindPredictor(name);
  if (predictor == nullptr) {
    return pickle::Fail(
        Code::kUnsupported, last,
        fmt::format("{} can't be served; of scikit-learn this server reads {}",
                    name.empty() ? pickle::Describe(last.value) : std::string(name), KnownPredictors()));
  }
  const Context context = outer.Of(last);
  if (context.release.text.empty()) {
    return pickle::Fail(
        Code::kUnsupported, last,
        "it has no _sklearn_version, and what its numbers mean depends on the release; save the "
        "estimator itself with pickle.dump");
  }

  Model model;
  model.origin = {.format = "pickle",
                  .library = "scikit-learn",
                  .version = context.release.text,
                  .estimator = std::string(name),
                  .steps = {}};
  for (const Stage& stage : stages) {
    model.origin.steps.push_back(fmt::format("{}: {}", stage.name, pickle::ShortClassName(stage.part.value)));
  }
  TURNOUT_TRY(ReadInputs(stages.front().part, budget, model.signature));
  auto columns = static_cast<int32_t>(model.signature.inputs.size());
  TURNOUT_TRY(LoadSteps(std::span(stages).first(stages.size() - 1), context, 0, columns, model.steps));
  TURNOUT_ASSIGN(const int64_t expected, pickle::IntOr(last, "n_features_in_", columns));
  if (expected != columns) {
    return pickle::Fail(Code::kCorrupt, last,
                        fmt::format("it takes {} columns, the steps before it give {}", expected, columns));
  }
  // HistGradientBoosting keeps its own encoder of categorical columns, which also reorders them (since 1.4).
  if (const auto own = pickle::FindAttribute(last, "_preprocessor")) {
    const Stage stage{"_preprocessor", *own};
    TURNOUT_TRY(LoadSteps({&stage, 1}, context, 0, columns, model.steps));
  }
  Loaded loaded{.model = model, .inputs = columns};
  TURNOUT_TRY(predictor->load(last, context, loaded));
  LeaveOutDropped(model);
  TURNOUT_TRY(DescribeInputs(model.steps, loaded, model.signature));
  return model;
}

}  // namespace turnout
