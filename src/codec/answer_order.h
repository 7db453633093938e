// The rows of a request in the order in which they were sent: good ones, those that the contract refused and
// those that the model refused. Inside codec/ only.
#pragma once

#include <cstddef>
#include <span>

#include "contract/answers.h"
#include "contract/row_reader.h"
#include "data/batch.h"

namespace turnout {

// Calls good(row) or refused(refusal) for each position that was sent; `refusals` are the contract's, in
// order.
template <class Good, class Refused>
void ForEachInOrder(const Batch& batch, const Answers& answers, std::span<const Refusal> refusals, Good good,
                    Refused refused) {
  std::size_t next = 0;  // of refusals
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    while (next < refusals.size() && refusals[next].position < batch.positions()[row])
      refused(refusals[next++]);
    const int32_t by_model = answers.rows[row].refusal;
    if (by_model < 0) {
      good(row);
    } else {
      refused(answers.refusals[static_cast<std::size_t>(by_model)]);
    }
  }
  while (next < refusals.size()) refused(refusals[next++]);
}

}  // namespace turnout
