#include "protocol/rest/table.h"

#include <fmt/format.h>

#include <algorithm>

#include "bytes/json_builder.h"
#include "protocol/rest/openapi.h"

namespace turnout {
namespace {

constexpr std::string_view kPredictPath = "/predict";
constexpr std::string_view kBatchPath = "/predict/batch";
constexpr std::string_view kEndpointsPath = "/endpoints";

bool IsName(std::string_view name) {
  return !name.empty() && name.size() <= 100 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

bool HasControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

std::string Listing(const std::vector<std::shared_ptr<const Snapshot>>& snapshots) {
  JsonBuilder json;
  json.Object().Key("endpoints").Array();
  for (const auto& snapshot : snapshots) {
    const Origin& origin = snapshot->stable->model.origin;
    const std::string path = fmt::format("/endpoints/{}/predict", snapshot->endpoint);
    json.Object().Key("name").Text(snapshot->endpoint).Key("version").Text(snapshot->stable->name);
    json.Key("generation").Number(static_cast<double>(snapshot->route.generation()));
    json.Key("predict").Text(path).Key("batch").Text(path + "/batch");
    json.Key("fields").Array();
    for (const Field& field : snapshot->contract->fields) json.Text(field.name);
    json.End();
    json.Key("model").Object().Key("format").Text(origin.format).Key("library").Text(origin.library);
    json.Key("library_version").Text(origin.version).Key("estimator").Text(origin.estimator);
    json.Key("sha256").Text(snapshot->stable->sha256).End();
    json.Key("versions").Array();
    for (std::size_t i = 0; i < snapshot->served.size(); ++i) {
      const Version& version = *snapshot->served[i].version;
      json.Object().Key("name").Text(version.name);
      json.Key("share").Raw(PpmText(snapshot->route.shares()[i].ppm));
      json.Key("sha256").Text(version.sha256).Key("engine").Text(version.engine->name()).End();
    }
    json.End();
    json.End();
  }
  return json.End().End().Take();
}

std::string HealthMembers(const std::vector<std::shared_ptr<const Snapshot>>& snapshots) {
  std::string out;
  if (snapshots.size() == 1) {
    out = "\"model_version\":";
    AppendJsonString(out, snapshots.front()->stable->name);
    return out;
  }
  JsonBuilder json;
  json.Object();
  for (const auto& snapshot : snapshots) json.Key(snapshot->endpoint).Text(snapshot->stable->name);
  return "\"model_versions\":" + json.End().Take();
}

std::string Paths(const std::vector<std::shared_ptr<const Snapshot>>& snapshots) {
  JsonBuilder json;
  json.Array();
  if (snapshots.size() == 1) json.Text("POST /predict").Text("POST /predict/batch");
  for (const auto& snapshot : snapshots) {
    json.Text(fmt::format("POST /endpoints/{}/predict", snapshot->endpoint));
    json.Text(fmt::format("POST /endpoints/{}/predict/batch", snapshot->endpoint));
  }
  for (const char* path :
       {"/endpoints", "/health", "/health/live", "/health/ready", "/metrics", "/openapi.json", "/docs"}) {
    json.Text(fmt::format("GET {}", path));
  }
  return ",\"paths\":" + json.End().Take() + "}";
}

std::string Names(const std::vector<std::shared_ptr<const Snapshot>>& snapshots) {
  JsonBuilder json;
  json.Array();
  for (const auto& snapshot : snapshots) json.Text(snapshot->endpoint);
  return ",\"endpoints\":" + json.End().Take() + "}";
}

RestMatch MatchEndpoint(std::span<const RestTable::Endpoint> endpoints, std::string_view path) {
  std::string_view rest = path.substr(kEndpointsPath.size() + 1);
  const std::string_view name = rest.substr(0, rest.find('/'));
  rest.remove_prefix(name.size());
  const bool predict = rest == kPredictPath;
  if (!predict && rest != kBatchPath) return {};
  const RestRoute route = predict ? RestRoute::kPredict : RestRoute::kBatch;
  if (endpoints.empty()) return {route};
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    if (endpoints[i].snapshot->endpoint == name) return {route, i};
  }
  return {RestRoute::kUnknownEndpoint, 0, name};
}

}  // namespace

Result<std::shared_ptr<const RestTable>> MakeRestTable(std::vector<std::shared_ptr<const Snapshot>> snapshots,
                                                       std::string_view program_version,
                                                       std::size_t max_rows) {
  if (snapshots.empty()) {
    return Fail(Code::kInvalidArgument, "no endpoint to serve; the config must name at least one");
  }
  for (std::size_t i = 0; i < snapshots.size(); ++i) {
    const std::string& name = snapshots[i]->endpoint;
    if (!IsName(name)) {
      return Fail(Code::kInvalidArgument,
                  fmt::format("endpoint name \"{}\": use 1 to 100 letters, digits, '.', '_' and '-', since "
                              "it stands in paths",
                              name));
    }
    const auto same = [&](const auto& other) { return other->endpoint == name; };
    if (std::any_of(snapshots.begin(), snapshots.begin() + static_cast<std::ptrdiff_t>(i), same)) {
      return Fail(Code::kInvalidArgument, fmt::format("endpoint name \"{}\" is given twice", name));
    }
    for (const Served& served : snapshots[i]->served) {
      if (!HasControl(served.version->name)) continue;
      return Fail(Code::kInvalidArgument,
                  fmt::format("endpoint {}: its version's name has a control character", name));
    }
  }
  auto table = std::make_shared<RestTable>();
  table->openapi = OpenApiDocument(snapshots, program_version, max_rows);
  table->listing = Listing(snapshots);
  table->health_members = HealthMembers(snapshots);
  table->unknown_path = Paths(snapshots);
  table->unknown_endpoint = Names(snapshots);
  for (auto& snapshot : snapshots) {
    std::string generation = fmt::format("X-Turnout-Generation: {}\r\n", snapshot->route.generation());
    table->endpoints.push_back({std::move(snapshot), std::move(generation)});
  }
  return table;
}

std::string_view Name(RestRoute route) {
  switch (route) {
    case RestRoute::kPredict: return "predict";
    case RestRoute::kBatch: return "batch";
    case RestRoute::kEndpoints: return "endpoints";
    case RestRoute::kHealth: return "health";
    case RestRoute::kLive: return "live";
    case RestRoute::kReady: return "ready";
    case RestRoute::kMetrics: return "metrics";
    case RestRoute::kOpenApi: return "openapi";
    case RestRoute::kDocs: return "docs";
    case RestRoute::kRoot: return "root";
    case RestRoute::kUnknownEndpoint:
    case RestRoute::kWhichEndpoint:
    case RestRoute::kUnknown: return "unknown";
  }
  return "?";
}

RestMatch MatchPath(std::span<const RestTable::Endpoint> endpoints, std::string_view path) {
  if (path == kPredictPath || path == kBatchPath) {
    if (endpoints.size() > 1) return {RestRoute::kWhichEndpoint};
    return {path == kPredictPath ? RestRoute::kPredict : RestRoute::kBatch};
  }
  if (path.starts_with("/endpoints/")) return MatchEndpoint(endpoints, path);
  if (path == "/metrics") return {RestRoute::kMetrics};
  if (path == "/health") return {RestRoute::kHealth};
  if (path == "/health/live") return {RestRoute::kLive};
  if (path == "/health/ready") return {RestRoute::kReady};
  if (path == kEndpointsPath) return {RestRoute::kEndpoints};
  if (path == "/openapi.json") return {RestRoute::kOpenApi};
  if (path == "/docs") return {RestRoute::kDocs};
  if (path == "/") return {RestRoute::kRoot};
  return {};
}

}  // namespace turnout
