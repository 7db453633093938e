// The same rows through every mode of an endpoint, and the answers compared.
//
// Rows of a CSV file (the contract's fields by name) go through POST /predict one by one, POST
// /predict/batch, a scored file and, given brokers, a Kafka topic and back. The first mode's answers are what
// the others are compared with; mode_answers.h says how an answer is written.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "server/config.h"
#include "server/mode_answers.h"

namespace turnout {

struct ModeResult {
  std::string mode;      // "rest", "rest batch", "file", "kafka"
  std::size_t rows = 0;  // answered and refused
  std::size_t refused = 0;
  std::size_t different = 0;     // from the first mode; rows without an answer are
  std::string first_difference;  // `row 17: rest "...", file "..."`
};

struct ModesReport {
  std::vector<ModeResult> modes;
  // At least two modes answered every row alike.
  bool agree() const;
};

struct ModesOptions {
  EndpointConfig endpoint;
  std::string rows;                                     // path
  std::string brokers;                                  // empty: without Kafka
  std::function<void(std::string_view mode)> starting;  // for people who wait
};

Result<ModesReport> CompareModes(const ModesOptions& options);

// What `answers` of a mode are, beside those of the first mode.
ModeResult JudgeMode(std::string mode, const ModeAnswers& answers, const std::string& first_mode,
                     const ModeAnswers& first);

}  // namespace turnout
