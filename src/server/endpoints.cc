#include "server/endpoints.h"

#include <fmt/format.h>

#include <filesystem>
#include <optional>

#include "storage/file.h"

namespace turnout {
namespace {

constexpr std::size_t kLargestContract = 1 << 20;

// The histogram has a bound at the objective and at the gates' limits, so that the share within is exact.
std::vector<double> Bounds(const Endpoint& endpoint) {
  std::vector<double> objectives;
  if (endpoint.objective_p99 > 0) objectives.push_back(endpoint.objective_p99);
  for (const Gate& gate : endpoint.strategy.gates) {
    if (gate.kind == GateKind::kP99) objectives.push_back(gate.limit);
  }
  return LatencyBounds(objectives);
}

// The derived contract's name: the file's, with what a path or a metric label would not like replaced.
std::string NameOf(const std::string& path) {
  std::string name = std::filesystem::path(path).stem().string();
  for (char& c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.';
    if (!plain) c = '-';
  }
  name.resize(std::min(name.size(), std::size_t{100}));
  return name.empty() ? "model" : name;
}

Result<VersionReference> ReferenceOf(std::string_view path) {
  return ParseReference(path.substr(kRegistryPrefix.size()));
}

// `source` is told where it is from; empty: from the model.
Result<Contract> LoadContract(const EndpointConfig& config, const RegistryModel& first, std::string& source) {
  if (config.contract.empty() && first.contract) {
    source = first.contract_path;
    return ParseContract(*first.contract, source);
  }
  source = config.contract;
  if (source.empty()) return DeriveContract(first.file.model.signature, config.name);
  TURNOUT_ASSIGN(const std::string text, ReadFile(source, kLargestContract));
  return ParseContract(text, source);
}

}  // namespace

Result<Endpoint> LoadEndpoint(const EndpointConfig& config, const Reshape& reshape) {
  Endpoint endpoint;
  endpoint.name = config.name;
  endpoint.override_header = config.override_header;
  endpoint.objective_p99 = config.objective_p99;
  endpoint.objective_availability = config.objective_availability;
  endpoint.strategy = config.strategy;
  TURNOUT_ASSIGN(endpoint.route, FirstRoute(config));
  std::optional<Contract> contract;
  std::string contract_source;
  for (const VersionConfig& version : config.versions) {
    TURNOUT_ASSIGN(RegistryModel loaded, LoadModelOrReference(version.model, version.registry));
    if (!contract) {
      TURNOUT_ASSIGN(contract, LoadContract(config, loaded, contract_source));
      if (reshape) reshape(*contract, loaded.file.model.signature);
    }
    auto made = MakeVersion(version.name, std::move(loaded.file), *contract, version.engine);
    if (!made) {
      Error error = std::move(made).error();
      if (config.versions.size() > 1)
        error.message = fmt::format("version {}: {}", version.name, error.message);
      if (contract_source.empty()) return std::unexpected(std::move(error));
      return Within(contract_source, std::move(error));
    }
    endpoint.versions.push_back(*std::move(made));
    endpoint.engines.push_back(version.engine);
    if (version.shadow) endpoint.shadows.push_back(version.name);
  }
  endpoint.contract = std::make_shared<const Contract>(*std::move(contract));
  return endpoint;
}

Result<Endpoint> LoadEndpoint(const ServerConfig& config, const std::string& name) {
  std::string names;
  for (const EndpointConfig& endpoint : config.endpoints) {
    if (endpoint.name == name || (name.empty() && config.endpoints.size() == 1))
      return LoadEndpoint(endpoint);
    names += " " + endpoint.name;
  }
  return Fail(Code::kInvalidArgument,
              name.empty()
                  ? fmt::format("{}: name one of its endpoints with --endpoint:{}", config.source, names)
                  : fmt::format("{}: there is no endpoint '{}'; there are:{}", config.source, name, names));
}

bool IsConfig(const std::string& path) { return path.ends_with(".yaml") || path.ends_with(".yml"); }

Result<RegistryModel> LoadModelOrReference(const std::string& path, const std::string& registry) {
  if (!IsRegistryReference(path)) {
    TURNOUT_ASSIGN(ModelFile file, LoadModelFile(path));
    return RegistryModel{.version = {}, .file = std::move(file), .contract = {}, .contract_path = {}};
  }
  TURNOUT_ASSIGN(const VersionReference reference, ReferenceOf(path));
  TURNOUT_ASSIGN(Catalog catalog, Catalog::Open(registry));
  return LoadFromRegistry(catalog, reference);
}

Result<ServerConfig> ReadConfigOrModel(const std::string& path, const std::string& registry) {
  ServerConfig config;
  config.source = path;
  config.registry = registry;
  if (IsRegistryReference(path)) {
    TURNOUT_ASSIGN(const VersionReference reference, ReferenceOf(path));
    TURNOUT_ASSIGN(Catalog catalog, Catalog::Open(registry));
    TURNOUT_ASSIGN(const CatalogVersion version, catalog.Find(reference));
    EndpointConfig& endpoint = config.endpoints.emplace_back();
    endpoint.name = version.name;
    endpoint.versions.push_back({.name = version.version,
                                 .model = std::string(kRegistryPrefix) + version.reference(),
                                 .registry = registry});
    return config;
  }
  if (IsConfig(path)) return ReadServerConfig(path);
  EndpointConfig& endpoint = config.endpoints.emplace_back();
  endpoint.name = NameOf(path);
  endpoint.versions.push_back({.name = "v1", .model = path});
  return config;
}

ConfiguredEndpoint Configured(const Endpoint& endpoint) {
  return {.name = endpoint.name,
          .contract = endpoint.contract,
          .route = endpoint.route,
          .versions = endpoint.versions,
          .engines = endpoint.engines,
          .shadows = endpoint.shadows,
          .override_header = endpoint.override_header,
          .latency_bounds = Bounds(endpoint),
          .strategy = endpoint.strategy};
}

std::shared_ptr<const Snapshot> MakeSnapshot(const Endpoint& endpoint, Metrics& metrics) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->endpoint = endpoint.name;
  snapshot->contract = endpoint.contract;
  snapshot->override_header = endpoint.override_header;
  std::vector<Served> served;
  for (const auto& version : endpoint.versions) {
    served.push_back({version, MakeVersionSeries(metrics, endpoint.name, *version, Bounds(endpoint))});
  }
  SetRoute(*snapshot, endpoint.route, std::move(served));
  return snapshot;
}

}  // namespace turnout
