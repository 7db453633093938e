#include "contract/answers.h"

#include "bytes/json_writer.h"
#include "contract/label.h"

namespace turnout {
namespace {

std::string Json(const Label& label) {
  std::string out;
  if (const std::string* text = std::get_if<std::string>(&label)) {
    AppendJsonString(out, *text);
  } else if (const double* number = std::get_if<double>(&label)) {
    AppendJsonNumber(out, *number);
  } else {
    out = LabelText(label);
  }
  return out;
}

std::vector<int32_t> ClassesOf(const std::vector<ReplyItem>& items, const std::vector<Label>& classes) {
  std::vector<int32_t> indexes;
  for (const ReplyItem& item : items) {
    const bool label = item.what == ReplyItem::What::kClassIs || item.what == ReplyItem::What::kProbabilityOf;
    indexes.push_back(label ? FindClass(classes, LabelText(item.label)) : -1);
  }
  return indexes;
}

}  // namespace

Answerer MakeAnswerer(const Contract& contract, const Signature& signature, std::string version) {
  Answerer answerer;
  answerer.version = std::move(version);
  answerer.task = signature.task;
  answerer.classes = signature.classes;
  if (signature.task == Task::kRegression) answerer.values = static_cast<uint32_t>(signature.values);
  for (const Label& label : signature.classes) {
    answerer.class_json.push_back(Json(label));
    answerer.class_text.push_back(LabelText(label));
  }
  answerer.reply_class = ClassesOf(contract.reply, signature.classes);
  answerer.column_class = ClassesOf(contract.columns, signature.classes);
  return answerer;
}

}  // namespace turnout
