// A line of the prediction log: what happened to one row. README.md lists its keys.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "bytes/json.h"
#include "record/sample.h"

namespace turnout {

struct LogOptions {
  std::vector<std::string> redact;  // fields that are left out
};

// The line of an answer that somebody got. Rows that the model refused have none.
void AppendPredictionLine(std::string& out, const Sample& sample, std::size_t row, const LogOptions& options);

// The line of what `by` would have answered (`answers` of the same rows), beside what was answered.
void AppendShadowLine(std::string& out, const Sample& sample, std::size_t row, std::string_view shadow,
                      const Answers& answers, double seconds, const LogOptions& options);

// A line, read back.
struct LogLine {
  struct Given {
    std::string version;
    std::string prediction;                              // a class as text, or a number
    std::vector<std::pair<std::string, double>> scores;  // by class; a regression: none
  };
  bool shadow = false;
  bool refused = false;  // of a shadow: it has no prediction
  std::string id, time, endpoint;
  uint64_t generation = 0;
  std::string key_hash;
  Given given;
  std::optional<Given> primary;  // of a shadow
  double latency_us = 0;
  std::vector<std::pair<std::string, std::string>> fields;  // texts; numbers as their literals; null: none
};
// Unknown keys are passed over.
Result<LogLine> ParseLogLine(JsonTokenizer& json, std::string_view line);

}  // namespace turnout
