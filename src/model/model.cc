#include "model/model.h"

#include <fmt/format.h>

#include <cassert>

namespace turnout {
namespace {

std::unexpected<Error> Bad(std::string message) { return Fail(Code::kCorrupt, std::move(message)); }

int32_t Features(const Model& model) {
  return std::visit([](const auto& predictor) { return predictor.features; }, model.predictor);
}

Status CheckPredictor(const Model& model) {
  if (const auto* forest = std::get_if<Forest>(&model.predictor)) return CheckForest(*forest);
  return CheckLinear(std::get<Linear>(model.predictor));
}

Status CheckColumns(const Model& model) {
  std::vector<ColumnType> types;
  for (const Input& input : model.signature.inputs) types.push_back(input.type);
  TURNOUT_ASSIGN(types, OutputColumns(model.steps, std::move(types)));
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

Status CheckRegression(const Model& model) {
  const std::size_t outputs = Outputs(model), classes = model.signature.classes.size();
  if (classes != 0) return Bad(fmt::format("a regression with {} classes", classes));
  if (outputs != 1) {
    return Fail(Code::kUnsupported, fmt::format("a regression of {} values, 1 is supported", outputs));
  }
  if (model.link != Link::kIdentity && model.link != Link::kExp) {
    return Bad(fmt::format("a regression with the link {}", Name(model.link)));
  }
  if (model.decision != Decision::kNone) {
    return Bad(fmt::format("a regression that decides by {}", Name(model.decision)));
  }
  return {};
}

bool LinkFits(Link link, std::size_t outputs, std::size_t classes) {
  switch (link) {
    case Link::kIdentity: return outputs == classes;
    case Link::kExp: return false;
    case Link::kExpit:
    case Link::kExpitTwice: return outputs == 1 && classes == 2;
    case Link::kSoftmax: return outputs == classes || (outputs == 1 && classes == 2);
    case Link::kSoftmaxInOrder:
    case Link::kLogSumExp:
    case Link::kOneVsRest: return outputs == classes;
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
  switch (model.decision) {
    case Decision::kNone: return Bad("a classification that decides nothing");
    case Decision::kLargest:
      if (model.signature.probabilities) return {};
      return Bad("decides by the largest probability in a model without probabilities");
    case Decision::kLargestRaw:
      if (outputs == classes) return {};
      break;
    case Decision::kRawAboveZero:
    case Decision::kRawFromZero:
      if (outputs == 1 && classes == 2) return {};
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
    case Link::kExpitTwice: return "expit of twice";
    case Link::kSoftmax: return "softmax";
    case Link::kSoftmaxInOrder: return "softmax summed in order";
    case Link::kLogSumExp: return "softmax by logsumexp";
    case Link::kOneVsRest: return "one against the rest";
  }
  return "?";
}

std::string_view Name(Decision decision) {
  switch (decision) {
    case Decision::kNone: return "none";
    case Decision::kLargest: return "largest probability";
    case Decision::kLargestRaw: return "largest raw score";
    case Decision::kRawAboveZero: return "raw score above 0";
    case Decision::kRawFromZero: return "raw score from 0";
  }
  return "?";
}

std::size_t Outputs(const Model& model) {
  return static_cast<std::size_t>(
      std::visit([](const auto& predictor) { return predictor.outputs; }, model.predictor));
}

std::size_t Probabilities(const Model& model) {
  return model.signature.probabilities ? model.signature.classes.size() : 0;
}

Status CheckModel(const Model& model) {
  TURNOUT_TRY(CheckPredictor(model));
  TURNOUT_TRY(CheckColumns(model));
  if (model.signature.task == Task::kRegression) return CheckRegression(model);
  return CheckClassification(model);
}

Prediction Predict(const Model& model, std::span<const Value> row) {
  std::vector<double> x;
  for (const Value& value : Transform(model.steps, {row.begin(), row.end()})) x.push_back(value.number);
  assert(x.size() == static_cast<std::size_t>(Features(model)));

  Prediction prediction;
  prediction.raw.resize(Outputs(model));
  if (const auto* forest = std::get_if<Forest>(&model.predictor)) {
    SumForest(*forest, x.data(), prediction.raw.data());
  } else {
    SumLinear(std::get<Linear>(model.predictor), x.data(), prediction.raw.data());
  }
  if (model.signature.task == Task::kRegression) {
    ApplyLink(model.link, prediction.raw, {&prediction.value, 1});
    return prediction;
  }
  prediction.probabilities.resize(Probabilities(model));
  if (!prediction.probabilities.empty()) ApplyLink(model.link, prediction.raw, prediction.probabilities);
  prediction.class_index = Decide(model.decision, prediction.raw, prediction.probabilities);
  return prediction;
}

}  // namespace turnout
