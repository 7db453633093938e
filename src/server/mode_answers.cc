#include "server/mode_answers.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "batch/score.h"
#include "bytes/json.h"
#include "bytes/json_writer.h"
#include "net/http_client.h"
#include "storage/file.h"

namespace turnout {
namespace {

constexpr std::string_view kPrefix = "turnout_";
constexpr std::size_t kPipelined = 64;  // requests on their way at once
constexpr std::size_t kLargestTable = std::size_t{1} << 30;

using Tokens = std::span<const JsonToken>;

std::string TokenText(const JsonToken& token) {
  switch (token.kind) {
    case JsonToken::Kind::kTrue: return "true";
    case JsonToken::Kind::kFalse: return "false";
    case JsonToken::Kind::kString:
    case JsonToken::Kind::kNumber: return std::string(token.text);
    default: return "";
  }
}

// The index behind the value at `i`.
std::size_t Behind(Tokens tokens, std::size_t i) {
  const bool holds = tokens[i].kind == JsonToken::Kind::kObject || tokens[i].kind == JsonToken::Kind::kArray;
  return (holds ? tokens[i].skip : i) + 1;
}

// Calls member(name, index of the value) for each member of the object at `at`, and for nothing inside them.
template <class Member>
void ForEachMember(Tokens tokens, std::size_t at, Member member) {
  if (at >= tokens.size() || tokens[at].kind != JsonToken::Kind::kObject) return;
  for (std::size_t i = at + 1; tokens[i].kind == JsonToken::Kind::kKey; i = Behind(tokens, i + 1)) {
    member(tokens[i].text, i + 1);
  }
}

// One error: REST's {"loc":["body",2,"age"],...} or a reject line's {"field":"age",...}; the field is empty
// where the whole row is meant.
std::string ErrorText(Tokens tokens, std::size_t at) {
  std::string field, type, message;
  ForEachMember(tokens, at, [&](std::string_view name, std::size_t value) {
    const JsonToken& token = tokens[value];
    if (name == "loc" && token.kind == JsonToken::Kind::kArray) {
      const JsonToken& last = tokens[token.skip - 1];
      const bool named = token.skip - value > 2 && last.kind == JsonToken::Kind::kString;
      field = named ? TokenText(last) : "";
    }
    if (name == "field") field = TokenText(token);
    if (name == "type") type = TokenText(token);
    if (name == "msg") message = TokenText(token);
  });
  return fmt::format("{}: {} \"{}\"", field, type, message);
}

// The answer, or the refusal, that stands in the object which `tokens` is.
std::string AnswerText(Tokens tokens) {
  std::string answer, refused;
  ForEachMember(tokens, 0, [&](std::string_view name, std::size_t value) {
    const bool errors = name == "detail" || name == "error" || name == "errors";
    if (errors && tokens[value].kind == JsonToken::Kind::kArray) {
      refused = "refused";
      for (std::size_t i = value + 1; i < tokens[value].skip; i = Behind(tokens, i)) {
        refused += (refused.size() > 7 ? ", " : " ") + ErrorText(tokens, i);
      }
    } else if (name.starts_with(kPrefix)) {
      answer += fmt::format("{}{}={}", answer.empty() ? "" : " ", name.substr(kPrefix.size()),
                            TokenText(tokens[value]));
    }
  });
  return refused.empty() ? answer : refused;
}

// Row numbers (from 1) and refusals of a rejects file; a file that is not there has none.
Result<std::map<uint64_t, std::string>> ReadRejects(const std::string& path) {
  std::map<uint64_t, std::string> refused;
  const auto text = ReadFile(path, kLargestTable);
  if (!text && text.error().code == Code::kNotFound) return refused;
  if (!text) return std::unexpected(text.error());
  JsonTokenizer json;
  for (std::size_t at = 0; at < text->size();) {
    const std::size_t end = std::min(text->find('\n', at), text->size());
    TURNOUT_ASSIGN(const Tokens tokens, json.Document(std::string_view(*text).substr(at, end - at)));
    uint64_t row = 0;
    ForEachMember(tokens, 0, [&](std::string_view name, std::size_t value) {
      const std::string_view number = tokens[value].text;
      if (name == "row") std::from_chars(number.data(), number.data() + number.size(), row);
    });
    if (!refused.emplace(row, AnswerText(tokens)).second) {
      return Fail(Code::kInternal, fmt::format("{}: row {} is rejected twice", path, row));
    }
    at = end + 1;
  }
  return refused;
}

// A folder that goes away with everything in it.
class TemporaryFolder {
 public:
  TemporaryFolder() : path_((std::filesystem::temp_directory_path() / "turnout-verify-XXXXXX").string()) {
    made_ = mkdtemp(path_.data()) != nullptr;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    if (made_) std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  bool made() const { return made_; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  bool made_ = false;
};

}  // namespace

bool IsRefused(const std::string& answer) { return answer.starts_with("refused"); }

void AskEverything(Contract& contract, const Signature& signature) {
  std::vector<ReplyItem> items;
  const auto add = [&items](std::string_view name, ReplyItem::What what, Label label = {}) {
    ReplyItem& item = items.emplace_back();
    item.name = std::string(kPrefix).append(name);
    item.what = what;
    item.label = std::move(label);
  };
  if (signature.task == Task::kRegression) {
    add("value", ReplyItem::What::kValue);
  } else {
    add("class", ReplyItem::What::kClass);
    for (std::size_t i = 0; signature.probabilities && i < signature.classes.size(); ++i) {
      add(fmt::format("p{}", i), ReplyItem::What::kProbabilityOf, signature.classes[i]);
    }
  }
  contract.reply = items;
  contract.columns = std::move(items);
}

std::string JsonRow(const ModeRun& run, std::size_t row) {
  const Contract& contract = *run.snapshot->contract;
  std::string json = "{";
  for (std::size_t c = 0; c < run.table.names.size(); ++c) {
    if (c > 0) json += ',';
    AppendJsonString(json, run.table.names[c]);
    json += ':';
    const auto& cell = run.table.columns[c][row];
    const Slot slot = contract.Find(run.table.names[c]);
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

Result<std::string> ReadModeAnswer(JsonTokenizer& json, std::string_view document) {
  TURNOUT_ASSIGN(const Tokens tokens, json.Document(document));
  return AnswerText(tokens);
}

Result<ModeAnswers> RestAnswers(const ModeRun& run, int port) {
  TURNOUT_ASSIGN(HttpClient client, HttpClient::Connect("127.0.0.1", port));
  JsonTokenizer json;
  ModeAnswers answers;
  const std::size_t rows = run.table.rows();
  for (std::size_t sent = 0; answers.size() < rows;) {
    while (sent < rows && sent - answers.size() < kPipelined) {
      TURNOUT_TRY(client.Send("POST", "/predict", JsonRow(run, sent++)));
    }
    TURNOUT_ASSIGN(const HttpResponse response, client.Receive());
    if (response.status != 200 && response.status != 422) {
      return Fail(Code::kInternal, fmt::format("row {}: POST /predict answered {}: {}", answers.size() + 1,
                                               response.status, response.body));
    }
    TURNOUT_ASSIGN(answers.emplace_back(), ReadModeAnswer(json, response.body));
  }
  return answers;
}

Result<ModeAnswers> RestBatchAnswers(const ModeRun& run, int port) {
  TURNOUT_ASSIGN(HttpClient client, HttpClient::Connect("127.0.0.1", port));
  JsonTokenizer json;
  ModeAnswers answers;
  for (std::size_t first = 0; first < run.table.rows(); first += kModeBatchRows) {
    std::string body = "[";
    const std::size_t end = std::min(first + kModeBatchRows, run.table.rows());
    for (std::size_t row = first; row < end; ++row) {
      if (row > first) body += ',';
      body += JsonRow(run, row);
    }
    TURNOUT_ASSIGN(const HttpResponse response, client.Call("POST", "/predict/batch", body + "]"));
    if (response.status != 200) {
      return Fail(Code::kInternal, fmt::format("rows {} to {}: POST /predict/batch answered {}: {}",
                                               first + 1, end, response.status, response.body));
    }
    TURNOUT_TRY(json.Elements(response.body, [&](Tokens element, std::string_view) -> Status {
      answers.push_back(AnswerText(element));
      return {};
    }));
  }
  return answers;
}

Result<ModeAnswers> FileAnswers(const ModeRun& run) {
  const TemporaryFolder folder;
  if (!folder.made()) {
    return Fail(Code::kUnavailable, fmt::format("{}: a temporary folder can't be made there", folder.path()));
  }
  ScoreOptions options;
  options.input = run.rows;
  options.output = folder.path() + "/scored.csv";
  options.rejects = folder.path() + "/rejects.jsonl";
  TURNOUT_ASSIGN(const ScoreSummary summary, ScoreFile(*run.snapshot, run.metrics, options));
  TURNOUT_ASSIGN(const std::string text, ReadFile(options.output, kLargestTable));
  TURNOUT_ASSIGN(const TextTable scored, ReadTextTable(text, "the scored file"));
  TURNOUT_ASSIGN(const auto refused, ReadRejects(options.rejects));
  ModeAnswers answers;
  // The answers are the last columns; what the input already had stands before them.
  const std::size_t first = scored.names.size() - run.snapshot->contract->columns.size();
  std::size_t good = 0;
  for (uint64_t row = 1; row <= run.table.rows(); ++row) {
    if (const auto found = refused.find(row); found != refused.end()) {
      answers.push_back(found->second);
      continue;
    }
    std::string answer;
    for (std::size_t c = first; good < scored.rows() && c < scored.names.size(); ++c) {
      answer += fmt::format("{}{}={}", c == first ? "" : " ", scored.names[c].substr(kPrefix.size()),
                            scored.columns[c][good].value_or(""));
    }
    answers.push_back(std::move(answer));
    ++good;
  }
  if (good != scored.rows()) {
    return Fail(Code::kInternal,
                fmt::format("the scored file has {} rows, {} expected", scored.rows(), good));
  }
  return answers;
}

}  // namespace turnout
