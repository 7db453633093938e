#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "base/stop_signal.h"
#include "batch/score.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "server/endpoints.h"

namespace turnout {
namespace {

Result<Endpoint> Find(const ScoreArguments& arguments) {
  const std::string& source = arguments.model.empty() ? arguments.config : arguments.model;
  TURNOUT_ASSIGN(const ServerConfig config, ReadConfigOrModel(source));
  std::string names;
  for (const EndpointConfig& endpoint : config.endpoints) {
    if (endpoint.name == arguments.endpoint || (arguments.endpoint.empty() && config.endpoints.size() == 1)) {
      return LoadEndpoint(endpoint);
    }
    names += " " + endpoint.name;
  }
  return Fail(
      Code::kInvalidArgument,
      arguments.endpoint.empty()
          ? fmt::format("{}: name one of its endpoints with --endpoint:{}", source, names)
          : fmt::format("{}: there is no endpoint '{}'; there are:{}", source, arguments.endpoint, names));
}

}  // namespace

int RunScore(const ScoreArguments& arguments) {
  StopSignal stop;
  const auto endpoint = Find(arguments);
  if (!endpoint) return Report(endpoint.error());
  Metrics metrics;
  ScoreOptions options;
  options.input = arguments.input;
  options.output = arguments.output;
  options.rejects = arguments.rejects;
  options.job_time = arguments.job_time;
  options.threads = arguments.threads;
  options.max_rejects = arguments.max_rejects;
  options.stop = &stop.flag();
  ProgressBar bar(!arguments.quiet && isatty(STDERR_FILENO) == 1);
  options.progress = [&bar](const ScoreProgress& p) {
    bar.Show({.done = p.bytes,
              .total = p.bytes_total,
              .rows = p.rows,
              .rejected = p.rejected,
              .seconds = p.seconds});
  };
  const auto summary = ScoreFile(*MakeSnapshot(*endpoint, metrics), metrics, options);
  bar.End();
  if (!summary) {
    const int code = Report(summary.error());
    return stop.number() != 0 ? 128 + stop.number() : code;
  }
  std::printf("%s\n", ToJson(*summary).c_str());
  return 0;
}

}  // namespace turnout
