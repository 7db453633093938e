#include "formats/lightgbm/load.h"

#include <fmt/format.h>

#include <unordered_set>

#include "bytes/utf8.h"
#include "formats/lightgbm/categories.h"
#include "formats/lightgbm/objective.h"
#include "formats/lightgbm/text.h"
#include "formats/pickle/text.h"

namespace turnout::lightgbm {
namespace {

using pickle::Part;

constexpr std::string_view kBooster = "lightgbm.basic.Booster";
constexpr std::string_view kClassifier = "lightgbm.sklearn.LGBMClassifier";
constexpr std::string_view kWrappers[] = {kClassifier, "lightgbm.sklearn.LGBMRegressor",
                                          "lightgbm.sklearn.LGBMRanker", "lightgbm.sklearn.LGBMModel"};

// "Column_0", "Column_1", ...: what features are called that were trained without names.
bool AreUnnamed(const std::vector<std::string_view>& names) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] != fmt::format("Column_{}", i)) return false;
  }
  return true;
}

Status SetInputs(const Booster& booster, Signature& signature) {
  const Field& field = booster.feature_names;
  signature.named = !AreUnnamed(booster.names);
  signature.inputs.resize(booster.names.size());
  std::unordered_set<std::string_view> seen;
  for (std::size_t i = 0; i < signature.inputs.size(); ++i) {
    Input& input = signature.inputs[i];
    input.accepts_missing = true;
    const std::string_view name = booster.names[i];
    for (std::size_t at = 0; at < name.size();) {
      const std::size_t length = Utf8Length(name, at);
      if (length == 0) return Bad(field, fmt::format("'{}' is not UTF-8", pickle::Printable(name, 40)));
      at += length;
    }
    if (signature.named && !seen.insert(name).second) {
      return Bad(field, fmt::format("two features are named '{}'", pickle::Printable(name, 60)));
    }
    input.name = signature.named ? std::string(name) : fmt::format("x{}", i);
  }
  return {};
}

// The encoding of pandas' categories, and what it makes of the inputs.
Status SetEncoding(const Booster& booster, Model& model) {
  TURNOUT_ASSIGN(auto encoded, PandasCategories(booster));
  if (encoded.empty()) return {};
  for (const auto& [column, categories] : encoded) {
    if (!categories.is_text) continue;
    Input& input = model.signature.inputs[static_cast<std::size_t>(column)];
    input.type = ColumnType::kText;
    input.categories = categories.texts;
  }
  model.steps.push_back(EncodePandas(std::move(encoded), booster.forest.features));
  return {};
}

std::string Iterations(const Booster& booster) {
  return booster.iterations_used == booster.iterations
             ? fmt::format("all {} iterations", booster.iterations)
             : fmt::format("{} of {} iterations (the best)", booster.iterations_used, booster.iterations);
}

std::string ObjectiveText(const Booster& booster) {
  return booster.objective.line == 0 ? "custom" : pickle::Printable(booster.objective.value, 80);
}

void SetPredictor(Booster& booster, Model& model) {
  if (booster.average_output) booster.forest.divisor = static_cast<int32_t>(booster.iterations_used);
  model.predictor = std::move(booster.forest);
}

Result<Model> ToModel(Booster booster, Face face, std::vector<Label> labels) {
  Model model;
  TURNOUT_TRY(SetObjective(booster, face, std::move(labels), model));
  TURNOUT_TRY(SetInputs(booster, model.signature));
  TURNOUT_TRY(SetEncoding(booster, model));
  // The text names the version of its format only, which changes with the library's major version.
  model.origin = {.format = "LightGBM text",
                  .library = "LightGBM",
                  .version = fmt::format("{}.x", booster.version),
                  .estimator = std::string(kBooster),
                  .steps = {"objective: " + ObjectiveText(booster), "trees: " + Iterations(booster)}};
  SetPredictor(booster, model);
  return model;
}

// A wrapper or a booster, as a pickle holds it.
struct Pickled {
  Part text_part;  // where the text is
  Face face;
  std::vector<Label> labels;
  Booster booster;
};

std::unexpected<Error> At(const Part& part, Error error) {
  return Within(part.path.text(), std::move(error));
}

// A classifier's labels: LGBMClassifier.predict takes them from its label encoder.
Result<std::vector<Label>> LabelsOf(const Part& wrapper, sklearn::Budget& budget) {
  if (const auto encoder = pickle::FindAttribute(wrapper, "_le")) {
    TURNOUT_ASSIGN(const Part classes, pickle::Attribute(*encoder, "classes_"));
    return sklearn::Labels(classes, budget);
  }
  TURNOUT_ASSIGN(const Part classes, pickle::Attribute(wrapper, "_classes"));
  return sklearn::Labels(classes, budget);
}

// LightGBM 4 hands a wrapper's own parameters to predict: then trees are left out where the sum is far
// enough.
Status RefuseEarlyStop(const Part& wrapper) {
  const auto others = pickle::FindAttribute(wrapper, "_other_params");
  if (!others || others->value.kind() != pickle::Kind::kDict) return {};
  const auto stop = pickle::FindEntry(*others, "pred_early_stop");
  if (!stop) return {};
  TURNOUT_ASSIGN(const bool stops, pickle::AsBool(*stop));
  if (!stops) return {};
  return pickle::Fail(Code::kUnsupported, *stop,
                      "predictions that stop early can't be served; make the model without this parameter");
}

Result<Pickled> Read(const Part& part, sklearn::Budget& budget) {
  const bool bare = pickle::ClassName(part.value) == kBooster;
  Part holder = part;
  Face face = Face::kBooster;
  std::vector<Label> labels;
  if (!bare) {
    const auto inner = pickle::FindAttribute(part, "_Booster");
    if (!inner) return pickle::Fail(Code::kUnsupported, part, "it has no _Booster: it was never fitted");
    if (pickle::ClassName(inner->value) != kBooster) {
      return pickle::Unexpected(*inner, "a lightgbm.basic.Booster");
    }
    holder = *inner;
    TURNOUT_TRY(RefuseEarlyStop(part));
    const auto objective = pickle::FindAttribute(part, "_objective");
    if (objective && objective->value.kind() != pickle::Kind::kText) {
      face = Face::kRaw;
    } else if (pickle::ClassName(part.value) == kClassifier) {
      face = Face::kClassifier;
      TURNOUT_ASSIGN(labels, LabelsOf(part, budget));
    } else {
      face = Face::kValue;
    }
  }
  auto text_part = pickle::FindAttribute(holder, "_handle");  // since 4.0
  if (!text_part) text_part = pickle::FindAttribute(holder, "handle");
  if (!text_part) {
    return pickle::Fail(Code::kUnsupported, holder,
                        "it holds no text of its trees; save it with LightGBM 3.3 or later");
  }
  TURNOUT_ASSIGN(const std::string_view text, pickle::AsText(*text_part));
  TURNOUT_TRY(budget.Take(*text_part, text.size()));
  TURNOUT_ASSIGN(const int64_t best, pickle::IntOr(holder, "best_iteration", 0));
  auto booster = ReadText(text, best);
  if (!booster) return At(*text_part, std::move(booster).error());
  return Pickled{*text_part, face, std::move(labels), *std::move(booster)};
}

}  // namespace

Result<Model> LoadText(std::span<const uint8_t> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  TURNOUT_ASSIGN(Booster booster, ReadText(text, 0));
  return ToModel(std::move(booster), Face::kBooster, {});
}

bool IsDump(std::span<const uint8_t> json) {
  constexpr std::string_view kStart = "{\"name\":\"tree\",";  // without its blanks
  std::size_t matched = 0;
  for (const uint8_t byte : json) {
    if (byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t') continue;
    if (byte != static_cast<uint8_t>(kStart[matched])) return false;
    if (++matched == kStart.size()) return true;
  }
  return false;
}

std::unexpected<Error> RefuseDump() {
  return Fail(
      Code::kUnsupported,
      "this is the JSON of LightGBM's dump_model(), which is made for people to read; save the model with "
      "booster.save_model('model.txt'), or pickle it");
}

bool IsLightGbm(std::string_view class_name) {
  if (class_name == kBooster) return true;
  for (const std::string_view wrapper : kWrappers) {
    if (class_name == wrapper) return true;
  }
  return false;
}

Result<Model> LoadPickled(const Part& part, sklearn::Budget& budget) {
  TURNOUT_ASSIGN(Pickled read, Read(part, budget));
  auto model = ToModel(std::move(read.booster), read.face, std::move(read.labels));
  if (!model) return At(read.text_part, std::move(model).error());
  model->origin.format = "pickle";
  model->origin.estimator = std::string(pickle::ClassName(part.value));
  return model;
}

Status LoadLastStep(const Part& part, const sklearn::Context& context, sklearn::Loaded& out) {
  TURNOUT_ASSIGN(Pickled read, Read(part, context.budget));
  Booster& booster = read.booster;
  if (booster.forest.features != out.inputs) {
    return pickle::Fail(Code::kCorrupt, part,
                        fmt::format("it was trained on {} features, the steps before it give {}",
                                    booster.forest.features, out.inputs));
  }
  auto encoded = PandasCategories(booster);
  if (!encoded) return At(read.text_part, std::move(encoded).error());
  if (!encoded->empty()) {
    return pickle::Fail(
        Code::kUnsupported, part,
        "it was trained on a frame with columns of dtype category, which the steps before it would "
        "have to make; encode categories with an OrdinalEncoder");
  }
  if (auto status = SetObjective(booster, read.face, std::move(read.labels), out.model); !status) {
    return At(read.text_part, std::move(status).error());
  }
  if (!out.model.origin.steps.empty()) {
    out.model.origin.steps.back() +=
        fmt::format(" (LightGBM {}.x, {}, {})", booster.version, ObjectiveText(booster), Iterations(booster));
  }
  out.accepts_missing = true;
  SetPredictor(booster, out.model);
  return {};
}

}  // namespace turnout::lightgbm
