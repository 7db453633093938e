// Refused rows as JSON lines: what a batch job writes to *.rejects.jsonl, and what a stream sends to its
// dead-letter topic.
//
//   {"row":17,"line":18,"key":"C-3","errors":[{"field":"age","msg":"...","type":"less_than_equal"}]}
//   {"topic":"customers","partition":0,"offset":17,"key":"C-3","errors":[...],"value":"{\"customer_id\":
//   ..."}
//
// `key` is absent where the contract has none and null where it could not be read; `field` is null where the
// error is about the whole row. `value` is the message as it came; bytes that are not UTF-8 are sent as
// `value_base64` instead.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "contract/contract.h"
#include "contract/row_reader.h"

namespace turnout {

// `row` counts data rows from 1, `line` the lines of the file from 1. Ends with '\n'.
void AppendRejectLine(std::string& out, const Contract& contract, const Refusal& refusal, uint64_t row,
                      uint64_t line);

// Where a message came from.
struct MessageOrigin {
  std::string_view topic;
  int32_t partition = 0;
  int64_t offset = 0;
};

// No line end.
void AppendDeadLetter(std::string& out, const Contract& contract, const Refusal& refusal,
                      const MessageOrigin& origin, std::string_view value);

// A message that is no row at all: one error without a field.
void AppendDeadLetter(std::string& out, const Contract& contract, std::string_view type,
                      std::string_view message, const MessageOrigin& origin, std::string_view value);

}  // namespace turnout
