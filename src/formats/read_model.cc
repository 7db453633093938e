#include "formats/read_model.h"

#include <fmt/format.h>

#include <cstring>
#include <optional>

#include "bytes/decompress.h"
#include "formats/lightgbm/load.h"
#include "formats/pickle/read.h"
#include "formats/sklearn/load.h"
#include "formats/skops/read.h"
#include "formats/xgboost/load.h"

namespace turnout {
namespace {

bool StartsWith(std::span<const uint8_t> bytes, std::string_view magic) {
  return bytes.size() >= magic.size() && std::memcmp(bytes.data(), magic.data(), magic.size()) == 0;
}

// Opcodes that a pickle of protocol 0 or 1 can start with.
bool IsTextOpcode(uint8_t c) { return std::strchr("(]}clNIFSV.)", c) != nullptr && c != 0; }

std::optional<Compression> CompressionOf(FileFormat format) {
  switch (format) {
    case FileFormat::kZlib: return Compression::kZlib;
    case FileFormat::kGzip: return Compression::kGzip;
    case FileFormat::kBzip2: return Compression::kBzip2;
    case FileFormat::kXz: return Compression::kXz;
    case FileFormat::kLzma: return Compression::kLzma;
    case FileFormat::kLz4: return Compression::kLz4;
    default: return std::nullopt;
  }
}

std::unexpected<Error> In(std::string_view layer, Error error) {
  if (layer.empty()) return std::unexpected(std::move(error));
  return Within(layer, std::move(error));
}

Result<pickle::Graph> ReadGraph(std::span<const uint8_t> bytes, FileFormat format, bool decompressed) {
  pickle::Limits limits;
  if (decompressed) --limits.memory_factor;  // the decompressed bytes are in memory too
  switch (format) {
    case FileFormat::kPickle: return pickle::ReadPickle(bytes, limits);
    case FileFormat::kZip: return skops::ReadSkops(bytes, limits);
    case FileFormat::kZfile:
      return Fail(Code::kUnsupported,
                  "byte 0: 'ZF': the file was written by joblib before 0.10; load it in Python and save it "
                  "again with a current joblib");
    case FileFormat::kUnknown:
      return Fail(Code::kUnsupported,
                  fmt::format("the first bytes ({:02x} {:02x}) are of no known model format; a pickle "
                              "or a skops, XGBoost or LightGBM file was expected",
                              bytes.empty() ? 0 : bytes[0], bytes.size() > 1 ? bytes[1] : 0));
    default:
      return Fail(
          Code::kUnsupported,
          fmt::format(
              "this is a {} file; pickle, joblib and skops files and those of XGBoost and LightGBM are "
              "read: save the model as one of these",
              Name(format)));
  }
}

// nullopt: it is none of XGBoost's files.
std::optional<Result<Model>> ReadXgboost(std::span<const uint8_t> bytes, FileFormat format) {
  if (format == FileFormat::kXgboost) return xgboost::LoadLegacy(bytes);
  if (format == FileFormat::kUbjson) return xgboost::LoadUbjson(bytes);
  if (format == FileFormat::kJson && xgboost::IsModelJson(bytes)) return xgboost::LoadJson(bytes);
  if (xgboost::IsDump(bytes)) return xgboost::RefuseDump();
  return std::nullopt;
}

// `layer`: what the bytes were decompressed from, for messages; empty: they are the file.
Result<Model> ReadPlain(std::span<const uint8_t> bytes, std::string_view layer) {
  const FileFormat format = DetectFormat(bytes);
  if (format == FileFormat::kLightGbm) {
    auto model = lightgbm::LoadText(bytes);
    if (!model) return In(layer, std::move(model).error());
    TURNOUT_TRY(CheckModel(*model));
    return model;
  }
  if (format == FileFormat::kJson && lightgbm::IsDump(bytes))
    return In(layer, lightgbm::RefuseDump().error());
  if (auto model = ReadXgboost(bytes, format)) {
    if (!*model) return In(layer, std::move(*model).error());
    TURNOUT_TRY(CheckModel(**model));
    return *std::move(*model);
  }
  auto graph = ReadGraph(bytes, format, !layer.empty());
  if (!graph) return In(layer, std::move(graph).error());
  TURNOUT_ASSIGN(Model model, LoadSklearn(*graph));
  if (format == FileFormat::kZip) model.origin.format = "skops";
  TURNOUT_TRY(CheckModel(model));
  return model;
}

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
      {"ZF", kZfile},
      {"x\x01", kZlib},
      {"x\x5e", kZlib},
      {"x\x9c", kZlib},
      {"x\xda", kZlib},
  };
  if (bytes.size() >= 2 && bytes[0] == 0x80 && bytes[1] >= 2 && bytes[1] <= 5) return kPickle;
  if (xgboost::IsLegacy(bytes)) return kXgboost;
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
    case FileFormat::kXgboost: return "XGBoost legacy binary";
    case FileFormat::kOnnx: return "ONNX";
    case FileFormat::kNpy: return "numpy array";
    case FileFormat::kZfile: return "joblib 0.9";
    case FileFormat::kUnknown: return "unknown";
  }
  return "unknown";
}

Result<Model> ReadModel(std::span<const uint8_t> bytes) {
  if (bytes.empty()) return Fail(Code::kCorrupt, "the file is empty; a model file was expected");
  const auto compression = CompressionOf(DetectFormat(bytes));
  if (!compression) return ReadPlain(bytes, {});

  TURNOUT_ASSIGN(const ByteBuffer contents, Decompress(bytes, *compression));
  const std::string layer = fmt::format("in the {} data", Name(*compression));
  if (contents.size() == 0) {
    return Fail(Code::kCorrupt, layer + ": there is nothing in it; a model file was expected");
  }
  if (CompressionOf(DetectFormat(contents.bytes()))) {
    return Fail(
        Code::kUnsupported,
        fmt::format("{}: this is a {} file again; a model file is compressed once at most: decompress it, or "
                    "save the model anew",
                    layer, Name(DetectFormat(contents.bytes()))));
  }
  TURNOUT_ASSIGN(Model model, ReadPlain(contents.bytes(), layer));
  model.origin.format += fmt::format(" ({})", Name(*compression));
  return model;
}

}  // namespace turnout
