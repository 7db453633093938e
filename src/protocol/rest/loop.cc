#include "protocol/rest/loop.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>

#include "bytes/json_writer.h"
#include "codec/json_rows.h"
#include "predict/shadow.h"
#include "protocol/rest/content_type.h"
#include "protocol/rest/docs_page.h"

namespace turnout {
namespace {

constexpr std::string_view kJson = "application/json";
constexpr std::size_t kMostEcho = 200;  // bytes of a path in a message

SteadyTime ReceivedAt(const HttpRequest& request) {
  return SteadyTime(std::chrono::nanoseconds(request.received_ns));
}

// FastAPI's spelling of a boolean.
bool ReadBool(std::string_view text, bool& value) {
  for (const std::string_view yes : {"true", "1", "on", "yes"}) {
    if (EqualsIgnoringCase(text, yes)) return value = true;
  }
  for (const std::string_view no : {"false", "0", "off", "no"}) {
    if (EqualsIgnoringCase(text, no)) {
      value = false;
      return true;
    }
  }
  return false;
}

void AppendDetailText(std::string& out, std::string_view detail) {
  out += R"({"detail":)";
  AppendJsonString(out, detail);
  out += '}';
}

// "byte 17: what is wrong" (bytes/json.h) to 17 and the rest; false: not about a byte.
bool SplitByte(std::string_view message, std::string_view& offset, std::string_view& what) {
  constexpr std::string_view kByte = "byte ";
  if (!message.starts_with(kByte)) return false;
  const std::size_t colon = message.find(": ");
  if (colon == std::string_view::npos) return false;
  offset = message.substr(kByte.size(), colon - kByte.size());
  what = message.substr(colon + 2);
  return true;
}

}  // namespace

RestLoop::Desk::Desk(RestService& service, MetricsShard& shard, std::shared_ptr<const Snapshot> first)
    : snapshot(std::move(first)),
      batch(snapshot->contract->layout()),
      reader(*snapshot->contract, batch),
      reply(*snapshot->contract),
      predicts(service.metrics_, shard, snapshot->endpoint, Name(RestRoute::kPredict)),
      batches(service.metrics_, shard, snapshot->endpoint, Name(RestRoute::kBatch)),
      refusals(service.metrics_, shard, snapshot->endpoint, *snapshot->contract) {}

RestLoop::RestLoop(RestService& service, int index, std::shared_ptr<const RestTable> table)
    : service_(service),
      shard_(service.metrics_.NewShard()),
      predictor_(shard_),
      protocol_errors_(service.metrics_, shard_, "", "malformed"),
      id_(fmt::format("{}-{:x}-", service.id_prefix_, index)),
      id_stem_(id_.size()) {
  for (std::size_t route = 0; route < kRestRoutes; ++route) {
    counts_.emplace_back(service.metrics_, shard_, "", Name(static_cast<RestRoute>(route)));
  }
  Use(std::move(table));
}

void RestLoop::Use(std::shared_ptr<const RestTable> table) {
  std::vector<std::unique_ptr<Desk>> desks;
  for (const RestTable::Endpoint& endpoint : table->endpoints) {
    std::unique_ptr<Desk> desk;
    for (auto& old : desks_) {
      const bool same = old != nullptr && old->snapshot->endpoint == endpoint.snapshot->endpoint &&
                        old->snapshot->contract == endpoint.snapshot->contract;
      if (same) desk = std::move(old);
    }
    if (desk == nullptr) desk = std::make_unique<Desk>(service_, shard_, endpoint.snapshot);
    desk->snapshot = endpoint.snapshot;
    desk->generation_line = endpoint.generation_line;
    desks.push_back(std::move(desk));
  }
  desks_ = std::move(desks);
  table_ = std::move(table);
}

void RestLoop::Handle(HttpExchange& exchange) {
  const HttpRequest& request = exchange.request();
  const RestMatch match = MatchPath(table_->endpoints, request.path);
  if (match.route == RestRoute::kPredict || match.route == RestRoute::kBatch) {
    return Predict(exchange, match);
  }
  counts_[static_cast<std::size_t>(match.route)].Add(Get(exchange, match));
}

void RestLoop::Predict(HttpExchange& exchange, const RestMatch& match) {
  const HttpRequest& request = exchange.request();
  const bool one = match.route == RestRoute::kPredict;
  Desk* const desk = loading() ? nullptr : desks_[match.endpoint].get();
  std::string& body = exchange.body();
  Flags flags;
  int status = 200;
  bool answered = false;
  if (request.method == HttpMethod::kOptions) {
    exchange.AddHeaderLines("Allow: POST, OPTIONS\r\n");
    status = 204;
  } else if (request.method != HttpMethod::kPost) {
    exchange.AddHeaderLines("Allow: POST, OPTIONS\r\n");
    AppendDetailText(body, "Method not allowed: send a POST with a JSON body");
    status = 405;
  } else if (desk == nullptr) {
    exchange.AddHeaderLines("Retry-After: 1\r\n");
    AppendDetailText(body, "Loading: no model is ready yet");
    status = 503;
  } else if (desk->snapshot->down) {
    exchange.AddHeaderLines("Retry-After: 1\r\n");
    AppendDetailText(body, "The endpoint changes its version; try again in a moment");
    status = 503;
  } else if (!AcceptContent(request.fields, body)) {
    status = 415;
  } else if (!ReadFlags(request.query, flags, body) || !ReadOverride(request, *desk->snapshot, flags, body)) {
    status = 422;
  } else {
    status = one ? PredictRow(exchange, *desk, flags) : PredictRows(exchange, *desk, flags);
    answered = status == 200;
  }
  if (desk != nullptr) {
    (one ? desk->predicts : desk->batches).Add(status);
  } else {
    counts_[static_cast<std::size_t>(match.route)].Add(status);
  }
  exchange.Send(status, status == 204 ? std::string_view{} : kJson);
  // A tester's request for a version by name is no traffic.
  if (answered && flags.version < 0) Mirror(*desk->snapshot, desk->batch, desk->answers, id_, !one);
  if (desk != nullptr) desk->reader.Clear();
}

int RestLoop::PredictRow(HttpExchange& exchange, Desk& desk, Flags flags) {
  const HttpRequest& request = exchange.request();
  std::string& out = exchange.body();
  if (const Status read = ReadJsonRow(json_, request.body, desk.reader); !read) {
    return AppendBodyProblem(out, request, RestRoute::kPredict, read.error());
  }
  CountRefusals(desk);
  if (desk.batch.rows() == 1) {
    predictor_.Predict(*desk.snapshot, desk.batch, ReceivedAt(request), desk.answers, flags.version);
    if (desk.answers.refusals.empty()) {
      NextId();
      desk.reply.AppendRow(out, desk.batch, 0, desk.answers, flags.ids ? id_ : std::string_view{});
      AddAnswerHeaders(exchange, desk);
      return 200;
    }
  } else {
    desk.answers.Clear();
  }
  desk.reply.AppendDetail(out, desk.batch, desk.answers, desk.reader.refusals(), false);
  return 422;
}

int RestLoop::PredictRows(HttpExchange& exchange, Desk& desk, Flags flags) {
  const HttpRequest& request = exchange.request();
  std::string& out = exchange.body();
  if (const Status read = ReadJsonRows(json_, request.body, service_.options_.max_rows, desk.reader); !read) {
    return AppendBodyProblem(out, request, RestRoute::kBatch, read.error());
  }
  CountRefusals(desk);
  predictor_.Predict(*desk.snapshot, desk.batch, ReceivedAt(request), desk.answers, flags.version);
  const bool refused = !desk.reader.refusals().empty() || !desk.answers.refusals.empty();
  if (flags.strict && refused) {
    desk.reply.AppendDetail(out, desk.batch, desk.answers, desk.reader.refusals(), true);
    return 422;
  }
  NextId();
  desk.reply.AppendRows(out, desk.batch, desk.answers, desk.reader.refusals(),
                        flags.ids ? id_ : std::string_view{});
  AddAnswerHeaders(exchange, desk);
  return 200;
}

void RestLoop::CountRefusals(Desk& desk) {
  for (const Refusal& refusal : desk.reader.refusals()) desk.refusals.Add(refusal);
}

bool RestLoop::ReadFlags(std::string_view query, Flags& flags, std::string& body) const {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    const std::string_view name = pair.substr(0, pair.find('='));
    bool* const flag = name == "ids" ? &flags.ids : name == "strict" ? &flags.strict : nullptr;
    if (flag == nullptr) continue;
    const std::string_view value = pair.substr(std::min(name.size() + 1, pair.size()));
    if (ReadBool(value, *flag)) continue;
    body += fmt::format(
        R"({{"detail":[{{"loc":["query","{}"],"msg":"Input should be a valid boolean","type":"bool_type"}}]}})",
        name);
    return false;
  }
  return true;
}

// The version that a tester asks for by the endpoint's override header, whatever its share.
bool RestLoop::ReadOverride(const HttpRequest& request, const Snapshot& snapshot, Flags& flags,
                            std::string& body) const {
  if (snapshot.override_header.empty()) return true;
  for (const HttpField& field : request.fields) {
    if (!EqualsIgnoringCase(field.name, snapshot.override_header)) continue;
    flags.version = snapshot.route.Find(field.value);
    if (flags.version >= 0) return true;
    std::string names;
    for (const TrafficShare& share : snapshot.route.shares()) {
      names += (names.empty() ? "" : ", ") + share.version;
    }
    body += R"({"detail":[{"loc":["header",)";
    AppendJsonString(body, snapshot.override_header);
    body += R"(],"msg":)";
    AppendJsonString(body, fmt::format("There is no such version; there are: {}", names));
    body += R"(,"type":"enum"}]})";
    return false;
  }
  return true;
}

// The document could not be read as rows; returns the status.
int RestLoop::AppendBodyProblem(std::string& out, const HttpRequest& request, RestRoute route,
                                const Error& error) const {
  if (error.code != Code::kInvalidArgument) {
    AppendDetailText(out, error.message);
    return 500;
  }
  const std::size_t first = request.body.find_first_not_of(" \t\r\n");
  std::string_view offset, what;
  if (first == std::string_view::npos) {
    AppendBodyError(out, "missing", "Field required: the body is empty");
  } else if (SplitByte(error.message, offset, what)) {
    out += fmt::format(R"({{"detail":[{{"loc":["body",{}],"msg":)", offset);
    AppendJsonString(out, fmt::format("JSON decode error: {}", what));
    out += R"(,"type":"json_invalid"}]})";
  } else {
    const bool one = route == RestRoute::kPredict;
    const bool right_kind = request.body[first] == (one ? '{' : '[');
    AppendBodyError(out, right_kind ? "too_long" : one ? "dict_type" : "list_type", error.message);
  }
  return 422;
}

void RestLoop::NextId() {
  char digits[16];
  const auto end = std::to_chars(digits, digits + sizeof digits, ++next_id_, 16).ptr;
  id_.resize(id_stem_);
  id_.append(digits, static_cast<std::size_t>(end - digits));
}

void RestLoop::AddAnswerHeaders(HttpExchange& exchange, const Desk& desk) {
  // The versions that answered, in the order of the route.
  header_lines_.assign("X-Turnout-Version: ");
  const std::size_t start = header_lines_.size();
  for (const Served& served : desk.snapshot->served) {
    const Answerer* const by = &served.version->answerer;
    for (const Answer& answer : desk.answers.rows) {
      if (answer.by != by) continue;
      if (header_lines_.size() > start) header_lines_.append(", ");
      header_lines_.append(by->version);
      break;
    }
  }
  if (header_lines_.size() == start) header_lines_.append(desk.snapshot->stable->name);  // no row was good
  header_lines_.append("\r\n").append(desk.generation_line);
  header_lines_.append("X-Prediction-Id: ").append(id_).append("\r\n");
  exchange.AddHeaderLines(header_lines_);
}

// Everything but predictions; returns the status.
int RestLoop::Get(HttpExchange& exchange, const RestMatch& match) {
  const HttpMethod method = exchange.request().method;
  const bool found = match.route < RestRoute::kUnknownEndpoint;
  if (!found) return NotFound(exchange, match);
  if (method == HttpMethod::kOptions) {
    exchange.AddHeaderLines("Allow: GET, HEAD, OPTIONS\r\n");
    exchange.Send(204, {});
    return 204;
  }
  if (method != HttpMethod::kGet && method != HttpMethod::kHead) {
    exchange.AddHeaderLines("Allow: GET, HEAD, OPTIONS\r\n");
    AppendDetailText(exchange.body(), "Method not allowed: send a GET");
    exchange.Send(405, kJson);
    return 405;
  }
  switch (match.route) {
    case RestRoute::kHealth:
    case RestRoute::kLive:
    case RestRoute::kReady: return Health(exchange, match.route);
    case RestRoute::kMetrics:
      exchange.Reply(200, "text/plain; version=0.0.4; charset=utf-8", service_.metrics_.Text());
      return 200;
    case RestRoute::kDocs:
      exchange.AddHeaderLines(service_.docs_headers_);
      exchange.Reply(200, "text/html; charset=utf-8", DocsPage());
      return 200;
    case RestRoute::kRoot:
      exchange.AddHeaderLines("Location: /docs\r\n");
      exchange.Send(307, {});
      return 307;
    default: break;
  }
  if (loading()) {
    exchange.AddHeaderLines("Retry-After: 1\r\n");
    AppendDetailText(exchange.body(), "Loading: no model is ready yet");
    exchange.Send(503, kJson);
    return 503;
  }
  exchange.Reply(200, kJson, match.route == RestRoute::kOpenApi ? table_->openapi : table_->listing);
  return 200;
}

int RestLoop::Health(HttpExchange& exchange, RestRoute route) {
  const bool draining = service_.draining_.load(std::memory_order_relaxed);
  const bool live = route == RestRoute::kLive;
  const int status = live || (!loading() && !draining) ? 200 : 503;
  std::string& out = exchange.body();
  out += R"({"status":")";
  if (live) {
    out += "alive";
  } else if (status != 200) {
    out += draining ? "draining" : "loading";
  } else {
    out += route == RestRoute::kHealth ? "healthy" : "ready";
  }
  out += '"';
  if (route == RestRoute::kHealth && !loading()) {
    out += ',';
    out += table_->health_members;
  }
  out += '}';
  exchange.Send(status, kJson);
  return status;
}

int RestLoop::NotFound(HttpExchange& exchange, const RestMatch& match) {
  std::string& out = exchange.body();
  out += R"({"detail":)";
  switch (match.route) {
    case RestRoute::kUnknownEndpoint:
      AppendJsonString(out, fmt::format("No such endpoint: {}", match.name.substr(0, kMostEcho)));
      break;
    case RestRoute::kWhichEndpoint:
      AppendJsonString(out, "This server has several endpoints: use /endpoints/{name}/predict");
      break;
    default:
      AppendJsonString(out, fmt::format("No such path: {}", exchange.request().path.substr(0, kMostEcho)));
      break;
  }
  out += match.route == RestRoute::kUnknown ? table_->unknown_path : table_->unknown_endpoint;
  exchange.Send(404, kJson);
  return 404;
}

}  // namespace turnout
