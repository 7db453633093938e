#include "bytes/json_events.h"

#include <fmt/format.h>

#include <cassert>
#include <cstring>
#include <vector>

#include "bytes/json_error.h"
#include "bytes/json_text.h"
#include "bytes/number.h"
#include "bytes/utf8.h"

namespace turnout {
namespace {

using Kind = JsonToken::Kind;

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

class Reader {
 public:
  Reader(std::string_view text, std::size_t levels, FunctionRef<Status(const JsonToken&)> token)
      : text_(text), levels_(levels), token_(token) {}

  // False: malformed, or the callee's error().
  bool Read() {
    for (;;) {
      SkipBlanks();
      bool opened = false;
      if (const char c = Next(); c == '{' || c == '[') {
        if (object_.size() == levels_) return false;
        object_.push_back(c == '{');
        opened = true;
        if (!Give(c == '{' ? Kind::kObject : Kind::kArray, at_++)) return false;
      } else if (!Scalar()) {
        return false;
      }
      // Ends of containers, then what leads to the next value.
      for (;; opened = false) {
        SkipBlanks();
        if (object_.empty()) return at_ == text_.size();
        if (Next() != (object_.back() ? '}' : ']')) break;
        if (!Give(object_.back() ? Kind::kObjectEnd : Kind::kArrayEnd, at_++)) return false;
        object_.pop_back();
      }
      if (!opened) {
        if (Next() != ',') return false;
        ++at_;
        SkipBlanks();
      }
      if (object_.back() && !Key()) return false;
    }
  }
  Status& error() { return error_; }

 private:
  // Not a character of JSON at the end of the text.
  char Next() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void SkipBlanks() {
    while (at_ < text_.size() && IsBlank(text_[at_])) ++at_;
  }
  bool Give(Kind kind, std::size_t byte, std::string_view text = {}, bool unescaped = false) {
    error_ =
        token_({.kind = kind, .unescaped = unescaped, .byte = static_cast<uint32_t>(byte), .text = text});
    return error_.has_value();
  }

  bool Key() {
    if (Next() != '"' || !String(Kind::kKey)) return false;
    SkipBlanks();
    if (Next() != ':') return false;
    ++at_;
    return true;
  }

  // PERF: once per byte of a string; the plain characters go by without a call.
  bool String(Kind kind) {
    const std::size_t start = at_++;
    bool escapes = false;
    for (;;) {
      while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\\' && text_[at_] >= 0x20) ++at_;
      if (at_ == text_.size()) return false;
      const char c = text_[at_];
      if (c == '"') break;
      if (c == '\\') {
        escapes = true;
        at_ += 2;  // the unescaping below says whether it is a good one
        if (at_ > text_.size()) return false;
      } else {
        const std::size_t length = (c & 0x80) != 0 ? Utf8Length(text_, at_) : 0;
        if (length == 0) return false;
        at_ += length;
      }
    }
    std::string_view value = text_.substr(start + 1, at_++ - start - 1);
    if (escapes) {
      unescaped_.resize(value.size());
      char* const end = UnescapeJson(value, unescaped_.data());
      if (end == nullptr) return false;
      value = {unescaped_.data(), static_cast<std::size_t>(end - unescaped_.data())};
    }
    return Give(kind, start, value, escapes);
  }

  bool Scalar() {
    const std::size_t start = at_;
    switch (Next()) {
      case '"': return String(Kind::kString);
      case 't': return Word("true") && Give(Kind::kTrue, start);
      case 'f': return Word("false") && Give(Kind::kFalse, start);
      case 'n': return Word("null") && Give(Kind::kNull, start);
      default: break;
    }
    while (at_ < text_.size() && (IsDigit(text_[at_]) || std::strchr("+-.eE", text_[at_]) != nullptr)) ++at_;
    const std::string_view literal = text_.substr(start, at_ - start);
    return IsJsonNumber(literal) && Give(Kind::kNumber, start, literal);
  }
  static bool IsDigit(char c) { return c >= '0' && c <= '9'; }
  bool Word(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  std::string_view text_;
  std::size_t levels_;
  FunctionRef<Status(const JsonToken&)> token_;
  std::size_t at_ = 0;
  std::vector<bool> object_;  // of each open container: is it an object?
  std::string unescaped_;
  Status error_;
};

}  // namespace

Status ForEachJsonToken(std::string_view text, std::size_t levels,
                        FunctionRef<Status(const JsonToken&)> token) {
  Reader reader(text, levels, token);
  if (reader.Read()) return {};
  if (!reader.error()) return std::move(reader.error());
  if (const auto error = FindJsonError(text, levels)) {
    return Fail(Code::kInvalidArgument, fmt::format("byte {}: {}", error->byte, error->message));
  }
  assert(false && "this reader refuses what the plain one accepts");
  return Fail(Code::kInternal, "the JSON reader refused a valid document");
}

}  // namespace turnout
