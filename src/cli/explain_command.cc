#include <fmt/format.h>

#include <cstdio>

#include "bytes/json_builder.h"
#include "cli/commands.h"
#include "codec/json_rows.h"
#include "model/explain.h"
#include "server/endpoints.h"
#include "storage/file.h"

namespace turnout {
namespace {

constexpr std::size_t kLargestRow = 1 << 24;

// ROW as given: JSON, the name of a file with it, or - for standard input.
Result<std::string> RowText(const std::string& given) {
  if (given.find_first_not_of(" \t\r\n") != given.npos && given[given.find_first_not_of(" \t\r\n")] == '{') {
    return given;
  }
  return ReadFile(given == "-" ? "/dev/stdin" : given, kLargestRow);
}

std::string Text(const Value& value) {
  if (value.is_text) return value.text.data() == nullptr ? "missing" : std::string(value.text);
  if (IsMissing(value.number)) return "missing";
  std::string text;
  AppendJsonNumber(text, value.number);
  return text;
}

std::string Text(double number) { return Text(Value{.number = number}); }

std::string Text(std::span<const double> numbers) {
  std::string text;
  for (const double number : numbers) text += (text.empty() ? "" : " ") + Text(number);
  return text;
}

std::string Human(const Model& model, std::span<const Value> row, const Explanation& explained) {
  std::string out = "inputs\n";
  for (std::size_t i = 0; i < row.size(); ++i) {
    out += fmt::format("  {:<32} {}\n", model.signature.inputs[i].name, Text(row[i]));
  }
  const std::size_t features = explained.features.size();
  const bool terms = explained.terms.size() == features;
  out += terms ? "features that reach the predictor, and what each adds\n"
               : "features that reach the predictor\n";
  for (std::size_t i = 0; i < features; ++i) {
    out += fmt::format("  {:<32} {}", explained.features[i].name, Text(explained.features[i].value));
    if (terms) out += fmt::format("  {}", Text(explained.terms[i]));
    out += '\n';
  }
  if (!explained.leaves.empty()) out += "trees: the leaf, and what it adds\n";
  for (std::size_t t = 0; t < explained.leaves.size(); ++t) {
    out +=
        fmt::format("  {:<8} node {:<8} {}\n", t, explained.leaves[t].node, Text(explained.leaves[t].values));
  }
  const Prediction& prediction = explained.prediction;
  out += fmt::format("raw          {}\n", Text(prediction.raw));
  for (std::size_t k = 0; k < prediction.probabilities.size(); ++k) {
    out += fmt::format("{:<12} {}: {}\n", k == 0 ? "probability" : "", LabelText(model.signature.classes[k]),
                       Text(prediction.probabilities[k]));
  }
  out += fmt::format("predicts     {}\n", model.signature.task == Task::kClassification
                                              ? LabelText(model.signature.classes[prediction.class_index])
                                              : Text(prediction.values));
  return out;
}

void Numbers(JsonBuilder& json, std::span<const double> numbers) {
  json.Array();
  for (const double number : numbers) json.Number(number);
  json.End();
}

std::string Json(const Model& model, std::span<const Value> row, const Explanation& explained) {
  JsonBuilder json;
  json.Object().Key("inputs").Object();
  for (std::size_t i = 0; i < row.size(); ++i) {
    json.Key(model.signature.inputs[i].name);
    if (row[i].is_text) {
      row[i].text.data() == nullptr ? json.Raw("null") : json.Text(row[i].text);
    } else {
      json.Number(row[i].number);
    }
  }
  json.End().Key("features").Array();
  for (const Explanation::Feature& feature : explained.features) {
    json.Object().Key("name").Text(feature.name).Key("value").Number(feature.value).End();
  }
  json.End();
  if (!explained.leaves.empty()) {
    json.Key("trees").Array();
    for (const Explanation::Leaf& leaf : explained.leaves) {
      json.Object().Key("node").Number(leaf.node).Key("adds");
      Numbers(json, leaf.values);
      json.End();
    }
    json.End();
  }
  if (!explained.terms.empty()) {
    json.Key("terms");
    Numbers(json, explained.terms);
  }
  const Prediction& prediction = explained.prediction;
  json.Key("raw");
  Numbers(json, prediction.raw);
  if (!prediction.probabilities.empty()) {
    json.Key("probabilities").Object();
    for (std::size_t k = 0; k < prediction.probabilities.size(); ++k) {
      json.Key(LabelText(model.signature.classes[k])).Number(prediction.probabilities[k]);
    }
    json.End();
  }
  json.Key("prediction");
  if (model.signature.task == Task::kClassification) {
    json.Text(LabelText(model.signature.classes[prediction.class_index]));
  } else if (prediction.values.size() == 1) {
    json.Number(prediction.values[0]);
  } else {
    Numbers(json, prediction.values);
  }
  return json.End().Take() + "\n";
}

// What the endpoint's contract or its model has against the row, a line each.
Error Refused(const Refusal& refusal) {
  std::string text = "the row is refused";
  for (const FieldError& error : refusal.errors) {
    text += fmt::format("\n  {}: {}", error.field.empty() ? "row" : error.field, error.message);
  }
  return {Code::kInvalidArgument, std::move(text)};
}

Result<std::string> ExplainRow(const ExplainArguments& arguments) {
  TURNOUT_ASSIGN(const ServerConfig config, ReadConfigOrModel(arguments.target, arguments.registry));
  TURNOUT_ASSIGN(const Endpoint endpoint, LoadEndpoint(config, arguments.endpoint));
  TURNOUT_ASSIGN(const std::string body, RowText(arguments.row));

  const Contract& contract = *endpoint.contract;
  Batch batch(contract.layout());
  RowReader reader(contract, batch);
  JsonTokenizer json;
  if (auto read = ReadJsonRow(json, body, reader); !read) return Within("the row", std::move(read).error());
  if (!reader.refusals().empty()) return std::unexpected(Refused(reader.refusals().front()));
  // The one path says what the model itself refuses.
  Metrics metrics;
  const auto snapshot = MakeSnapshot(endpoint, metrics);
  Predictor predictor(metrics.NewShard());
  Answers answers;
  predictor.Predict(*snapshot, batch, std::chrono::steady_clock::now(), answers);
  if (!answers.refusals.empty()) return std::unexpected(Refused(answers.refusals.front()));

  const int32_t chosen = snapshot->route.Find(answers.rows[0].by->version);
  const Version& version = *snapshot->served[static_cast<std::size_t>(chosen)].version;
  std::vector<Value> row;
  for (const int32_t input : version.columns) {
    const Column& column = batch.column(static_cast<std::size_t>(input));
    const bool is_text = column.type == ColumnType::kText;
    row.push_back({.number = is_text ? 0 : column.numbers[0],
                   .text = is_text ? column.texts[0] : std::string_view(),
                   .is_text = is_text});
  }
  const Explanation explained = Explain(version.model, row);
  return arguments.json ? Json(version.model, row, explained) : Human(version.model, row, explained);
}

}  // namespace

int RunExplain(const ExplainArguments& arguments) {
  const auto text = ExplainRow(arguments);
  if (!text) return Report(text.error());
  std::fputs(text->c_str(), stdout);
  return 0;
}

}  // namespace turnout
