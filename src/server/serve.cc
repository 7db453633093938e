#include "server/serve.h"

#include <fmt/format.h>

#include "base/log.h"
#include "monitor/metrics.h"
#include "net/http_server.h"
#include "protocol/rest/service.h"
#include "server/endpoints.h"
#include "server/version.h"

namespace turnout {
namespace {

std::string Milliseconds(double seconds) { return fmt::format("{:.1f}", seconds * 1e3); }

// Before anything is read that may take long: a port that is in use should be told at once.
Result<ServerConfig> Configuration(const ServeOptions& options) {
  ServerConfig config;
  if (IsConfig(options.config_or_model)) {
    TURNOUT_ASSIGN(config, ReadServerConfig(options.config_or_model));
  }
  if (!options.listen.empty()) TURNOUT_TRY(ParseAddress(options.listen, config.address, config.port));
  return config;
}

}  // namespace

Status Serve(const ServeOptions& options, const StopSignal& stop) {
  TURNOUT_ASSIGN(const ServerConfig config, Configuration(options));
  Metrics metrics;
  RestService rest(metrics, {.program_version = kProgramVersion, .max_rows = config.max_rows});
  HttpServer::Options http;
  http.address = config.address;
  http.port = config.port;
  http.loops = config.threads;
  http.limits.body_bytes = config.max_body;
  http.on_protocol_error = [&rest](int loop, int status) { rest.OnProtocolError(loop, status); };
  TURNOUT_ASSIGN(const auto server, HttpServer::Start(http, rest.Handlers()));
  rest.Attach(server.get());

  auto detach = [&] { rest.Attach(nullptr); };
  auto loaded = LoadConfigOrModel(options.config_or_model);
  if (!loaded) return detach(), std::unexpected(std::move(loaded).error());
  std::vector<std::shared_ptr<const Snapshot>> snapshots;
  for (const Endpoint& endpoint : loaded->endpoints) {
    snapshots.push_back(MakeSnapshot(endpoint, metrics));
    const Version& version = *endpoint.version;
    Log(Level::kInfo, "loaded",
        {{"endpoint", endpoint.name},
         {"version", version.name},
         {"model", version.path},
         {"sha256", version.sha256.substr(0, 12)},
         {"estimator", version.model.origin.estimator},
         {"engine", std::string(version.engine->name())},
         {"ms", Milliseconds(version.load_seconds)}});
  }
  loaded->endpoints.clear();  // the published table holds them from here on
  if (auto published = rest.Publish(std::move(snapshots)); !published) return detach(), published;
  Log(Level::kInfo, "serving",
      {{"address", fmt::format("http://{}:{}", config.address, server->port())},
       {"threads", fmt::format("{}", server->loops())},
       {"docs", fmt::format("http://{}:{}/docs", config.address, server->port())}});
  if (options.ready) options.ready(server->port());

  stop.Wait();
  Log(Level::kInfo, "draining", {{"in_flight", fmt::format("{}", server->counts().in_flight)}});
  rest.StartDraining();
  const bool drained =
      server->Drain(std::chrono::milliseconds(static_cast<int64_t>(config.drain_seconds * 1e3)));
  detach();
  Log(Level::kInfo, drained ? "stopped" : "stopped; requests were cut off");
  if (!drained) {
    return Fail(Code::kDeadline,
                fmt::format("requests were still in work after the drain of {} s; raise `drain`",
                            config.drain_seconds));
  }
  return {};
}

}  // namespace turnout
