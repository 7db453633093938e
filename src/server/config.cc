#include "server/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "bytes/yaml.h"
#include "storage/file.h"

namespace turnout {
namespace {

constexpr std::size_t kLargestConfig = 1 << 20;

// What a setting is written into while the file is walked.
struct Place {
  ServerConfig& config;
  EndpointConfig* endpoint = nullptr;
  VersionConfig* version = nullptr;
  StreamConfig* stream = nullptr;
  std::string name;  // the last <name> on the way
};

using Set = Status (*)(Place&, const std::string& value);

struct Entry {
  Setting setting;
  Set set;
};

Status Bad(std::string message) { return Fail(Code::kInvalidArgument, std::move(message)); }

Status Duration(const std::string& text, double min, double max, double& out) {
  const auto seconds = ParseDuration(text);
  if (!seconds) return Bad(fmt::format("'{}' is not a duration; write 500ms, 2s or 1m30s", text));
  if (*seconds < min || *seconds > max) return Bad(fmt::format("{} is not within the bounds", text));
  out = *seconds;
  return {};
}

template <class T>
Status Integer(const std::string& text, int64_t min, int64_t max, T& out) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    return Bad(fmt::format("'{}' is not a whole number", text));
  }
  if (value < min || value > max) return Bad(fmt::format("{} is not between {} and {}", value, min, max));
  out = static_cast<T>(value);
  return {};
}

std::string Beside(const ServerConfig& config, const std::string& path) {
  const std::filesystem::path given(path);
  if (given.is_absolute()) return path;
  return (std::filesystem::path(config.source).parent_path() / given).string();
}

// clang-format off
const Entry kEntries[] = {
    {{"listen.http", "Address and port of the HTTP listener", "127.0.0.1:8080", "port 0 to 65535 (0: any free one)", "0.0.0.0:8080"},
     [](Place& p, const std::string& v) { return ParseAddress(v, p.config.address, p.config.port); }},
    {{"threads", "Event loops, each a thread", "0 (one per core)", "0 to 256", "2"},
     [](Place& p, const std::string& v) { return Integer(v, 0, 256, p.config.threads); }},
    {{"limits.body", "Largest request body", "16MiB", "1KiB to 1GiB", "4MiB"},
     [](Place& p, const std::string& v) -> Status {
       const auto size = ParseSize(v);
       if (!size) return Bad(fmt::format("'{}' is not a size; write 64MiB or 4096", v));
       if (*size < 1024 || *size > (uint64_t{1} << 30)) return Bad(fmt::format("{} is not within the bounds", v));
       p.config.max_body = *size;
       return {};
     }},
    {{"limits.rows", "Most rows of one batch request", "100000", "1 to 10000000", "10000"},
     [](Place& p, const std::string& v) { return Integer(v, 1, 10'000'000, p.config.max_rows); }},
    {{"drain", "How long a shutdown waits for requests in work", "30s", "0s to 1h", "10s"},
     [](Place& p, const std::string& v) { return Duration(v, 0, 3600, p.config.drain_seconds); }},
    {{"endpoints.<name>.contract", "File with the endpoint's contract", "derived from the model", "", "contract.yaml"},
     [](Place& p, const std::string& v) -> Status { p.endpoint->contract = Beside(p.config, v); return {}; }},
    {{"endpoints.<name>.objective.p99", "Latency that 99 % of the requests must keep", "none", "10us to 1h", "500ms"},
     [](Place& p, const std::string& v) { return Duration(v, 10e-6, 3600, p.endpoint->objective_p99); }},
    {{"endpoints.<name>.objective.availability", "Share of requests that must be answered", "none", "50% to 100%", "99.5%"},
     [](Place& p, const std::string& v) -> Status {
       const auto share = ParseShare(v);
       if (!share || *share < 0.5 || *share > 1) return Bad(fmt::format("'{}' is not a share between 50% and 100%", v));
       p.endpoint->objective_availability = *share;
       return {};
     }},
    {{"endpoints.<name>.versions.<name>.model", "Model file of the version", "required", "", "models/churn-v2.1.0.pkl"},
     [](Place& p, const std::string& v) -> Status { p.version->model = Beside(p.config, v); return {}; }},
    {{"endpoints.<name>.versions.<name>.engine", "Pins an engine; `turnout inspect` lists those that fit", "the best that fits", "", "portable"},
     [](Place& p, const std::string& v) -> Status { p.version->engine = v; return {}; }},
    {{"streams.<name>.endpoint", "Endpoint that scores the messages", "required", "", "churn"},
     [](Place& p, const std::string& v) -> Status { p.stream->endpoint = v; return {}; }},
    {{"streams.<name>.brokers", "Kafka brokers to start from", "required", "", "kafka-1:9092,kafka-2:9092"},
     [](Place& p, const std::string& v) -> Status { p.stream->brokers = v; return {}; }},
    {{"streams.<name>.group", "Consumer group", "turnout-<name>", "", "churn-scorer"},
     [](Place& p, const std::string& v) -> Status { p.stream->group = v; return {}; }},
    {{"streams.<name>.input", "Topic that is read", "required", "", "customers"},
     [](Place& p, const std::string& v) -> Status { p.stream->input = v; return {}; }},
    {{"streams.<name>.output", "Topic that gets the answers", "required", "", "predictions"},
     [](Place& p, const std::string& v) -> Status { p.stream->output = v; return {}; }},
    {{"streams.<name>.dead_letters", "Topic that gets the messages that can't be scored", "required", "", "predictions-dead"},
     [](Place& p, const std::string& v) -> Status { p.stream->dead_letters = v; return {}; }},
    {{"streams.<name>.kafka.<name>", "Further properties of the Kafka client, by its own names", "", "", "security.protocol: SASL_SSL"},
     [](Place& p, const std::string& v) -> Status { p.stream->kafka[p.name] = v; return {}; }},
};
// clang-format on

template <class T>
T* FindOrAdd(std::vector<T>& list, const std::string& name, int line) {
  for (T& item : list) {
    if (item.name == name) return &item;
  }
  T item;
  item.name = name;
  item.line = line;
  list.push_back(std::move(item));
  return &list.back();
}

// Walks the file along the table: a level of the file matches a level of a path, or its <name>.
class Walk {
 public:
  Walk(ServerConfig& config, YamlReader& reader) : config_(config), reader_(reader) {}

  void Level(const Yaml& yaml, const std::string& path, const std::string& pattern, Place place) {
    if (yaml.kind == Yaml::Kind::kMap) {
      for (const auto& [key, child] : yaml.map) Child(key, child, path, pattern, place);
      return;
    }
    for (const Entry& entry : kEntries) {
      if (entry.setting.path != pattern) continue;
      if (yaml.kind != Yaml::Kind::kScalar) {
        reader_.Problem(yaml.line,
                        fmt::format("{}: a single value expected, such as {}", path, entry.setting.example));
      } else if (auto status = entry.set(place, yaml.scalar); !status) {
        reader_.Problem(yaml.line, fmt::format("{}: {}", path, status.error().message));
      }
      return;
    }
    if (yaml.kind == Yaml::Kind::kNull) return;  // a heading with nothing below
    reader_.Problem(yaml.line, fmt::format("{}: settings expected below it", path));
  }

 private:
  static bool Exists(const std::string& pattern) {
    return std::any_of(std::begin(kEntries), std::end(kEntries), [&](const Entry& entry) {
      return entry.setting.path == pattern ||
             (entry.setting.path.starts_with(pattern) && entry.setting.path[pattern.size()] == '.');
    });
  }

  void Child(const std::string& key, const Yaml& yaml, const std::string& path, const std::string& pattern,
             Place place) {
    const std::string dot = path.empty() ? "" : ".";
    std::string next = pattern + dot + key;
    if (!Exists(next)) {
      next = pattern + dot + "<name>";
      if (!Exists(next)) {
        reader_.Problem(yaml.line, fmt::format("{}{}{}: no such setting; here there are {}", path, dot, key,
                                               Siblings(pattern)));
        return;
      }
      place.name = key;
      if (pattern == "endpoints") place.endpoint = FindOrAdd(config_.endpoints, key, yaml.line);
      if (pattern == "endpoints.<name>.versions") {
        place.version = FindOrAdd(place.endpoint->versions, key, yaml.line);
      }
      if (pattern == "streams") place.stream = FindOrAdd(config_.streams, key, yaml.line);
    }
    Level(yaml, path + dot + key, next, place);
  }

  static std::string Siblings(const std::string& pattern) {
    std::vector<std::string_view> names;
    const std::size_t skip = pattern.empty() ? 0 : pattern.size() + 1;
    for (const Entry& entry : kEntries) {
      const std::string_view path = entry.setting.path;
      if (skip > 0 && !(path.starts_with(pattern) && path.size() > pattern.size() && path[skip - 1] == '.')) {
        continue;
      }
      const std::string_view name = path.substr(skip, path.find('.', skip) - skip);
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
    return fmt::format("{}", fmt::join(names, ", "));
  }

  ServerConfig& config_;
  YamlReader& reader_;
};

void CheckWhole(const ServerConfig& config, YamlReader& reader) {
  if (config.endpoints.empty()) reader.Problem(1, "endpoints: at least one is needed");
  for (const EndpointConfig& endpoint : config.endpoints) {
    const std::string path = "endpoints." + endpoint.name;
    if (endpoint.versions.empty()) {
      reader.Problem(endpoint.line,
                     path + ".versions: a version is needed, such as {v1: {model: model.pkl}}");
    } else if (endpoint.versions.size() > 1) {
      reader.Problem(endpoint.line,
                     path + ".versions: one version per endpoint is supported; traffic cannot be split yet");
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

}  // namespace

Status ParseAddress(std::string_view text, std::string& address, uint16_t& port) {
  const std::size_t colon = text.rfind(':');
  uint16_t value = 0;
  const std::string_view digits = colon == text.npos ? std::string_view{} : text.substr(colon + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size()) {
    return Fail(Code::kInvalidArgument, fmt::format("'{}' is not address:port, such as 0.0.0.0:8080", text));
  }
  std::string_view host = text.substr(0, colon);
  if (host.size() > 1 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  address = host.empty() ? "0.0.0.0" : std::string(host);
  port = value;
  return {};
}

std::span<const Setting> Settings() {
  static const std::vector<Setting> settings = [] {
    std::vector<Setting> list;
    for (const Entry& entry : kEntries) list.push_back(entry.setting);
    return list;
  }();
  return settings;
}

std::string SettingsTable() {
  std::string out = "| setting | meaning | default | bounds | example |\n|---|---|---|---|---|\n";
  for (const Setting& s : Settings()) {
    out +=
        fmt::format("| `{}` | {} | {} | {} | `{}` |\n", s.path, s.meaning, s.fallback, s.bounds, s.example);
  }
  return out;
}

Result<ServerConfig> ParseServerConfig(std::string_view text, std::string_view source) {
  TURNOUT_ASSIGN(const Yaml yaml, ParseYaml(text, source));
  ServerConfig config;
  config.source = source;
  YamlReader reader(source);
  if (yaml.kind != Yaml::Kind::kMap) {
    reader.Problem(1, "a map of settings expected, such as `endpoints: {...}`");
    return std::unexpected(reader.status().error());
  }
  // Endpoints and streams are found again by name, so pointers into the lists never outlive a level.
  Walk(config, reader).Level(yaml, "", "", Place{config, nullptr, nullptr, nullptr, {}});
  CheckWhole(config, reader);
  if (!reader.ok()) return std::unexpected(reader.status().error());
  for (StreamConfig& stream : config.streams) {
    if (stream.group.empty()) stream.group = "turnout-" + stream.name;
  }
  return config;
}

Result<ServerConfig> ReadServerConfig(const std::string& path) {
  TURNOUT_ASSIGN(const std::string text, ReadFile(path, kLargestConfig));
  return ParseServerConfig(text, path);
}

}  // namespace turnout
