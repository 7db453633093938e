// An immutable version: a model file, read, checked, bound to its endpoint's contract and compiled.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "contract/answers.h"
#include "contract/contract.h"
#include "engine/engine.h"
#include "model/model.h"
#include "registry/objection.h"

namespace turnout {

struct Version {
  std::string name;    // "v2.1.0"
  std::string path;    // as given
  std::string sha256;  // of the file's bytes
  uint64_t file_bytes = 0;
  double load_seconds = 0;  // read, check, compile, warm
  Model model;
  std::unique_ptr<const Engine> engine;  // reads `model`
  Answerer answerer;
  std::vector<int32_t> columns;      // of a batch under the contract, per input
  std::vector<ClosedValues> closed;  // per input
};

// Reads and checks the model file. Errors carry the path.
struct ModelFile {
  std::string path;
  std::string sha256;
  uint64_t bytes = 0;
  double seconds = 0;  // read and check
  Model model;
};
Result<ModelFile> LoadModelFile(const std::string& path);
// The same of bytes that are `path`'s.
Result<ModelFile> ReadModelFile(const std::string& path, std::span<const uint8_t> bytes);

// Binds the contract to the model (BindContract fills in what depends on it), compiles and warms the engine.
// `engine` pins one; empty: the best that fits.
Result<std::shared_ptr<const Version>> MakeVersion(std::string name, ModelFile file, Contract& contract,
                                                   std::string_view engine = {});

}  // namespace turnout
