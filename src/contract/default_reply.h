// What a contract answers when it does not say: every class and probability of the model.
#pragma once

#include <vector>

#include "contract/contract.h"

namespace turnout {

// Classification: key, prediction, probabilities, confidence; regression: key, prediction. Then
// model_version, latency_ms.
std::vector<ReplyItem> DefaultReply(const Contract& contract, const Signature& signature);

// prediction (of several values prediction_0, prediction_1, ...), probability_<label> for each class,
// scored_at.
std::vector<ReplyItem> DefaultColumns(const Signature& signature);

}  // namespace turnout
