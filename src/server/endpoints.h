// From configuration to endpoints that can answer: contracts parsed, models read, bound and compiled.
// `serve`, `score`, `stream`, `check` and `verify` all load through here.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "monitor/metrics.h"
#include "predict/predict.h"
#include "server/config.h"

namespace turnout {

struct Endpoint {
  std::string name;
  std::shared_ptr<const Contract> contract;
  std::shared_ptr<const Version> version;
  double objective_p99 = 0;           // seconds; 0: none
  double objective_availability = 0;  // share; 0: none
};

Result<Endpoint> LoadEndpoint(const EndpointConfig& config);
// The contract that the configuration names, else the one derived from the model. Not yet bound.
Result<Contract> LoadContract(const EndpointConfig& config, const Signature& signature);
// A model file alone: the contract is derived from it, the endpoint has the file's name, the version is v1.
Result<Endpoint> LoadBareModel(const std::string& path);

// A path that ends in .yaml or .yml.
bool IsConfig(const std::string& path);

// CONFIG.yaml or a model file, by IsConfig.
struct Loaded {
  ServerConfig config;  // of a bare model: the defaults
  std::vector<Endpoint> endpoints;
};
Result<Loaded> LoadConfigOrModel(const std::string& path);

// What loops and jobs score with. Registers the version's series with `metrics`.
std::shared_ptr<const Snapshot> MakeSnapshot(const Endpoint& endpoint, Metrics& metrics);

}  // namespace turnout
