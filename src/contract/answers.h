// Answers: what was predicted for the rows of a batch, before it is written in any format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "contract/contract.h"
#include "contract/row_reader.h"

namespace turnout {

// What an answer needs to know of the version that gave it, resolved once when the version is bound.
struct Answerer {
  std::string version;  // "v2.1.0"
  Task task = Task::kClassification;
  std::vector<Label> classes;           // in the order of the probabilities
  uint32_t values = 0;                  // regression: numbers per answer
  std::vector<std::string> class_json;  // each label as a JSON value
  std::vector<std::string> class_text;  // each label as text (CSV, metrics)
  std::vector<int32_t> reply_class;     // per item of Contract::reply: its label's class index, or -1
  std::vector<int32_t> column_class;    // per item of Contract::columns
};

// The contract must be bound to the signature (BindContract).
Answerer MakeAnswerer(const Contract& contract, const Signature& signature, std::string version);

struct Answer {
  const Answerer* by = nullptr;
  uint32_t values = 0;         // regression: index of the first of by->values numbers in Answers
  uint32_t class_index = 0;    // classification
  uint32_t probabilities = 0;  // index of the first of by->classes.size() values in Answers
  int32_t refusal = -1;        // >= 0: the model can't take this row; index into Answers::refusals
};

// Reused by its thread; keeps its memory when cleared.
struct Answers {
  std::vector<Answer> rows;  // one per row of the batch
  std::vector<double> probabilities;
  std::vector<double> values;
  std::vector<Refusal> refusals;  // rows that passed the contract but that the model refuses
  double latency_seconds = 0;     // since the request was received
  std::string job_time;           // start of the job, RFC 3339 UTC: "2026-11-22T10:00:00Z"

  std::span<const double> probabilities_of(const Answer& answer) const {
    return {probabilities.data() + answer.probabilities, answer.by->classes.size()};
  }
  std::span<const double> values_of(const Answer& answer) const {
    return {values.data() + answer.values, answer.by->values};
  }
  void Clear() {
    rows.clear();
    probabilities.clear();
    values.clear();
    refusals.clear();
  }
};

}  // namespace turnout
