// Answers as JSON: the reply of a contract, compiled once.
//
// Everything is appended to a string that the caller reuses. Immutable; any thread. The contract must outlive
// it. Keys, order and kinds of values follow Contract::reply; a probability, a value or a number that is NaN
// or infinite is null.
//
// A refused row of a batch is its key and its errors, under the name that the key has in the reply:
//   {"customer_id":"C-3","error":[{"loc":["body",2,"age"],"msg":"...","type":"less_than_equal"}]}
// (no key in the contract: "error" alone; an unreadable key: null.) As a whole answer it is the shape that
// FastAPI clients know:
//   {"detail":[{"loc":["body","age"],"msg":"...","type":"less_than_equal"}]}
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "contract/answers.h"
#include "contract/contract.h"
#include "contract/row_reader.h"
#include "data/batch.h"

namespace turnout {

class JsonReply {
 public:
  explicit JsonReply(const Contract& contract);

  // The answer for row `row` of the batch, which must not be refused. A prediction id that is not empty
  // follows the contract's keys: ,"prediction_id":"..."
  void AppendRow(std::string& out, const Batch& batch, std::size_t row, const Answers& answers,
                 std::string_view prediction_id = {}) const;

  // A batch: an array with an element for each row that was sent, in the order of positions. `refusals` are
  // those of the RowReader; rows that the model refused are found in `answers`. The answer at position 3 has
  // the prediction id "<prediction_id>-3"; empty: none.
  void AppendRows(std::string& out, const Batch& batch, const Answers& answers,
                  std::span<const Refusal> refusals, std::string_view prediction_id = {}) const;

  // The body of a 422: every error of every refused row, in the order of positions. `indexed`: the request
  // was an array, so `loc` has the position.
  void AppendDetail(std::string& out, const Batch& batch, const Answers& answers,
                    std::span<const Refusal> refusals, bool indexed) const;

 private:
  struct Piece {
    std::string before;  // `{"customer_id":`, `,"prediction":`
    const ReplyItem* item;
    std::size_t index;  // of the item in Contract::reply
  };
  void AppendRefused(std::string& out, const Refusal& refusal) const;

  const Contract& contract_;
  std::vector<Piece> pieces_;
  std::string key_piece_;  // `"customer_id":`; empty without a key
};

// The body of an error that is not about a field:
// {"detail":[{"loc":["body"],"msg":"...","type":"json_invalid"}]}
void AppendBodyError(std::string& out, std::string_view type, std::string_view message);

}  // namespace turnout
