#include "contract/default_reply.h"

#include <string>

namespace turnout {

using What = ReplyItem::What;

std::vector<ReplyItem> DefaultReply(const Contract& contract, const Signature& signature) {
  std::vector<ReplyItem> items;
  const auto add = [&](std::string name, What what) -> ReplyItem& {
    ReplyItem& item = items.emplace_back();
    item.name = std::move(name);
    item.what = what;
    return item;
  };
  if (contract.key >= 0) {
    add(std::string(contract.column_name(contract.key)), What::kKey).field = contract.key;
  }
  if (signature.task == Task::kRegression) {
    add("prediction", What::kValue);
  } else {
    add("prediction", What::kClass);
    if (signature.probabilities) {
      add("probabilities", What::kProbabilities);
      add("confidence", What::kTopProbability);
    }
  }
  add("model_version", What::kVersion);
  ReplyItem& latency = add("latency_ms", What::kLatency);
  latency.per_second = 1000;
  latency.decimals = 2;
  return items;
}

std::vector<ReplyItem> DefaultColumns(const Signature& signature) {
  std::vector<ReplyItem> items;
  const auto add = [&](std::string name, What what) -> ReplyItem& {
    ReplyItem& item = items.emplace_back();
    item.name = std::move(name);
    item.what = what;
    return item;
  };
  const bool regression = signature.task == Task::kRegression;
  if (regression && signature.values > 1) {
    for (int32_t k = 0; k < signature.values; ++k) {
      add("prediction_" + std::to_string(k), What::kValueOf).index = k;
    }
  } else {
    add("prediction", regression ? What::kValue : What::kClass);
  }
  if (!regression && signature.probabilities) {
    for (const Label& label : signature.classes)
      add("probability_" + LabelText(label), What::kProbabilityOf).label = label;
  }
  add("scored_at", What::kJobTime);
  return items;
}

}  // namespace turnout
