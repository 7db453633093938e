#include "formats/read_model.h"

#include <fmt/format.h>

#include <cstring>

#include "formats/pickle/read.h"
#include "formats/sklearn/load.h"

namespace turnout {
namespace {

bool StartsWith(std::span<const uint8_t> bytes, std::string_view magic) {
  return bytes.size() >= magic.size() && std::memcmp(bytes.data(), magic.data(), magic.size()) == 0;
}

// Opcodes that a pickle of protocol 0 or 1 can start with.
bool IsTextOpcode(uint8_t c) { return std::strchr("(]}clNIFSV.)", c) != nullptr && c != 0; }

}  // namespace

FileFormat DetectFormat(std::span<const uint8_t> bytes) {
  using enum FileFormat;
  struct Magic {
    std::string_view bytes;
    FileFormat format;
  };
  static constexpr Magic kMagics[] = {
      {"\x1f\x8b", kGzip},
      {"BZh", kBzip2},
      {{"\xfd"
        "7zXZ\0",
        6},
       kXz},
      {{"\x5d\0\0", 3}, kLzma},
      {"\x04\x22\x4d\x18", kLz4},
      {"PK\x03\x04", kZip},
      {"{L", kUbjson},
      {"{i", kUbjson},
      {"{U", kUbjson},
      {"{l", kUbjson},
      {"{", kJson},
      {"CBM1", kCatBoost},
      {"tree\n", kLightGbm},
      {"tree\r\n", kLightGbm},
      {"\x93NUMPY", kNpy},
      {"x\x01", kZlib},
      {"x\x5e", kZlib},
      {"x\x9c", kZlib},
      {"x\xda", kZlib},
  };
  if (bytes.size() >= 2 && bytes[0] == 0x80 && bytes[1] >= 2 && bytes[1] <= 5) return kPickle;
  for (const Magic& magic : kMagics) {
    if (StartsWith(bytes, magic.bytes)) return magic.format;
  }
  if (bytes.size() >= 2 && bytes[0] == 0x08 && bytes[1] < 0x20) return kOnnx;
  if (!bytes.empty() && IsTextOpcode(bytes[0])) return kPickle;
  return kUnknown;
}

std::string_view Name(FileFormat format) {
  switch (format) {
    case FileFormat::kPickle: return "pickle";
    case FileFormat::kZlib: return "zlib-compressed";
    case FileFormat::kGzip: return "gzip-compressed";
    case FileFormat::kBzip2: return "bzip2-compressed";
    case FileFormat::kXz: return "xz-compressed";
    case FileFormat::kLzma: return "lzma-compressed";
    case FileFormat::kLz4: return "lz4-compressed";
    case FileFormat::kZip: return "zip";
    case FileFormat::kJson: return "JSON";
    case FileFormat::kUbjson: return "UBJSON";
    case FileFormat::kCatBoost: return "CatBoost";
    case FileFormat::kLightGbm: return "LightGBM text";
    case FileFormat::kOnnx: return "ONNX";
    case FileFormat::kNpy: return "numpy array";
    case FileFormat::kUnknown: return "unknown";
  }
  return "unknown";
}

Result<Model> ReadModel(std::span<const uint8_t> bytes) {
  if (bytes.empty()) return Fail(Code::kCorrupt, "the file is empty; a model file was expected");
  const FileFormat format = DetectFormat(bytes);
  if (format != FileFormat::kPickle) {
    if (format == FileFormat::kUnknown) {
      return Fail(
          Code::kUnsupported,
          fmt::format("the first bytes ({:02x} {:02x}) are of no known model format; a pickle was expected",
                      bytes[0], bytes.size() > 1 ? bytes[1] : 0));
    }
    return Fail(
        Code::kUnsupported,
        fmt::format("this is a {} file; only pickles of scikit-learn models can be read yet: save the "
                    "model with pickle.dump, uncompressed",
                    Name(format)));
  }
  TURNOUT_ASSIGN(const pickle::Graph graph, pickle::ReadPickle(bytes));
  TURNOUT_ASSIGN(Model model, LoadSklearn(graph));
  TURNOUT_TRY(CheckModel(model));
  return model;
}

}  // namespace turnout
