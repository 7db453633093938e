#include "formats/xgboost/load.h"

#include <fmt/format.h>

#include <algorithm>

#include "formats/xgboost/read.h"
#include "formats/xgboost/to_model.h"

namespace turnout::xgboost {
namespace {

std::string_view Text(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string_view WithoutBlanks(std::string_view text) {
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  return start == text.npos ? std::string_view() : text.substr(start);
}

// The name of the first member of a JSON object; empty: there is none.
std::string_view FirstName(std::span<const uint8_t> json) {
  std::string_view text = WithoutBlanks(Text(json));
  if (!text.starts_with('{')) return {};
  text = WithoutBlanks(text.substr(1));
  if (!text.starts_with('"')) return {};
  return text.substr(1, text.substr(1, 64).find('"'));
}

// Any of the three forms: files, and what pickled boosters hold.
Status ReadBooster(std::span<const uint8_t> bytes, Memory& memory, Booster& booster) {
  if (IsLegacy(bytes)) {
    booster.format = "XGBoost legacy binary";
    return ReadLegacy(bytes, memory, booster);
  }
  const std::string_view text = Text(bytes);
  if (!FirstName(bytes).empty()) {
    booster.format = "XGBoost JSON";
    return ReadDocument(*OpenJson(text), memory, booster);
  }
  if (text.starts_with('{')) {
    booster.format = "XGBoost UBJSON";
    return ReadDocument(*OpenUbjson(bytes), memory, booster);
  }
  return Fail(
      Code::kUnsupported,
      "it is neither JSON nor UBJSON nor the legacy binary format; XGBoost 1.2 and older pickled boosters in "
      "a form of their own: save the model with save_model");
}

Result<Model> Load(std::span<const uint8_t> bytes) {
  Memory memory(bytes.size());
  Booster booster;
  TURNOUT_TRY(ReadBooster(bytes, memory, booster));
  TURNOUT_ASSIGN(const Wrapper wrapper, WrapperOf(booster));
  return ToModel(std::move(booster), wrapper, memory);
}

constexpr std::string_view kModule = "xgboost.sklearn.";
constexpr std::string_view kBooster = "xgboost.core.Booster";
constexpr std::string_view kClassifiers[] = {"XGBClassifier", "XGBRFClassifier"};
constexpr std::string_view kRegressors[] = {"XGBRegressor", "XGBRFRegressor", "XGBRanker", "XGBModel"};

bool Contains(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The labels of `classes_` (1.6, 1.7) or of the label encoder `_le` (up to 1.6).
Result<std::vector<Label>> LabelsOf(const pickle::Part& wrapper, sklearn::Budget& budget) {
  if (const auto encoder = pickle::FindAttribute(wrapper, "_le")) {
    if (const auto classes = pickle::FindAttribute(*encoder, "classes_"))
      return sklearn::Labels(*classes, budget);
  }
  if (const auto classes = pickle::FindAttribute(wrapper, "classes_"))
    return sklearn::Labels(*classes, budget);
  return std::vector<Label>();
}

// What a pickled object holds.
struct Pickled {
  Booster booster;
  Wrapper wrapper;
};

Result<Pickled> ReadPickled(const pickle::Part& part, sklearn::Budget& budget,
                            std::optional<Memory>& memory) {
  Pickled pickled;
  const std::string_view name = pickle::ClassName(part.value);
  pickled.wrapper.estimator = name;
  pickle::Part holder = part;
  if (name != kBooster) {
    const std::string_view short_name = name.substr(kModule.size());
    pickled.wrapper.kind =
        Contains(kClassifiers, short_name) ? Wrapper::Kind::kClassifier : Wrapper::Kind::kRegressor;
    TURNOUT_ASSIGN(pickled.wrapper.missing, pickle::DoubleOr(part, "missing", std::nan("")));
    if (pickled.wrapper.kind == Wrapper::Kind::kClassifier) {
      TURNOUT_ASSIGN(pickled.wrapper.labels, LabelsOf(part, budget));
    }
    const auto booster = pickle::FindAttribute(part, "_Booster");
    if (!booster) return pickle::Fail(Code::kUnsupported, part, "it has no _Booster: it was never fitted");
    holder = *booster;
  }
  TURNOUT_ASSIGN(const pickle::Part handle, pickle::Attribute(holder, "handle"));
  if (handle.value.kind() != pickle::Kind::kBytes)
    return pickle::Unexpected(handle, "the bytes of a booster");
  const std::span<const uint8_t> bytes = handle.value.Bytes();
  memory.emplace(bytes.size());
  if (auto read = ReadBooster(bytes, *memory, pickled.booster); !read) {
    return Within(handle.path.text(), std::move(read).error());
  }
  pickled.booster.format = "pickle";
  if (pickled.booster.AtLeast(2, 0)) return pickled;
  // Up to 1.7 the wrapper asks an attribute of the Python object, whatever the booster holds.
  pickled.booster.attributes.erase("best_iteration");
  if (const auto best = pickle::FindAttribute(holder, "best_iteration")) {
    TURNOUT_ASSIGN(const int64_t iteration, pickle::AsInt(*best));
    pickled.booster.attributes.emplace("best_iteration", std::to_string(iteration));
  }
  return pickled;
}

}  // namespace

Result<Model> LoadJson(std::span<const uint8_t> bytes) { return Load(bytes); }
Result<Model> LoadUbjson(std::span<const uint8_t> bytes) { return Load(bytes); }
Result<Model> LoadLegacy(std::span<const uint8_t> bytes) { return Load(bytes); }

bool IsModelJson(std::span<const uint8_t> json) {
  static constexpr std::string_view kFirst[] = {"learner", "version", "Config", "Model"};
  return Contains(kFirst, FirstName(json));
}

bool IsDump(std::span<const uint8_t> bytes) {
  std::string_view text = Text(bytes);
  if (text.starts_with("booster[") || text.starts_with("0:[") || text.starts_with("0:leaf=")) return true;
  text = WithoutBlanks(text);
  if (text.starts_with('[')) text = WithoutBlanks(text.substr(1));
  return FirstName(bytes.last(text.size())) == "nodeid";
}

std::unexpected<Error> RefuseDump() {
  return Fail(Code::kUnsupported,
              "this is a dump of XGBoost's trees, which lacks what a prediction needs; write the model with "
              "save_model");
}

bool IsXgboost(std::string_view class_name) {
  if (class_name == kBooster) return true;
  if (!class_name.starts_with(kModule)) return false;
  const std::string_view name = class_name.substr(kModule.size());
  return Contains(kClassifiers, name) || Contains(kRegressors, name);
}

Result<Model> LoadPickled(const pickle::Part& part, sklearn::Budget& budget) {
  std::optional<Memory> memory;
  TURNOUT_ASSIGN(Pickled pickled, ReadPickled(part, budget, memory));
  auto model = ToModel(std::move(pickled.booster), pickled.wrapper, *memory);
  if (!model) return Within(part.path.text(), std::move(model).error());
  return model;
}

Status LoadLastStep(const pickle::Part& part, const sklearn::Context& context, sklearn::Loaded& out) {
  std::optional<Memory> memory;
  TURNOUT_ASSIGN(Pickled pickled, ReadPickled(part, context.budget, memory));
  out.model.origin.facts.emplace_back("XGBoost", VersionText(pickled.booster));
  auto added = AddPredictor(std::move(pickled.booster), pickled.wrapper, *memory, out);
  if (!added) return Within(part.path.text(), std::move(added).error());
  return {};
}

}  // namespace turnout::xgboost
