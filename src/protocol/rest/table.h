// RestTable: what every loop answers from: the endpoints of one moment, and the documents about them.
//
// Immutable and shared by all loops; made on the publisher's thread, so that a loop never builds a document.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "predict/predict.h"

namespace turnout {

struct RestTable {
  struct Endpoint {
    std::shared_ptr<const Snapshot> snapshot;
    std::string generation_line;  // "X-Turnout-Generation: 3\r\n"
  };
  std::vector<Endpoint> endpoints;     // none: still loading
  std::string openapi;                 // JSON
  std::string listing;                 // GET /endpoints
  std::string health_members;          // `"model_version":"v2.1.0"` of GET /health
  std::string unknown_path = "}";      // the tail of a 404's body, after its "detail"
  std::string unknown_endpoint = "}";  // the same, for a name that is not served
};

// Refuses: no endpoint, two of one name, a name that is not 1 to 100 of [A-Za-z0-9._-] (names stand in paths
// and in headers), a version name with a control character.
Result<std::shared_ptr<const RestTable>> MakeRestTable(std::vector<std::shared_ptr<const Snapshot>> snapshots,
                                                       std::string_view program_version,
                                                       std::size_t max_rows);

// What a path means.
enum class RestRoute : uint8_t {
  kPredict,
  kBatch,
  kEndpoints,
  kHealth,
  kLive,
  kReady,
  kMetrics,
  kOpenApi,
  kDocs,
  kRoot,
  kUnknownEndpoint,  // /endpoints/{name}/... of a name that is not served
  kWhichEndpoint,    // /predict, but there are several endpoints
  kUnknown
};
inline constexpr std::size_t kRestRoutes = 13;
std::string_view Name(RestRoute route);  // "predict", ...: the `route` label of metrics

struct RestMatch {
  RestRoute route = RestRoute::kUnknown;
  std::size_t endpoint = 0;    // kPredict, kBatch
  std::string_view name = {};  // kUnknownEndpoint
};
// Nothing is allocated. Without endpoints (still loading) every predict path is endpoint 0.
RestMatch MatchPath(std::span<const RestTable::Endpoint> endpoints, std::string_view path);

}  // namespace turnout
