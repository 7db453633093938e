#include "server/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "bytes/yaml.h"
#include "rollout/key_hash.h"
#include "server/settings.h"
#include "storage/file.h"

namespace turnout {
namespace {

constexpr std::size_t kLargestConfig = 1 << 20;
constexpr std::size_t kLongestName = 100;
// The table as a tree: a level holds the names that may stand there.
struct Level {
  const SettingEntry* entry = nullptr;                    // a leaf
  std::vector<std::pair<std::string_view, Level>> below;  // kAnySettingName: any name

  const Level* Find(std::string_view name) const {
    for (const auto& [known, level] : below) {
      if (known == name) return &level;
    }
    return nullptr;
  }
};

const Level& Root() {
  static const Level root = [] {
    Level made;
    for (const SettingEntry& entry : SettingEntries()) {
      Level* level = &made;
      for (std::string_view path = entry.setting.path; !path.empty();) {
        const std::string_view name = path.substr(0, path.find('.'));
        path.remove_prefix(std::min(name.size() + 1, path.size()));
        const Level* known = level->Find(name);
        level =
            known != nullptr ? const_cast<Level*>(known) : &level->below.emplace_back(name, Level{}).second;
      }
      level->entry = &entry;
    }
    return made;
  }();
  return root;
}

// Names of endpoints and streams stand in paths, metrics and consumer groups.
bool IsName(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

// Versions stand in a header and in metrics.
bool IsVersionName(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName && std::none_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
}

template <class T>
T* Add(std::vector<T>& list, const std::string& name, int line) {
  T& item = list.emplace_back();
  item.name = name;
  item.line = line;
  return &item;
}

// Walks the file along the table. Names of a YAML map are unique, so a <name> is met once.
class Walk {
 public:
  Walk(ServerConfig& config, YamlReader& reader) : config_(config), reader_(reader) {}

  void At(const Level& level, const Yaml& yaml, const std::string& path, SettingPlace place) {
    if (level.entry != nullptr) {
      const Setting& setting = level.entry->setting;
      if (yaml.kind != Yaml::Kind::kScalar) {
        reader_.Problem(yaml.line, fmt::format("{}: a single value expected, such as {}, but it is {}", path,
                                               setting.example, Describe(yaml)));
      } else if (auto status = level.entry->set(place, setting, yaml.scalar); !status) {
        reader_.Problem(yaml.line, fmt::format("{}: {}", path, status.error().message));
      }
    } else if (yaml.kind == Yaml::Kind::kMap) {
      for (const auto& [key, child] : yaml.map) Child(level, key, child, path, place);
    } else if (yaml.kind != Yaml::Kind::kNull) {  // nothing: a heading with nothing below
      reader_.Problem(yaml.line, fmt::format("{}: settings expected below it ({}), but it is {}", path,
                                             Names(level), Describe(yaml)));
    }
  }

 private:
  void Child(const Level& level, const std::string& key, const Yaml& yaml, const std::string& above,
             SettingPlace place) {
    const std::string path = above.empty() ? key : above + "." + key;
    const Level* next = key == kAnySettingName ? nullptr : level.Find(key);
    if (next == nullptr) {
      next = level.Find(kAnySettingName);
      if (next == nullptr) return Unknown(level, key, yaml.line, path);
      place.name = key;
      if (!Enter(level, key, yaml.line, path, place)) return;
    }
    At(*next, yaml, path, place);
  }

  // A <name> of the file: the endpoint, version or stream that is described below it.
  bool Enter(const Level& level, const std::string& key, int line, const std::string& path,
             SettingPlace& place) {
    const Level* endpoints = Root().Find("endpoints");
    if (&level == endpoints || &level == Root().Find("streams")) {
      if (!IsName(key)) {
        reader_.Problem(
            line, fmt::format("{}: a name has 1 to {} letters, digits, '.', '_' or '-'", path, kLongestName));
        return false;
      }
      if (&level == endpoints) {
        place.endpoint = Add(config_.endpoints, key, line);
      } else {
        place.stream = Add(config_.streams, key, line);
      }
    } else if (place.endpoint != nullptr) {
      if (!IsVersionName(key)) {
        reader_.Problem(line, fmt::format("{}: a version's name has 1 to {} bytes, none of them a control "
                                          "character",
                                          path, kLongestName));
        return false;
      }
      place.version = Add(place.endpoint->versions, key, line);
    }
    return true;
  }

  void Unknown(const Level& level, const std::string& key, int line, const std::string& path) {
    std::vector<std::string_view> known;
    for (const auto& [name, below] : level.below) known.push_back(name);
    const std::string_view nearest = Nearest(key, known);
    reader_.Problem(line, nearest.empty()
                              ? fmt::format("{}: no such setting; here there are {}", path, Names(level))
                              : fmt::format("{}: no such setting; did you mean '{}'?", path, nearest));
  }

  static std::string Names(const Level& level) {
    std::string names;
    for (const auto& [name, below] : level.below) names.append(names.empty() ? "" : ", ").append(name);
    return names;
  }

  ServerConfig& config_;
  YamlReader& reader_;
};

void CheckWhole(const Yaml& yaml, const ServerConfig& config, YamlReader& reader) {
  const Yaml* endpoints = yaml.Find("endpoints");
  // A list or a bad name below it has been told already.
  const bool none = endpoints == nullptr || endpoints->kind == Yaml::Kind::kNull ||
                    (endpoints->kind == Yaml::Kind::kMap && endpoints->map.empty());
  if (none) reader.Problem(endpoints == nullptr ? 1 : endpoints->line, "endpoints: at least one is needed");
  for (const EndpointConfig& endpoint : config.endpoints) {
    const std::string path = "endpoints." + endpoint.name;
    if (endpoint.versions.empty()) {
      reader.Problem(endpoint.line,
                     path + ".versions: a version is needed, such as {v1: {model: model.pkl}}");
    } else if (auto route = FirstRoute(endpoint); !route) {
      reader.Problem(endpoint.line, fmt::format("{}.versions: {}", path, route.error().message));
    }
    if (const Status good = Check(endpoint.strategy); !good) {
      reader.Problem(endpoint.line, fmt::format("{}.strategy: {}", path, good.error().message));
    }
    for (const VersionConfig& version : endpoint.versions) {
      if (version.model.empty()) {
        reader.Problem(version.line, fmt::format("{}.versions.{}.model: required", path, version.name));
      }
    }
  }
  for (const StreamConfig& stream : config.streams) {
    const std::pair<std::string_view, const std::string*> required[] = {
        {"endpoint", &stream.endpoint},
        {"brokers", &stream.brokers},
        {"input", &stream.input},
        {"output", &stream.output},
        {"dead_letters", &stream.dead_letters}};
    for (const auto& [name, value] : required) {
      if (value->empty())
        reader.Problem(stream.line, fmt::format("streams.{}.{}: required", stream.name, name));
    }
    const bool known = std::any_of(config.endpoints.begin(), config.endpoints.end(),
                                   [&](const EndpointConfig& e) { return e.name == stream.endpoint; });
    if (!stream.endpoint.empty() && !known) {
      reader.Problem(stream.line, fmt::format("streams.{}.endpoint: there is no endpoint '{}'", stream.name,
                                              stream.endpoint));
    }
  }
}

// What stands in several settings becomes the strategy's.
void CompleteStrategy(EndpointConfig& endpoint) {
  Strategy& strategy = endpoint.strategy;
  const bool steps = !strategy.steps.empty() && strategy.steps.front().ppm > 0;
  if (!endpoint.strategy_named && steps) strategy.kind = StrategyKind::kCanary;
  const GatesConfig& gates = endpoint.gates;
  if (gates.invalid_outputs) strategy.gates.push_back({GateKind::kInvalid});
  if (gates.errors) strategy.gates.push_back({GateKind::kErrors, *gates.errors, gates.min_requests});
  if (gates.refused) strategy.gates.push_back({GateKind::kRefused, *gates.refused, gates.min_requests});
  const double p99 = gates.p99 > 0 ? gates.p99 : endpoint.objective_p99;
  if (p99 > 0) strategy.gates.push_back({GateKind::kP99, p99, gates.min_requests});
}

}  // namespace

// The salt is of the name too, so that endpoints do not split alike; every process that reads the file
// agrees.
Result<Route> FirstRoute(const EndpointConfig& endpoint) {
  std::vector<TrafficShare> shares;
  const auto answering = std::count_if(endpoint.versions.begin(), endpoint.versions.end(),
                                       [](const VersionConfig& version) { return !version.shadow; });
  for (const VersionConfig& version : endpoint.versions) {
    if (!version.share && !version.shadow && answering > 1) {
      return Fail(Code::kInvalidArgument, fmt::format("{} of {} versions has no `share`, percent of the rows",
                                                      version.name, answering));
    }
    if (version.shadow && version.share.value_or(0) > 0) {
      return Fail(Code::kInvalidArgument, fmt::format("{} is a shadow and has a `share`", version.name));
    }
    shares.push_back({version.name, version.share.value_or(version.shadow ? 0 : kWhole)});
  }
  return Route::Make(std::move(shares), HashKey(endpoint.salt, HashKey(endpoint.name, 0)), endpoint.split);
}

Result<ServerConfig> ParseServerConfig(std::string_view text, std::string_view source) {
  TURNOUT_ASSIGN(const Yaml yaml, ParseYaml(text, source));
  ServerConfig config;
  config.source = source;
  YamlReader reader(source);
  if (yaml.kind != Yaml::Kind::kMap) {
    reader.Problem(1, fmt::format("a map of settings expected, such as `endpoints: {{...}}`, but it is {}",
                                  Describe(yaml)));
    return std::unexpected(reader.status().error());
  }
  Walk(config, reader).At(Root(), yaml, "", SettingPlace{.config = config});
  for (EndpointConfig& endpoint : config.endpoints) CompleteStrategy(endpoint);
  CheckWhole(yaml, config, reader);
  if (!reader.ok()) return std::unexpected(reader.status().error());
  for (StreamConfig& stream : config.streams) {
    if (stream.group.empty()) stream.group = "turnout-" + stream.name;
  }
  if (config.registry.empty()) {
    config.registry = (std::filesystem::path(config.source).parent_path() / "registry").string();
  }
  for (EndpointConfig& endpoint : config.endpoints) {
    for (VersionConfig& version : endpoint.versions) version.registry = config.registry;
  }
  return config;
}

Result<ServerConfig> ReadServerConfig(const std::string& path) {
  TURNOUT_ASSIGN(const std::string text, ReadFile(path, kLargestConfig));
  return ParseServerConfig(text, path);
}

}  // namespace turnout
