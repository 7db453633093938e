#include "registry/version.h"

#include <fmt/format.h>

#include <chrono>

#include "bytes/digest.h"
#include "data/batch.h"
#include "formats/read_model.h"
#include "storage/file.h"

namespace turnout {
namespace {

using Clock = std::chrono::steady_clock;

// 4 GiB: a thousand times the usual model; a larger file is more likely a mistake.
constexpr std::size_t kLargestFile = std::size_t{4} << 30;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Touches the engine's memory and code, so that the first request does not pay for it.
void Warm(const Version& version) {
  const auto& inputs = version.model.signature.inputs;
  const double zeros[64] = {};
  const std::string_view blanks[64] = {};
  std::vector<ColumnView> views(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].type == ColumnType::kNumber) {
      views[i].numbers = zeros;
    } else {
      views[i].texts = blanks;
    }
  }
  Workspace workspace;
  Scores scores;
  for (std::size_t rows : {1, 64}) version.engine->Score(views, rows, workspace, scores);
}

}  // namespace

Result<ModelFile> LoadModelFile(const std::string& path) {
  TURNOUT_ASSIGN(const MappedFile file, MappedFile::Open(path));
  return ReadModelFile(path, file.bytes());
}

Result<ModelFile> ReadModelFile(const std::string& path, std::span<const uint8_t> bytes) {
  const auto start = Clock::now();
  if (bytes.size() > kLargestFile) {
    return Fail(Code::kInvalidArgument, fmt::format("{}: {} bytes; a model file may have at most {}", path,
                                                    bytes.size(), kLargestFile));
  }
  auto model = ReadModel(bytes);
  if (!model) return Within(path, std::move(model).error());
  return ModelFile{path, Sha256(bytes), bytes.size(), SecondsSince(start), *std::move(model)};
}

Result<std::shared_ptr<const Version>> MakeVersion(std::string name, ModelFile file, Contract& contract,
                                                   std::string_view engine) {
  const auto start = Clock::now();
  auto version = std::make_shared<Version>();
  version->name = std::move(name);
  version->path = std::move(file.path);
  version->sha256 = std::move(file.sha256);
  version->file_bytes = file.bytes;
  version->model = std::move(file.model);
  if (auto bound = BindContract(contract, version->model.signature); !bound) {
    return Within(version->path, std::move(bound).error());
  }
  TURNOUT_ASSIGN(version->columns, InputColumns(contract, version->model.signature));
  version->answerer = MakeAnswerer(contract, version->model.signature, version->name);
  auto compiled = CompileEngine(version->model, engine);
  if (!compiled) return Within(version->path, std::move(compiled).error());
  version->engine = *std::move(compiled);
  for (const Input& input : version->model.signature.inputs) version->closed.emplace_back(input);
  Warm(*version);
  version->load_seconds = file.seconds + SecondsSince(start);
  return version;
}

}  // namespace turnout
