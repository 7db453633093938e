// Where and why a text is not JSON: a plain reader, one byte at a time, of the same language as
// JsonTokenizer. The tokenizer says only that a text is wrong; this says what is wrong with it. It is also
// what the tokenizer is tested against.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "bytes/json.h"

namespace turnout {

struct JsonError {
  std::size_t byte = 0;  // 0-based
  std::string message;   // "expected ',' or '}', found 'x'"
};

// The first error of the document, or nothing if it is valid. `levels` of arrays and objects may be open.
std::optional<JsonError> FindJsonError(std::string_view text, std::size_t levels = kJsonDepth);

}  // namespace turnout
