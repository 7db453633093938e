#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <vector>

#include "bytes/json_writer.h"
#include "cli/commands.h"
#include "server/endpoints.h"
#include "server/settings.h"

namespace turnout {

// Everything that can be found out without serving: the configuration, then each endpoint's contract and
// model, all of them even if one fails.
int RunCheck(const CheckArguments& arguments) {
  if (arguments.settings) {
    std::fputs(SettingsPage().c_str(), stdout);
    return 0;
  }
  std::vector<std::string> problems;
  auto add = [&problems](const std::string& lines) {
    for (std::size_t at = 0; at <= lines.size();) {
      const std::size_t end = std::min(lines.find('\n', at), lines.size());
      // Lines that are set in explain the one before them.
      if (end > at && lines[at] == ' ' && !problems.empty()) {
        problems.back() += "\n" + lines.substr(at, end - at);
      } else if (end > at) {
        problems.push_back(lines.substr(at, end - at));
      }
      at = end + 1;
    }
  };
  std::vector<std::string> good;
  if (!IsConfig(arguments.config)) {
    return Report({Code::kInvalidArgument, arguments.config + ": a configuration (.yaml) expected; "
                                                              "`turnout inspect` looks at model files"});
  }
  const auto config = ReadServerConfig(arguments.config);
  if (!config) {
    if (config.error().code == Code::kNotFound) return Report(config.error());
    add(config.error().message);
  } else {
    for (const EndpointConfig& endpoint : config->endpoints) {
      const auto loaded = LoadEndpoint(endpoint);
      if (!loaded) {
        add(loaded.error().message);
        continue;
      }
      for (std::size_t i = 0; i < loaded->versions.size(); ++i) {
        const Version& version = *loaded->versions[i];
        good.push_back(fmt::format(
            "endpoint {}: {} fields, version {} ({}), engine {}{}{}", endpoint.name,
            loaded->contract->fields.size(), version.name, version.model.origin.estimator,
            version.engine->name(),
            loaded->versions.size() == 1 ? "" : fmt::format(", {} %", PpmText(loaded->route.shares()[i].ppm)),
            !IsRegistryReference(version.path)
                ? ""
                : fmt::format(", {} (sha256:{})", version.path, version.sha256.substr(0, 12))));
      }
    }
  }
  if (arguments.json) {
    std::string out = fmt::format("{{\"ok\":{},\"problems\":[", problems.empty());
    for (std::size_t i = 0; i < problems.size(); ++i) {
      if (i > 0) out += ',';
      AppendJsonString(out, problems[i]);
    }
    std::printf("%s]}\n", out.c_str());
  } else {
    for (const std::string& line : good) std::printf("%s\n", line.c_str());
    for (const std::string& line : problems) std::fprintf(stderr, "%s\n", line.c_str());
    std::printf("%s: %s\n", arguments.config.c_str(),
                problems.empty()
                    ? "good"
                    : fmt::format("{} problem{}", problems.size(), problems.size() == 1 ? "" : "s").c_str());
  }
  return problems.empty() ? 0 : 1;
}

}  // namespace turnout
