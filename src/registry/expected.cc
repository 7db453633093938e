#include "registry/expected.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "bytes/number.h"
#include "codec/csv_header.h"
#include "codec/csv_rows.h"
#include "codec/csv_splitter.h"
#include "contract/contract.h"
#include "contract/row_reader.h"

namespace turnout {
namespace {

std::string Text(double number) {
  std::string text;
  AppendNumber(text, number);
  return text;
}

// The rows of a whole CSV file in a batch.
Result<Batch> ReadRows(std::string_view csv, std::string_view name, const Contract& contract) {
  auto header = ReadCsvHeader(csv, true, contract);
  if (!header) return Within(name, std::move(header).error());
  Batch batch(contract.layout());
  RowReader reader(contract, batch);
  CsvRows rows(*header, contract);
  CsvSplitter splitter(*header);
  auto chunk = splitter.Next(csv.substr(header->bytes), true);
  if (!chunk) return Within(name, std::move(chunk).error());
  rows.Read(*chunk, reader);
  if (!reader.refusals().empty()) {
    const Refusal& refusal = reader.refusals().front();
    std::string fields;
    for (const FieldError& error : refusal.errors)
      fields += fmt::format(" {}: {};", error.field, error.message);
    fields.pop_back();
    return Fail(Code::kInvalidArgument, fmt::format("{}: row {} (line {}):{}", name, refusal.position + 1,
                                                    rows.LineOf(refusal.position), fields));
  }
  return batch;
}

// Labels as Python's str() writes them.
std::string PythonText(const Label& label) {
  if (const bool* truth = std::get_if<bool>(&label)) return *truth ? "True" : "False";
  return LabelText(label);
}

bool SameLabel(const Label& label, std::string_view expected) {
  if (PythonText(label) == expected) return true;
  const double* number = std::get_if<double>(&label);  // "1.0" and "1"
  const ParsedNumber parsed = ParseNumber(expected);
  return number != nullptr && parsed.error == NumberError::kNone && parsed.value == *number;
}

// What a column of expected.csv is compared with.
struct Source {
  enum class What { kLabel, kValue, kProbability, kRaw } what = What::kLabel;
  std::size_t index = 0;
};

Result<Source> FindSource(const Model& model, std::size_t outputs, std::string_view column) {
  const std::size_t colon = column.find(':');
  const std::string_view kind = column.substr(0, colon);
  const std::string_view rest = colon == column.npos ? std::string_view{} : column.substr(colon + 1);
  const auto& classes = model.signature.classes;
  auto unknown = [&](std::string_view why) {
    return Fail(Code::kInvalidArgument, fmt::format("column '{}': {}", column, why));
  };
  auto label = [&]() -> Result<std::size_t> {
    for (std::size_t i = 0; i < classes.size(); ++i) {
      if (SameLabel(classes[i], rest)) return i;
    }
    return unknown("the model has no such class");
  };
  if (kind == "predict") {
    if (!rest.empty()) return unknown("the model predicts one target");
    return Source{model.signature.task == Task::kClassification ? Source::What::kLabel
                                                                : Source::What::kValue};
  }
  if (kind == "proba" && colon != column.npos) {
    if (!model.signature.probabilities) return unknown("the model has no probabilities");
    TURNOUT_ASSIGN(const std::size_t index, label());
    return Source{Source::What::kProbability, index};
  }
  if (kind == "decision") {
    if (rest.empty()) {
      if (outputs != 1) return unknown("the model has a decision per class: decision:<label>");
      return Source{Source::What::kRaw, 0};
    }
    TURNOUT_ASSIGN(const std::size_t index, label());
    if (index >= outputs) return unknown("the model has one decision for both classes: decision");
    return Source{Source::What::kRaw, index};
  }
  if (kind == "raw") {
    std::size_t index = 0;
    if (!rest.empty()) {
      const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), index);
      if (error != std::errc{} || end != rest.data() + rest.size()) return unknown("raw:<k>, k from 0");
    }
    if (index >= outputs) return unknown(fmt::format("the model has {} raw scores", outputs));
    return Source{Source::What::kRaw, index};
  }
  return unknown("predict, proba:<label>, decision, decision:<label>, raw or raw:<k> expected");
}

}  // namespace

double Tolerance::For(std::string_view column) const {
  const std::string_view kind = column.substr(0, column.find(':'));
  for (const auto& [name, value] : of) {
    if (name == kind) return value;
  }
  return all;
}

bool Comparison::holds() const {
  return std::all_of(columns.begin(), columns.end(), [](const auto& column) { return column.wrong == 0; });
}

Result<TextTable> ReadTextTable(std::string_view csv, std::string_view name) {
  // A first look at the header tells the columns; each then becomes a text field of a contract.
  auto look = ReadCsvHeader(csv, true, Contract{});
  if (!look) return Within(name, std::move(look).error());
  Contract contract;
  contract.name = name;
  for (const CsvColumn& column : look->columns) {
    Field field;
    field.name = column.name;
    field.nullable = true;
    contract.names.emplace(column.name, Slot{static_cast<int32_t>(contract.fields.size()), false});
    contract.fields.push_back(std::move(field));
  }
  TURNOUT_ASSIGN(const Batch batch, ReadRows(csv, name, contract));
  TextTable table;
  for (std::size_t c = 0; c < batch.columns(); ++c) {
    table.names.push_back(contract.fields[c].name);
    auto& cells = table.columns.emplace_back();
    for (std::string_view text : batch.column(c).texts) {
      cells.push_back(IsMissing(text) ? std::nullopt : std::optional<std::string>(text));
    }
  }
  return table;
}

Result<Comparison> CompareWithExpected(const Model& model, const Engine& engine, std::string_view rows,
                                       std::string_view rows_name, std::string_view expected,
                                       std::string_view expected_name, const Tolerance& tolerance) {
  Contract contract = DeriveContract(model.signature, "verify");
  TURNOUT_TRY(BindContract(contract, model.signature));
  TURNOUT_ASSIGN(const Batch batch, ReadRows(rows, rows_name, contract));
  TURNOUT_ASSIGN(const TextTable table, ReadTextTable(expected, expected_name));
  if (table.rows() != batch.rows()) {
    return Fail(Code::kInvalidArgument, fmt::format("{} has {} rows, {} has {}", rows_name, batch.rows(),
                                                    expected_name, table.rows()));
  }
  std::vector<ColumnView> inputs;
  for (int32_t feature : contract.features) {
    const Column& column = batch.column(static_cast<std::size_t>(feature));
    inputs.push_back(column.type == ColumnType::kNumber ? ColumnView{column.numbers.data(), nullptr}
                                                        : ColumnView{nullptr, column.texts.data()});
  }
  Workspace workspace;
  Scores scores;
  if (batch.rows() > 0) engine.Score(inputs, batch.rows(), workspace, scores);

  Comparison comparison;
  comparison.rows = batch.rows();
  for (std::size_t c = 0; c < table.names.size(); ++c) {
    auto source = FindSource(model, scores.outputs, table.names[c]);
    if (!source) return Within(expected_name, std::move(source).error());
    ColumnComparison result{
        .column = table.names[c], .wrong = 0, .largest = 0, .worst_row = 0, .got = {}, .expected = {}};
    const double allowed = tolerance.For(result.column);
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      const std::string want = table.columns[c][row].value_or("");
      double difference = 0;
      std::string got;
      if (source->what == Source::What::kLabel) {
        const Label& label = model.signature.classes[scores.class_index[row]];
        got = PythonText(label);
        difference = SameLabel(label, want) ? 0 : 1;
        result.wrong += difference != 0;
      } else {
        const double value = source->what == Source::What::kValue ? scores.values[row]
                             : source->what == Source::What::kRaw
                                 ? scores.raw[row * scores.outputs + source->index]
                                 : scores.probabilities[row * scores.classes + source->index];
        const ParsedNumber parsed = ParseNumber(want);
        if (parsed.error != NumberError::kNone && !want.empty()) {
          return Fail(Code::kInvalidArgument, fmt::format("{}: row {}, column '{}': '{}' is not a number",
                                                          expected_name, row + 1, result.column, want));
        }
        const double target = want.empty() ? std::nan("") : parsed.value;
        if (std::isnan(value) || std::isnan(target)) {
          difference = std::isnan(value) == std::isnan(target) ? 0 : INFINITY;
        } else if (value != target) {
          difference = std::fabs(value - target) / std::max(1.0, std::fabs(target));
        }
        got = Text(value);
        result.wrong += difference > allowed;
      }
      if (difference > result.largest) {
        result.largest = difference;
        result.worst_row = row + 1;
        result.got = got;
        result.expected = want;
      }
    }
    comparison.columns.push_back(std::move(result));
  }
  return comparison;
}

}  // namespace turnout
