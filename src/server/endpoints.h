// From configuration to endpoints that can answer: contracts parsed, models read, bound and compiled.
// `serve`, `score`, `stream`, `check` and `verify` all load through here.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "control/controller.h"
#include "monitor/metrics.h"
#include "predict/predict.h"
#include "registry/push.h"
#include "server/config.h"

namespace turnout {

struct Endpoint {
  std::string name;
  std::shared_ptr<const Contract> contract;
  Route route{""};                                       // the configuration's
  std::vector<std::shared_ptr<const Version>> versions;  // as route.shares()
  std::string override_header;                           // empty: none
  std::vector<std::string> engines;                      // pinned, as versions; empty: none is
  std::vector<std::string> shadows;                      // versions that score copies
  Strategy strategy;                                     // of rollouts that name none
  double objective_p99 = 0;                              // seconds; 0: none
  double objective_availability = 0;                     // share; 0: none

  const std::shared_ptr<const Version>& stable() const { return versions[route.largest()]; }
};

// Reads the models, takes the contract that the configuration names, else the one that the first version has
// in the registry, else the one derived from the first model, and binds and compiles each. `reshape` may
// change the contract before it is bound.
using Reshape = std::function<void(Contract&, const Signature&)>;
Result<Endpoint> LoadEndpoint(const EndpointConfig& config, const Reshape& reshape = {});

// The endpoint of that name; the only one there is where `name` is empty.
Result<Endpoint> LoadEndpoint(const ServerConfig& config, const std::string& name);

// A path that ends in .yaml or .yml.
bool IsConfig(const std::string& path);
// A configuration, or what stands for one for a model file alone: the defaults and one endpoint, which has
// the file's name, the version v1 and a derived contract. A model may be a reference
// ("registry:churn@stable") to the registry in the folder `registry`; endpoint and version are then called as
// it says.
Result<ServerConfig> ReadConfigOrModel(const std::string& path, const std::string& registry = "registry");
// The model of such a path or reference; of a reference also its contract.
Result<RegistryModel> LoadModelOrReference(const std::string& path, const std::string& registry);

// The same for a controller, which will load and publish what comes after.
ConfiguredEndpoint Configured(const Endpoint& endpoint);

// What jobs score with: by the configuration's route. Registers the version's series with `metrics`.
std::shared_ptr<const Snapshot> MakeSnapshot(const Endpoint& endpoint, Metrics& metrics);

}  // namespace turnout
