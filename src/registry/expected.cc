#include "registry/expected.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <map>

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
      fields += fmt::format(" {}: {};", error.field.empty() ? error.type : error.field, error.message);
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

// A cell of a number column; nullopt: no number. An empty cell and "nan" are NaN, as Python writes it.
std::optional<double> ExpectedNumber(std::string_view text) {
  if (text.empty()) return kMissingNumber;
  const ParsedNumber parsed = ParseNumber(text);
  if (parsed.error == NumberError::kNone) return parsed.value;
  if (text == "nan" || text == "NaN") return kMissingNumber;
  if (text == "inf") return std::numeric_limits<double>::infinity();
  if (text == "-inf") return -std::numeric_limits<double>::infinity();
  return std::nullopt;
}

// 0 for equal doubles (and for two NaN), infinite where one of them is no finite number.
double Difference(double got, double expected) {
  if (got == expected || (std::isnan(got) && std::isnan(expected))) return 0;
  if (!std::isfinite(got) || !std::isfinite(expected)) return std::numeric_limits<double>::infinity();
  return std::fabs(got - expected) / std::max(1.0, std::fabs(expected));
}

// The derived contract lets through what only the model refuses.
Status CheckValues(const Signature& signature, const Contract& contract, const Batch& batch,
                   std::string_view name) {
  for (std::size_t i = 0; i < signature.inputs.size(); ++i) {
    const Input& input = signature.inputs[i];
    const auto& numbers = batch.column(static_cast<std::size_t>(contract.features[i])).numbers;
    for (std::size_t row = 0; row < numbers.size(); ++row) {
      const double x = numbers[row];
      const bool large = std::fabs(x) > input.largest || x < input.lowest || x > input.highest;
      const bool unknown = input.closed && !IsMissing(x) &&
                           std::find(input.numbers.begin(), input.numbers.end(), x) == input.numbers.end();
      if (!large && !unknown) continue;
      return Fail(Code::kInvalidArgument,
                  fmt::format("{}: row {}: {}: {} is {}", name, row + 1, input.name, Text(x),
                              large ? "too large for the model" : "no value that the model was fitted on"));
    }
  }
  return {};
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
  const std::size_t decisions = Decisions(model);
  auto unknown = [&](std::string_view why) {
    return Fail(Code::kInvalidArgument, fmt::format("column '{}': {}", column, why));
  };
  auto label = [&]() -> Result<std::size_t> {
    for (std::size_t i = 0; i < classes.size(); ++i) {
      if (IsLabel(classes[i], rest)) return i;
    }
    return unknown("the model has no such class");
  };
  auto number = [&](std::size_t count, std::string_view what) -> Result<std::size_t> {
    std::size_t index = 0;
    if (!rest.empty()) {
      const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), index);
      if (error != std::errc{} || end != rest.data() + rest.size()) {
        return unknown(fmt::format("{}:<k>, k from 0", kind));
      }
    }
    if (index >= count) return unknown(fmt::format("the model has {} {}", count, what));
    return index;
  };
  if (kind == "predict") {
    if (model.signature.task == Task::kRegression) {
      TURNOUT_ASSIGN(const std::size_t index, number(outputs, "values"));
      return Source{Source::What::kValue, index};
    }
    if (!rest.empty()) return unknown("the model predicts one target");
    return Source{Source::What::kLabel};
  }
  if (kind == "proba" && colon != column.npos) {
    if (!model.signature.probabilities) return unknown("the model has no probabilities");
    TURNOUT_ASSIGN(const std::size_t index, label());
    return Source{Source::What::kProbability, index};
  }
  if (kind == "decision") {
    if (rest.empty()) {
      if (decisions != 1) return unknown("the model has a decision per class: decision:<label>");
      return Source{Source::What::kRaw, 0};
    }
    TURNOUT_ASSIGN(const std::size_t index, label());
    if (index >= decisions) return unknown("the model has one decision for both classes: decision");
    return Source{Source::What::kRaw, index};
  }
  if (kind == "score" && colon == column.npos) {
    if (model.signature.probabilities || model.extra != 1) return unknown("the model is no anomaly detector");
    return Source{Source::What::kRaw, outputs - 1};
  }
  if (kind == "raw") {
    TURNOUT_ASSIGN(const std::size_t index, number(outputs, "raw scores"));
    return Source{Source::What::kRaw, index};
  }
  if (column.empty()) return unknown("it has no name; pandas writes such a column unless index=False");
  return unknown(
      "predict, predict:<k>, proba:<label>, decision, decision:<label>, score, raw or raw:<k> expected");
}

using Cells = std::vector<std::optional<std::string>>;

// `wrong` gets the rows that are outside.
Result<ColumnComparison> CompareLabels(const Model& model, const Scores& scores, const Cells& cells,
                                       std::vector<bool>& wrong) {
  ColumnComparison result;
  for (std::size_t row = 0; row < cells.size(); ++row) {
    const Label& label = model.signature.classes[scores.class_index[row]];
    const std::string_view expected = cells[row] ? std::string_view(*cells[row]) : std::string_view();
    if (IsLabel(label, expected)) continue;
    wrong[row] = true;
    if (result.first.size() < kShownRows) {
      result.first.push_back({row + 1, PythonText(label), std::string(expected)});
    }
    if (result.wrong++ > 0) continue;
    result.largest = 1;
    result.worst_row = row + 1;
    result.got = PythonText(label);
    result.expected = expected;
  }
  return result;
}

Result<ColumnComparison> CompareNumbers(const Scores& scores, Source source, const Cells& cells,
                                        double tolerance, std::vector<bool>& wrong) {
  ColumnComparison result;
  for (std::size_t row = 0; row < cells.size(); ++row) {
    const double got =
        source.what == Source::What::kValue ? scores.values[row * scores.outputs + source.index]
        : source.what == Source::What::kRaw ? scores.raw[row * scores.outputs + source.index]
                                            : scores.probabilities[row * scores.classes + source.index];
    const std::string_view text = cells[row] ? std::string_view(*cells[row]) : std::string_view();
    const std::optional<double> expected = ExpectedNumber(text);
    if (!expected) {
      return Fail(Code::kInvalidArgument, fmt::format("row {}: '{}' is not a number", row + 1, text));
    }
    const double difference = Difference(got, *expected);
    if (difference > tolerance) {
      wrong[row] = true;
      ++result.wrong;
      if (result.first.size() < kShownRows) {
        result.first.push_back({row + 1, Text(got), std::string(text)});
      }
    }
    if (difference <= result.largest) continue;
    result.largest = difference;
    result.worst_row = row + 1;
    result.got = Text(got);
    result.expected = text;
  }
  return result;
}

}  // namespace

bool IsLabel(const Label& label, std::string_view expected) {
  if (const std::string* text = std::get_if<std::string>(&label)) return *text == expected;
  if (std::holds_alternative<bool>(label)) return PythonText(label) == expected;
  const ParsedNumber parsed = ParseNumber(expected);
  if (parsed.error != NumberError::kNone) return false;
  if (const double* number = std::get_if<double>(&label)) return parsed.value == *number;
  // Beyond 2^53 two whole numbers can be the same double.
  const int64_t whole = std::get<int64_t>(label);
  if (std::abs(parsed.value) < 0x1p53) return static_cast<double>(whole) == parsed.value;
  return LabelText(label) == expected;
}

double Tolerance::For(std::string_view column) const {
  const std::string_view kind = column.substr(0, column.find(':'));
  for (const auto& [name, value] : of) {
    if (name == kind) return value;
  }
  return all;
}

std::vector<std::string> Comparison::Differences() const {
  // A row among the first of all is among the first of its column.
  std::map<std::size_t, std::string> by_row;
  for (const ColumnComparison& column : columns) {
    for (const ColumnComparison::Row& row : column.first) {
      std::string& line = by_row[row.row];
      line += line.empty() ? fmt::format("row {}: ", row.row) : "; ";
      line += fmt::format("{}: got {}, expected {}", column.column, row.got, row.expected);
    }
  }
  std::vector<std::string> lines;
  for (auto& [row, line] : by_row) {
    if (lines.size() < kShownRows) lines.push_back(std::move(line));
  }
  return lines;
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
  if (batch.rows() == 0) {
    return Fail(Code::kInvalidArgument, fmt::format("{}: no rows, so nothing would be compared", rows_name));
  }
  TURNOUT_TRY(CheckValues(model.signature, contract, batch, rows_name));
  std::vector<ColumnView> inputs;
  for (int32_t feature : contract.features) {
    const Column& column = batch.column(static_cast<std::size_t>(feature));
    inputs.push_back(column.type == ColumnType::kNumber ? ColumnView{column.numbers.data(), nullptr}
                                                        : ColumnView{nullptr, column.texts.data()});
  }
  Workspace workspace;
  Scores scores;
  engine.Score(inputs, batch.rows(), workspace, scores);

  Comparison comparison;
  comparison.rows = batch.rows();
  std::vector<bool> wrong(batch.rows());
  for (std::size_t c = 0; c < table.names.size(); ++c) {
    auto source = FindSource(model, scores.outputs, table.names[c]);
    if (!source) return Within(expected_name, std::move(source).error());
    const auto& cells = table.columns[c];
    auto compared = source->what == Source::What::kLabel
                        ? CompareLabels(model, scores, cells, wrong)
                        : CompareNumbers(scores, *source, cells, tolerance.For(table.names[c]), wrong);
    if (!compared) {
      return Within(fmt::format("{}: column '{}'", expected_name, table.names[c]),
                    std::move(compared).error());
    }
    compared->column = table.names[c];
    comparison.columns.push_back(*std::move(compared));
  }
  comparison.wrong = static_cast<std::size_t>(std::count(wrong.begin(), wrong.end(), true));
  return comparison;
}

}  // namespace turnout
