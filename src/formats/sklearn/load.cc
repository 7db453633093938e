#include "formats/sklearn/load.h"

#include <fmt/format.h>

#include <string>

#include "formats/sklearn/parts.h"

namespace turnout {
namespace sklearn {
namespace {

using LoadFunction = Status (*)(const Part&, const Release&, Loaded&);

// Every predictor that is read, by class. Module paths are those since 0.22.
struct Predictor {
  std::string_view name;
  LoadFunction load;
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
};

const Predictor* FindPredictor(std::string_view name) {
  for (const Predictor& predictor : kPredictors) {
    if (predictor.name == name) return &predictor;
  }
  return nullptr;
}

// A pipeline's steps and its predictor, flattened: nested pipelines and search wrappers opened.
struct Chain {
  struct Link {
    std::string name;
    Part part;
  };
  std::vector<Link> links;
};

Status Unfold(const Part& part, std::string_view name, int depth, Chain& chain) {
  if (depth > 16) return pickle::Fail(Code::kUnsupported, part, "steps nested deeper than 16");
  if (part.value.IsNone() ||
      (part.value.kind() == pickle::Kind::kText && part.value.Text() == "passthrough")) {
    return {};
  }
  const std::string_view cls = pickle::ClassName(part.value);
  if (cls == "sklearn.model_selection._search.GridSearchCV" ||
      cls == "sklearn.model_selection._search.RandomizedSearchCV") {
    TURNOUT_ASSIGN(const Part best, pickle::Attribute(part, "best_estimator_"));
    return Unfold(best, name, depth + 1, chain);
  }
  if (cls != "sklearn.pipeline.Pipeline") {
    chain.links.push_back({std::string(name), part});
    return {};
  }
  TURNOUT_ASSIGN(const Part list, pickle::Attribute(part, "steps"));
  TURNOUT_ASSIGN(const pickle::Values elements, pickle::Elements(list));
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const Part entry(elements[i], list.path.Index(i));
    TURNOUT_ASSIGN(const Part name_part, pickle::Element(entry, 0));
    TURNOUT_ASSIGN(const std::string_view step_name, pickle::AsText(name_part));
    TURNOUT_ASSIGN(const Part step, pickle::Element(entry, 1));
    const auto path = part.path.Step(step_name).Inside(pickle::ShortClassName(step.value));
    TURNOUT_TRY(Unfold(Part(step.value, path), step_name, depth + 1, chain));
  }
  return {};
}

// The columns of the table that the first step was fitted on.
Status ReadInputs(const Part& first, Signature& signature) {
  TURNOUT_ASSIGN(const Part count_part, pickle::Attribute(first, "n_features_in_"));
  TURNOUT_ASSIGN(const int64_t count, pickle::AsInt(count_part));
  if (count < 1 || count > 1'000'000) {
    return pickle::Fail(Code::kCorrupt, count_part,
                        fmt::format("{} input columns; between 1 and 1000000 expected", count));
  }
  signature.inputs.resize(static_cast<std::size_t>(count));
  if (const auto names = pickle::FindAttribute(first, "feature_names_in_")) {
    TURNOUT_ASSIGN(auto texts, pickle::AsTextArray(*names));
    if (texts.size() != signature.inputs.size()) {
      return pickle::Fail(Code::kCorrupt, *names,
                          fmt::format("{} names for {} columns", texts.size(), count));
    }
    for (std::size_t i = 0; i < texts.size(); ++i) signature.inputs[i].name = std::move(texts.values[i]);
    signature.named = true;
  } else {
    for (std::size_t i = 0; i < signature.inputs.size(); ++i)
      signature.inputs[i].name = fmt::format("x{}", i);
  }
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
  Chain chain;
  TURNOUT_TRY(Unfold(root, "model", 0, chain));
  if (chain.links.empty()) {
    return pickle::Fail(Code::kUnsupported, root,
                        fmt::format("found {}, a fitted estimator expected", pickle::Describe(root.value)));
  }
  const Part last = chain.links.back().part;
  const std::string_view name = pickle::ClassName(last.value);
  const sklearn::Predictor* predictor = FindPredictor(name);
  if (predictor == nullptr) {
    return pickle::Fail(
        Code::kUnsupported, last,
        fmt::format("{} can't be served; of scikit-learn this server reads {}",
                    name.empty() ? pickle::Describe(last.value) : std::string(name), KnownPredictors()));
  }

  Model model;
  const Release release = ReleaseOf(last, ReleaseOf(root, {}));
  model.origin = {.format = "pickle",
                  .library = "scikit-learn",
                  .version = release.text,
                  .estimator = std::string(name),
                  .steps = {}};
  for (const Chain::Link& link : chain.links) {
    model.origin.steps.push_back(fmt::format("{}: {}", link.name, pickle::ShortClassName(link.part.value)));
  }
  TURNOUT_TRY(ReadInputs(chain.links.front().part, model.signature));
  auto columns = static_cast<int32_t>(model.signature.inputs.size());
  // A step's columns: known from the first step on, since each step tells what comes out of it. The types
  // that come in are those that the steps so far ask for.
  for (std::size_t i = 0; i + 1 < chain.links.size(); ++i) {
    const Part& part = chain.links[i].part;
    TURNOUT_ASSIGN(auto steps, LoadTransformer(part, release, columns));
    for (Step& step : steps) model.steps.push_back(std::move(step));
    TURNOUT_ASSIGN(auto types, InputTypes(model.steps, static_cast<int32_t>(model.signature.inputs.size())));
    auto outputs = OutputColumns(model.steps, std::move(types));
    if (!outputs) return pickle::Fail(outputs.error().code, part, outputs.error().message);
    columns = static_cast<int32_t>(outputs->size());
  }

  Loaded loaded{.model = model, .inputs = columns};
  TURNOUT_ASSIGN(const int64_t expected, pickle::IntOr(last, "n_features_in_", columns));
  if (expected != columns) {
    return pickle::Fail(Code::kCorrupt, last,
                        fmt::format("it takes {} columns, the steps before it give {}", expected, columns));
  }
  // HistGradientBoosting keeps its own encoder of categorical columns, which also reorders them (1.4+).
  if (const auto own = pickle::FindAttribute(last, "_preprocessor")) {
    TURNOUT_ASSIGN(auto steps, LoadTransformer(*own, release, columns));
    for (Step& step : steps) model.steps.push_back(std::move(step));
  }
  TURNOUT_TRY(predictor->load(last, release, loaded));
  LeaveOutDropped(model);
  TURNOUT_TRY(DescribeInputs(model.steps, loaded, model.signature));
  return model;
}

}  // namespace turnout
