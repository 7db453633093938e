#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <optional>
#include <thread>

#include "base/log.h"
#include "base/stop_signal.h"
#include "cli/commands.h"
#include "cli/progress.h"
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

// For a person at a terminal: how far the job is, once a second, on a thread of its own.
class Watching {
 public:
  Watching(Metrics& metrics, const MetricLabels& labels)
      : metrics_(metrics),
        answered_(metrics.Counter("stream_answers_total", "", labels)),
        dead_(metrics.Counter("stream_dead_letters_total", "", labels)),
        bar_(isatty(STDERR_FILENO) == 1) {
    if (isatty(STDERR_FILENO) == 1)
      thread_ = std::jthread([this](const std::stop_token& stop) { Watch(stop); });
  }

  // A line of the log, which must not stand behind the bar.
  void Say(std::string_view line) {
    const std::lock_guard lock(mutex_);
    bar_.End();
    Log(Level::kInfo, line);
  }

 private:
  void Watch(const std::stop_token& stop) {
    const auto start = std::chrono::steady_clock::now();
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, stop, std::chrono::seconds(1), [] { return false; })) {
      if (stop.stop_requested()) break;
      const uint64_t dead = metrics_.Total(dead_);
      bar_.Show({.done = 0,
                 .total = 0,
                 .rows = metrics_.Total(answered_) + dead,
                 .rejected = dead,
                 .seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count()});
    }
    bar_.End();
  }

  Metrics& metrics_;
  const CounterId answered_, dead_;
  std::mutex mutex_;
  ProgressBar bar_;  // guarded by mutex_
  std::condition_variable_any wake_;
  std::jthread thread_;  // last: it uses everything above
};

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
  std::optional<Watching> watching;  // after the job, which describes its counters
  StreamJob job(
      options, [&snapshot] { return snapshot; }, metrics,
      [&watching](std::string_view line) {
        if (watching) watching->Say(line);
      },
      &stop.flag());
  watching.emplace(metrics, MetricLabels{{"endpoint", options.endpoint}, {"topic", options.input}});
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
