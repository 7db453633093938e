#include "formats/lightgbm/objective.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "formats/pickle/text.h"

namespace turnout::lightgbm {
namespace {

// What a booster answers with.
enum class Answer { kValue, kBinary, kClasses };
struct Objective {
  std::string_view name;
  Answer answer;
  Link link;
};
constexpr Objective kObjectives[] = {
    {"binary", Answer::kBinary, Link::kEachExpit},
    {"multiclass", Answer::kClasses, Link::kSoftmaxInOrder},
    {"multiclassova", Answer::kClasses, Link::kEachExpit},
    {"cross_entropy", Answer::kValue, Link::kEachExpit},
    {"xentropy", Answer::kValue, Link::kEachExpit},
    {"cross_entropy_lambda", Answer::kValue, Link::kLog1pExp},
    {"xentlambda", Answer::kValue, Link::kLog1pExp},
    {"poisson", Answer::kValue, Link::kExp},
    {"gamma", Answer::kValue, Link::kExp},
    {"tweedie", Answer::kValue, Link::kExp},
    {"regression", Answer::kValue, Link::kIdentity},
    {"regression_l2", Answer::kValue, Link::kIdentity},
    {"regression_l1", Answer::kValue, Link::kIdentity},
    {"huber", Answer::kValue, Link::kIdentity},
    {"fair", Answer::kValue, Link::kIdentity},
    {"quantile", Answer::kValue, Link::kIdentity},
    {"mape", Answer::kValue, Link::kIdentity},
    {"lambdarank", Answer::kValue, Link::kIdentity},
    {"rank_xendcg", Answer::kValue, Link::kIdentity},
};

bool IsCustom(const Field& objective) {
  return objective.line == 0 || objective.value == "custom" || objective.value == "none";
}

// The words after the name.
struct Parameters {
  bool sqrt = false;
  double sigmoid = std::nan("");
  double num_class = std::nan("");
};

Result<Parameters> ReadParameters(const Field& field, Words words) {
  Parameters parameters;
  for (std::string_view word; words.Next(word);) {
    if (word == "sqrt") parameters.sqrt = true;
    const std::size_t colon = word.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view key = word.substr(0, colon);
    double* const number = key == "sigmoid"     ? &parameters.sigmoid
                           : key == "num_class" ? &parameters.num_class
                                                : nullptr;
    if (number == nullptr) continue;
    *number = LegacyNumber(word.substr(colon + 1));
    if (!(*number > 0 && std::isfinite(*number))) {
      return Bad(field, fmt::format("'{}'; a number above 0 expected", pickle::Printable(word, 40)));
    }
  }
  return parameters;
}

}  // namespace

double LegacyNumber(std::string_view text) {
  std::size_t at = 0;
  const auto digit = [&] { return at < text.size() && text[at] >= '0' && text[at] <= '9'; };
  const auto is = [&](char a, char b) { return at < text.size() && (text[at] == a || text[at] == b); };
  if (!digit() && !is('.', 'e') && !is('E', 'E')) return std::nan("");
  double value = 0;
  for (; digit(); ++at) value = value * 10 + (text[at] - '0');
  if (is('.', '.')) {
    double fraction = 0, power = 1;
    for (++at; digit(); ++at, power *= 10) fraction = (text[at] - '0') + fraction * 10;
    value += fraction / power;
  }
  if (!is('e', 'E')) return at == text.size() ? value : std::nan("");
  ++at;
  const bool divide = is('-', '-');
  if (is('-', '+')) ++at;
  unsigned exponent = 0;
  for (; digit(); ++at) exponent = std::min(exponent * 10 + static_cast<unsigned>(text[at] - '0'), 308u);
  double scale = 1;
  for (const auto& [step, factor] : {std::pair{50u, 1e50}, {8u, 1e8}, {1u, 10.0}}) {
    for (; exponent >= step; exponent -= step) scale *= factor;
  }
  if (at != text.size()) return std::nan("");
  return divide ? value / scale : value * scale;
}

Status SetObjective(const Booster& booster, Face face, std::vector<Label> labels, Model& model) {
  const Field& field = booster.objective;
  const int32_t outputs = booster.forest.outputs;
  model.signature.task = Task::kRegression;
  model.signature.values = outputs;
  model.link = Link::kIdentity;
  if (face == Face::kRaw || IsCustom(field)) {
    if (face != Face::kClassifier) return {};
    return Fail(
        Code::kUnsupported,
        "the objective is custom or none, so that the classifier has no probabilities; save its booster_ "
        "instead, whose raw scores can be served");
  }

  Words words(field.value);
  std::string_view name;
  words.Next(name);
  const Objective* objective = nullptr;
  for (const Objective& known : kObjectives) {
    if (known.name == name) objective = &known;
  }
  if (objective == nullptr) {
    return Bad(field, fmt::format("'{}' is not known here", pickle::Printable(name, 40)), Code::kUnsupported);
  }
  TURNOUT_ASSIGN(const Parameters parameters, ReadParameters(field, words));
  if (objective->answer != Answer::kClasses && outputs != 1) {
    return Bad(field, fmt::format("'{}' has one raw score, the trees give {}", name, outputs));
  }
  model.link = objective->link;
  if (name == "regression" && parameters.sqrt) model.link = Link::kSignedSquare;
  if (objective->answer == Answer::kBinary || name == "multiclassova") {
    if (std::isnan(parameters.sigmoid)) return Bad(field, "no sigmoid:... stands there");
    model.link_scale = parameters.sigmoid;
  }
  if (objective->answer == Answer::kClasses && (outputs < 2 || parameters.num_class != outputs)) {
    return Bad(field,
               fmt::format("num_class is {}, the trees give {} raw scores", parameters.num_class, outputs));
  }

  if (face == Face::kValue) {
    if (objective->answer != Answer::kClasses) return {};
    return Bad(field, "a model of classes in a wrapper that is no classifier; save it as an LGBMClassifier",
               Code::kUnsupported);
  }
  const bool two = objective->link == Link::kEachExpit && outputs == 1 && name != "multiclassova";
  if (objective->answer == Answer::kValue) {
    if (face == Face::kBooster) return {};
    if (!two) {
      return Bad(
          field,
          fmt::format("'{}' gives no probabilities, in an LGBMClassifier; save it as an LGBMRegressor", name),
          Code::kUnsupported);
    }
  }
  const std::size_t classes = two ? 2 : static_cast<std::size_t>(outputs);
  if (face == Face::kBooster) {
    for (std::size_t k = 0; k < classes; ++k) labels.emplace_back(static_cast<int64_t>(k));
  }
  if (labels.size() != classes) {
    return Bad(field,
               fmt::format("the trees tell {} classes apart, the classifier has {}", classes, labels.size()));
  }
  if (two) model.link = Link::kExpit;
  model.signature.task = Task::kClassification;
  model.signature.values = 1;
  model.signature.probabilities = true;
  model.signature.classes = std::move(labels);
  model.decision = Decision::kLargest;
  return {};
}

}  // namespace turnout::lightgbm
