#include "cli/commands.h"
#include "server/serve.h"

namespace turnout {

int RunServe(const ServeArguments& arguments) {
  StopSignal stop;
  const auto served =
      Serve({.config_or_model = arguments.target, .listen = arguments.listen, .ready = {}}, stop);
  return served ? 0 : Report(served.error());
}

}  // namespace turnout
