#include <fmt/format.h>

#include <cstdio>

#include "base/log.h"
#include "base/stop_signal.h"
#include "cli/commands.h"
#include "server/endpoints.h"
#include "stream/plugin.h"
#include "stream/stream_job.h"

namespace turnout {
namespace {

Result<StreamConfig> Choose(const ServerConfig& config, const std::string& name) {
  std::string names;
  for (const StreamConfig& stream : config.streams) {
    if (stream.name == name || (name.empty() && config.streams.size() == 1)) return stream;
    names += " " + stream.name;
  }
  if (config.streams.empty()) {
    return Fail(
        Code::kInvalidArgument,
        config.source + ": no `streams:` in it; `turnout check --settings` lists what a stream needs");
  }
  return Fail(Code::kInvalidArgument,
              fmt::format("{}: name one of its streams with --name:{}", config.source, names));
}

Result<StreamSummary> Run(const StreamArguments& arguments, const StopSignal& stop) {
  TURNOUT_ASSIGN(const ServerConfig config, ReadServerConfig(arguments.config));
  TURNOUT_ASSIGN(const StreamConfig chosen, Choose(config, arguments.name));
  StreamOptions options;
  options.endpoint = chosen.endpoint;
  options.brokers = chosen.brokers;
  options.group = chosen.group;
  options.input = chosen.input;
  options.output = chosen.output;
  options.dead_letters = chosen.dead_letters;
  options.kafka = chosen.kafka;
  options.until_end = arguments.until_end;
  options.max_messages = arguments.limit;
  TURNOUT_TRY(CheckStreamOptions(options));

  Metrics metrics;
  std::shared_ptr<const Snapshot> snapshot;
  for (const EndpointConfig& endpoint : config.endpoints) {
    if (endpoint.name != chosen.endpoint) continue;
    TURNOUT_ASSIGN(const Endpoint loaded, LoadEndpoint(endpoint));
    snapshot = MakeSnapshot(loaded, metrics);
  }
  Log(Level::kInfo, "streaming",
      {{"stream", chosen.name},
       {"brokers", options.brokers},
       {"input", options.input},
       {"output", options.output},
       {"dead_letters", options.dead_letters},
       {"group", options.group},
       {"version", snapshot->stable->name}});
  StreamJob job(
      options, [&snapshot] { return snapshot; }, metrics,
      [](std::string_view line) { Log(Level::kInfo, line); }, &stop.flag());
  TURNOUT_ASSIGN(const auto broker, OpenBroker(options.plugin, ToBrokerOptions(options), job.events()));
  return job.Run(*broker);
}

}  // namespace

int RunStream(const StreamArguments& arguments) {
  StopSignal stop;
  const auto summary = Run(arguments, stop);
  if (!summary) return Report(summary.error());
  std::printf("%s\n", ToJson(*summary).c_str());
  return 0;
}

}  // namespace turnout
