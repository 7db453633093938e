#include "server/modes.h"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <map>

#include "batch/score.h"
#include "bytes/json.h"
#include "bytes/json_writer.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "protocol/rest/service.h"
#include "registry/expected.h"
#include "server/endpoints.h"
#include "storage/file.h"
#include "stream/plugin.h"
#include "stream/stream_job.h"

namespace turnout {
namespace {

// One text per row: "class=1 p0=0.25 p1=0.75", or "refused age:less_than_equal plan:enum".
using Answered = std::vector<std::string>;

constexpr std::size_t kPipelined = 64;   // requests on their way at once
constexpr std::size_t kBatchRows = 500;  // of one batch request
constexpr std::size_t kLargestTable = std::size_t{1} << 30;

// What the modes are asked for, whatever the contract's own reply is: the class or value and every
// probability, under the same names in replies and columns.
std::vector<ReplyItem> Items(const Signature& signature) {
  std::vector<ReplyItem> items;
  auto add = [&items](std::string name, ReplyItem::What what, Label label = {}) {
    ReplyItem item;
    item.name = std::move(name);
    item.what = what;
    item.label = std::move(label);
    items.push_back(std::move(item));
  };
  if (signature.task == Task::kRegression) {
    add("turnout_value", ReplyItem::What::kValue);
    return items;
  }
  add("turnout_class", ReplyItem::What::kClass);
  for (std::size_t i = 0; signature.probabilities && i < signature.classes.size(); ++i) {
    add(fmt::format("turnout_p{}", i), ReplyItem::What::kProbabilityOf, signature.classes[i]);
  }
  return items;
}

// A row as the JSON that a caller would send: numbers as they stand, everything else as text.
std::string JsonRow(const TextTable& table, const Contract& contract, std::size_t row) {
  std::string json = "{";
  for (std::size_t c = 0; c < table.names.size(); ++c) {
    if (c > 0) json += ',';
    AppendJsonString(json, table.names[c]);
    json += ':';
    const auto& cell = table.columns[c][row];
    const Slot slot = contract.Find(table.names[c]);
    const bool number = slot.field >= 0 &&
                        contract.fields[static_cast<std::size_t>(slot.field)].column() == ColumnType::kNumber;
    if (!cell) {
      json += "null";
    } else if (number && IsJsonNumber(*cell)) {
      json += *cell;
    } else {
      AppendJsonString(json, *cell);
    }
  }
  return json + "}";
}

std::string TokenText(const JsonToken& token) {
  switch (token.kind) {
    case JsonToken::Kind::kTrue: return "true";
    case JsonToken::Kind::kFalse: return "false";
    case JsonToken::Kind::kNull: return "";
    default: return std::string(token.text);
  }
}

// The members that this page asked for, of one answer object; nothing if it is an error.
std::string Answer(std::span<const JsonToken> object) {
  std::string text;
  for (std::size_t i = 0; i + 1 < object.size(); ++i) {
    if (object[i].kind == JsonToken::Kind::kKey && object[i].text.starts_with("turnout_")) {
      text += fmt::format("{}{}={}", text.empty() ? "" : " ", object[i].text, TokenText(object[i + 1]));
    }
  }
  return text;
}

// "refused age:less_than_equal": from a list of errors, in REST's form ("loc", whose last is the field) or
// the reject line's ("field").
std::string Refused(std::span<const JsonToken> tokens) {
  std::string text = "refused", field, type;
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    if (tokens[i].kind != JsonToken::Kind::kKey) continue;
    if (tokens[i].text == "loc" && tokens[i + 1].kind == JsonToken::Kind::kArray) {
      field = TokenText(tokens[tokens[i + 1].skip - 1]);
    }
    if (tokens[i].text == "field") field = TokenText(tokens[i + 1]);
    if (tokens[i].text == "type") type = TokenText(tokens[i + 1]);
    if (!field.empty() && !type.empty()) {
      text += fmt::format(" {}:{}", field, type);
      field.clear();
      type.clear();
    }
  }
  return text;
}

struct Comparing {
  const ModesOptions& options;
  TextTable table;
  std::shared_ptr<const Snapshot> snapshot;
  Metrics& metrics;
  std::filesystem::path folder;  // for files of this run
};

Result<std::string> OneReply(const HttpResponse& response, JsonTokenizer& json) {
  if (response.status != 200 && response.status != 422) {
    return Fail(Code::kInternal,
                fmt::format("POST /predict answered {}: {}", response.status, response.body));
  }
  TURNOUT_ASSIGN(const auto tokens, json.Document(response.body));
  return response.status == 200 ? Answer(tokens) : Refused(tokens);
}

Result<Answered> ThroughRest(Comparing& run, int port) {
  TURNOUT_ASSIGN(HttpClient client, HttpClient::Connect("127.0.0.1", port));
  JsonTokenizer json;
  Answered answers;
  const std::size_t rows = run.table.rows();
  for (std::size_t sent = 0; answers.size() < rows;) {
    while (sent < rows && sent - answers.size() < kPipelined) {
      TURNOUT_TRY(client.Send("POST", "/predict", JsonRow(run.table, *run.snapshot->contract, sent++)));
    }
    TURNOUT_ASSIGN(const HttpResponse response, client.Receive());
    TURNOUT_ASSIGN(answers.emplace_back(), OneReply(response, json));
  }
  return answers;
}

Result<Answered> ThroughRestBatch(Comparing& run, int port) {
  TURNOUT_ASSIGN(HttpClient client, HttpClient::Connect("127.0.0.1", port));
  JsonTokenizer json;
  Answered answers;
  for (std::size_t first = 0; first < run.table.rows(); first += kBatchRows) {
    std::string body = "[";
    const std::size_t end = std::min(first + kBatchRows, run.table.rows());
    for (std::size_t row = first; row < end; ++row) {
      if (row > first) body += ',';
      body += JsonRow(run.table, *run.snapshot->contract, row);
    }
    TURNOUT_ASSIGN(const HttpResponse response, client.Call("POST", "/predict/batch", body + "]"));
    if (response.status != 200) {
      return Fail(Code::kInternal,
                  fmt::format("POST /predict/batch answered {}: {}", response.status, response.body));
    }
    TURNOUT_TRY(
        json.Elements(response.body, [&](std::span<const JsonToken> element, std::string_view) -> Status {
          const std::string answer = Answer(element);
          answers.push_back(answer.empty() ? Refused(element) : answer);
          return {};
        }));
  }
  return answers;
}

// Row numbers (from 1) and refusals of a rejects file.
Result<std::map<std::size_t, std::string>> ReadRejects(const std::string& path) {
  std::map<std::size_t, std::string> refused;
  if (!std::filesystem::exists(path)) return refused;
  TURNOUT_ASSIGN(const std::string text, ReadFile(path, kLargestTable));
  JsonTokenizer json;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    TURNOUT_ASSIGN(const auto tokens, json.Document(std::string_view(text).substr(at, end - at)));
    std::size_t row = 0;
    for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
      if (tokens[i].kind == JsonToken::Kind::kKey && tokens[i].text == "row") {
        std::from_chars(tokens[i + 1].text.data(), tokens[i + 1].text.data() + tokens[i + 1].text.size(),
                        row);
        break;
      }
    }
    refused.emplace(row, Refused(tokens));
    at = end + 1;
  }
  return refused;
}

Result<Answered> ThroughFile(Comparing& run) {
  ScoreOptions options;
  options.input = run.options.rows;
  options.output = (run.folder / "scored.csv").string();
  TURNOUT_ASSIGN(const ScoreSummary summary, ScoreFile(*run.snapshot, run.metrics, options));
  TURNOUT_ASSIGN(const std::string text, ReadFile(summary.output, kLargestTable));
  TURNOUT_ASSIGN(const TextTable scored, ReadTextTable(text, summary.output));
  TURNOUT_ASSIGN(const auto refused, ReadRejects(options.output + ".rejects.jsonl"));
  Answered answers;
  std::size_t good = 0;
  for (std::size_t row = 1; row <= run.table.rows(); ++row) {
    if (const auto found = refused.find(row); found != refused.end()) {
      answers.push_back(found->second);
      continue;
    }
    std::string answer;
    for (std::size_t c = 0; c < scored.names.size(); ++c) {
      if (!scored.names[c].starts_with("turnout_")) continue;
      if (good >= scored.rows()) return Fail(Code::kInternal, "the scored file has too few rows");
      answer += fmt::format("{}{}={}", answer.empty() ? "" : " ", scored.names[c],
                            scored.columns[c][good].value_or(""));
    }
    answers.push_back(answer);
    ++good;
  }
  return answers;
}

// A broker's events for somebody who only sends or only reads.
class Listener : public BrokerEvents {
 public:
  std::size_t delivered = 0;
  std::string failure;
  std::map<int32_t, bool> ended;

  void Assigned(std::span<const int32_t> partitions) override {
    for (int32_t partition : partitions) ended.emplace(partition, false);
  }
  void Revoked(std::span<const int32_t>, bool) override {}
  void Delivered(uint64_t, Delivery delivery, std::string_view reason) override {
    ++delivered;
    if (delivery != Delivery::kDone) failure = reason;
  }
  void Committed(const Status&) override {}
  void EndOf(int32_t partition) override { ended[partition] = true; }
  void Trouble(std::string_view) override {}

  bool AllEnded() const {
    for (const auto& [partition, end] : ended) {
      if (!end) return false;
    }
    return !ended.empty();
  }
};

// Row i is sent under the key i, and its answer is found by it.
Status SendRows(Comparing& run, const BrokerOptions& names) {
  Listener listener;
  BrokerOptions sender = names;
  sender.output = names.input;  // what the job reads is what this one writes
  sender.input = names.output;
  sender.group = names.group + "-sender";
  TURNOUT_ASSIGN(const auto broker, OpenBroker("", sender, listener));
  const std::size_t rows = run.table.rows();
  std::vector<std::string> keys, values;
  for (std::size_t row = 0; row < rows; ++row) {
    keys.push_back(fmt::format("{}", row));
    values.push_back(JsonRow(run.table, *run.snapshot->contract, row));
  }
  for (std::size_t sent = 0; sent < rows;) {
    const Outgoing message{
        .target = Target::kOutput, .key = keys[sent], .value = values[sent], .headers = {}, .token = sent};
    if (broker->Produce({&message, 1}) == 1) {
      ++sent;
    } else {
      broker->ServeDeliveries(std::chrono::milliseconds(100));
    }
  }
  while (listener.delivered < rows && listener.failure.empty()) {
    broker->ServeDeliveries(std::chrono::milliseconds(100));
  }
  broker->Close();
  if (!listener.failure.empty()) return Fail(Code::kUnavailable, "kafka: " + listener.failure);
  return {};
}

Status ReadAnswers(const BrokerOptions& names, const std::string& topic, bool dead, Answered& answers,
                   std::size_t& found) {
  Listener listener;
  BrokerOptions reader = names;
  reader.input = topic;
  reader.output = names.input;
  reader.group = names.group + (dead ? "-dead" : "-out");
  reader.ends = true;
  TURNOUT_ASSIGN(const auto broker, OpenBroker("", reader, listener));
  JsonTokenizer json;
  while (!listener.AllEnded()) {
    TURNOUT_ASSIGN(const auto messages, broker->Poll(std::chrono::milliseconds(100), 1000));
    for (const Message& message : messages) {
      std::size_t row = 0;
      std::from_chars(message.key.data(), message.key.data() + message.key.size(), row);
      TURNOUT_ASSIGN(const auto tokens, json.Document(message.value));
      if (row >= answers.size()) return Fail(Code::kInternal, "kafka: an answer under an unknown key");
      answers[row] = dead ? Refused(tokens) : Answer(tokens);
      ++found;
    }
  }
  broker->Close();
  return {};
}

Result<Answered> ThroughKafka(Comparing& run) {
  StreamOptions stream;
  const std::string prefix = fmt::format("turnout-verify-{}", getpid());
  stream.endpoint = run.snapshot->endpoint;
  stream.brokers = run.options.brokers;
  stream.group = prefix;
  stream.input = prefix + "-in";
  stream.output = prefix + "-out";
  stream.dead_letters = prefix + "-dead";
  stream.until_end = true;
  BrokerOptions names = ToBrokerOptions(stream);
  TURNOUT_TRY(SendRows(run, names));

  StreamJob job(stream, [&run] { return run.snapshot; }, run.metrics, {}, nullptr);
  TURNOUT_ASSIGN(const auto broker, OpenBroker("", names, job.events()));
  TURNOUT_ASSIGN(const StreamSummary summary, job.Run(*broker));
  Answered answers(run.table.rows(), "no answer");
  std::size_t found = 0;
  if (summary.answered > 0) TURNOUT_TRY(ReadAnswers(names, stream.output, false, answers, found));
  if (summary.dead > 0) TURNOUT_TRY(ReadAnswers(names, stream.dead_letters, true, answers, found));
  return answers;
}

ModeResult Judge(std::string mode, const Answered& answers, const std::string& first_mode,
                 const Answered& first) {
  ModeResult result{
      .mode = std::move(mode), .rows = answers.size(), .refused = 0, .different = 0, .first_difference = {}};
  for (std::size_t i = 0; i < first.size(); ++i) {
    const std::string got = i < answers.size() ? answers[i] : "no answer";
    result.refused += got.starts_with("refused");
    if (got == first[i]) continue;
    if (result.different++ == 0) {
      result.first_difference =
          fmt::format("row {}: {} \"{}\", {} \"{}\"", i + 1, first_mode, first[i], result.mode, got);
    }
  }
  return result;
}

}  // namespace

bool ModesReport::agree() const {
  for (const ModeResult& mode : modes) {
    if (mode.different > 0) return false;
  }
  return !modes.empty();
}

Result<ModesReport> CompareModes(const ModesOptions& options) {
  const VersionConfig& version = options.endpoint.versions.front();
  TURNOUT_ASSIGN(ModelFile file, LoadModelFile(version.model));
  TURNOUT_ASSIGN(Contract contract, LoadContract(options.endpoint, file.model.signature));
  contract.reply = contract.columns = Items(file.model.signature);
  Endpoint endpoint;
  endpoint.name = options.endpoint.name;
  TURNOUT_ASSIGN(endpoint.version, MakeVersion(version.name, std::move(file), contract, version.engine));
  endpoint.contract = std::make_shared<const Contract>(std::move(contract));

  TURNOUT_ASSIGN(const std::string text, ReadFile(options.rows, kLargestTable));
  TURNOUT_ASSIGN(TextTable table, ReadTextTable(text, options.rows));
  if (table.rows() == 0) return Fail(Code::kInvalidArgument, options.rows + ": no rows");
  Metrics metrics;
  std::string pattern = (std::filesystem::temp_directory_path() / "turnout-verify-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) {
    return Fail(Code::kUnavailable, fmt::format("{}: a temporary folder can't be made there", pattern));
  }
  struct Folder {
    std::filesystem::path path;
    ~Folder() {
      std::error_code ignored;
      std::filesystem::remove_all(path, ignored);
    }
  } folder{pattern};
  Comparing run{options, std::move(table), MakeSnapshot(endpoint, metrics), metrics, folder.path};

  RestService rest(metrics, {.program_version = "verify", .max_rows = kBatchRows});
  HttpServer::Options http;
  http.loops = 1;
  TURNOUT_ASSIGN(const auto server, HttpServer::Start(http, rest.Handlers()));
  TURNOUT_TRY(rest.Publish({run.snapshot}));

  ModesReport report;
  Answered first;
  auto say = [&options](std::string_view mode) {
    if (options.starting) options.starting(mode);
  };
  say("rest");
  TURNOUT_ASSIGN(first, ThroughRest(run, server->port()));
  report.modes.push_back(Judge("rest", first, "rest", first));
  say("rest batch");
  TURNOUT_ASSIGN(const Answered batch, ThroughRestBatch(run, server->port()));
  report.modes.push_back(Judge("rest batch", batch, "rest", first));
  server->Stop();
  say("file");
  TURNOUT_ASSIGN(const Answered scored, ThroughFile(run));
  report.modes.push_back(Judge("file", scored, "rest", first));
  if (!options.brokers.empty()) {
    say("kafka");
    TURNOUT_ASSIGN(const Answered streamed, ThroughKafka(run));
    report.modes.push_back(Judge("kafka", streamed, "rest", first));
  }
  return report;
}

}  // namespace turnout
