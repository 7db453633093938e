// The numbers of an answer, shared by the writers so that every format shows the same digits. Inside codec/
// only.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <string>

#include "bytes/json_writer.h"
#include "bytes/number.h"
#include "contract/answers.h"
#include "contract/contract.h"

namespace turnout {

// Empty for a regression and for a classifier without predict_proba.
inline std::span<const double> Probabilities(const Answer& answer, const Answers& answers) {
  if (answers.probabilities.empty() || answer.by->task != Task::kClassification) return {};
  return answers.probabilities_of(answer);
}

// kTopProbability, kProbabilityOf (of `class_index`), kValue (the first), kValueOf, kLatency; NaN where there
// is none.
inline double AnswerNumber(const ReplyItem& item, int32_t class_index, const Answer& answer,
                           const Answers& answers) {
  if (item.what == ReplyItem::What::kValue || item.what == ReplyItem::What::kValueOf) {
    const std::span<const double> values = answers.values_of(answer);
    const auto index = static_cast<std::size_t>(item.index);
    return index < values.size() ? values[index] : kMissingNumber;
  }
  if (item.what == ReplyItem::What::kLatency) return answers.latency_seconds * item.per_second;
  const std::span<const double> probabilities = Probabilities(answer, answers);
  if (probabilities.empty()) return kMissingNumber;
  if (item.what == ReplyItem::What::kTopProbability) {
    return *std::max_element(probabilities.begin(), probabilities.end());
  }
  return class_index < 0 ? kMissingNumber : probabilities[static_cast<std::size_t>(class_index)];
}

// Fixed decimals, or the shortest form where `decimals` is negative; null if not finite.
inline void AppendDecimals(std::string& out, double value, int32_t decimals) {
  if (decimals < 0 || !std::isfinite(value)) {
    AppendJsonNumber(out, value);
  } else {
    AppendFixed(out, value, decimals);
  }
}

// {"no":0.25,"yes":0.75}; null without probabilities.
inline void AppendProbabilities(std::string& out, const Answer& answer, const Answers& answers,
                                int32_t decimals) {
  const std::span<const double> probabilities = Probabilities(answer, answers);
  for (std::size_t i = 0; i < probabilities.size(); ++i) {
    out += i == 0 ? '{' : ',';
    AppendJsonString(out, answer.by->class_text[i]);
    out += ':';
    AppendDecimals(out, probabilities[i], decimals);
  }
  out += probabilities.empty() ? "null" : "}";
}

// 1.5, or [1.5,2.5] of a model that gives several values.
inline void AppendValue(std::string& out, const Answer& answer, const Answers& answers, int32_t decimals) {
  const std::span<const double> values = answers.values_of(answer);
  if (values.size() == 1) return AppendDecimals(out, values[0], decimals);
  for (std::size_t i = 0; i < values.size(); ++i) {
    out += i == 0 ? '[' : ',';
    AppendDecimals(out, values[i], decimals);
  }
  out += values.empty() ? "null" : "]";
}

}  // namespace turnout
