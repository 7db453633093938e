// For tests and fuzz targets: the churn contract built by hand, the text form of what was read, and the cases
// of tests/codec/*.txt.
#pragma once

#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "bytes/number.h"
#include "contract/answers.h"
#include "contract/contract.h"
#include "contract/row_reader.h"

namespace turnout {

inline ReplyItem MakeItem(std::string name, ReplyItem::What what, int32_t field = -1, Label label = {}) {
  ReplyItem item;
  item.name = std::move(name);
  item.what = what;
  item.field = field;
  item.label = std::move(label);
  return item;
}

inline Contract ChurnContract() {
  Contract contract;
  contract.name = "churn";
  contract.key = 0;
  const auto add = [&](std::string name, FieldType type) -> Field& {
    contract.names[name] = {.field = static_cast<int32_t>(contract.fields.size()), .codes = false};
    Field& field = contract.fields.emplace_back();
    field.name = std::move(name);
    field.type = type;
    return field;
  };
  add("customer_id", FieldType::kString);
  Field& age = add("age", FieldType::kInt);
  age.min = 18;
  age.max = 120;
  age.message = "Age must be between 18 and 120";
  add("income", FieldType::kFloat);
  add("tenure_months", FieldType::kInt).nullable = true;
  add("monthly_charges", FieldType::kFloat);
  Field& plan = add("plan", FieldType::kCategory);
  plan.show = true;
  plan.message = "Unknown plan: {value}";
  plan.values_from = Field::Values::kMap;
  plan.values = {{"basic", 0}, {"standard", 1}, {"premium", 2}};
  contract.names["plan_encoded"] = {.field = 5, .codes = true};
  Field& note = add("note", FieldType::kText);
  note.required = false;
  note.nullable = true;
  contract.features = {1, 2, 3, 4, 5};

  using What = ReplyItem::What;
  contract.reply = {MakeItem("customer_id", What::kKey, 0),
                    MakeItem("prediction", What::kClass),
                    MakeItem("will_churn", What::kClassIs, -1, int64_t{1}),
                    MakeItem("confidence", What::kTopProbability),
                    MakeItem("model_version", What::kVersion),
                    MakeItem("latency_ms", What::kLatency)};
  contract.reply.back().decimals = 2;
  contract.reply.back().per_second = 1000;
  contract.columns = {MakeItem("churn_prediction", What::kClass),
                      MakeItem("churn_probability", What::kProbabilityOf, -1, int64_t{1}),
                      MakeItem("scored_at", What::kJobTime)};
  return contract;
}

// Of a model with the classes 0 and 1.
inline Answerer ChurnAnswerer() {
  Answerer by;
  by.version = "v2.1.0";
  by.classes = {int64_t{0}, int64_t{1}};
  by.class_json = {"0", "1"};
  by.class_text = {"0", "1"};
  by.reply_class = {-1, -1, 1, -1, -1, -1};
  by.column_class = {-1, 1, -1};
  return by;
}

// A line for each row and each refused row:
//   0: "C-1" 42 55000.5 18 79.5 2 -
//   2 refused, key "C-3": age less_than_equal: Age must be between 18 and 120
inline std::string Show(const Batch& batch, std::size_t row) {
  std::string out = std::to_string(batch.positions()[row]) + ":";
  for (std::size_t i = 0; i < batch.columns(); ++i) {
    const Column& column = batch.column(i);
    out += ' ';
    if (column.type == ColumnType::kText) {
      const std::string_view text = column.texts[row];
      out += IsMissing(text) ? std::string("-") : '"' + std::string(text) + '"';
    } else if (IsMissing(column.numbers[row])) {
      out += '-';
    } else {
      AppendNumber(out, column.numbers[row]);
    }
  }
  return out;
}

inline std::string Show(const Refusal& refusal) {
  std::string out = std::to_string(refusal.position) + " refused";
  if (!refusal.key.empty()) out += ", key \"" + refusal.key + "\"";
  for (std::size_t i = 0; i < refusal.errors.size(); ++i) {
    const FieldError& error = refusal.errors[i];
    out += i == 0 ? ": " : "; ";
    if (!error.field.empty()) out += error.field + " ";
    out += std::string(error.type) + ": " + error.message;
  }
  return out;
}

inline std::string Show(RowReader& reader) {
  std::string out;
  for (std::size_t row = 0; row < reader.batch().rows(); ++row) out += Show(reader.batch(), row) + "\n";
  for (const Refusal& refusal : reader.refusals()) out += Show(refusal) + "\n";
  return out;
}

// A case is an input, a line "----", the expected output and an empty line; '#' begins a comment line between
// cases. `escapes`: \r \n \\ and \xHH in inputs stand for bytes, and the line ends of the file are dropped.
struct TextCase {
  int line = 0;
  std::string input, expected;
};

inline std::string Unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
    } else if (text[++i] == 'x') {
      out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      out += text[i] == 'r' ? '\r' : text[i] == 'n' ? '\n' : text[i];
    }
  }
  return out;
}

inline std::vector<TextCase> ReadCases(const std::string& path, bool escapes) {
  std::ifstream file(path);
  std::vector<TextCase> cases;
  enum { kBetween, kInput, kExpected } at = kBetween;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (at == kBetween) {
      if (line.empty() || line[0] == '#') continue;
      cases.push_back({.line = number, .input = {}, .expected = {}});
      at = kInput;
    }
    if (at == kInput && line == "----") {
      at = kExpected;
    } else if (at == kInput) {
      cases.back().input += escapes ? Unescaped(line) : line + "\n";
    } else if (line.empty()) {
      at = kBetween;
    } else {
      cases.back().expected += line + "\n";
    }
  }
  return cases;
}

}  // namespace turnout
