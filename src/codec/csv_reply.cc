#include "codec/csv_reply.h"

#include <fmt/format.h>

#include <cmath>

#include "bytes/number.h"
#include "codec/answer_item.h"
#include "codec/field_json.h"

namespace turnout {
namespace {

void AppendNumberCell(std::string& out, double value, int32_t decimals) {
  if (std::isfinite(value)) AppendDecimals(out, value, decimals);
}

}  // namespace

void AppendCsvCell(std::string& out, std::string_view text) {
  bool quoted = false;  // without a way out of the loop it becomes vector code
  for (const char c : text) quoted |= (c == ',') | (c == '"') | (c == '\r') | (c == '\n');
  if (!quoted) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

Result<CsvReply> CsvReply::Make(const Contract& contract, const CsvHeader& header) {
  for (const ReplyItem& item : contract.columns) {
    for (const CsvColumn& column : header.columns) {
      if (column.name != item.name) continue;
      return Fail(Code::kInvalidArgument,
                  fmt::format("the input already has a column \"{}\", which the contract \"{}\" adds; rename "
                              "one of them, or score the original file",
                              item.name, contract.name));
    }
  }
  return CsvReply(contract, header);
}

void CsvReply::AppendHeader(std::string& out) const {
  out += header_->source;
  for (const ReplyItem& item : contract_->columns) {
    out += ',';
    AppendCsvCell(out, item.name);
  }
  out += header_->line_end;
}

void CsvReply::AppendRow(std::string& out, const Batch& batch, std::size_t row,
                         const Answers& answers) const {
  out += batch.sources()[row];
  for (std::size_t i = 0; i < contract_->columns.size(); ++i) {
    out += ',';
    AppendItem(out, i, batch, row, answers);
  }
  out += header_->line_end;
}

void CsvReply::AppendItem(std::string& out, std::size_t index, const Batch& batch, std::size_t row,
                          const Answers& answers) const {
  const ReplyItem& item = contract_->columns[index];
  const Answer& answer = answers.rows[row];
  const Answerer& by = *answer.by;
  switch (item.what) {
    case ReplyItem::What::kKey:
    case ReplyItem::What::kField: {
      const auto field = static_cast<std::size_t>(item.field);
      const Column& column = batch.column(field);
      if (column.type == ColumnType::kText) return AppendCsvCell(out, column.texts[row]);
      const double number = column.numbers[row];
      const std::string_view text = CategoryText(contract_->fields[field], number);
      if (!IsMissing(text)) return AppendCsvCell(out, text);
      if (!IsMissing(number)) AppendFieldJson(out, *contract_, field, batch, row);
      return;
    }
    case ReplyItem::What::kClass: return AppendCsvCell(out, by.class_text[answer.class_index]);
    case ReplyItem::What::kClassIs:
      out += static_cast<int64_t>(answer.class_index) == by.column_class[index] ? "true" : "false";
      return;
    case ReplyItem::What::kProbabilities: {
      std::string json;
      AppendProbabilities(json, answer, answers, item.decimals);
      if (json != "null") AppendCsvCell(out, json);
      return;
    }
    case ReplyItem::What::kVersion: return AppendCsvCell(out, by.version);
    case ReplyItem::What::kJobTime: return AppendCsvCell(out, answers.job_time);
    case ReplyItem::What::kTopProbability:
    case ReplyItem::What::kProbabilityOf:
    case ReplyItem::What::kValue:
    case ReplyItem::What::kValueOf:
    case ReplyItem::What::kLatency:
      return AppendNumberCell(out, AnswerNumber(item, by.column_class[index], answer, answers),
                              item.decimals);
  }
}

}  // namespace turnout
