#include "record/log_line.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "bytes/json_writer.h"
#include "bytes/number.h"
#include "codec/field_json.h"
#include "rollout/key_hash.h"

namespace turnout {
namespace {

using Kind = JsonToken::Kind;

// "2026-11-22T10:00:00.000123Z"
std::string TimeText(std::chrono::system_clock::time_point time) {
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(time)),
                     micros % 1'000'000);
}

// "prediction":"1","scores":{"0":0.25,"1":0.75}
void AppendGiven(std::string& out, const Answer& answer, const Answers& answers) {
  const Answerer& by = *answer.by;
  out += R"("prediction":)";
  if (by.task == Task::kRegression) {
    const auto values = answers.values_of(answer);
    if (values.size() != 1) out += '[';
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i > 0) out += ',';
      AppendJsonNumber(out, values[i]);
    }
    if (values.size() != 1) out += ']';
    return;
  }
  AppendJsonString(out, by.class_text[answer.class_index]);
  if (answers.probabilities.empty()) return;
  out += R"(,"scores":)";
  const auto probabilities = answers.probabilities_of(answer);
  for (std::size_t i = 0; i < probabilities.size(); ++i) {
    out += i == 0 ? '{' : ',';
    AppendJsonString(out, by.class_text[i]);
    out += ':';
    AppendJsonNumber(out, probabilities[i]);
  }
  out += '}';
}

void AppendHead(std::string& out, const Sample& sample, std::size_t row, std::string_view kind,
                std::string_view version) {
  out += fmt::format(R"({{"kind":"{}","id":)", kind);
  AppendJsonString(out, sample.RowId(row));
  out += fmt::format(R"(,"time":"{}","endpoint":)", TimeText(sample.time));
  AppendJsonString(out, sample.endpoint);
  out += R"(,"version":)";
  AppendJsonString(out, version);
  out += fmt::format(R"(,"generation":{})", sample.generation);
  std::string scratch;
  const std::string_view key = KeyText(*sample.contract, sample.batch, row, scratch);
  if (key.data() != nullptr) out += fmt::format(R"(,"key_hash":"{:016x}")", HashKey(key, 0));
}

void AppendFields(std::string& out, const Sample& sample, std::size_t row, const LogOptions& options) {
  out += R"(,"fields":{)";
  bool first = true;
  const std::vector<Field>& fields = sample.contract->fields;
  for (std::size_t f = 0; f < fields.size(); ++f) {
    const auto& redact = options.redact;
    if (std::find(redact.begin(), redact.end(), fields[f].name) != redact.end()) continue;
    if (!first) out += ',';
    first = false;
    AppendJsonString(out, fields[f].name);
    out += ':';
    AppendFieldJson(out, *sample.contract, f, sample.batch, row);
  }
  out += "},";
}

std::unexpected<Error> Bad(std::string message) { return Fail(Code::kInvalidArgument, std::move(message)); }

double Number(std::string_view literal) {
  double value = 0;
  std::from_chars(literal.data(), literal.data() + literal.size(), value);
  return value;
}

// A scalar as text; an array as its numbers, joined.
std::string Text(std::span<const JsonToken> tokens, std::size_t at) {
  const JsonToken& token = tokens[at];
  switch (token.kind) {
    case Kind::kString:
    case Kind::kNumber: return std::string(token.text);
    case Kind::kTrue: return "true";
    case Kind::kFalse: return "false";
    case Kind::kArray: {
      std::string joined;
      for (std::size_t i = at + 1; i < token.skip; ++i) {
        if (!joined.empty()) joined += ' ';
        joined += tokens[i].text;
      }
      return joined;
    }
    default: return {};
  }
}

// Where the value at `at` ends.
std::size_t Behind(std::span<const JsonToken> tokens, std::size_t at) {
  const bool open = tokens[at].kind == Kind::kObject || tokens[at].kind == Kind::kArray;
  return open ? tokens[at].skip + 1 : at + 1;
}

// Calls member(name, index of the value) for each member of the object at `at`.
template <class Member>
void ForEachMember(std::span<const JsonToken> tokens, std::size_t at, Member member) {
  for (std::size_t i = at + 1; i < tokens[at].skip; i = Behind(tokens, i + 1)) member(tokens[i].text, i + 1);
}

void ReadGiven(std::span<const JsonToken> tokens, std::string_view name, std::size_t at,
               LogLine::Given& given) {
  if (name == "version") given.version = Text(tokens, at);
  if (name == "prediction") given.prediction = Text(tokens, at);
  if (name == "scores" && tokens[at].kind == Kind::kObject) {
    ForEachMember(tokens, at, [&](std::string_view label, std::size_t value) {
      given.scores.emplace_back(label, Number(tokens[value].text));
    });
  }
}

}  // namespace

void AppendPredictionLine(std::string& out, const Sample& sample, std::size_t row,
                          const LogOptions& options) {
  const Answer& answer = sample.answers.rows[row];
  if (answer.refusal >= 0) return;
  AppendHead(out, sample, row, "prediction", answer.by->version);
  AppendFields(out, sample, row, options);
  AppendGiven(out, answer, sample.answers);
  out += fmt::format(R"(,"latency_us":{:.0f}}})", sample.answers.latency_seconds * 1e6);
  out += '\n';
}

void AppendShadowLine(std::string& out, const Sample& sample, std::size_t row, std::string_view shadow,
                      const Answers& answers, double seconds, const LogOptions& options) {
  const Answer& primary = sample.answers.rows[row];
  if (primary.refusal >= 0) return;
  const Answer& answer = answers.rows[row];
  AppendHead(out, sample, row, "shadow", shadow);
  AppendFields(out, sample, row, options);
  if (answer.refusal >= 0) {
    out += R"("refused":true)";
  } else {
    AppendGiven(out, answer, answers);
  }
  out += fmt::format(R"(,"latency_us":{:.1f},"primary":{{"version":)", seconds * 1e6);
  AppendJsonString(out, primary.by->version);
  out += ',';
  AppendGiven(out, primary, sample.answers);
  out += "}}\n";
}

Result<LogLine> ParseLogLine(JsonTokenizer& json, std::string_view line) {
  TURNOUT_ASSIGN(const auto tokens, json.Document(line));
  if (tokens.empty() || tokens[0].kind != Kind::kObject) return Bad("an object expected");
  LogLine out;
  std::string kind;
  ForEachMember(tokens, 0, [&](std::string_view name, std::size_t at) {
    ReadGiven(tokens, name, at, out.given);
    if (name == "kind") kind = Text(tokens, at);
    if (name == "id") out.id = Text(tokens, at);
    if (name == "time") out.time = Text(tokens, at);
    if (name == "endpoint") out.endpoint = Text(tokens, at);
    if (name == "key_hash") out.key_hash = Text(tokens, at);
    if (name == "generation") out.generation = static_cast<uint64_t>(std::max(0.0, Number(tokens[at].text)));
    if (name == "latency_us") out.latency_us = Number(tokens[at].text);
    if (name == "refused") out.refused = tokens[at].kind == Kind::kTrue;
    if (name == "primary" && tokens[at].kind == Kind::kObject) {
      ForEachMember(tokens, at, [&](std::string_view inner, std::size_t value) {
        if (!out.primary) out.primary.emplace();
        ReadGiven(tokens, inner, value, *out.primary);
      });
    }
    if (name == "fields" && tokens[at].kind == Kind::kObject) {
      ForEachMember(tokens, at, [&](std::string_view field, std::size_t value) {
        out.fields.emplace_back(field, Text(tokens, value));
      });
    }
  });
  if (kind != "prediction" && kind != "shadow") {
    return Bad(fmt::format("kind is '{}'; prediction or shadow expected", kind.substr(0, 40)));
  }
  out.shadow = kind == "shadow";
  if (out.endpoint.empty() || out.given.version.empty()) return Bad("no endpoint or no version");
  if (out.shadow && !out.primary) return Bad("a shadow without the primary's answer");
  return out;
}

}  // namespace turnout
