#include "model/model.h"

#include <fmt/format.h>

#include <cassert>
#include <cmath>

namespace turnout {
namespace {

std::unexpected<Error> Bad(std::string message) { return Fail(Code::kCorrupt, std::move(message)); }

int32_t Features(const Model& model) {
  return std::visit([](const auto& predictor) { return predictor.features; }, model.predictor);
}

Status Check(const Forest& forest) { return CheckForest(forest); }
Status Check(const Linear& linear) { return CheckLinear(linear); }
Status Check(const Combination& combination) { return CheckCombination(combination); }
Status Check(const Calibration& calibration) { return CheckCalibration(calibration); }
Status Check(const Svm& svm) { return CheckSvm(svm); }
Status Check(const Neighbours& neighbours) { return CheckNeighbours(neighbours); }
Status Check(const Gaussians& gaussians) { return CheckGaussians(gaussians); }
Status Check(const Mlp& mlp) { return CheckMlp(mlp); }

void Score(const Forest& forest, const double* x, double* raw) { SumForest(forest, x, raw); }
void Score(const Linear& linear, const double* x, double* raw) { SumLinear(linear, x, raw); }
void Score(const Combination& combination, const double* x, double* raw) { Combine(combination, x, raw); }
void Score(const Calibration& calibration, const double* x, double* raw) { Calibrate(calibration, x, raw); }
void Score(const Svm& svm, const double* x, double* raw) { ScoreSvm(svm, x, raw); }
void Score(const Neighbours& neighbours, const double* x, double* raw) {
  ScoreNeighbours(neighbours, x, raw);
}
void Score(const Gaussians& gaussians, const double* x, double* raw) { ScoreGaussians(gaussians, x, raw); }
void Score(const Mlp& mlp, const double* x, double* raw) { ScoreMlp(mlp, x, raw); }

// In the order of Scorer's alternatives.
constexpr std::string_view kPredictorNames[] = {
    "a forest",        "linear",     "a combination",        "a calibration",
    "support vectors", "neighbours", "normal distributions", "a neural network"};
static_assert(std::size(kPredictorNames) == std::variant_size_v<Scorer>);

Status CheckColumns(const Model& model, int level) {
  std::vector<ColumnType> types;
  for (const Input& input : model.signature.inputs) types.push_back(input.type);
  TURNOUT_ASSIGN(types, OutputColumns(model.steps, types, level));
  const auto features = static_cast<std::size_t>(Features(model));
  if (types.size() != features) {
    return Bad(fmt::format("the predictor takes {} features, {} columns reach it", features, types.size()));
  }
  for (std::size_t i = 0; i < types.size(); ++i) {
    if (types[i] != ColumnType::kNumber) {
      return Bad(fmt::format("column {} reaches the predictor as text, a number expected", i));
    }
  }
  return {};
}

bool FitsRegression(Link link) {
  switch (link) {
    case Link::kIdentity:
    case Link::kExp:
    case Link::kLog1pExp:
    case Link::kSignedSquare:
    case Link::kExpFloat:
    case Link::kExpectiles:
    case Link::kEachExpit:
    case Link::kAscending:
    case Link::kExpitFloat:
    case Link::kSoftmaxFloat:
    case Link::kStep: return true;
    default: return false;
  }
}

Status CheckRegression(const Model& model) {
  const std::size_t outputs = Outputs(model), classes = model.signature.classes.size();
  if (classes != 0) return Bad(fmt::format("a regression with {} classes", classes));
  if (model.signature.values < 1 || outputs != static_cast<std::size_t>(model.signature.values)) {
    return Bad(fmt::format("{} raw scores for a regression of {} values", outputs, model.signature.values));
  }
  if (!FitsRegression(model.link)) {
    return Bad(fmt::format("a regression of {} values with the link {}", outputs, Name(model.link)));
  }
  if (model.decision != Decision::kNone) {
    return Bad(fmt::format("a regression that decides by {}", Name(model.decision)));
  }
  return {};
}

bool LinkFits(Link link, std::size_t outputs, std::size_t classes) {
  switch (link) {
    case Link::kExpit:
    case Link::kExpitFloat:
    case Link::kStep: return outputs == 1 && classes == 2;
    case Link::kModifiedHuber:
    case Link::kSoftmax: return outputs == classes || (outputs == 1 && classes == 2);
    case Link::kGiven:
    case Link::kGivenNormalised: return outputs >= classes;
    case Link::kGivenSecond: return outputs >= 1 && classes == 2;
    case Link::kIdentity:
    case Link::kEachExpit:
    case Link::kSoftmaxFloat:
    case Link::kSoftmaxInOrder:
    case Link::kLogSumExp:
    case Link::kOneVsRest: return outputs == classes;
    case Link::kExp:
    case Link::kLog1pExp:
    case Link::kSignedSquare:
    case Link::kExpFloat:
    case Link::kExpectiles:
    case Link::kAscending: return false;
  }
  return false;
}

Status CheckClassification(const Model& model) {
  const std::size_t outputs = Outputs(model), classes = model.signature.classes.size();
  if (classes == 0) return Bad("a classification without classes");
  auto misfit = [&](std::string_view what, std::string_view name) {
    return Bad(fmt::format("{} {} does not fit {} raw scores for {} classes", what, name, outputs, classes));
  };
  if (model.signature.probabilities) {
    if (!LinkFits(model.link, outputs, classes)) return misfit("the link", Name(model.link));
  } else if (model.link != Link::kIdentity) {
    return Bad(fmt::format("the link {} in a model without probabilities", Name(model.link)));
  }
  const std::size_t scores = Decisions(model);
  switch (model.decision) {
    case Decision::kNone: return Bad("a classification that decides nothing");
    case Decision::kLargest:
      if (model.signature.probabilities) return {};
      return Bad("decides by the largest probability in a model without probabilities");
    case Decision::kLargestRaw:
    case Decision::kLastLargestRaw:
    case Decision::kLargestRounded:
      if (scores == classes) return {};
      break;
    case Decision::kPairVotes:
      if (classes > 2 && scores == classes * (classes - 1) / 2) return {};
      break;
    case Decision::kRawAboveZero:
    case Decision::kRawFromZero:
    case Decision::kRawFromThreshold:
      if (scores == 1 && classes == 2) return {};
      break;
    case Decision::kProbabilityFrom:
      if (model.signature.probabilities && classes == 2) return {};
      break;
  }
  return misfit("the decision", Name(model.decision));
}

}  // namespace

std::string_view Name(Link link) {
  switch (link) {
    case Link::kIdentity: return "identity";
    case Link::kExp: return "exp";
    case Link::kExpit: return "expit";
    case Link::kSoftmax: return "softmax";
    case Link::kSoftmaxInOrder: return "softmax summed in order";
    case Link::kLogSumExp: return "softmax by logsumexp";
    case Link::kOneVsRest: return "one against the rest";
    case Link::kModifiedHuber: return "modified Huber";
    case Link::kEachExpit: return "expit of each";
    case Link::kLog1pExp: return "log1p of exp";
    case Link::kSignedSquare: return "signed square";
    case Link::kExpFloat: return "exp (float32)";
    case Link::kExpitFloat: return "expit (float32)";
    case Link::kSoftmaxFloat: return "softmax (float32)";
    case Link::kStep: return "step";
    case Link::kExpectiles: return "expectiles";
    case Link::kAscending: return "ascending";
    case Link::kGiven: return "given";
    case Link::kGivenSecond: return "second given";
    case Link::kGivenNormalised: return "given, divided by their sum";
  }
  return "?";
}

std::string_view Name(const Scorer& predictor) { return kPredictorNames[predictor.index()]; }

std::string_view Name(Decision decision) {
  switch (decision) {
    case Decision::kNone: return "none";
    case Decision::kLargest: return "largest probability";
    case Decision::kLargestRaw: return "largest raw score";
    case Decision::kRawAboveZero: return "raw score above 0";
    case Decision::kRawFromZero: return "raw score from 0";
    case Decision::kLastLargestRaw: return "last largest raw score";
    case Decision::kLargestRounded: return "largest rounded raw score";
    case Decision::kPairVotes: return "votes of pairs";
    case Decision::kRawFromThreshold: return "raw score from a threshold";
    case Decision::kProbabilityFrom: return "probability from a threshold";
  }
  return "?";
}

void RawScores(const Scorer& predictor, const double* x, double* raw) {
  std::visit([&](const auto& p) { Score(p, x, raw); }, predictor);
}

std::size_t Outputs(const Model& model) {
  return static_cast<std::size_t>(
      std::visit([](const auto& predictor) { return predictor.outputs; }, model.predictor));
}

std::size_t Decisions(const Model& model) { return Outputs(model) - static_cast<std::size_t>(model.extra); }

std::size_t Probabilities(const Model& model) {
  return model.signature.probabilities ? model.signature.classes.size() : 0;
}

std::size_t Values(const Model& model) {
  return model.signature.task == Task::kRegression ? Outputs(model) : 0;
}

Status CheckModel(const Model& model) { return CheckModel(model, 1); }

Status CheckModel(const Model& model, int level) {
  TURNOUT_TRY(std::visit([](const auto& predictor) { return Check(predictor); }, model.predictor));
  if (!std::isfinite(model.link_scale))
    return Bad(fmt::format("a link of {} times the raw score", model.link_scale));
  const auto outputs = static_cast<int64_t>(Outputs(model));
  if (model.extra < 0 || model.extra > outputs) {
    return Bad(fmt::format("{} of {} raw scores stand behind the others", model.extra, outputs));
  }
  if (!std::isfinite(model.threshold)) return Bad(fmt::format("the threshold is {}", model.threshold));
  if (model.positive < 0 || model.positive > 1)
    return Bad(fmt::format("the threshold's class is {} of 2", model.positive));
  TURNOUT_TRY(CheckColumns(model, level));
  if (model.signature.task == Task::kRegression) return CheckRegression(model);
  return CheckClassification(model);
}

Prediction Predict(const Model& model, std::span<const Value> row) {
  std::vector<double> x;
  for (const Value& value : Transform(model.steps, {row.begin(), row.end()})) x.push_back(value.number);
  assert(x.size() == static_cast<std::size_t>(Features(model)));

  Prediction prediction;
  prediction.raw.resize(Outputs(model));
  RawScores(model.predictor, x.data(), prediction.raw.data());
  if (model.signature.task == Task::kRegression) {
    prediction.values.resize(Values(model));
    ApplyLink(model.link, model.link_scale, prediction.raw, prediction.values);
    return prediction;
  }
  prediction.probabilities.resize(Probabilities(model));
  if (!prediction.probabilities.empty()) {
    ApplyLink(model.link, model.link_scale, prediction.raw, prediction.probabilities);
  };
  prediction.class_index = Decide(model, prediction.raw, prediction.probabilities);
  return prediction;
}

}  // namespace turnout
