// sklearn/ensemble/{_voting,_stacking,_bagging,_weight_boosting}.py.
#include <fmt/format.h>

#include <algorithm>

#include "formats/sklearn/ensembles.h"

namespace turnout::sklearn {
namespace {

bool IsClassifier(const Part& estimator) {
  return pickle::ShortClassName(estimator.value).ends_with("Classifier");
}

Result<std::vector<Nested>> LoadEstimators(const Part& estimator, const Context& context, const Loaded& out) {
  TURNOUT_ASSIGN(const Part list, pickle::Attribute(estimator, "estimators_"));
  return LoadNestedList(list, context, out);
}

Status LoadClasses(const Part& estimator, const Context& context, Model& model) {
  TURNOUT_ASSIGN(const Part classes, pickle::Attribute(estimator, "classes_"));
  TURNOUT_ASSIGN(model.signature.classes, Labels(classes, context.budget));
  model.signature.task = Task::kClassification;
  return {};
}

std::unexpected<Error> NotFor(const Part& estimator, std::size_t i, const Nested& nested,
                              std::string_view what) {
  return pickle::Fail(Code::kUnsupported, estimator,
                      fmt::format("estimators_[{}], {}, {}", i, nested.member.model->origin.estimator, what));
}

// The weights of the members: of those that were not dropped; none if all weigh the same.
Result<std::vector<double>> VotingWeights(const Part& estimator, const Context& context,
                                          std::size_t members) {
  TURNOUT_ASSIGN(auto all, MemberNumbers(estimator, "weights", context, members));
  if (all.empty() || all.size() == members) return all;
  TURNOUT_ASSIGN(const Part list, pickle::Attribute(estimator, "estimators"));
  TURNOUT_ASSIGN(const pickle::Values entries, pickle::Elements(list));
  std::vector<double> weights;
  for (std::size_t i = 0; i < std::min(entries.size(), all.size()); ++i) {
    TURNOUT_ASSIGN(const Part one, pickle::Element(Part(entries[i], list.path.Index(i)), 1));
    if (one.value.kind() == pickle::Kind::kText && one.value.Text() == "drop") continue;
    weights.push_back(all[i]);
  }
  if (weights.size() == members) return weights;
  return pickle::Fail(Code::kCorrupt, estimator,
                      fmt::format("{} weights for {} estimators", weights.size(), members));
}

void SetWeights(std::vector<double> weights, Combination& combination) {
  combination.kind = weights.empty() ? Combination::Kind::kMean : Combination::Kind::kWeightedMean;
  if (!weights.empty()) combination.divisor = NumpySum(weights);
  combination.weights = std::move(weights);
}

// The members' answers side by side, then the predictor that combines them.
void Finish(std::vector<Nested> nested, Combination combination, Loaded& out) {
  Members members;
  for (Nested& one : nested) members.members.push_back(std::move(one.member));
  AddMembers(std::move(members), out);
  combination.features = out.inputs;
  out.model.predictor = std::move(combination);
}

// Neither missing values nor infinity pass its check of the rows, whatever its members take.
void RefuseMissing(std::vector<Nested>& nested) {
  for (Nested& one : nested) {
    auto model = std::const_pointer_cast<Model>(one.member.model);
    for (Input& input : model->signature.inputs) input.accepts_missing = false;
  }
}

// How a member of StackingClassifier and StackingRegressor answers.
Result<Give> StackMethod(const Part& estimator, std::size_t i, std::string_view method, Nested& nested,
                         std::size_t classes) {
  const Signature& signature = nested.member.model->signature;
  if (method == "predict_proba" && signature.probabilities) {
    return classes == 2 ? Give::kSecond : Give::kProbabilities;
  }
  if (method == "decision_function" && nested.decides) return Give::kScores;
  if (method != "predict") return NotFor(estimator, i, nested, fmt::format("has no {}", method));
  if (signature.task == Task::kRegression) return Give::kValues;
  for (const Label& label : signature.classes) {  // 0, 1, ..., or (fitted before) numbers
    if (const auto* whole = std::get_if<int64_t>(&label)) {
      nested.member.labels.push_back(static_cast<double>(*whole));
    } else if (const auto* number = std::get_if<double>(&label)) {
      nested.member.labels.push_back(*number);
    } else if (const auto* truth = std::get_if<bool>(&label)) {
      nested.member.labels.push_back(*truth ? 1 : 0);
    } else {
      return NotFor(estimator, i, nested, "predicts texts; numbers are needed to stack on");
    }
  }
  return Give::kClass;
}

// The estimators of a bagging ensemble, each over its subset of the columns.
Result<std::vector<Nested>> LoadBagged(const Part& estimator, const Context& context, const Loaded& out) {
  TURNOUT_ASSIGN(const Part list, pickle::Attribute(estimator, "estimators_"));
  TURNOUT_ASSIGN(const pickle::Values elements, pickle::Elements(list));
  if (elements.empty()) return pickle::Fail(Code::kCorrupt, list, "an ensemble of no estimators");
  TURNOUT_ASSIGN(const Part subsets, pickle::Attribute(estimator, "estimators_features_"));
  std::vector<Nested> all;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    TURNOUT_ASSIGN(const Part subset, pickle::Element(subsets, i));
    TURNOUT_ASSIGN(const auto features, AsIntegers(subset, context.budget));
    for (const int64_t feature : features.values) {
      if (feature >= 0 && feature < out.inputs) continue;
      return pickle::Fail(Code::kCorrupt, subset, fmt::format("feature {} of {}", feature, out.inputs));
    }
    const Part one(elements[i], list.path.Index(i));
    TURNOUT_ASSIGN(Nested nested, LoadNested(one, fmt::format("{}", i), context,
                                             static_cast<int32_t>(features.size()), out.depth));
    for (int32_t& input : nested.member.inputs) {
      input = static_cast<int32_t>(features.values[static_cast<std::size_t>(input)]);
    }
    all.push_back(std::move(nested));
  }
  return all;
}

}  // namespace

Status LoadVoting(const Part& estimator, const Context& context, Loaded& out) {
  TURNOUT_ASSIGN(auto nested, LoadEstimators(estimator, context, out));
  TURNOUT_ASSIGN(auto weights, VotingWeights(estimator, context, nested.size()));
  Model& model = out.model;
  Combination combination;
  if (!IsClassifier(estimator)) {
    for (std::size_t i = 0; i < nested.size(); ++i) {
      const Signature& signature = nested[i].member.model->signature;
      if (signature.task != Task::kRegression || signature.values != 1) {
        return NotFor(estimator, i, nested[i], "does not predict one number");
      }
      nested[i].member.gives = {Give::kValues};
    }
    SetWeights(std::move(weights), combination);
    Finish(std::move(nested), std::move(combination), out);
    return {};
  }
  TURNOUT_TRY(LoadClasses(estimator, context, model));
  const std::size_t classes = model.signature.classes.size();
  TURNOUT_ASSIGN(const std::string_view voting, pickle::TextOr(estimator, "voting", "hard"));
  const bool soft = voting == "soft";
  for (std::size_t i = 0; i < nested.size(); ++i) {
    const Signature& signature = nested[i].member.model->signature;
    if (signature.classes.size() != classes) {
      return NotFor(estimator, i, nested[i], fmt::format("does not tell {} classes apart", classes));
    }
    if (soft && !signature.probabilities) return NotFor(estimator, i, nested[i], "has no predict_proba");
    nested[i].member.gives = {soft ? Give::kProbabilities : Give::kClass};
  }
  combination.outputs = static_cast<int32_t>(classes);
  if (soft) {
    SetWeights(std::move(weights), combination);
  } else {
    combination.kind = Combination::Kind::kVotes;
    combination.weights = weights.empty() ? std::vector(nested.size(), 1.0) : std::move(weights);
  }
  Finish(std::move(nested), std::move(combination), out);
  model.signature.probabilities = soft;
  model.decision = soft ? Decision::kLargest : Decision::kLargestRaw;
  return {};
}

Status LoadStacking(const Part& estimator, const Context& context, Loaded& out) {
  TURNOUT_ASSIGN(auto nested, LoadEstimators(estimator, context, out));
  const bool classifier = IsClassifier(estimator);
  Model labelled;
  if (classifier) TURNOUT_TRY(LoadClasses(estimator, context, labelled));
  const std::vector<Label>& classes = labelled.signature.classes;
  TURNOUT_ASSIGN(const Part methods_part, pickle::Attribute(estimator, "stack_method_"));
  TURNOUT_ASSIGN(const auto methods, AsTexts(methods_part, context.budget));
  if (methods.size() != nested.size()) {
    return pickle::Fail(Code::kCorrupt, methods_part,
                        fmt::format("{} methods for {} estimators", methods.size(), nested.size()));
  }
  Members members;
  for (std::size_t i = 0; i < nested.size(); ++i) {
    TURNOUT_ASSIGN(const Give give, StackMethod(estimator, i, methods[i], nested[i], classes.size()));
    nested[i].member.gives = {give};
    members.members.push_back(std::move(nested[i].member));
  }
  TURNOUT_ASSIGN(members.passthrough, pickle::BoolOr(estimator, "passthrough", false));
  AddMembers(std::move(members), out);
  TURNOUT_ASSIGN(const Part last, pickle::Attribute(estimator, "final_estimator_"));
  TURNOUT_TRY(LoadChain(last, "final_estimator", context, out));
  Model& model = out.model;
  if (!classifier) {
    if (model.signature.task == Task::kRegression) return {};
    return pickle::Fail(Code::kUnsupported, last, "it is no regression");
  }
  if (model.signature.task != Task::kClassification || model.signature.classes.size() != classes.size()) {
    return pickle::Fail(Code::kUnsupported, last,
                        fmt::format("it does not tell {} classes apart", classes.size()));
  }
  model.signature.classes = classes;  // its own are their indices
  return {};
}

Status LoadBagging(const Part& estimator, const Context& context, Loaded& out) {
  TURNOUT_ASSIGN(auto nested, LoadBagged(estimator, context, out));
  Model& model = out.model;
  Combination combination{.kind = Combination::Kind::kMean};
  if (!IsClassifier(estimator)) {
    for (std::size_t i = 0; i < nested.size(); ++i) {
      const Signature& signature = nested[i].member.model->signature;
      if (signature.task != Task::kRegression ||
          signature.values != nested[0].member.model->signature.values) {
        return NotFor(estimator, i, nested[i], "does not predict as many numbers as the others");
      }
      nested[i].member.gives = {Give::kValues};
    }
    combination.outputs = model.signature.values = nested[0].member.model->signature.values;
    Finish(std::move(nested), std::move(combination), out);
    return {};
  }
  TURNOUT_TRY(LoadClasses(estimator, context, model));
  const std::size_t classes = model.signature.classes.size();
  const auto all = [&](auto holds) { return std::all_of(nested.begin(), nested.end(), holds); };
  const bool same =
      all([&](const Nested& one) { return one.member.model->signature.classes.size() == classes; });
  const bool probable = all([](const Nested& one) { return one.member.model->signature.probabilities; });
  out.decides = same && all([](const Nested& one) { return one.decides; });
  for (std::size_t i = 0; i < nested.size(); ++i) {
    Member& member = nested[i].member;
    if (out.decides) member.gives.push_back(Give::kScores);
    member.gives.push_back(probable ? Give::kProbabilities : Give::kVote);
    if (same) continue;
    // The members' classes are indices of the ensemble's; some have not seen all of them.
    std::vector<Label> indices;
    for (std::size_t k = 0; k < classes; ++k) indices.emplace_back(static_cast<int64_t>(k));
    TURNOUT_ASSIGN(member.places, PlacesOf(estimator, *member.model, indices));
    member.width = static_cast<int32_t>(classes);
  }
  model.signature.probabilities = true;
  model.decision = Decision::kLargest;
  model.link = Link::kGiven;
  if (out.decides) model.extra = static_cast<int32_t>(classes);
  combination.outputs = static_cast<int32_t>(GivenColumns(nested[0].member));
  Finish(std::move(nested), std::move(combination), out);
  return {};
}

Status LoadAdaBoost(const Part& estimator, const Context& context, Loaded& out) {
  TURNOUT_ASSIGN(auto nested, LoadEstimators(estimator, context, out));
  RefuseMissing(nested);
  TURNOUT_ASSIGN(auto weights, MemberNumbers(estimator, "estimator_weights_", context, nested.size()));
  if (weights.empty()) return pickle::Fail(Code::kCorrupt, estimator, "it has no estimator_weights_");
  Combination combination{.divisor = NumpySum(weights)};
  weights.resize(nested.size());
  if (!IsClassifier(estimator)) {
    for (Nested& one : nested) one.member.gives = {Give::kValues};
    combination.kind = Combination::Kind::kWeightedMedian;
    combination.divisor = 1;
    combination.weights = std::move(weights);
    Finish(std::move(nested), std::move(combination), out);
    return {};
  }
  Model& model = out.model;
  TURNOUT_TRY(LoadClasses(estimator, context, model));
  const std::size_t classes = model.signature.classes.size();
  TURNOUT_ASSIGN(const std::string_view algorithm, pickle::TextOr(estimator, "algorithm", "SAMME"));
  const bool real = algorithm == "SAMME.R";
  for (std::size_t i = 0; i < nested.size(); ++i) {
    Member& member = nested[i].member;
    TURNOUT_ASSIGN(const auto places, PlacesOf(estimator, *member.model, model.signature.classes));
    if (real && (!member.model->signature.probabilities || places.size() != classes)) {
      return NotFor(estimator, i, nested[i], fmt::format("has no probabilities of {} classes", classes));
    }
    member.gives = {real ? Give::kProbabilities : Give::kClass};
    if (!real) member.labels.assign(places.begin(), places.end());
  }
  if (!(combination.divisor > 0)) return pickle::Fail(Code::kCorrupt, estimator, "its weights add up to 0");
  combination.kind = real ? Combination::Kind::kSammeReal : Combination::Kind::kSamme;
  combination.outputs = classes == 2 ? 1 : static_cast<int32_t>(classes);
  if (!real) {
    combination.weights = std::move(weights);
    // Other classes lost nothing before 1.3.
    combination.other = context.release.AtLeast(1, 3) ? -1 / static_cast<double>(classes - 1) : 0;
  }
  Finish(std::move(nested), std::move(combination), out);
  model.signature.probabilities = true;
  // The scores of votes stand in Fortran order, which is how numpy adds them.
  model.link = real || classes == 2 ? Link::kSoftmax : Link::kSoftmaxInOrder;
  model.link_scale = classes == 2 ? 0.5 : 1 / static_cast<double>(classes - 1);
  model.decision = classes == 2 ? Decision::kRawAboveZero : Decision::kLargestRaw;
  out.decides = true;
  return {};
}

}  // namespace turnout::sklearn
