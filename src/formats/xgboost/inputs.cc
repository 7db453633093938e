// What a model takes, as its file says it.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <unordered_set>

#include "bytes/utf8.h"
#include "formats/xgboost/to_model.h"

namespace turnout::xgboost {

// Given a pandas table XGBoost 3.1 to 3.3 counts characters where it cuts bytes (_data_utils.py), so that
// every text behind one that is not ASCII is another one.
Status CheckTexts(const Booster& booster) {
  for (std::size_t f = 0; f < booster.encodings.size(); ++f) {
    const std::vector<std::string>& texts = booster.encodings[f].texts;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const std::string& text = texts[i];
      const bool ascii = std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; });
      if (!ascii && !booster.AtLeast(3, 4)) {
        return Fail(
            Code::kUnsupported,
            fmt::format("feature {}: its categories are not all ASCII, which XGBoost before 3.4 cuts in the "
                        "wrong places; train with a newer one, or with other texts",
                        f));
      }
      for (std::size_t at = 0; at < text.size();) {
        const std::size_t length = Utf8Length(text, at);
        if (length == 0)
          return Fail(Code::kCorrupt, fmt::format("feature {}: category {} is not UTF-8", f, i));
        at += length;
      }
    }
  }
  return {};
}

// Wrappers hand a table to their trees as it is, so what is too large for a float32 is an infinity there;
// what becomes a DMatrix first is refused with infinities in it.
double Largest(const Booster& booster, const Wrapper& wrapper) {
  const bool in_place = wrapper.kind != Wrapper::Kind::kNone && booster.name != "gblinear";
  return in_place ? std::numeric_limits<double>::max() : sklearn::kFloat32Limit;
}

// Everything may be missing. Of columns of categories others than these are refused.
Status ReadInputs(const Booster& booster, const Wrapper& wrapper, Memory& memory, Signature& signature) {
  const auto features = static_cast<std::size_t>(booster.features);
  TURNOUT_TRY(memory.Take("num_feature", features * (sizeof(Input) + 32)));
  signature.inputs.resize(features);
  signature.named = !booster.feature_names.empty();
  for (std::size_t f = 0; f < features; ++f) {
    Input& input = signature.inputs[f];
    input.name = signature.named ? booster.feature_names[f] : fmt::format("x{}", f);
    input.accepts_missing = true;
    input.largest = Largest(booster, wrapper);
    if (booster.encodings.empty() || booster.encodings[f].size() == 0) continue;
    const Encoding& encoding = booster.encodings[f];
    uint64_t bytes = encoding.numbers.size() * sizeof(double);
    for (const std::string& text : encoding.texts) bytes += sizeof(std::string) + text.size();
    TURNOUT_TRY(memory.Take("cats.enc", bytes));
    input.closed = true;
    input.type = encoding.is_text ? ColumnType::kText : ColumnType::kNumber;
    input.categories = encoding.texts;
    input.numbers = encoding.numbers;
    input.largest = std::numeric_limits<double>::max();
  }
  std::unordered_set<std::string_view> seen;
  for (const Input& input : signature.inputs) {
    if (seen.insert(input.name).second) continue;
    return Fail(Code::kUnsupported,
                fmt::format("two features are named '{}'; rename one before fitting", input.name));
  }
  return {};
}

}  // namespace turnout::xgboost
