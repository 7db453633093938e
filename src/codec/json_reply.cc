#include "codec/json_reply.h"

#include <utility>

#include "bytes/json_writer.h"
#include "bytes/number.h"
#include "codec/answer_item.h"
#include "codec/answer_order.h"
#include "codec/field_json.h"

namespace turnout {
namespace {

// {"loc":["body",2,"age"],"msg":"...","type":"..."}, one for each error.
void AppendErrors(std::string& out, const Refusal& refusal, bool indexed) {
  bool first = true;
  for (const FieldError& error : refusal.errors) {
    out += first ? R"({"loc":["body")" : R"(,{"loc":["body")";
    first = false;
    if (indexed) {
      out += ',';
      AppendInteger(out, static_cast<int64_t>(refusal.position));
    }
    if (!error.field.empty()) {
      out += ',';
      AppendJsonString(out, error.field);
    }
    out += R"(],"msg":)";
    AppendJsonString(out, error.message);
    out += R"(,"type":)";
    AppendJsonString(out, error.type);
    out += '}';
  }
}

}  // namespace

JsonReply::JsonReply(const Contract& contract) : contract_(contract) {
  std::string key_name;
  if (contract.key >= 0) key_name = contract.fields[static_cast<std::size_t>(contract.key)].name;
  for (std::size_t i = 0; i < contract.reply.size(); ++i) {
    const ReplyItem& item = contract.reply[i];
    if (item.what == ReplyItem::What::kKey) key_name = item.name;
    Piece piece{.before = i == 0 ? "{" : ",", .item = &item, .index = i};
    AppendJsonString(piece.before, item.name);
    piece.before += ':';
    pieces_.push_back(std::move(piece));
  }
  if (contract.key >= 0) {
    AppendJsonString(key_piece_, key_name);
    key_piece_ += ':';
  }
}

void JsonReply::AppendRow(std::string& out, const Batch& batch, std::size_t row, const Answers& answers,
                          std::string_view prediction_id) const {
  const Answer& answer = answers.rows[row];
  const Answerer& by = *answer.by;
  for (const Piece& piece : pieces_) {
    out += piece.before;
    const ReplyItem& item = *piece.item;
    const int32_t class_index = by.reply_class[piece.index];
    switch (item.what) {
      case ReplyItem::What::kKey:
      case ReplyItem::What::kField:
        AppendFieldJson(out, contract_, static_cast<std::size_t>(item.field), batch, row);
        break;
      case ReplyItem::What::kClass: out += by.class_json[answer.class_index]; break;
      case ReplyItem::What::kClassIs:
        out += static_cast<int64_t>(answer.class_index) == class_index ? "true" : "false";
        break;
      case ReplyItem::What::kProbabilities: AppendProbabilities(out, answer, answers, item.decimals); break;
      case ReplyItem::What::kValue: AppendValue(out, answer, answers, item.decimals); break;
      case ReplyItem::What::kVersion: AppendJsonString(out, by.version); break;
      case ReplyItem::What::kJobTime: AppendJsonString(out, answers.job_time); break;
      case ReplyItem::What::kTopProbability:
      case ReplyItem::What::kProbabilityOf:
      case ReplyItem::What::kValueOf:
      case ReplyItem::What::kLatency:
        AppendDecimals(out, AnswerNumber(item, class_index, answer, answers), item.decimals);
        break;
    }
  }
  if (pieces_.empty()) out += '{';
  if (!prediction_id.empty()) {
    out += pieces_.empty() ? R"("prediction_id":)" : R"(,"prediction_id":)";
    AppendJsonString(out, prediction_id);
  }
  out += '}';
}

void JsonReply::AppendRefused(std::string& out, const Refusal& refusal) const {
  out += '{';
  if (!key_piece_.empty()) {
    out += key_piece_;
    AppendRefusedKey(out, refusal);
    out += ',';
  }
  out += R"("error":[)";
  AppendErrors(out, refusal, true);
  out += "]}";
}

void JsonReply::AppendRows(std::string& out, const Batch& batch, const Answers& answers,
                           std::span<const Refusal> refusals, std::string_view prediction_id) const {
  std::string id(prediction_id);
  if (!id.empty()) id += '-';
  const std::size_t id_stem = id.size();
  out += '[';
  const std::size_t start = out.size();
  const auto separate = [&] {
    if (out.size() > start) out += ',';
  };
  ForEachInOrder(
      batch, answers, refusals,
      [&](std::size_t row) {
        separate();
        if (id_stem > 0) {
          id.resize(id_stem);
          AppendInteger(id, static_cast<int64_t>(batch.positions()[row]));
        }
        AppendRow(out, batch, row, answers, id);
      },
      [&](const Refusal& refusal) {
        separate();
        AppendRefused(out, refusal);
      });
  out += ']';
}

void JsonReply::AppendDetail(std::string& out, const Batch& batch, const Answers& answers,
                             std::span<const Refusal> refusals, bool indexed) const {
  out += R"({"detail":[)";
  const std::size_t start = out.size();
  ForEachInOrder(
      batch, answers, refusals, [](std::size_t) {},
      [&](const Refusal& refusal) {
        if (out.size() > start) out += ',';
        AppendErrors(out, refusal, indexed);
      });
  out += "]}";
}

void AppendBodyError(std::string& out, std::string_view type, std::string_view message) {
  out += R"({"detail":[{"loc":["body"],"msg":)";
  AppendJsonString(out, message);
  out += R"(,"type":)";
  AppendJsonString(out, type);
  out += "}]}";
}

}  // namespace turnout
