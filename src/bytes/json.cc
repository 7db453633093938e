#include "bytes/json.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <cassert>
#include <cstring>

#include "bytes/json_error.h"
#include "bytes/json_text.h"
#include "bytes/number.h"

namespace turnout {
namespace {

constexpr std::size_t kChunk = 1 << 20;      // Elements: bytes of a long array that are read at a time
constexpr std::size_t kKeepBytes = 1 << 20;  // texts up to this length leave their memory for the next
constexpr std::size_t kArenaBlock = 16 << 10;

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Unescaped strings of one call; their addresses stay.
class Arena {
 public:
  char* Reserve(std::size_t size) {
    if (size > static_cast<std::size_t>(end_ - next_)) {
      const std::size_t block = std::max(size, kArenaBlock);
      blocks_.push_back(std::make_unique_for_overwrite<char[]>(block));
      next_ = blocks_.back().get();
      end_ = next_ + block;
    }
    return next_;
  }
  void Commit(char* end) { next_ = end; }
  void Clear() {
    blocks_.clear();
    next_ = end_ = nullptr;
  }
  // Keeps the first block if it is an ordinary one, so that small documents don't allocate.
  void Reset() {
    if (blocks_.size() == 1 && end_ == blocks_[0].get() + kArenaBlock) {
      next_ = blocks_[0].get();
    } else if (!blocks_.empty()) {
      Clear();
    }
  }

 private:
  std::vector<std::unique_ptr<char[]>> blocks_;
  char* next_ = nullptr;
  char* end_ = nullptr;
};

// Where a chunk of an array may end: the last comma between elements within `limit` bytes of `from`, or the
// first after that, or the array's own end. Only for well-formed text: of malformed text some piece then
// fails to parse. npos: none.
std::size_t ChunkEnd(std::string_view text, std::size_t from, std::size_t limit) {
  int64_t depth = 0;
  std::size_t found = std::string_view::npos;
  for (std::size_t at = from; at < text.size(); ++at) {
    if (at - from > limit && found != std::string_view::npos) return found;
    switch (text[at]) {
      case '"':
        for (;;) {
          at = text.find('"', at + 1);
          if (at == std::string_view::npos) return at;
          std::size_t escapes = 0;
          while (text[at - 1 - escapes] == '\\') ++escapes;
          if (escapes % 2 == 0) break;
        }
        break;
      case '[':
      case '{': ++depth; break;
      case ']':
      case '}':
        if (depth-- == 0) return at;
        break;
      case ',':
        if (depth == 0) found = at;
        break;
      default: break;
    }
  }
  return std::string_view::npos;
}

Error Explain(std::string_view text) {
  if (const auto error = FindJsonError(text)) {
    return {Code::kInvalidArgument, fmt::format("byte {}: {}", error->byte, error->message)};
  }
  assert(false && "the tokenizer refuses what the plain reader accepts");
  return {Code::kInternal, "the JSON tokenizer refused a valid document"};
}

}  // namespace

struct JsonTokenizer::Parser {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> stage;
  std::size_t capacity = 0;
  Arena arena;

  // The structure of `text`: offsets of brackets, colons, commas and of the first byte of each string and
  // literal. simdjson guarantees valid UTF-8 and closed strings without control characters.
  std::string_view text;
  const uint32_t* structure = nullptr;
  uint32_t count = 0;

  bool Index(std::string_view from) {
    if (stage == nullptr || from.size() > capacity || (capacity > kKeepBytes && from.size() <= kKeepBytes)) {
      const std::size_t wanted = std::max<std::size_t>(std::min(2 * from.size(), kKeepBytes), from.size());
      stage.reset();
      capacity = 0;
      if (simdjson::get_active_implementation()->create_dom_parser_implementation(
              std::max<std::size_t>(wanted, 4096), 1, stage) != simdjson::SUCCESS) {
        return false;
      }
      capacity = std::max<std::size_t>(wanted, 4096);
    }
    text = from;
    count = 0;
    const auto* const bytes = reinterpret_cast<const uint8_t*>(from.data());
    if (stage->stage1(bytes, from.size(), simdjson::stage1_mode::regular) != simdjson::SUCCESS) return false;
    structure = stage->structural_indexes.get();
    count = stage->n_structural_indexes;
    return true;
  }

  // The bytes of the literal or string at structure[i], without blanks behind it.
  std::string_view Extent(uint32_t i) const {
    const char* const start = text.data() + structure[i];
    const char* end = text.data() + (i + 1 < count ? structure[i + 1] : text.size());
    while (IsBlank(end[-1])) --end;  // stops at `start` at the latest: that byte is no blank
    return {start, static_cast<std::size_t>(end - start)};
  }

  bool String(uint32_t i, JsonToken& token) {
    const std::string_view literal = Extent(i);
    if (literal.size() < 2 || literal.back() != '"') return false;
    token.text = literal.substr(1, literal.size() - 2);
    if (token.text.find('\\') == std::string_view::npos) return true;
    char* const out = arena.Reserve(token.text.size());
    char* const end = UnescapeJson(token.text, out);
    if (end == nullptr) return false;
    arena.Commit(end);
    token.text = {out, static_cast<std::size_t>(end - out)};
    token.unescaped = true;
    return true;
  }

  bool Scalar(uint32_t i, JsonToken& token) {
    const std::string_view literal = Extent(i);
    switch (literal[0]) {
      case '"': token.kind = JsonToken::Kind::kString; return String(i, token);
      case 't': token.kind = JsonToken::Kind::kTrue; return literal == "true";
      case 'f': token.kind = JsonToken::Kind::kFalse; return literal == "false";
      case 'n': token.kind = JsonToken::Kind::kNull; return literal == "null";
      default:
        token.kind = JsonToken::Kind::kNumber;
        token.text = literal;
        return IsJsonNumber(literal);
    }
  }

  // PERF: once per value. Text without escapes is not copied; a token costs about 5 ns, a churn row of 109
  // bytes (14 tokens, stage 1 included) about 100 ns.
  //
  // Appends the tokens of the value at structure[i] and moves `i` behind it. `levels` may be open at once.
  // Tokens count their bytes from `origin`; `end` is the offset
  // in `text` behind the value.
  bool Value(uint32_t& i, uint32_t origin, int levels, std::vector<JsonToken>& tokens, std::size_t& end) {
    using Kind = JsonToken::Kind;
    uint32_t open[kJsonDepth];  // token of each open container
    int depth = 0;
    for (;;) {
      if (i >= count) return false;
      const char c = text[structure[i]];
      JsonToken& token = tokens.emplace_back();
      token.byte = structure[i] - origin;
      bool opened = false;
      if (c == '{' || c == '[') {
        if (depth == levels) return false;
        token.kind = c == '{' ? Kind::kObject : Kind::kArray;
        open[depth++] = static_cast<uint32_t>(tokens.size() - 1);
        opened = true;
        ++i;
      } else {
        if (!Scalar(i, token)) return false;
        ++i;
      }
      // Ends of containers, then what leads to the next value.
      for (;;) {
        if (depth == 0) {
          const std::string_view last = Extent(i - 1);
          end = static_cast<std::size_t>(last.data() + last.size() - text.data());
          return true;
        }
        if (i >= count) return false;
        const bool in_object = tokens[open[depth - 1]].kind == Kind::kObject;
        const char next = text[structure[i]];
        if (next == (in_object ? '}' : ']')) {
          tokens[open[--depth]].skip = static_cast<uint32_t>(tokens.size());
          JsonToken& closing = tokens.emplace_back();
          closing.kind = in_object ? Kind::kObjectEnd : Kind::kArrayEnd;
          closing.byte = structure[i++] - origin;
          opened = false;
          continue;
        }
        if (!opened) {
          if (next != ',') return false;
          ++i;
        }
        if (in_object) {
          if (i + 1 >= count || text[structure[i]] != '"' || text[structure[i + 1]] != ':') return false;
          JsonToken& key = tokens.emplace_back();
          key.kind = Kind::kKey;
          key.byte = structure[i] - origin;
          if (!String(i, key)) return false;
          i += 2;
        }
        break;
      }
    }
  }
};

JsonTokenizer::JsonTokenizer() : parser_(std::make_unique<Parser>()) {}
JsonTokenizer::~JsonTokenizer() = default;
JsonTokenizer::JsonTokenizer(JsonTokenizer&&) noexcept = default;
JsonTokenizer& JsonTokenizer::operator=(JsonTokenizer&&) noexcept = default;

Result<std::span<const JsonToken>> JsonTokenizer::Document(std::string_view text) {
  if (text.size() > UINT32_MAX) return Fail(Code::kInvalidArgument, "the document is larger than 4 GiB");
  if (tokens_.capacity() > kKeepBytes && text.size() <= kKeepBytes) tokens_ = {};
  tokens_.clear();
  parser_->arena.Reset();
  uint32_t i = 0;
  std::size_t end = 0;
  if (!parser_->Index(text)) return std::unexpected(Explain(text));
  tokens_.reserve(parser_->count);  // every token starts at its own place in the structure
  if (!parser_->Value(i, 0, kJsonDepth, tokens_, end) || i != parser_->count) {
    return std::unexpected(Explain(text));
  }
  return std::span<const JsonToken>(tokens_);
}

Status JsonTokenizer::Elements(std::string_view text,
                               FunctionRef<Status(std::span<const JsonToken>, std::string_view)> element) {
  parser_->arena.Reset();
  const auto wrong = [&] { return std::unexpected(Explain(text)); };
  std::size_t at = 0, size = text.size();
  while (at < size && IsBlank(text[at])) ++at;
  while (size > at && IsBlank(text[size - 1])) --size;
  if (at == size) return wrong();
  if (text[at] != '[') {
    if (FindJsonError(text)) return wrong();
    return Fail(Code::kInvalidArgument, fmt::format("byte {}: expected an array, found '{}'", at, text[at]));
  }
  ++at;
  for (bool first_chunk = true;; first_chunk = false) {
    std::size_t chunk_end = text.size() <= kChunk ? size - 1 : ChunkEnd(text, at, kChunk);
    if (chunk_end == std::string_view::npos || chunk_end < at) return wrong();
    const bool last_chunk = text[chunk_end] == ']';
    if (text[chunk_end] == '}' || (text.size() <= kChunk && !last_chunk)) return wrong();
    if (last_chunk && chunk_end != size - 1) return wrong();
    const std::string_view chunk = text.substr(at, chunk_end - at);
    if (chunk.size() > UINT32_MAX) return Fail(Code::kInvalidArgument, "an element is larger than 4 GiB");

    const bool blank = std::all_of(chunk.begin(), chunk.end(), IsBlank);
    if (blank) {
      if (first_chunk && last_chunk) return {};
      return wrong();
    }
    if (!parser_->Index(chunk)) return wrong();
    for (uint32_t i = 0;;) {
      const uint32_t start = parser_->structure[i];
      std::size_t end = 0;
      tokens_.clear();
      if (!parser_->Value(i, start, kJsonDepth - 1, tokens_, end)) return wrong();
      TURNOUT_TRY(element(tokens_, chunk.substr(start, end - start)));
      if (i == parser_->count) break;
      if (chunk[parser_->structure[i]] != ',') return wrong();
      if (++i == parser_->count) return wrong();
    }
    if (last_chunk) return {};
    at = chunk_end + 1;
  }
}

}  // namespace turnout
