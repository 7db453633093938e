#include "formats/xgboost/to_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace turnout::xgboost {
namespace {

using Kind = Wrapper::Kind;

// What must hold before anything is made.
Status CheckCounts(const Booster& booster) {
  if (booster.major < 0)
    return Fail(Code::kCorrupt, "the file has no version, and what its numbers mean depends on it");
  if (booster.features < 1 || booster.features > static_cast<int64_t>(kMaxColumns)) {
    return Fail(Code::kCorrupt,
                fmt::format("num_feature is {}; between 1 and {} expected", booster.features, kMaxColumns));
  }
  constexpr int64_t kMost = 1 << 20;
  for (const auto& [name, value] :
       {std::pair{"num_class", booster.classes}, {"num_target", booster.targets}}) {
    if (value < 0 || value > kMost) {
      return Fail(Code::kCorrupt, fmt::format("{} is {}; between 0 and {} expected", name, value, kMost));
    }
  }
  if (booster.parallel_trees < 0 || booster.parallel_trees > kMost) {
    return Fail(Code::kCorrupt, fmt::format("num_parallel_tree is {}; between 1 and {} expected",
                                            booster.parallel_trees, kMost));
  }
  if (booster.base_score.empty()) return Fail(Code::kCorrupt, "there is no base_score");
  const std::size_t names = booster.feature_names.size();
  if (names > 0 && names != static_cast<std::size_t>(booster.features)) {
    return Fail(Code::kCorrupt, fmt::format("{} feature names for {} features", names, booster.features));
  }
  const std::size_t encodings = booster.encodings.size();
  if (encodings > 0 && encodings != static_cast<std::size_t>(booster.features)) {
    return Fail(Code::kCorrupt,
                fmt::format("cats.enc has {} elements for {} features", encodings, booster.features));
  }
  return {};
}

// raw > 0.5 in float32, which is what XGBClassifier asks of anything that is one number.
const double kAboveHalf = static_cast<double>(std::nextafter(0.5f, 1.0f));

Status Decide(const Objective& objective, const Wrapper& wrapper, std::size_t outputs, Memory& memory,
              Model& model) {
  Signature& signature = model.signature;
  const bool several = outputs > 1 && !objective.multi_class;  // targets of their own, no classes
  const bool classifies =
      !several && (wrapper.kind == Kind::kNone ? objective.classifies : wrapper.kind == Kind::kClassifier);
  if (!classifies) {
    if (objective.name == "multi:softmax") {
      return Fail(Code::kUnsupported,
                  "a regressor with the objective multi:softmax can't be served; fit a classifier");
    }
    signature.task = Task::kRegression;
    signature.values = static_cast<int32_t>(outputs);
    return {};
  }
  signature.task = Task::kClassification;
  const std::size_t classes = std::max<std::size_t>(2, outputs);
  TURNOUT_TRY(memory.Take("the classes", classes * sizeof(Label)));
  signature.classes = wrapper.labels;
  for (std::size_t k = signature.classes.size(); wrapper.labels.empty() && k < classes; ++k) {
    signature.classes.emplace_back(static_cast<int64_t>(k));
  }
  if (signature.classes.size() != classes) {
    return Fail(Code::kCorrupt, fmt::format("{} labels for {} classes", signature.classes.size(), classes));
  }
  if (objective.classifies || objective.link == Link::kExpitFloat) {
    signature.probabilities = true;
    model.decision = objective.name == "multi:softmax" ? Decision::kLargestRaw : Decision::kLargest;
    return {};
  }
  if (objective.link != Link::kIdentity) {
    return Fail(Code::kUnsupported, fmt::format("a classifier with the objective {} can't be served; fit it "
                                                "with binary:logistic or multi:softprob",
                                                objective.name));
  }
  model.decision = Decision::kRawFromThreshold;
  model.threshold = kAboveHalf;
  return {};
}

// Texts and numbers to the codes that the trees know, missing ones as they are; others are refused, as
// XGBoost does. Other columns pass by.
Step EncodingStep(std::vector<Encoding> encodings) {
  Columns columns;
  for (std::size_t f = 0; f < encodings.size(); ++f) {
    Encoding& encoding = encodings[f];
    const bool encodes = encoding.size() > 0;
    if (columns.parts.empty() || columns.parts.back().steps.empty() == encodes) {
      columns.parts.push_back({.name = encodes ? "categories" : "numbers", .inputs = {}, .steps = {}});
      if (encodes)
        columns.parts.back().steps.push_back(Ordinal{.columns = {}, .missing_value = std::nan("")});
    }
    Columns::Part& part = columns.parts.back();
    part.inputs.push_back(static_cast<int32_t>(f));
    if (!encodes) continue;
    Categories categories;
    categories.is_text = encoding.is_text;
    categories.missing = static_cast<int32_t>(encoding.size());
    categories.texts = std::move(encoding.texts);
    categories.numbers = std::move(encoding.numbers);
    if (categories.is_text) {
      categories.texts.emplace_back();
    } else {
      categories.numbers.push_back(0);
    }
    std::get<Ordinal>(part.steps[0]).columns.push_back(std::move(categories));
  }
  return columns;
}

Result<Linear> ToLinear(const Booster& booster, const std::vector<float>& margins, Memory& memory) {
  const std::size_t outputs = margins.size(), features = static_cast<std::size_t>(booster.features);
  if (booster.weights.size() != (features + 1) * outputs) {
    return Fail(Code::kCorrupt, fmt::format("{} weights, ({} features + 1) x {} outputs expected",
                                            booster.weights.size(), features, outputs));
  }
  Linear linear;
  linear.features = static_cast<int32_t>(features);
  linear.outputs = static_cast<int32_t>(outputs);
  linear.float32 = true;
  TURNOUT_TRY(memory.Take("the weights", booster.weights.size() * sizeof(double)));
  linear.weights.reserve(features * outputs);
  for (std::size_t k = 0; k < outputs; ++k) {
    for (std::size_t f = 0; f < features; ++f) {
      linear.weights.push_back(static_cast<double>(booster.weights[f * outputs + k]));
    }
    // Every output gets the first margin (GBLinear::PredictBatchInternal).
    linear.intercept.push_back(static_cast<double>(booster.weights[features * outputs + k] + margins[0]));
  }
  return linear;
}

}  // namespace

std::string VersionText(const Booster& booster) {
  return booster.has_patch ? fmt::format("{}.{}.{}", booster.major, booster.minor, booster.patch)
                           : fmt::format("{}.{}", booster.major, booster.minor);
}

Status AddPredictor(Booster booster, const Wrapper& wrapper, Memory& memory, sklearn::Loaded& out) {
  Model& model = out.model;
  TURNOUT_TRY(CheckCounts(booster));
  if (booster.features != out.inputs) {
    return Fail(Code::kCorrupt, fmt::format("the booster takes {} features, {} columns reach it",
                                            booster.features, out.inputs));
  }
  if (booster.objective.empty()) return Fail(Code::kCorrupt, "there is no objective");
  const Objective* const objective = FindObjective(booster.objective);
  if (objective == nullptr) {
    return Fail(Code::kUnsupported,
                fmt::format("the objective \"{}\" can't be served; {} can",
                            std::string_view(booster.objective).substr(0, 64), KnownObjectives()));
  }
  const auto outputs = static_cast<std::size_t>(std::max({booster.classes, booster.targets, int64_t{1}}));
  if (objective->multi_class && outputs < 2)
    return Fail(Code::kCorrupt, fmt::format("{} of {} class", objective->name, outputs));
  TURNOUT_TRY(memory.Take("base_score", outputs * (sizeof(float) + sizeof(double))));
  TURNOUT_ASSIGN(const std::vector<float> margins, BaseMargins(booster, *objective, outputs));
  TURNOUT_TRY(Decide(*objective, wrapper, outputs, memory, model));
  if (model.signature.task == Task::kRegression || model.signature.probabilities)
    model.link = LinkOf(*objective, booster);

  model.origin.facts.emplace_back("objective", booster.objective);
  model.origin.facts.emplace_back("booster", booster.name);
  TURNOUT_TRY(CheckTexts(booster));
  if (std::any_of(booster.encodings.begin(), booster.encodings.end(),
                  [](const Encoding& one) { return one.size() > 0; })) {
    model.steps.push_back(EncodingStep(std::move(booster.encodings)));
  }
  // Codes of categories too.
  if (!std::isnan(wrapper.missing)) {
    const auto missing = static_cast<float>(wrapper.missing);
    model.steps.push_back(Blank{missing});
    model.origin.facts.emplace_back("missing", fmt::format("{}", missing));
  }
  out.accepts_missing = true;
  out.largest = Largest(booster, wrapper);
  if (booster.name == "gblinear") {
    // A missing feature adds nothing.
    TURNOUT_TRY(memory.Take("the weights", static_cast<uint64_t>(booster.features) * sizeof(double)));
    model.steps.push_back(Impute{std::vector<double>(static_cast<std::size_t>(booster.features), 0.0)});
    TURNOUT_ASSIGN(model.predictor, ToLinear(booster, margins, memory));
    return {};
  }
  if (booster.name != "gbtree" && booster.name != "dart") {
    return Fail(Code::kUnsupported,
                fmt::format("the booster \"{}\" can't be served; gbtree, dart and gblinear can",
                            std::string_view(booster.name).substr(0, 64)));
  }
  TURNOUT_ASSIGN(const Rounds rounds, RoundsOf(booster, wrapper, outputs));
  model.origin.facts.emplace_back("iterations", fmt::format("{} of {}{}", rounds.used, rounds.all,
                                                            rounds.best ? ", up to best_iteration" : ""));
  TURNOUT_ASSIGN(model.predictor, ToForest(booster, wrapper, rounds.trees, margins, memory));
  return {};
}

Result<Model> ToModel(Booster booster, const Wrapper& wrapper, Memory& memory) {
  TURNOUT_TRY(CheckCounts(booster));
  Model model;
  model.origin = {.format = booster.format,
                  .library = "XGBoost",
                  .version = VersionText(booster),
                  .estimator = wrapper.estimator,
                  .steps = {}};
  const auto features = static_cast<std::size_t>(booster.features);
  TURNOUT_TRY(ReadInputs(booster, wrapper, memory, model.signature));
  sklearn::Loaded loaded{.model = model, .inputs = static_cast<int32_t>(features)};
  TURNOUT_TRY(AddPredictor(std::move(booster), wrapper, memory, loaded));
  return model;
}

}  // namespace turnout::xgboost
