#include <unistd.h>

#include <cstdio>

#include "base/stop_signal.h"
#include "batch/score.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "server/endpoints.h"

namespace turnout {
int RunScore(const ScoreArguments& arguments) {
  StopSignal stop;
  const auto config =
      ReadConfigOrModel(arguments.model.empty() ? arguments.config : arguments.model, arguments.registry);
  if (!config) return Report(config.error());
  const auto endpoint = LoadEndpoint(*config, arguments.endpoint);
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
