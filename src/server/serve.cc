#include "server/serve.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>

#include "base/log.h"
#include "monitor/metrics.h"
#include "net/http_server.h"
#include "protocol/rest/service.h"
#include "server/admin.h"
#include "server/endpoints.h"
#include "server/version.h"

namespace turnout {
namespace {

std::string Milliseconds(double seconds) { return fmt::format("{:.1f}", seconds * 1e3); }

// A connection is a descriptor, and most systems allow a process 1024 of them until it asks for more.
void AllowConnections(std::size_t connections) {
  constexpr rlim_t kOthers = 256;  // files, listeners, loops
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlim_t wanted = connections + kOthers;
  if (limit.rlim_cur >= wanted) return;
  limit.rlim_cur = std::min(wanted, limit.rlim_max);
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < wanted) {
    Log(Level::kWarning, "the system allows fewer open files than limits.connections needs",
        {{"open_files", fmt::format("{}", limit.rlim_cur)}, {"needed", fmt::format("{}", wanted)}});
  }
}

std::string AddressAndPort(const std::string& address, int port) {
  const bool v6 = address.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", v6 ? "[" : "", address, v6 ? "]" : "", port);
}

// Where a program on this machine reaches the server.
std::string Url(const std::string& address, int port) {
  const std::string near = address == "0.0.0.0" ? "127.0.0.1" : address == "::" ? "::1" : address;
  return "http://" + AddressAndPort(near, port);
}

void LogLoaded(const Endpoint& endpoint, std::size_t i) {
  const Version& version = *endpoint.versions[i];
  Log(Level::kInfo, "loaded",
      {{"endpoint", endpoint.name},
       {"version", version.name},
       {"share", PpmText(endpoint.route.shares()[i].ppm)},
       {"model", version.path},
       {"sha256", version.sha256.substr(0, 12)},
       {"estimator", version.model.origin.estimator},
       {"engine", std::string(version.engine->name())},
       {"ms", Milliseconds(version.load_seconds)}});
}

Result<std::vector<ConfiguredEndpoint>> LoadAll(const ServerConfig& config) {
  std::vector<ConfiguredEndpoint> endpoints;
  for (const EndpointConfig& one : config.endpoints) {
    auto endpoint = LoadEndpoint(one);
    if (!endpoint) return Within("endpoint '" + one.name + "'", std::move(endpoint).error());
    for (std::size_t i = 0; i < endpoint->versions.size(); ++i) LogLoaded(*endpoint, i);
    endpoints.push_back(Configured(*endpoint));
  }
  return endpoints;
}

// nullptr where the configuration has no admin listener.
Result<std::unique_ptr<HttpServer>> StartAdmin(const ServerConfig& config, Controller& controller) {
  if (config.admin_address.empty()) return nullptr;
  HttpServer::Options options;
  options.address = config.admin_address;
  options.port = config.admin_port;
  options.loops = 1;
  options.limits.connections = 100;
  auto started = HttpServer::Start(options, AdminHandlers(controller));
  if (!started) return Within("listen.admin", std::move(started).error());
  Log(Level::kInfo, "admin", {{"address", AddressAndPort(config.admin_address, (*started)->port())}});
  return started;
}

// Shows the server in the metrics for as long as it lives.
class Attachment {
 public:
  Attachment(RestService& rest, const HttpServer& server) : rest_(rest) { rest.Attach(&server); }
  ~Attachment() { rest_.Attach(nullptr); }
  Attachment(const Attachment&) = delete;
  Attachment& operator=(const Attachment&) = delete;

 private:
  RestService& rest_;
};

// nullptr where the configuration has no prediction log.
Result<std::shared_ptr<PredictionLog>> OpenLog(const ServerConfig& config, Metrics& metrics) {
  if (config.log.files.folder.empty()) return nullptr;
  auto opened = PredictionLog::Open(config.log);
  if (!opened) return Within("prediction_log.folder", std::move(opened).error());
  std::shared_ptr<PredictionLog> log = *std::move(opened);
  using Counts = PredictionLog::Counts;
  const auto read = [weak = std::weak_ptr(log)](uint64_t Counts::* count) {
    return [weak, count] {
      const auto alive = weak.lock();
      return alive == nullptr ? 0.0 : static_cast<double>(alive->counts().*count);
    };
  };
  const std::pair<const char*, uint64_t Counts::*> results[] = {{"written", &Counts::written},
                                                                {"sampled", &Counts::dropped_sampled},
                                                                {"queue_full", &Counts::dropped_queue_full},
                                                                {"disk", &Counts::dropped_disk}};
  for (const auto& [result, count] : results) {
    metrics.CounterFrom("prediction_log_rows_total",
                        "Rows written to the prediction log, or dropped and why.", {{"result", result}},
                        read(count));
  }
  metrics.Gauge("prediction_log_queued_rows", "Rows that wait to be written to the prediction log.", {},
                read(&Counts::queued));
  return log;
}

}  // namespace

Status Serve(const ServeOptions& options, const StopSignal& stop) {
  TURNOUT_ASSIGN(ServerConfig config, ReadConfigOrModel(options.config_or_model, options.registry));
  if (!options.listen.empty()) TURNOUT_TRY(ParseAddress(options.listen, config.address, config.port));
  AllowConnections(config.limits.connections);
  Metrics metrics;
  RestService rest(metrics, {.program_version = kProgramVersion, .max_rows = config.max_rows});
  HttpServer::Options http;
  http.address = config.address;
  http.port = config.port;
  http.loops = config.threads;
  http.limits = config.limits;
  http.on_protocol_error = [&rest](int loop, int status) { rest.OnProtocolError(loop, status); };
  // Before the models, which may take long: an address in use is told at once, and a health check that comes
  // early learns that the server is loading.
  auto started = HttpServer::Start(http, rest.Handlers());
  if (!started) {
    Error error = std::move(started).error();
    if (error.code == Code::kUnavailable) error.message += "; --listen or `listen.http` chooses another";
    return std::unexpected(std::move(error));
  }
  const std::unique_ptr<HttpServer> server = *std::move(started);
  const Attachment attachment(rest, *server);
  TURNOUT_ASSIGN(std::shared_ptr<PredictionLog> log, OpenLog(config, metrics));
  Controller controller(
      metrics,
      {.folder = config.state, .loops = static_cast<uint32_t>(server->loops()), .log = std::move(log)},
      {.publish =
           [&rest](Snapshots now, Snapshots ahead, std::size_t moved) {
             rest.Reclaim();
             return rest.Publish(std::move(now), std::move(ahead), moved);
           },
       .settled = [&rest] { return rest.Settled(); },
       .reclaim = [&rest] { rest.Reclaim(); },
       .read = [registry = config.registry](const std::string& path) -> Result<ModelFile> {
         TURNOUT_ASSIGN(RegistryModel loaded, LoadModelOrReference(path, registry));
         return std::move(loaded.file);
       }});
  TURNOUT_ASSIGN(const std::unique_ptr<HttpServer> admin, StartAdmin(config, controller));
  {
    // Until the server is ready; the published table holds the versions from then on.
    TURNOUT_ASSIGN(std::vector<ConfiguredEndpoint> endpoints, LoadAll(config));
    std::vector<std::string> names;
    for (const ConfiguredEndpoint& endpoint : endpoints) names.push_back(endpoint.name);
    TURNOUT_TRY(controller.Start(std::move(endpoints)));
    controller.Run();
    Snapshots snapshots;
    for (const std::string& name : names) snapshots.push_back(controller.Find(name));
    const std::string url = Url(config.address, server->port());
    Log(Level::kInfo, "serving",
        {{"address", AddressAndPort(config.address, server->port())},
         {"threads", fmt::format("{}", server->loops())},
         {"docs", url + "/docs"}});
    if (options.ready) options.ready(url, snapshots);
  }

  stop.Wait();
  Log(Level::kInfo, "draining", {{"in_flight", fmt::format("{}", server->counts().in_flight)}});
  rest.StartDraining();
  const bool drained =
      server->Drain(std::chrono::milliseconds(static_cast<int64_t>(config.drain_seconds * 1e3)));
  controller.End();
  Log(Level::kInfo, drained ? "stopped" : "stopped; requests were cut off");
  if (!drained) {
    return Fail(Code::kDeadline,
                fmt::format("requests were still in work after the drain of {} s; raise `drain`",
                            config.drain_seconds));
  }
  return {};
}

}  // namespace turnout
