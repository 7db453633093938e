#include "server/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <optional>

#include "bytes/yaml.h"
#include "registry/reference.h"
#include "rollout/route.h"

namespace turnout {
namespace {

Status Bad(std::string message) { return Fail(Code::kInvalidArgument, std::move(message)); }

// A value by its unit's reader, within the two ends of the setting's `bounds` ("0s to 1h").
template <class T, class Read>
Status Bounded(const Setting& setting, const std::string& text, std::string_view kind, Read read, T& out) {
  const auto value = read(text);
  if (!value) return Bad(fmt::format("'{}' is not {}", text, kind));
  const std::size_t to = setting.bounds.find(" to ");
  const auto low = read(setting.bounds.substr(0, to)), high = read(setting.bounds.substr(to + 4));
  assert(low && high);
  if (*value < *low || *value > *high) return Bad(fmt::format("{} is not within {}", text, setting.bounds));
  out = static_cast<T>(*value);
  return {};
}

std::optional<int64_t> ReadWhole(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

template <class T>
Status Whole(const Setting& setting, const std::string& text, T& out) {
  return Bounded(setting, text, "a whole number", ReadWhole, out);
}
Status Size(const Setting& setting, const std::string& text, std::size_t& out) {
  return Bounded(setting, text, "a size; write 64MiB or 4096", ParseSize, out);
}
Status Duration(const Setting& setting, const std::string& text, double& out) {
  return Bounded(setting, text, "a duration; write 500ms, 2s or 1m30s", ParseDuration, out);
}
Status Duration(const Setting& setting, const std::string& text, std::chrono::milliseconds& out) {
  double seconds = 0;
  TURNOUT_TRY(Duration(setting, text, seconds));
  out = std::chrono::milliseconds(static_cast<int64_t>(seconds * 1e3));
  return {};
}
Status Share(const Setting& setting, const std::string& text, double& out) {
  return Bounded(setting, text, "a share; write 99.5% or 0.995", ParseShare, out);
}
Status Text(const Setting& setting, const std::string& text, std::string& out) {
  // What is required and empty is reported as what is not there at all.
  if (text.empty() && setting.fallback != "required") return Bad("it is empty");
  out = text;
  return {};
}

// RFC 9110: a token.
Status HeaderName(const Setting& setting, const std::string& text, std::string& out) {
  TURNOUT_TRY(Text(setting, text, out));
  const bool token = std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
  return token ? Status() : Bad(fmt::format("'{}' is not the name of a header field", text));
}

Status Traffic(const std::string& text, std::optional<uint32_t>& out) {
  TURNOUT_ASSIGN(out, ParsePpm(text));
  return {};
}

Status Boolean(const std::string& text, bool& out) {
  if (text != "true" && text != "false") return Bad(fmt::format("'{}' is not true or false", text));
  out = text == "true";
  return {};
}

// Of a rolling change or a shadow; a canary has steps of its own.
RolloutStep& OnlyStep(Strategy& strategy) {
  if (strategy.steps.empty()) strategy.steps.emplace_back();
  return strategy.steps.front();
}

Status Duration(const Setting& setting, const std::string& text, std::chrono::seconds& out) {
  double seconds = 0;
  TURNOUT_TRY(Duration(setting, text, seconds));
  out = std::chrono::seconds(static_cast<int64_t>(seconds));
  return {};
}

// "a, b" to "a" and "b".
std::vector<std::string> Names(std::string_view text) {
  std::vector<std::string> names;
  while (!text.empty()) {
    std::string_view name = text.substr(0, text.find(','));
    text.remove_prefix(std::min(name.size() + 1, text.size()));
    while (name.starts_with(' ')) name.remove_prefix(1);
    while (name.ends_with(' ')) name.remove_suffix(1);
    if (!name.empty()) names.emplace_back(name);
  }
  return names;
}

// A path, relative to the configuration's folder.
Status Beside(const ServerConfig& config, const Setting& setting, const std::string& path, std::string& out) {
  TURNOUT_TRY(Text(setting, path, out));
  if (path.empty()) return {};
  const std::filesystem::path given(path);
  if (!given.is_absolute()) out = (std::filesystem::path(config.source).parent_path() / given).string();
  return {};
}

// A path, or what the registry knows of.
Status ModelFileOrReference(const ServerConfig& config, const Setting& setting, const std::string& text,
                            std::string& out) {
  if (!IsRegistryReference(text)) return Beside(config, setting, text, out);
  out = text;
  TURNOUT_TRY(ParseReference(std::string_view(text).substr(kRegistryPrefix.size())));
  return {};
}

// clang-format off
const SettingEntry kEntries[] = {
    {{"listen.http", "Address and port of the HTTP listener; port 0: any free one", "127.0.0.1:8080", "", "0.0.0.0:8080"},
     [](SettingPlace& p, const Setting&, const std::string& v) { return ParseAddress(v, p.config.address, p.config.port); }},
    {{"listen.admin", "Address and port of the listener for routes and rollouts; who reaches it may change them", "none", "", "127.0.0.1:8090"},
     [](SettingPlace& p, const Setting&, const std::string& v) { return ParseAddress(v, p.config.admin_address, p.config.admin_port); }},
    {{"state", "Folder of the journal and the audit log: what rollouts and `route set` changed outlives a restart; without it a restart forgets, and there are no rollouts. One server a folder", "none", "", "./state"},
     [](SettingPlace& p, const Setting& s, const std::string& v) { return Beside(p.config, s, v, p.config.state); }},
    {{"threads", "Event loops, each a thread; 0: one per core", "0", "0 to 256", "2"},
     [](SettingPlace& p, const Setting& s, const std::string& v) { return Whole(s, v, p.config.threads); }},
    {{"limits.connections", "Most open connections; beyond, 503", "10000", "1 to 1000000", "2000"},
     [](SettingPlace& p, const Setting& s, const std::string& v) { return Whole(s, v, p.config.limits.connections); }},
    {{"limits.header", "Largest request line and header fields together; beyond, 431", "16KiB", "1KiB to 1MiB", "32KiB"},
     [](SettingPlace& p, const Setting& s, const std::string& v) { return Size(s, v, p.config.limits.header_bytes); }},
    {{"limits.body", "Largest request body; beyond, 413", "16MiB", "1KiB to 1GiB", "4MiB"},
     [](SettingPlace& p, const Setting& s, const std::string& v) { return Size(s, v, p.config.limits.body_bytes); }},
    {{"limits.rows", "Most rows of one batch request; beyond, 422", "10000", "1 to 10000000", "50000"},
     [](SettingPlace& p, const Setting& s, const std::string& v) { return Whole(s, v, p.config.max_rows); }},
    {{"limits.idle", "How long a connection may wait for its next request", "75s", "1s to 1h", "5m"},
     [](SettingPlace& p, const Setting& s, const std::string& v) { return Duration(s, v, p.config.limits.idle); }},
    {{"limits.header_time", "How long a request's header may take; beyond, 408", "10s", "100ms to 10m", "5s"},
     [](SettingPlace& p, const Setting& s, const std::string& v) { return Duration(s, v, p.config.limits.header); }},
    {{"limits.body_time", "How long a request's body may take, and a second more for every `limits.rate` of it; beyond, 408", "30s", "100ms to 10m", "10s"},
     [](SettingPlace& p, const Setting& s, const std::string& v) { return Duration(s, v, p.config.limits.body); }},
    {{"limits.write_time", "How long a client may take for its reply, and a second more for every `limits.rate` of it", "30s", "100ms to 10m", "10s"},
     [](SettingPlace& p, const Setting& s, const std::string& v) { return Duration(s, v, p.config.limits.write); }},
    {{"limits.rate", "Bytes a second that the slowest client must keep up", "16KiB", "1KiB to 1GiB", "64KiB"},
     [](SettingPlace& p, const Setting& s, const std::string& v) { return Size(s, v, p.config.limits.min_rate); }},
    {{"drain", "How long a shutdown waits for requests in work", "30s", "0s to 1h", "10s"},
     [](SettingPlace& p, const Setting& s, const std::string& v) { return Duration(s, v, p.config.drain_seconds); }},
    {{"prediction_log.folder", "Folder of the prediction log: what was answered, and what shadows would have, as JSON Lines (`turnout compare` reads it)", "none", "", "./predictions"},
     [](SettingPlace& p, const Setting& s, const std::string& v) { return Beside(p.config, s, v, p.config.log.files.folder); }},
    {{"prediction_log.sample", "Share of the requests that are logged", "100%", "", "12.5"},
     [](SettingPlace& p, const Setting&, const std::string& v) -> Status { TURNOUT_ASSIGN(p.config.log.sample_ppm, ParsePpm(v)); return {}; }},
    {{"prediction_log.file", "Size at which a file of the log ends and the next begins", "64MiB", "4KiB to 16GiB", "256MiB"},
     [](SettingPlace& p, const Setting& s, const std::string& v) { return Size(s, v, p.config.log.files.file_bytes); }},
    {{"prediction_log.files", "Files that are kept; the oldest go", "16", "1 to 100000", "100"},
     [](SettingPlace& p, const Setting& s, const std::string& v) { return Whole(s, v, p.config.log.files.files); }},
    {{"prediction_log.keep", "Age at which a file goes; 0s: none does", "168h", "0s to 87600h", "720h"},
     [](SettingPlace& p, const Setting& s, const std::string& v) { return Duration(s, v, p.config.log.files.keep); }},
    {{"prediction_log.redact", "Fields that are left out, with commas between them", "none", "", "customer_id,income"},
     [](SettingPlace& p, const Setting&, const std::string& v) -> Status { p.config.log.lines.redact = Names(v); return {}; }},
    {{"registry", "Folder of the registry, for versions with `model: registry:...`", "registry", "", "/srv/registry"},
     [](SettingPlace& p, const Setting& s, const std::string& v) { return Beside(p.config, s, v, p.config.registry); }},
    {{"endpoints.<name>.contract", "File with the endpoint's contract", "that of the registry's first version, else derived from the model", "", "contract.yaml"},
     [](SettingPlace& p, const Setting& s, const std::string& v) { return Beside(p.config, s, v, p.endpoint->contract); }},
    {{"endpoints.<name>.objective.p99", "Latency that 99 % of the requests must keep", "none", "10us to 1h", "500ms"},
     [](SettingPlace& p, const Setting& s, const std::string& v) { return Duration(s, v, p.endpoint->objective_p99); }},
    {{"endpoints.<name>.objective.availability", "Share of requests that must be answered", "none", "50% to 100%", "99.5%"},
     [](SettingPlace& p, const Setting& s, const std::string& v) { return Share(s, v, p.endpoint->objective_availability); }},
    {{"endpoints.<name>.routing.salt", "Changes which keys a version's share is made of", "none", "", "autumn"},
     [](SettingPlace& p, const Setting& s, const std::string& v) { return Text(s, v, p.endpoint->salt); }},
    {{"endpoints.<name>.routing.split", "`hash`: a key stays with its version; `round_robin`: exact counts, each loop its own", "hash", "", "round_robin"},
     [](SettingPlace& p, const Setting&, const std::string& v) -> Status { TURNOUT_ASSIGN(p.endpoint->split, ParseSplit(v)); return {}; }},
    {{"endpoints.<name>.routing.override_header", "Header field by which a request names its version, for testers", "none", "", "X-Turnout-Force-Version"},
     [](SettingPlace& p, const Setting& s, const std::string& v) { return HeaderName(s, v, p.endpoint->override_header); }},
    {{"endpoints.<name>.strategy.kind", "How a rollout goes that names no strategy: recreate, rolling, bluegreen, canary or shadow", "bluegreen; canary where there are steps", "", "canary"},
     [](SettingPlace& p, const Setting&, const std::string& v) -> Status { TURNOUT_ASSIGN(p.endpoint->strategy.kind, ParseStrategyKind(v)); p.endpoint->strategy_named = true; return {}; }},
    {{"endpoints.<name>.strategy.steps", "A canary's steps: a share, how long it bakes in serving time, after how many requests; or `fast`", "none", "", "10% for 24h then 100%"},
     [](SettingPlace& p, const Setting&, const std::string& v) -> Status { TURNOUT_ASSIGN(p.endpoint->strategy.steps, ParseSteps(v)); return {}; }},
    {{"endpoints.<name>.strategy.bake", "A rolling change: how long each loop serves before the next one moves; a shadow: how long it scores copies", "0s", "0s to 24h", "30s"},
     [](SettingPlace& p, const Setting& s, const std::string& v) { return Duration(s, v, OnlyStep(p.endpoint->strategy).bake_seconds); }},
    {{"endpoints.<name>.strategy.max_bake_factor", "A bake without enough evidence goes on for so many times its length (a minute at least)", "6", "1 to 1000", "3"},
     [](SettingPlace& p, const Setting& s, const std::string& v) { return Whole(s, v, p.endpoint->strategy.max_bake_factor); }},
    {{"endpoints.<name>.strategy.on_inconclusive", "What then: `pause` or `abort`", "pause", "", "abort"},
     [](SettingPlace& p, const Setting&, const std::string& v) -> Status {
       if (v != "pause" && v != "abort") return Bad(fmt::format("'{}' is not pause or abort", v));
       p.endpoint->strategy.on_inconclusive = v == "pause" ? OnInconclusive::kPause : OnInconclusive::kAbort;
       return {}; }},
    {{"endpoints.<name>.strategy.auto_promote", "`false`: the promotion waits for `turnout rollout promote`", "true", "", "false"},
     [](SettingPlace& p, const Setting&, const std::string& v) { return Boolean(v, p.endpoint->strategy.auto_promote); }},
    {{"endpoints.<name>.strategy.post_promote_watch", "How long harm still rolls back after the promotion, in serving time", "1h", "0s to 720h", "10m"},
     [](SettingPlace& p, const Setting& s, const std::string& v) { return Duration(s, v, p.endpoint->strategy.post_promote_watch); }},
    {{"endpoints.<name>.strategy.rollback_window", "How long the version before stays loaded and warm after a success", "24h", "0s to 8760h", "72h"},
     [](SettingPlace& p, const Setting& s, const std::string& v) { return Duration(s, v, p.endpoint->strategy.rollback_window); }},
    {{"endpoints.<name>.gates.errors", "Share of its rows that a candidate may fail to answer", "none", "0% to 100%", "0.1%"},
     [](SettingPlace& p, const Setting& s, const std::string& v) { return Share(s, v, p.endpoint->gates.errors.emplace()); }},
    {{"endpoints.<name>.gates.refused", "Share of its rows that a candidate's model may refuse (422)", "none", "0% to 100%", "5%"},
     [](SettingPlace& p, const Setting& s, const std::string& v) { return Share(s, v, p.endpoint->gates.refused.emplace()); }},
    {{"endpoints.<name>.gates.p99", "Latency that 99 % of a candidate's requests must keep", "the objective's p99", "10us to 1h", "50ms"},
     [](SettingPlace& p, const Setting& s, const std::string& v) { return Duration(s, v, p.endpoint->gates.p99); }},
    {{"endpoints.<name>.gates.min_requests", "Requests of the candidate before a gate says anything", "0", "0 to 1000000000", "1000"},
     [](SettingPlace& p, const Setting& s, const std::string& v) { return Whole(s, v, p.endpoint->gates.min_requests); }},
    {{"endpoints.<name>.gates.invalid_outputs", "`true`: the first NaN or infinite answer of a candidate sends it back", "true", "", "false"},
     [](SettingPlace& p, const Setting&, const std::string& v) { return Boolean(v, p.endpoint->gates.invalid_outputs); }},
    {{"endpoints.<name>.versions.<name>.model", "Model file of the version, or a version of the registry: `registry:churn@stable`, `registry:churn:v2.1.0`", "required", "", "models/churn-v2.1.0.pkl"},
     [](SettingPlace& p, const Setting& s, const std::string& v) { return ModelFileOrReference(p.config, s, v, p.version->model); }},
    {{"endpoints.<name>.versions.<name>.engine", "Pins an engine; `turnout inspect` lists those that fit", "the best that fits", "", "portable"},
     [](SettingPlace& p, const Setting& s, const std::string& v) { return Text(s, v, p.version->engine); }},
    {{"endpoints.<name>.versions.<name>.share", "Percent of the rows that it answers (at most four decimals), or parts per million; together exactly 100", "100 of the only version", "", "12.5"},
     [](SettingPlace& p, const Setting&, const std::string& v) { return Traffic(v, p.version->share); }},
    {{"endpoints.<name>.versions.<name>.shadow", "`true`: it scores copies of what the others answered over REST, on a thread of its own; nobody gets its answers", "false", "", "true"},
     [](SettingPlace& p, const Setting&, const std::string& v) { return Boolean(v, p.version->shadow); }},
    {{"streams.<name>.endpoint", "Endpoint that scores the messages", "required", "", "churn"},
     [](SettingPlace& p, const Setting& s, const std::string& v) { return Text(s, v, p.stream->endpoint); }},
    {{"streams.<name>.brokers", "Kafka brokers to start from", "required", "", "kafka-1:9092,kafka-2:9092"},
     [](SettingPlace& p, const Setting& s, const std::string& v) { return Text(s, v, p.stream->brokers); }},
    {{"streams.<name>.group", "Consumer group", "`turnout-<name>`", "", "churn-scorer"},
     [](SettingPlace& p, const Setting& s, const std::string& v) { return Text(s, v, p.stream->group); }},
    {{"streams.<name>.input", "Topic that is read", "required", "", "customers"},
     [](SettingPlace& p, const Setting& s, const std::string& v) { return Text(s, v, p.stream->input); }},
    {{"streams.<name>.output", "Topic that gets the answers", "required", "", "predictions"},
     [](SettingPlace& p, const Setting& s, const std::string& v) { return Text(s, v, p.stream->output); }},
    {{"streams.<name>.dead_letters", "Topic that gets the messages that can't be scored", "required", "", "predictions-dead"},
     [](SettingPlace& p, const Setting& s, const std::string& v) { return Text(s, v, p.stream->dead_letters); }},
    {{"streams.<name>.kafka.<name>", "Further properties of the Kafka client, by its own names", "none", "", "security.protocol: SASL_SSL"},
     [](SettingPlace& p, const Setting&, const std::string& v) -> Status { p.stream->kafka[p.name] = v; return {}; }},
};
// clang-format on

}  // namespace

std::span<const SettingEntry> SettingEntries() { return kEntries; }

std::string SettingsPage() {
  std::string out =
      "# Settings\n\n"
      "Every setting of a server's configuration. `turnout check --settings` prints this page, `turnout "
      "check\n"
      "CONFIG.yaml` looks a configuration through. Durations are `500ms`, `2s`, `1m30s`, `24h`; sizes "
      "`4096`, "
      "`64MiB`,\n`10MB`; shares `99.5%` or `0.995`. Relative paths are relative to the folder of the "
      "file.\n\n"
      "| setting | meaning | default | bounds | example |\n|---|---|---|---|---|\n";
  for (const SettingEntry& entry : kEntries) {
    const Setting& s = entry.setting;
    out +=
        fmt::format("| `{}` | {} | {} | {} | `{}` |\n", s.path, s.meaning, s.fallback, s.bounds, s.example);
  }
  return out;
}

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
  address = host.empty() ? "0.0.0.0" : host == "localhost" ? "127.0.0.1" : std::string(host);
  port = value;
  return {};
}

}  // namespace turnout
