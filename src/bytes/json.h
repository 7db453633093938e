// JSON in: text to a flat list of tokens, so that a reader is a loop over an array.
//
//   JsonTokenizer json;                                   // one per thread; keeps its memory
//   TURNOUT_ASSIGN(auto tokens, json.Document(body));     // the whole document
//   for (const JsonToken& token : tokens) ...
//
// Valid JSON only (RFC 8259): UTF-8 checked, at most kJsonDepth levels, no trailing bytes, no lone
// surrogates. Numbers stay literals: bytes/number.h converts them by the same rules as CSV cells. Names that
// occur twice in an object are the caller's matter.
//
// simdjson finds the structure of the text and checks its UTF-8 (its first stage, by the widest kernel of
// the CPU); the walk over that structure is ours: iterative, and with a message that names the byte.
//
// Memory while a text is read: 4 bytes a byte (of the whole in Document, of at most 1 MiB or the largest
// element in Elements) and 32 bytes a token. What a large text needed is given back by the next small one.
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
    kObject,
    kObjectEnd,
    kArray,
    kArrayEnd,  // containers; `skip` of the first two tells where they end
    kKey,       // text: unescaped name; its value follows
    kString,    // text: unescaped
    kNumber,    // text: the literal, e.g. "-1.50e3"
    kTrue,
    kFalse,
    kNull
  };
  Kind kind = Kind::kNull;
  // kKey, kString: `text` had escapes, so it is in the tokenizer's memory and lives until the tokenizer is
  // used again; otherwise it is a view into the document.
  bool unescaped = false;
  uint32_t skip = 0;  // kObject, kArray: index of the matching end in the list
  uint32_t byte = 0;  // where the token starts in the document (in Elements: in the element)
  std::string_view text;
};

class JsonTokenizer {
 public:
  JsonTokenizer();
  ~JsonTokenizer();
  JsonTokenizer(JsonTokenizer&&) noexcept;
  JsonTokenizer& operator=(JsonTokenizer&&) noexcept;

  // The tokens of the whole document; they live until the tokenizer is used again. Errors name the byte:
  // "byte 17: expected ',' or '}', found 'x'".
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
