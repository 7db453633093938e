// JSON in: text to a flat list of tokens (simdjson does the work), so that a reader is a loop over an array.
//
//   JsonTokenizer json;                                   // one per thread; keeps its memory
//   TURNOUT_ASSIGN(auto tokens, json.Document(body));     // the whole document
//   for (const JsonToken& token : tokens) ...
//
// Valid JSON only (RFC 8259): UTF-8 checked, at most kJsonDepth levels, no trailing bytes. Numbers stay
// literals: bytes/number.h converts them by the same rules as CSV cells.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/function_ref.h"
#include "base/result.h"

namespace turnout {

inline constexpr int kJsonDepth = 64;

struct JsonToken {
  enum class Kind : uint8_t {
    kObject, kObjectEnd, kArray, kArrayEnd,  // containers; `skip` of the first two tells where they end
    kKey,                                    // text: unescaped name; its value follows
    kString,                                 // text: unescaped
    kNumber,                                 // text: the literal, e.g. "-1.50e3"
    kTrue, kFalse, kNull
  };
  Kind kind = Kind::kNull;
  uint32_t skip = 0;      // kObject, kArray: index of the matching end in the list
  std::string_view text;  // lives until the tokenizer is used again
};

class JsonTokenizer {
 public:
  JsonTokenizer();
  ~JsonTokenizer();
  JsonTokenizer(JsonTokenizer&&) noexcept;
  JsonTokenizer& operator=(JsonTokenizer&&) noexcept;

  // The tokens of the whole document. Errors name the byte: "byte 17: ...".
  Result<std::span<const JsonToken>> Document(std::string_view text);

  // For a document that is an array: calls `element` with each element's tokens and its bytes (a view into
  // `text`, without surrounding blanks), in order. Memory is that of the largest element. Texts of earlier
  // elements stay valid until the next call of Document or Elements. Stops at the first error; malformed
  // text may be noticed only after some elements were handed out. `element` returning an error ends it.
  Status Elements(std::string_view text,
                  FunctionRef<Status(std::span<const JsonToken>, std::string_view)> element);

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
  std::vector<JsonToken> tokens_;
};

}  // namespace turnout
