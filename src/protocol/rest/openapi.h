// The OpenAPI 3.1 document of a server: its real paths, and for each endpoint the real fields of its
// contract (types, ranges, categories, what may be missing) and the real keys of its reply.
//
// The schemas state the canonical form of a value; the text forms that are converted too ("41" for 41) and
// the aliases are in the descriptions. "x-turnout" lists the endpoints for the docs page.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "predict/predict.h"

namespace turnout {

// Endpoint names are [A-Za-z0-9._-]; the first is also served as /predict when it is the only one.
std::string OpenApiDocument(std::span<const std::shared_ptr<const Snapshot>> endpoints,
                            std::string_view program_version, std::size_t max_rows);

}  // namespace turnout
