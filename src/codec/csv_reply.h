// Answers as CSV: each scored row is the input's line, byte for byte, and the contract's columns after it.
//
// A value is written as in JSON replies, without quotes unless it needs them (a comma, a quote, a line
// break); a missing one is an empty cell. Line ends are the input header's. Immutable; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "codec/csv_header.h"
#include "contract/answers.h"
#include "contract/contract.h"
#include "data/batch.h"

namespace turnout {

class CsvReply {
 public:
  // Both must outlive it. An error where the input already has a column of a name that the contract adds.
  static Result<CsvReply> Make(const Contract& contract, const CsvHeader& header);

  void AppendHeader(std::string& out) const;
  // The row must not be refused.
  void AppendRow(std::string& out, const Batch& batch, std::size_t row, const Answers& answers) const;

 private:
  CsvReply(const Contract& contract, const CsvHeader& header) : contract_(&contract), header_(&header) {}
  void AppendItem(std::string& out, std::size_t item, const Batch& batch, std::size_t row,
                  const Answers& answers) const;

  const Contract* contract_;
  const CsvHeader* header_;
};

// One cell, quoted if it needs to be.
void AppendCsvCell(std::string& out, std::string_view text);

}  // namespace turnout
