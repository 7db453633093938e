// JSON Schemas (2020-12, as OpenAPI 3.1 has them) of an endpoint's rows and replies.
#pragma once

#include <string>

#include "predict/predict.h"

namespace turnout {

// What `POST .../predict` takes.
std::string RowSchema(const Snapshot& snapshot);

// What it answers.
std::string ReplySchema(const Snapshot& snapshot);

// The element of a batch's reply for a row that was refused.
std::string RefusedRowSchema(const Snapshot& snapshot);

// A reply with plausible values.
std::string ReplyExample(const Snapshot& snapshot);

}  // namespace turnout
