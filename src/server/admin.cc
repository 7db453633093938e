#include "server/admin.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "bytes/json.h"
#include "bytes/json_builder.h"
#include "bytes/json_view.h"

namespace turnout {
namespace {

constexpr std::string_view kJson = "application/json";

int StatusOf(Code code) {
  switch (code) {
    case Code::kNotFound: return 404;
    case Code::kInvalidArgument: return 422;
    case Code::kUnavailable: return 409;
    case Code::kUnsupported: return 501;
    case Code::kCorrupt: return 503;
    default: return 500;
  }
}

void Refuse(HttpExchange& exchange, int status, std::string_view detail) {
  exchange.Reply(status, kJson, JsonBuilder().Object().Key("detail").Text(detail).End().Take());
}

std::string SplitJson(const Snapshot& snapshot) {
  JsonBuilder json;
  json.Object().Key("endpoint").Text(snapshot.endpoint);
  json.Key("generation").Number(static_cast<double>(snapshot.route.generation()));
  json.Key("shares").Object();
  for (const TrafficShare& share : snapshot.route.shares()) {
    json.Key(share.version).Raw(PpmText(share.ppm));
  }
  return json.End().End().Take();
}

// {"v1":80,"v2":"12.5"}: the literals are read as they stand, so that no share is rounded.
Result<std::vector<TrafficShare>> ReadShares(JsonTokenizer& json, std::string_view body) {
  TURNOUT_ASSIGN(const auto tokens, json.Document(body));
  if (tokens.empty() || tokens[0].kind != JsonToken::Kind::kObject) {
    return Fail(Code::kInvalidArgument,
                R"(an object of versions and shares expected, such as {"v1":80,"v2":20})");
  }
  std::vector<TrafficShare> shares;
  for (std::size_t i = 1; i + 1 < tokens.size(); i += 2) {
    const JsonToken& value = tokens[i + 1];
    if (value.kind != JsonToken::Kind::kNumber && value.kind != JsonToken::Kind::kString) {
      return Fail(Code::kInvalidArgument,
                  fmt::format("version {}: a share expected, such as 12.5", tokens[i].text));
    }
    TURNOUT_ASSIGN(const uint32_t ppm, ParsePpm(value.text));
    shares.push_back({std::string(tokens[i].text), ppm});
  }
  return shares;
}

// False: there is one, and it is no generation.
bool ReadIfMatch(const HttpRequest& request, std::optional<uint64_t>& generation) {
  for (const HttpField& field : request.fields) {
    if (!EqualsIgnoringCase(field.name, "If-Match")) continue;
    std::string_view text = field.value;
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
    uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return false;
    generation = value;
  }
  return true;
}

// "%2F" and "+" of a query's value; false: not percent-encoding.
bool Unescape(std::string_view text, std::string& out) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    if (text.size() - i < 3) return false;
    unsigned value = 0;
    const char* const digits = text.data() + i + 1;
    const auto [end, error] = std::from_chars(digits, digits + 2, value, 16);
    if (error != std::errc() || end != digits + 2) return false;
    out += static_cast<char>(value);
    i += 2;
  }
  return true;
}

Result<Who> ReadWho(const HttpExchange& exchange) {
  Who who;
  const HttpRequest& request = exchange.request();
  if (!ReadIfMatch(request, who.if_revision)) {
    return Fail(Code::kInvalidArgument, "If-Match is not a generation, such as 3");
  }
  constexpr std::size_t kLongest = 200;
  who.name = std::string(request.Header("X-Turnout-Actor").substr(0, kLongest));
  who.address = exchange.PeerAddress();
  who.key = request.Header("Idempotency-Key");
  if (who.key.size() > kLongest) {
    return Fail(Code::kInvalidArgument, fmt::format("an idempotency key has at most {} bytes", kLongest));
  }
  return who;
}

class Admin {
 public:
  explicit Admin(Controller& controller) : controller_(controller) {}

  void Handle(HttpExchange& exchange) {
    const HttpRequest& request = exchange.request();
    constexpr std::string_view kEndpoints = "/endpoints/", kRollout = "/rollout";
    std::string_view path = request.path;
    if (!path.starts_with(kEndpoints)) return NoSuchPath(exchange);
    path.remove_prefix(kEndpoints.size());
    const std::string_view name = path.substr(0, path.find('/'));
    const std::string_view verb = path.substr(name.size());
    const bool rollout = verb == kRollout || verb.starts_with("/rollout/");
    if (verb != "/traffic_split" && verb != "/route" && !rollout) return NoSuchPath(exchange);
    const auto snapshot = controller_.Find(name);
    if (snapshot == nullptr) return Refuse(exchange, 404, fmt::format("there is no endpoint '{}'", name));
    if (rollout) return Rollout(exchange, name, verb.substr(std::min(verb.size(), kRollout.size() + 1)));
    if (verb == "/traffic_split" && request.method == HttpMethod::kPut) return SetSplit(exchange, name);
    if (request.method != HttpMethod::kGet) {
      exchange.AddHeaderLines(verb == "/route" ? "Allow: GET\r\n" : "Allow: GET, PUT\r\n");
      return Refuse(exchange, 405, "Method not allowed");
    }
    if (verb == "/route") return ExplainKey(exchange, *snapshot);
    Show(exchange, *snapshot);
  }

 private:
  static void NoSuchPath(HttpExchange& exchange) {
    Refuse(exchange, 404,
           "No such path; there are GET and PUT /endpoints/{name}/traffic_split, "
           "GET /endpoints/{name}/route?key=..., GET /endpoints/{name}/rollout and .../rollout/history, "
           "POST /endpoints/{name}/rollout/{verb}");
  }

  // Of a rollout: "" is its status, "history" those before, everything else a verb.
  void Rollout(HttpExchange& exchange, std::string_view name, std::string_view verb) {
    const bool get = verb.empty() || verb == "history";
    if (exchange.request().method != (get ? HttpMethod::kGet : HttpMethod::kPost)) {
      exchange.AddHeaderLines(get ? "Allow: GET\r\n" : "Allow: POST\r\n");
      return Refuse(exchange, 405, "Method not allowed");
    }
    if (get)
      return Say(exchange, name, verb.empty() ? controller_.StatusOf(name) : controller_.HistoryOf(name));
    const auto command = ReadCommand(exchange, name, verb);
    if (!command) return Refuse(exchange, StatusOf(command.error().code), command.error().message);
    Say(exchange, name, verb == "plan" ? controller_.Plan(*command) : controller_.Do(*command));
  }

  void Say(HttpExchange& exchange, std::string_view name, const Result<std::string>& said) {
    if (!said) return Refuse(exchange, StatusOf(said.error().code), said.error().message);
    exchange.AddHeader("ETag", fmt::format("\"{}\"", controller_.RevisionOf(name)));
    exchange.Reply(200, kJson, *said);
  }

  Result<Command> ReadCommand(const HttpExchange& exchange, std::string_view name, std::string_view verb) {
    constexpr std::string_view kVerbs[] = {"plan",  "apply",    "pause", "resume", "promote", "promote_full",
                                           "abort", "rollback", "retry", "freeze", "unfreeze"};
    if (std::find(std::begin(kVerbs), std::end(kVerbs), verb) == std::end(kVerbs)) {
      return Fail(Code::kNotFound, fmt::format("there is no verb '{}'", verb));
    }
    Command command{.verb = std::string(verb), .endpoint = std::string(name)};
    TURNOUT_ASSIGN(command.who, ReadWho(exchange));
    const std::string_view body = exchange.request().body;
    if (body.empty()) return command;
    TURNOUT_ASSIGN(const auto tokens, json_.Document(body));
    const JsonView view(tokens);
    if (!view.Is(JsonToken::Kind::kObject)) {
      return Fail(Code::kInvalidArgument,
                  R"(an object expected, such as {"version":"v2","reason":"new data"})");
    }
    for (const auto& [member, value] : view.Members()) {
      std::string* const text = member == "version"  ? &command.version
                                : member == "model"  ? &command.model
                                : member == "reason" ? &command.who.reason
                                                     : nullptr;
      if (member == "strategy" && value.Is(JsonToken::Kind::kObject)) {
        command.strategy = value.Raw(body);
      } else if (text != nullptr && value.Is(JsonToken::Kind::kString)) {
        *text = value.Text();
      } else {
        return Fail(
            Code::kInvalidArgument,
            fmt::format("{}: there are version, model, reason (texts) and strategy (an object)", member));
      }
    }
    return command;
  }

  static void Show(HttpExchange& exchange, const Snapshot& snapshot) {
    exchange.AddHeader("ETag", fmt::format("\"{}\"", snapshot.route.generation()));
    exchange.Reply(200, kJson, SplitJson(snapshot));
  }

  void SetSplit(HttpExchange& exchange, std::string_view name) {
    const auto who = ReadWho(exchange);
    if (!who) return Refuse(exchange, 422, who.error().message);
    const auto shares = ReadShares(json_, exchange.request().body);
    if (!shares) return Refuse(exchange, 422, shares.error().message);
    const auto set = controller_.SetShares(name, *shares, *who);
    if (!set) return Refuse(exchange, StatusOf(set.error().code), set.error().message);
    Show(exchange, **set);
  }

  static void ExplainKey(HttpExchange& exchange, const Snapshot& snapshot) {
    constexpr std::string_view kKey = "key=";
    std::string key;
    const std::string_view query = exchange.request().query;
    if (!query.starts_with(kKey) || !Unescape(query.substr(kKey.size()), key)) {
      return Refuse(exchange, 422, "name the routing key: ?key=C-1042");
    }
    const uint32_t bucket = BucketOf(key, snapshot.route.salt());
    JsonBuilder json;
    json.Object().Key("endpoint").Text(snapshot.endpoint).Key("key").Text(key);
    json.Key("bucket").Number(bucket);
    json.Key("version").Text(snapshot.route.shares()[snapshot.route.PickBucket(bucket)].version);
    json.Key("generation").Number(static_cast<double>(snapshot.route.generation()));
    exchange.Reply(200, kJson, json.End().Take());
  }

  Controller& controller_;
  JsonTokenizer json_;
};

}  // namespace

HttpServer::HandlerFactory AdminHandlers(Controller& controller) {
  return [&controller](EventLoop&, int) -> HttpHandler {
    return [admin = std::make_shared<Admin>(controller)](HttpExchange& exchange) { admin->Handle(exchange); };
  };
}

}  // namespace turnout
