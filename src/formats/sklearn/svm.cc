// sklearn/svm/{_base,_classes}.py.
#include <fmt/format.h>

#include <limits>

#include "formats/sklearn/ensembles.h"

namespace turnout::sklearn {
namespace {

Result<Svm::Kernel> KernelOf(const Part& estimator) {
  TURNOUT_ASSIGN(const Part part, pickle::Attribute(estimator, "kernel"));
  const std::string_view name = part.value.kind() == pickle::Kind::kText ? part.value.Text() : "";
  if (name == "linear") return Svm::Kernel::kLinear;
  if (name == "poly") return Svm::Kernel::kPoly;
  if (name == "rbf") return Svm::Kernel::kRbf;
  if (name == "sigmoid") return Svm::Kernel::kSigmoid;
  return pickle::Fail(Code::kUnsupported, part,
                      fmt::format("{} can't be served as a kernel; 'linear', 'poly', 'rbf' and 'sigmoid' can",
                                  pickle::Describe(part.value)));
}

// One of two names: private since 1.0, as the public one changes its sign or warns.
Result<Doubles> Numbers(const Part& estimator, std::string_view name, std::string_view older,
                        const Context& context) {
  TURNOUT_ASSIGN(const Part part,
                 pickle::Attribute(estimator, pickle::HasAttribute(estimator.value, name) ? name : older));
  return AsDoubles(part, context.budget);
}

// Everything but what classes and probabilities need.
Result<Svm> LoadMachine(const Part& estimator, const Context& context, const Loaded& out) {
  Svm svm;
  svm.features = out.inputs;
  TURNOUT_ASSIGN(svm.kernel, KernelOf(estimator));
  TURNOUT_ASSIGN(const bool sparse, pickle::BoolOr(estimator, "_sparse", false));
  if (sparse) {
    return pickle::Fail(Code::kUnsupported, estimator,
                        "it was fitted on a sparse matrix; fit it on a dense one");
  }
  TURNOUT_ASSIGN(const auto gamma, Numbers(estimator, "_gamma", "gamma", context));
  if (gamma.size() != 1) return pickle::Fail(Code::kCorrupt, estimator, "its _gamma is no number");
  svm.gamma = gamma.values[0];
  TURNOUT_ASSIGN(svm.coef0, pickle::DoubleOr(estimator, "coef0", 0));
  TURNOUT_ASSIGN(const int64_t degree, pickle::IntOr(estimator, "degree", 3));
  if (degree < 0 || degree > std::numeric_limits<int32_t>::max()) {
    return pickle::Fail(Code::kCorrupt, estimator, fmt::format("a polynomial of degree {}", degree));
  }
  svm.degree = static_cast<int32_t>(degree);
  TURNOUT_ASSIGN(const Part vectors, pickle::Attribute(estimator, "support_vectors_"));
  TURNOUT_ASSIGN(auto numbers, AsDoubles(vectors, {-1, out.inputs}, context.budget));
  svm.vectors = std::move(numbers.values);
  TURNOUT_ASSIGN(auto coefficients, Numbers(estimator, "_dual_coef_", "dual_coef_", context));
  svm.coefficients = std::move(coefficients.values);
  TURNOUT_ASSIGN(auto intercepts, Numbers(estimator, "_intercept_", "intercept_", context));
  svm.intercepts = std::move(intercepts.values);
  return svm;
}

}  // namespace

Status LoadSvc(const Part& estimator, const Context& context, Loaded& out) {
  Model& model = out.model;
  TURNOUT_ASSIGN(Svm svm, LoadMachine(estimator, context, out));
  TURNOUT_ASSIGN(const Part classes_part, pickle::Attribute(estimator, "classes_"));
  TURNOUT_ASSIGN(model.signature.classes, Labels(classes_part, context.budget));
  const auto classes = static_cast<int32_t>(model.signature.classes.size());
  TURNOUT_ASSIGN(
      const Part counts_part,
      pickle::Attribute(estimator,
                        pickle::HasAttribute(estimator.value, "_n_support") ? "_n_support" : "n_support_"));
  TURNOUT_ASSIGN(const auto counts, AsIntegers(counts_part, {classes}, context.budget));
  for (const int64_t count : counts.values) {
    if (count < 0 || count > static_cast<int64_t>(svm.size())) {
      return pickle::Fail(Code::kCorrupt, counts_part, fmt::format("{} support vectors of a class", count));
    }
    svm.counts.push_back(static_cast<int32_t>(count));
  }
  TURNOUT_ASSIGN(auto a, Numbers(estimator, "_probA", "probA_", context));
  TURNOUT_ASSIGN(auto b, Numbers(estimator, "_probB", "probB_", context));
  svm.a = std::move(a.values);
  svm.b = std::move(b.values);
  TURNOUT_ASSIGN(const std::string_view shape, pickle::TextOr(estimator, "decision_function_shape", "ovr"));
  TURNOUT_ASSIGN(const bool break_ties, pickle::BoolOr(estimator, "break_ties", false));
  svm.pairs = shape == "ovo" && classes > 2;
  const int32_t scores = classes == 2 ? 1 : svm.pairs ? classes * (classes - 1) / 2 : classes;
  const bool probable = !svm.a.empty();
  svm.outputs = scores + (probable ? classes : 0);
  model.signature.task = Task::kClassification;
  model.signature.probabilities = probable;
  if (probable) {
    model.link = Link::kGiven;
    model.extra = classes;
  }
  model.decision = classes == 2 ? Decision::kRawFromZero
                   : svm.pairs  ? Decision::kPairVotes
                   : break_ties ? Decision::kLargestRaw
                                : Decision::kLargestRounded;
  model.predictor = std::move(svm);
  return {};
}

Status LoadSvr(const Part& estimator, const Context& context, Loaded& out) {
  TURNOUT_ASSIGN(out.model.predictor, LoadMachine(estimator, context, out));
  return {};
}

// The machine as a member; behind it score_samples.
Status LoadOneClassSvm(const Part& estimator, const Context& context, Loaded& out) {
  TURNOUT_ASSIGN(Svm svm, LoadMachine(estimator, context, out));
  TURNOUT_ASSIGN(const Part offset_part, pickle::Attribute(estimator, "offset_"));
  TURNOUT_ASSIGN(const auto offset, AsDoubles(offset_part, context.budget));
  if (offset.size() != 1) return pickle::Unexpected(offset_part, "one number");
  auto machine = std::make_shared<Model>();
  for (int32_t i = 0; i < out.inputs; ++i)
    machine->signature.inputs.push_back({.name = fmt::format("x{}", i)});
  machine->predictor = std::move(svm);
  Member member{.model = std::move(machine), .gives = {Give::kValues}};
  for (int32_t i = 0; i < out.inputs; ++i) member.inputs.push_back(i);
  Members members;
  members.members.push_back(std::move(member));
  AddMembers(std::move(members), out);
  Model& model = out.model;
  model.signature.task = Task::kClassification;
  model.signature.classes = {Label(int64_t{-1}), Label(int64_t{1})};
  model.decision = Decision::kRawAboveZero;
  model.extra = 1;  // score_samples
  model.predictor = Combination{
      .kind = Combination::Kind::kOffset, .features = 1, .outputs = 2, .offset = offset.values[0]};
  return {};
}

}  // namespace turnout::sklearn
