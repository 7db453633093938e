// The bytes of a model file to a checked Model. The format is found by content, never by extension.
//
// Nothing in the file is executed and no vendor code sees it. The bytes may be freed afterwards.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "model/model.h"

namespace turnout {

enum class FileFormat : uint8_t {
  kPickle,
  kZlib,
  kGzip,
  kBzip2,
  kXz,
  kLzma,
  kLz4,
  kZip,
  kJson,
  kUbjson,
  kCatBoost,
  kLightGbm,
  kOnnx,
  kNpy,
  kUnknown
};

FileFormat DetectFormat(std::span<const uint8_t> bytes);
std::string_view Name(FileFormat format);  // "pickle", "gzip", ...

// Errors name the place in the file: "step 'woe' is category_encoders.woe.WOEEncoder, which this server
// can't run; ...". The result has passed CheckModel.
Result<Model> ReadModel(std::span<const uint8_t> bytes);

}  // namespace turnout
