// The bytes of a model file to a checked Model. The format is found by content, never by extension; a file
// that is compressed as a whole (joblib's compress=..., model.pkl.gz) is read through its compression, once.
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
  kXgboost,  // its legacy binary form
  kOnnx,
  kNpy,
  kZfile,  // joblib before 0.10, compressed
  kUnknown
};

FileFormat DetectFormat(std::span<const uint8_t> bytes);
std::string_view Name(FileFormat format);  // "pickle", "gzip", ...

// Errors name the place in the file, and of a compressed file in which of its layers:
//   Pipeline > pipeline step 'woe' > WOEEncoder: category_encoders.woe.WOEEncoder can't be run by this
//   server; it reads ...
// The result has passed CheckModel.
Result<Model> ReadModel(std::span<const uint8_t> bytes);

}  // namespace turnout
