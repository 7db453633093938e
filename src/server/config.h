// The server's configuration: what a YAML file may say, parsed and checked.
//
// Every setting stands in one table (settings.h): what is accepted, its bounds, `turnout check --settings`
// and docs/settings.md come from it. Relative paths are relative to the folder of the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/http_server.h"
#include "record/prediction_log.h"
#include "rollout/route.h"
#include "rollout/strategy.h"

namespace turnout {

struct VersionConfig {
  std::string name;                    // "v2.1.0"
  std::string model;                   // path, or "registry:churn@stable" (registry/reference.h)
  std::string registry = {};           // folder of the registry, for a reference
  std::string engine = {};             // empty: the best that fits
  std::optional<uint32_t> share = {};  // parts per million; none: all, of the only version
  bool shadow = false;                 // scores copies; it may have no share
  int line = 0;
};

// What the gates of an endpoint's rollouts ask; they become Strategy::gates.
struct GatesConfig {
  std::optional<double> errors, refused;  // share of the rows
  double p99 = 0;                         // seconds; 0: the objective's, if there is one
  uint64_t min_requests = 0;
  bool invalid_outputs = true;
};

struct EndpointConfig {
  std::string name;
  std::string contract;               // path; empty: derived from the model
  double objective_p99 = 0;           // seconds; 0: none
  double objective_availability = 0;  // 0.995; 0: none
  std::string salt;                   // of the split by key
  Split split = Split::kHash;
  Strategy strategy;            // of rollouts that name none; its gates are made of `gates`
  bool strategy_named = false;  // by its kind
  GatesConfig gates;
  std::string override_header;  // a request's field that names its version; empty: none does
  std::vector<VersionConfig> versions;
  int line = 0;
};

struct StreamConfig {
  std::string name;
  std::string endpoint;
  std::string brokers;  // "host:port,host:port"
  std::string group;
  std::string input, output, dead_letters;   // topics
  std::map<std::string, std::string> kafka;  // further properties of the Kafka client, by its names
  int line = 0;
};

struct ServerConfig {
  std::string source;  // file name, for messages
  std::string address = "127.0.0.1";
  uint16_t port = 8080;
  std::string admin_address;  // of the admin listener; empty: there is none
  uint16_t admin_port = 0;
  std::string state;  // folder of the journal; empty: nothing is kept
  int threads = 0;    // event loops; 0: one per core
  HttpLimits limits;
  std::size_t max_rows = 10'000;  // in one batch request: a loop answers nobody else meanwhile, some 30 ms
  double drain_seconds = 30;
  std::string registry;        // folder
  PredictionLog::Options log;  // without a folder: none is kept
  std::vector<EndpointConfig> endpoints;
  std::vector<StreamConfig> streams;
};

// The route that the file gives an endpoint. Only the first: it changes while the server runs.
Result<Route> FirstRoute(const EndpointConfig& endpoint);

// All problems of the file at once, a line each: "server.yaml:7: endpoints.churn.objective.p99: ...".
Result<ServerConfig> ParseServerConfig(std::string_view yaml, std::string_view source);
Result<ServerConfig> ReadServerConfig(const std::string& path);

// "0.0.0.0:8080", "[::1]:0", "localhost:8080", ":8080" (all addresses).
Status ParseAddress(std::string_view text, std::string& address, uint16_t& port);

}  // namespace turnout
