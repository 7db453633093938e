// JSON in, one token at a time: for documents that are larger than what is kept of them. The language is
// that of JsonTokenizer (bytes/json.h), the memory is a bit for each open array or object and the longest
// string with escapes.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/function_ref.h"
#include "base/result.h"
#include "bytes/json.h"

namespace turnout {

// Calls `token` with each token of the document, in order; `skip` is not set, `byte` is 32 bits of the
// offset. `levels` of arrays and objects may be open. A text that had escapes lives until the call returns;
// others are views into `text`. Malformed text is noticed when it is reached, after tokens were handed out.
// `token` returning an error ends it.
Status ForEachJsonToken(std::string_view text, std::size_t levels,
                        FunctionRef<Status(const JsonToken&)> token);

}  // namespace turnout
