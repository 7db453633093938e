// ReadSkops: a skops file (a zip archive with schema.json and arrays) -> the same inert values that a pickle
// of the model gives, so that loaders need not know the difference.
//
// schema.json is read token by token, from its leaves to its root; nothing in it is imported or called, and
// skops' list of trusted types plays no part. Objects that occur again (equal "__id__") are one value. What
// needs more than Limits allows is refused. `bytes` must outlive the Graph (see pickle/object.h).
// Format: skops/io/_general.py, _numpy.py, _scipy.py, _sklearn.py; protocols 0 to 2.
#pragma once

#include <cstdint>
#include <span>

#include "base/result.h"
#include "formats/pickle/object.h"
#include "formats/pickle/read.h"

namespace turnout::skops {

// Of `limits`, memory and work count from the archive's contents (when inflated), integers and names are as
// in a pickle. Errors start with the member: "schema.json: byte 17: ...".
Result<pickle::Graph> ReadSkops(std::span<const uint8_t> bytes, const pickle::Limits& limits = {});

}  // namespace turnout::skops
