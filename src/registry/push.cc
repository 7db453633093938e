#include "registry/push.h"

#include <fmt/format.h>

#include <filesystem>

#include "bytes/digest.h"
#include "bytes/number.h"
#include "registry/expected.h"
#include "registry/profile.h"

namespace turnout {
namespace {

constexpr std::size_t kLargestContract = 1 << 20;
constexpr std::size_t kLargestTable = 64 << 20;    // golden rows
constexpr std::size_t kMostMetadata = 100;         // keys
constexpr std::size_t kMostTraining = 4ull << 30;  // bytes

std::span<const uint8_t> Bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

std::string_view Text(const MappedFile& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

// The contract bound to the model, or the one derived from the model where there is none.
Result<Contract> BoundContract(const std::string* text, const std::string& path,
                               const CatalogVersion& version, const Signature& signature) {
  if (text == nullptr) {
    Contract derived = DeriveContract(signature, version.name);
    TURNOUT_TRY(BindContract(derived, signature));
    return derived;
  }
  TURNOUT_ASSIGN(Contract contract, ParseContract(*text, path));
  if (auto bound = BindContract(contract, signature); !bound) {
    return Within(fmt::format("{} does not fit the model", path), std::move(bound).error());
  }
  return contract;
}

// The number of golden rows, which all hold.
Result<std::size_t> CheckGolden(const Model& model, const Engine& engine, std::string_view rows,
                                std::string_view rows_name, std::string_view expected,
                                std::string_view expected_name, double tolerance) {
  TURNOUT_ASSIGN(const Comparison comparison,
                 CompareWithExpected(model, engine, rows, rows_name, expected, expected_name,
                                     {.all = tolerance, .of = {}}));
  if (comparison.holds()) return comparison.rows;
  std::string allowed;
  AppendNumber(allowed, tolerance);
  std::string message =
      fmt::format("{} of {} golden rows do not have the recorded answers ({}, tolerance {})",
                  comparison.wrong, comparison.rows, expected_name, allowed);
  const auto lines = comparison.Differences();
  for (const std::string& line : lines) message += "\n  " + line;
  if (comparison.wrong > lines.size())
    message += fmt::format("\n  ... and {} more", comparison.wrong - lines.size());
  return Fail(Code::kInvalidArgument, std::move(message));
}

// The contract for a push that names none, if there is one to take.
Result<std::optional<std::string>> KnownContract(Catalog& catalog, const PushRequest& request) {
  for (const VersionReference& reference :
       {VersionReference{.name = request.name, .version = request.version},
        VersionReference{.name = request.name, .alias = std::string(kStableAlias)}}) {
    const auto known = catalog.Find(reference);
    if (!known && known.error().code == Code::kNotFound) continue;
    if (!known) return std::unexpected(known.error());
    const StoredFile& file = known->file(Part::kContract);
    if (!file.exists()) return std::nullopt;
    TURNOUT_ASSIGN(const MappedFile stored, catalog.OpenFile(file));
    return std::string(Text(stored));
  }
  return std::nullopt;
}

}  // namespace

Release PreparedRelease::release() const {
  Release release{.version = version_, .bytes = {}};
  for (const Part part : kParts) {
    const auto i = static_cast<std::size_t>(part);
    release.bytes[i] = part == Part::kModel ? model_.bytes() : Bytes(texts_[i]);
  }
  return release;
}

Result<PreparedRelease> PrepareRelease(Catalog& catalog, const PushRequest& request) {
  const auto doing = [&](std::string_view what) {
    if (request.doing) request.doing(what);
  };
  TURNOUT_TRY(CheckModelName(request.name));
  TURNOUT_TRY(CheckVersionName(request.version));
  if (request.metadata.size() > kMostMetadata) {
    return Fail(Code::kInvalidArgument, fmt::format("{} metadata keys; a version may have at most {}",
                                                    request.metadata.size(), kMostMetadata));
  }
  for (const auto& [key, value] : request.metadata) TURNOUT_TRY(CheckMetadata(key, value));

  doing("reading the model");
  TURNOUT_ASSIGN(MappedFile mapped, MappedFile::Open(request.model));
  TURNOUT_ASSIGN(const ModelFile file, ReadModelFile(request.model, mapped.bytes()));
  TURNOUT_ASSIGN(const auto engine, CompileEngine(file.model));
  const std::string file_name = std::filesystem::path(request.model).filename().string();
  PreparedRelease prepared({.name = request.name,
                            .version = request.version,
                            .pushed = {},
                            .file_name = file_name,
                            .library = file.model.origin.library,
                            .library_version = file.model.origin.version,
                            .estimator = file.model.origin.estimator,
                            .tolerance = request.tolerance,
                            .files = {},
                            .metadata = request.metadata,
                            .aliases = {}},
                           std::move(mapped));
  CatalogVersion& version = prepared.version_;
  version.file(Part::kModel) = {file.sha256, file.bytes};

  std::optional<std::string> contract_text;
  std::string contract_path = request.contract;
  if (!request.contract.empty()) {
    TURNOUT_ASSIGN(contract_text, ReadFile(request.contract, kLargestContract));
  } else {
    TURNOUT_ASSIGN(contract_text, KnownContract(catalog, request));
    contract_path = fmt::format("the contract of {}", request.name);
  }
  TURNOUT_ASSIGN(const Contract contract, BoundContract(contract_text ? &*contract_text : nullptr,
                                                        contract_path, version, file.model.signature));
  if (contract_text) prepared.text(Part::kContract) = *std::move(contract_text);

  if (!request.rows.empty()) {
    doing("comparing the golden rows");
    TURNOUT_ASSIGN(prepared.text(Part::kRows), ReadFile(request.rows, kLargestTable));
    TURNOUT_ASSIGN(prepared.text(Part::kExpected), ReadFile(request.expected, kLargestTable));
    auto golden = CheckGolden(file.model, *engine, prepared.text(Part::kRows), request.rows,
                              prepared.text(Part::kExpected), request.expected, request.tolerance);
    if (!golden) return Within(request.model, std::move(golden).error());
    prepared.golden_rows_ = *golden;
  }
  if (!request.training.empty()) {
    doing("profiling the training rows");
    TURNOUT_ASSIGN(const MappedFile training, MappedFile::Open(request.training));
    if (training.bytes().size() > kMostTraining) {
      return Fail(Code::kInvalidArgument,
                  fmt::format("{}: {} bytes; at most {} are profiled: give a sample", request.training,
                              training.bytes().size(), kMostTraining));
    }
    TURNOUT_ASSIGN(prepared.text(Part::kProfile),
                   MakeProfile(file.model, *engine, contract,
                               {.csv = Text(training), .name = request.training, .label = request.label}));
  }
  for (const Part part : kParts) {
    const std::string& text = prepared.text(part);
    if (!text.empty()) version.file(part) = {Sha256(Bytes(text)), text.size()};
  }
  return prepared;
}

Result<RegistryModel> LoadFromRegistry(Catalog& catalog, const VersionReference& reference) {
  TURNOUT_ASSIGN(CatalogVersion version, catalog.Find(reference));
  const std::string path = std::string(kRegistryPrefix) + version.reference();
  auto mapped = catalog.OpenFile(version.file(Part::kModel));
  if (!mapped) return Within(path, std::move(mapped).error());
  TURNOUT_ASSIGN(ModelFile file, ReadModelFile(path, mapped->bytes()));
  RegistryModel loaded{
      .version = std::move(version), .file = std::move(file), .contract = {}, .contract_path = {}};
  if (const StoredFile& contract = loaded.version.file(Part::kContract); contract.exists()) {
    loaded.contract_path = path + ", its contract";
    auto stored = catalog.OpenFile(contract);
    if (!stored) return Within(loaded.contract_path, std::move(stored).error());
    loaded.contract = Text(*stored);
  }
  return loaded;
}

std::vector<std::string> CheckVersion(const Catalog& catalog, const CatalogVersion& version) {
  std::vector<std::string> problems;
  const auto problem = [&](std::string_view what, const Error& error) {
    problems.push_back(fmt::format("{}: {}{}", version.reference(), what, error.message));
  };
  std::array<std::optional<MappedFile>, kParts.size()> files;
  for (const Part part : kParts) {
    if (!version.file(part).exists()) continue;
    auto opened = catalog.OpenFile(version.file(part));
    if (opened) {
      files[static_cast<std::size_t>(part)] = *std::move(opened);
    } else {
      problem(fmt::format("{}: ", Name(part)), opened.error());
    }
  }
  const auto file = [&](Part part) -> const std::optional<MappedFile>& {
    return files[static_cast<std::size_t>(part)];
  };
  if (!file(Part::kModel)) return problems;
  const auto model = ReadModelFile("model", file(Part::kModel)->bytes());
  if (!model) {
    problem("", model.error());
    return problems;
  }
  const auto engine = CompileEngine(model->model);
  if (!engine) {
    problem("model: ", engine.error());
    return problems;
  }
  if (file(Part::kContract)) {
    const std::string text(Text(*file(Part::kContract)));
    const auto contract = BoundContract(&text, "contract", version, model->model.signature);
    if (!contract) problem("", contract.error());
  }
  if (file(Part::kRows) && file(Part::kExpected)) {
    const auto golden = CheckGolden(model->model, **engine, Text(*file(Part::kRows)), "rows",
                                    Text(*file(Part::kExpected)), "expected", version.tolerance);
    if (!golden) problem("", golden.error());
  }
  return problems;
}

}  // namespace turnout
