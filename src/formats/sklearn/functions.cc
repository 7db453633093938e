// sklearn/preprocessing/_function_transformer.py.
#include <fmt/format.h>

#include <cmath>

#include "formats/sklearn/transformers.h"

namespace turnout::sklearn {
namespace {

using pickle::Kind;

// A function by its name, with the keyword arguments that it is always called with.
struct Call {
  std::string_view name;        // empty: something else than a name
  std::vector<Part> arguments;  // dicts
};

// functools.partial is made with the function, its state is (function, args, kwargs, attributes).
Call LoadCall(const Part& func) {
  Call call;
  pickle::Value value = func.value;
  if (pickle::ClassName(value) == "functools.partial") {
    const pickle::Value made = value.Args(), state = value.State();
    if (made.kind() != Kind::kTuple || made.size() != 1) return call;
    if (state.kind() == Kind::kTuple && state.size() == 4) {
      const pickle::Values items = state.Items();
      if (items[1].kind() == Kind::kTuple && items[1].size() > 0) return call;
      if (items[2].kind() == Kind::kDict) call.arguments.emplace_back(items[2], func.path);
    }
    value = made.Items()[0];
  }
  // numpy.core._ufunc_reconstruct(module, name)
  if (pickle::ClassName(value) == "numpy.core._ufunc_reconstruct" && value.Args().size() == 2) {
    value = value.Args().Items()[1];
    if (value.kind() == Kind::kText) call.name = value.Text();
    return call;
  }
  if (value.kind() == Kind::kGlobal) call.name = value.Name();
  return call;
}

// The name that users of numpy write, or nothing.
std::string_view NumpyName(std::string_view name) {
  for (const std::string_view module : {"numpy.core._multiarray_umath.", "numpy.core.fromnumeric.",
                                        "numpy.core.umath.", "numpy.lib.type_check.", "numpy."}) {
    if (name.starts_with(module)) return name.substr(module.size());
  }
  return name.find('.') == name.npos ? name : std::string_view();
}

Result<std::optional<double>> Argument(const Call& call, std::initializer_list<std::string_view> names) {
  for (const Part& arguments : call.arguments) {
    for (const std::string_view name : names) {
      if (const auto found = pickle::FindEntry(arguments, name)) return pickle::AsDouble(*found);
    }
  }
  return std::nullopt;
}

std::size_t CountArguments(const Call& call) {
  std::size_t count = 0;
  for (const Part& arguments : call.arguments) count += arguments.value.size();
  return count;
}

// The function under the name `attribute`; None is the identity, and so is HistGradientBoosting's
// partial(check_array, ...).
Status LoadFunction(const Part& part, std::string_view attribute, std::string_view keywords, int32_t inputs,
                    Steps& steps) {
  const auto func = pickle::FindAttribute(part, attribute);
  if (!func) return {};
  Call call = LoadCall(*func);
  if (call.name == "sklearn.utils.validation.check_array" ||
      call.name == "sklearn.preprocessing._function_transformer._identity") {
    return {};
  }
  if (const auto more = pickle::FindAttribute(part, keywords); more && more->value.kind() == Kind::kDict) {
    call.arguments.push_back(*more);
  }
  const std::string_view name = NumpyName(call.name);
  if (name == "clip") {
    TURNOUT_ASSIGN(const auto low, Argument(call, {"a_min", "min"}));
    TURNOUT_ASSIGN(const auto high, Argument(call, {"a_max", "max"}));
    if (CountArguments(call) <= 2 && (low || high)) {
      constexpr double kEnd = std::numeric_limits<double>::infinity();
      steps.emplace_back(Clip{low.value_or(-kEnd), high.value_or(kEnd)});
      return {};
    }
  } else if (name == "nan_to_num") {
    TURNOUT_ASSIGN(const auto filled, Argument(call, {"nan"}));
    if (CountArguments(call) == (filled ? 1u : 0u)) {
      steps.emplace_back(
          Impute{.statistics = std::vector(static_cast<std::size_t>(inputs), filled.value_or(0))});
      return {};
    }
  } else if (const auto function = FindFunction(name); function && CountArguments(call) == 0) {
    steps.emplace_back(Compute{*function});
    return {};
  }
  return pickle::Fail(
      Code::kUnsupported, *func,
      fmt::format(
          "found {}{}; the file holds its name, not its code. numpy's log1p, log, exp, sqrt, square, "
          "abs, sign, clip, nan_to_num and their like can be served; do anything else before the model",
          pickle::Describe(func->value), CountArguments(call) > 0 ? " with arguments" : ""));
}

}  // namespace

Status LoadFunctionTransformer(const Part& part, const Context&, int32_t inputs, int, Steps& steps) {
  TURNOUT_ASSIGN(const bool validated, pickle::BoolOr(part, "validate", false));
  if (validated) steps.emplace_back(Present{});
  return LoadFunction(part, "func", "kw_args", inputs, steps);
}

Status LoadInverseFunction(const Part& part, int32_t inputs, Steps& steps) {
  return LoadFunction(part, "inverse_func", "inv_kw_args", inputs, steps);
}

}  // namespace turnout::sklearn
