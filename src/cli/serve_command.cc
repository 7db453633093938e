#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "cli/commands.h"
#include "protocol/rest/example_row.h"
#include "server/serve.h"

namespace turnout {
namespace {

// 'text' for a shell.
std::string Quoted(const std::string& text) {
  std::string out = "'";
  for (char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

// For a person at a terminal: what to try first.
void Greet(const std::string& url, const Snapshots& snapshots) {
  std::string out =
      fmt::format("\n  {}/docs has a form for each endpoint; Ctrl-C ends. Or from a shell:\n", url);
  for (const auto& snapshot : snapshots) {
    const std::string path =
        snapshots.size() == 1 ? "/predict" : fmt::format("/endpoints/{}/predict", snapshot->endpoint);
    out += fmt::format("  curl {}{} -H 'Content-Type: application/json' -d {}\n", url, path,
                       Quoted(ExampleRow(*snapshot->contract, snapshot->stable->model)));
  }
  std::fprintf(stderr, "%s\n", out.c_str());
}

}  // namespace

int RunServe(const ServeArguments& arguments) {
  StopSignal stop;
  ServeOptions options{.config_or_model = arguments.target,
                       .listen = arguments.listen,
                       .registry = arguments.registry,
                       .ready = {}};
  if (isatty(STDERR_FILENO) == 1) options.ready = Greet;
  const auto served = Serve(options, stop);
  return served ? 0 : Report(served.error());
}

}  // namespace turnout
