// The three forms of an XGBoost model file, each read into a Booster. Internal to formats/xgboost.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "formats/xgboost/booster.h"
#include "formats/xgboost/source.h"

namespace turnout::xgboost {

// ---- document.cc: a JSON or UBJSON model, also as a pickle holds it ({"Config": ..., "Model": ...})
Status ReadDocument(Source& source, Memory& memory, Booster& booster);

// ---- legacy.cc: the binary format, which was written up to 3.0
bool IsLegacy(std::span<const uint8_t> bytes);
Status ReadLegacy(std::span<const uint8_t> bytes, Memory& memory, Booster& booster);

// ---- numbers as XGBoost's parameters write them, "5E-1", "[1E0,2E0]": nothing but numbers, or false
bool ParseFloats(std::string_view text, std::vector<float>& values);

}  // namespace turnout::xgboost
