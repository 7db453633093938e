// The same rows through every mode of an endpoint, and the answers compared.
//
// Rows of a CSV file (the contract's fields by name) go through POST /predict one by one, POST
// /predict/batch, a scored file and, given brokers, a Kafka topic and back. Every answer is compared as text:
// numbers are written in the shortest form that reads back to the same bits, so equal text is equal bits.
// Refused rows are compared by their fields and error types.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "server/config.h"

namespace turnout {

struct ModeResult {
  std::string mode;      // "rest", "rest batch", "file", "kafka"
  std::size_t rows = 0;  // answered and refused
  std::size_t refused = 0;
  std::size_t different = 0;     // from the first mode
  std::string first_difference;  // "row 17: rest {...}, file {...}"
};

struct ModesReport {
  std::vector<ModeResult> modes;
  bool agree() const;
};

struct ModesOptions {
  EndpointConfig endpoint;
  std::string rows;                                     // path
  std::string brokers;                                  // empty: without Kafka
  std::function<void(std::string_view mode)> starting;  // for people who wait
};

// The topics that it makes ("turnout-verify-<pid>-in", "-out", "-dead") stay behind.
Result<ModesReport> CompareModes(const ModesOptions& options);

}  // namespace turnout
