// sklearn/calibration.py, isotonic.py; model_selection/_classification_threshold.py.
#include <fmt/format.h>

#include <algorithm>

#include "formats/sklearn/ensembles.h"

namespace turnout::sklearn {
namespace {

Result<Calibrator> LoadCalibrator(const Part& part, const Context& context) {
  TURNOUT_TRY(context.budget.TakeObject(part));
  Calibrator calibrator;
  const std::string_view name = pickle::ShortClassName(part.value);
  if (name == "_SigmoidCalibration") {
    TURNOUT_ASSIGN(const Part a, pickle::Attribute(part, "a_"));
    TURNOUT_ASSIGN(calibrator.a, pickle::AsDouble(a));
    TURNOUT_ASSIGN(const Part b, pickle::Attribute(part, "b_"));
    TURNOUT_ASSIGN(calibrator.b, pickle::AsDouble(b));
    return calibrator;
  }
  if (name == "IsotonicRegression") {
    calibrator.kind = Calibrator::Kind::kIsotonic;
    TURNOUT_ASSIGN(const Part x, pickle::Attribute(part, "X_thresholds_"));
    TURNOUT_ASSIGN(auto scores, AsDoubles(x, context.budget));
    calibrator.x = std::move(scores.values);
    TURNOUT_ASSIGN(const Part y, pickle::Attribute(part, "y_thresholds_"));
    TURNOUT_ASSIGN(auto probabilities, AsDoubles(y, context.budget));
    calibrator.y = std::move(probabilities.values);
    return calibrator;
  }
  return pickle::Fail(Code::kUnsupported, part,
                      fmt::format("{} can't be served; sigmoid, isotonic and temperature calibration can",
                                  pickle::Describe(part.value)));
}

// One member with its calibrators.
Status LoadFold(const Part& part, const Context& context, Loaded& out, Members& members,
                Calibration& calibration) {
  TURNOUT_TRY(context.budget.TakeObject(part));
  // Called base_estimator before 1.2.
  TURNOUT_ASSIGN(const Part estimator,
                 pickle::Attribute(
                     part, pickle::HasAttribute(part.value, "estimator") ? "estimator" : "base_estimator"));
  TURNOUT_ASSIGN(Nested nested, LoadNested(estimator, "estimator", context, out.inputs, out.depth));
  const std::vector<Label>& classes = out.model.signature.classes;
  TURNOUT_ASSIGN(Give give, ScoreOf(estimator, nested));
  // Until 1.3 a member of two classes among more gave both of its probabilities.
  if (give == Give::kSecond && classes.size() > 2 && !context.release.AtLeast(1, 4)) {
    give = Give::kProbabilities;
  }
  nested.member.gives = {give};
  Fold fold;
  fold.columns = static_cast<int32_t>(GivenColumns(nested.member));
  TURNOUT_ASSIGN(const Part list,
                 pickle::Attribute(
                     part, pickle::HasAttribute(part.value, "calibrators") ? "calibrators" : "calibrators_"));
  TURNOUT_ASSIGN(const pickle::Values calibrators, pickle::Elements(list));
  TURNOUT_ASSIGN(const std::string_view method, pickle::TextOr(part, "method", ""));
  if (method == "temperature") {
    if (calibrators.size() != 1) {
      return pickle::Fail(Code::kCorrupt, list, fmt::format("{} temperatures", calibrators.size()));
    }
    const Part only(calibrators[0], list.path.Index(0));
    TURNOUT_ASSIGN(const Part beta, pickle::Attribute(only, "beta_"));
    TURNOUT_ASSIGN(fold.beta, pickle::AsDouble(beta));
    fold.kind = nested.decides ? Fold::Kind::kTemperature : Fold::Kind::kLogTemperature;
  } else {
    TURNOUT_ASSIGN(const auto places, PlacesOf(estimator, *nested.member.model, classes));
    // Columns, classes and calibrators in step, as far as all go: of two classes the only column and
    // calibrator are the second's.
    const std::size_t count =
        std::min({static_cast<std::size_t>(fold.columns), places.size(), calibrators.size()});
    for (std::size_t i = 0; i < count; ++i) {
      TURNOUT_ASSIGN(fold.calibrators.emplace_back(),
                     LoadCalibrator(Part(calibrators[i], list.path.Index(i)), context));
      fold.places.push_back(places[i] + (classes.size() == 2 ? 1 : 0));
    }
  }
  calibration.features += fold.columns;
  calibration.folds.push_back(std::move(fold));
  members.members.push_back(std::move(nested.member));
  return {};
}

// The label that the score of a tuned threshold is for: the scorer's own parameter or, of the scores that
// have one, its default (metrics/_scorer.py, _get_pos_label).
Result<std::optional<Part>> TunedLabel(const Part& scorer) {
  const auto kwargs = pickle::FindAttribute(scorer, "_kwargs");
  if (kwargs && kwargs->value.kind() == pickle::Kind::kDict) {
    if (auto label = pickle::FindEntry(*kwargs, "pos_label")) return label;
  }
  return std::optional<Part>();
}

bool ScoresClassOne(const Part& scorer) {
  static constexpr std::string_view kFunctions[] = {"f1_score",        "fbeta_score",
                                                    "precision_score", "recall_score",
                                                    "jaccard_score",   "average_precision_score"};
  const auto function = pickle::FindAttribute(scorer, "_score_func");
  if (!function || function->value.kind() != pickle::Kind::kGlobal) return false;
  const std::string_view name = function->value.Name();
  return std::any_of(std::begin(kFunctions), std::end(kFunctions), [name](std::string_view one) {
    return name.starts_with("sklearn.metrics.") && name.ends_with(one);
  });
}

// The index of the class that the threshold is for.
Result<int32_t> Positive(const Part& estimator, const Context& context, const std::vector<Label>& classes) {
  auto index_of = [&](std::string_view label) -> std::optional<int32_t> {
    for (std::size_t k = 0; k < classes.size(); ++k) {
      if (LabelText(classes[k]) == label) return static_cast<int32_t>(k);
    }
    return std::nullopt;
  };
  std::optional<Part> label = pickle::FindAttribute(estimator, "pos_label");
  if (const auto scorer = pickle::FindAttribute(estimator, "_curve_scorer"); scorer && !label) {
    TURNOUT_ASSIGN(label, TunedLabel(*scorer));
    if (!label) return ScoresClassOne(*scorer) ? index_of("1").value_or(1) : 1;
  }
  if (!label) return 1;
  const pickle::Value value = label->value;
  std::string text;
  switch (value.kind()) {
    case pickle::Kind::kText: {
      TURNOUT_TRY(context.budget.Take(*label, value.Text().size()));
      text = value.Text();
      break;
    }
    case pickle::Kind::kBool: text = LabelText(value.Bool()); break;
    case pickle::Kind::kInt: text = LabelText(value.Int()); break;
    case pickle::Kind::kFloat: text = LabelText(value.Float()); break;
    default: return pickle::Unexpected(*label, "a class label");
  }
  const auto index = index_of(text);
  if (!index) return pickle::Fail(Code::kCorrupt, *label, fmt::format("{} is none of its classes", text));
  return *index;
}

}  // namespace

Status LoadCalibratedClassifier(const Part& estimator, const Context& context, Loaded& out) {
  Model& model = out.model;
  TURNOUT_ASSIGN(const Part classes, pickle::Attribute(estimator, "classes_"));
  TURNOUT_ASSIGN(model.signature.classes, Labels(classes, context.budget));
  TURNOUT_ASSIGN(const Part list, pickle::Attribute(estimator, "calibrated_classifiers_"));
  TURNOUT_ASSIGN(const pickle::Values elements, pickle::Elements(list));
  Members members;
  Calibration calibration;
  calibration.outputs = static_cast<int32_t>(model.signature.classes.size());
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const Part one(elements[i], list.path.Index(i));
    TURNOUT_TRY(LoadFold(one, context.Of(one), out, members, calibration));
  }
  AddMembers(std::move(members), out);
  model.signature.task = Task::kClassification;
  model.signature.probabilities = true;
  model.link = Link::kIdentity;
  model.decision = Decision::kLargest;
  model.predictor = std::move(calibration);
  return {};
}

Status LoadThresholdClassifier(const Part& estimator, const Context& context, Loaded& out) {
  auto inner = pickle::FindAttribute(estimator, "estimator_");
  if (!inner) inner = pickle::FindAttribute(estimator, "estimator");  // a fitted one, since 1.6
  if (!inner) return pickle::Fail(Code::kCorrupt, estimator, "it has no estimator_; it was never fitted");
  TURNOUT_TRY(LoadChain(*inner, "estimator", context, out));
  Model& model = out.model;
  TURNOUT_ASSIGN(const std::string_view method, pickle::TextOr(estimator, "response_method", "auto"));
  const bool binary = model.signature.task == Task::kClassification && model.signature.classes.size() == 2;
  const bool by_probability = method != "decision_function" && model.signature.probabilities;
  if (!binary || (!by_probability && (!out.decides || Decisions(model) != 1))) {
    return pickle::Fail(
        Code::kUnsupported, *inner,
        fmt::format("{} has no {} of two classes to put a threshold on", model.origin.estimator,
                    method == "auto" ? "predict_proba or decision_function" : method));
  }
  TURNOUT_ASSIGN(model.positive, Positive(estimator, context, model.signature.classes));
  model.decision = by_probability ? Decision::kProbabilityFrom : Decision::kRawFromThreshold;
  model.threshold = by_probability ? 0.5 : 0;
  const auto tuned = pickle::FindAttribute(estimator, "best_threshold_");
  const auto fixed = tuned ? tuned : pickle::FindAttribute(estimator, "threshold");
  if (!fixed) return pickle::Fail(Code::kCorrupt, estimator, "it has no best_threshold_ and no threshold");
  if (fixed->value.kind() == pickle::Kind::kText && fixed->value.Text() == "auto") return {};
  TURNOUT_ASSIGN(model.threshold, pickle::AsDouble(*fixed));
  return {};
}

}  // namespace turnout::sklearn
