// A Sample: the rows of one request and the answers that they got, copied, for those who look at them after
// the reply has gone: the prediction log and shadows.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "contract/answers.h"
#include "contract/contract.h"
#include "data/batch.h"

namespace turnout {

struct Sample {
  std::string endpoint;
  std::string id;     // the prediction id of the request
  bool many = false;  // a batch: row i has the id "<id>-<position>"
  uint64_t generation = 0;
  std::chrono::system_clock::time_point time;
  std::shared_ptr<const Contract> contract;
  // Keep alive what the answers point to. (Never the snapshot, whose shadows hold samples.)
  std::vector<std::shared_ptr<const void>> versions;
  Batch batch;  // without sources
  Answers answers;
  std::string texts;      // what the batch's texts point into
  std::size_t bytes = 0;  // memory, about

  std::size_t rows() const { return batch.rows(); }
  std::string RowId(std::size_t row) const;
};

// Copies; the versions that answered are the caller's to add.
std::unique_ptr<Sample> CopySample(std::shared_ptr<const Contract> contract, const Batch& batch,
                                   const Answers& answers);

// A row's routing key: the contract's key field as text; empty without one. `scratch` holds a number's text.
std::string_view KeyText(const Contract& contract, const Batch& batch, std::size_t row, std::string& scratch);

}  // namespace turnout
