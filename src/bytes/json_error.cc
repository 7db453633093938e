#include "bytes/json_error.h"

#include <fmt/format.h>

#include <vector>

#include "bytes/number.h"
#include "bytes/utf8.h"

namespace turnout {
namespace {

std::string Shown(char c) {
  if (c > 0x20 && c < 0x7F) return fmt::format("'{}'", c);
  return fmt::format("byte 0x{:02x}", static_cast<unsigned char>(c));
}

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

class Reader {
 public:
  Reader(std::string_view text, std::size_t levels) : text_(text), levels_(levels) {}

  std::optional<JsonError> Read() {
    if (text_.starts_with("\xEF\xBB\xBF")) {
      Wrong(0, "a byte order mark; JSON is sent without one");
    } else {
      SkipBlanks();
      if (at_ == text_.size()) {
        Wrong(at_, "the document is empty; a JSON value was expected");
      } else {
        Values();
      }
    }
    return std::move(error_);
  }

 private:
  bool failed() const { return error_.has_value(); }
  bool at_end() const { return at_ == text_.size(); }
  void Wrong(std::size_t byte, std::string message) {
    if (!error_) error_ = JsonError{byte, std::move(message)};
  }
  void Expected(std::string_view what) {
    if (at_end()) {
      Wrong(at_, fmt::format("the document ends where {} was expected", what));
    } else if (Utf8Length(text_, at_) == 0) {
      Wrong(at_, fmt::format("invalid UTF-8 ({})", Shown(text_[at_])));
    } else {
      Wrong(at_, fmt::format("expected {}, found {}", what, Shown(text_[at_])));
    }
  }
  void SkipBlanks() {
    while (!at_end() && IsBlank(text_[at_])) ++at_;
  }
  bool Take(char c) {
    if (at_end() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  void Values() {
    std::vector<bool> object;  // is the container at this level an object?
    while (!failed()) {
      SkipBlanks();
      const char c = at_end() ? '\0' : text_[at_];
      bool opened = false;
      if (c == '{' || c == '[') {
        if (object.size() == levels_) {
          return Wrong(at_, fmt::format("more than {} levels of arrays and objects", levels_));
        }
        object.push_back(c == '{');
        ++at_;
        opened = true;
      } else {
        Scalar();
        if (failed()) return;
      }
      // Ends of containers, then what leads to the next value.
      for (;;) {
        SkipBlanks();
        if (object.empty()) {
          if (!at_end()) Expected("the end of the document");
          return;
        }
        const bool in_object = object.back();
        if (Take(in_object ? '}' : ']')) {
          object.pop_back();
          opened = false;
          continue;
        }
        if (opened) {
          if (in_object) Key("a name in double quotes or '}'");
          break;
        }
        if (!Take(',')) return Expected(in_object ? "',' or '}'" : "',' or ']'");
        if (in_object) Key("a name in double quotes");
        break;
      }
    }
  }

  void Key(std::string_view expected) {
    SkipBlanks();
    if (at_end() || text_[at_] != '"') return Expected(expected);
    String();
    if (failed()) return;
    SkipBlanks();
    if (!Take(':')) Expected("':'");
  }

  void Scalar() {
    const char c = at_end() ? '\0' : text_[at_];
    if (c == '"') return String();
    if (c == '-' || (c >= '0' && c <= '9')) {
      const std::size_t start = at_;
      constexpr std::string_view kEnds = " \t\n\r,:[]{}\"";
      at_ = std::min(text_.find_first_of(kEnds, at_), text_.size());
      const std::string_view literal = text_.substr(start, at_ - start);
      if (!IsJsonNumber(literal)) {
        for (std::size_t i = 0; i < literal.size(); i += Utf8Length(text_, start + i)) {
          if (Utf8Length(text_, start + i) == 0) {
            at_ = start + i;
            return Expected("a number");
          }
        }
        std::string shown;
        for (const char digit : literal.substr(0, 40))
          shown.push_back(digit > 0x20 && digit < 0x7F ? digit : '?');
        Wrong(start, fmt::format("'{}{}' is not a JSON number", shown, literal.size() > 40 ? "..." : ""));
      }
      return;
    }
    for (const std::string_view word : {"true", "false", "null"}) {
      if (text_.substr(at_).starts_with(word)) {
        at_ += word.size();
        return;
      }
    }
    Expected("a value");
  }

  void String() {
    const std::size_t start = at_++;
    while (!failed()) {
      if (at_end())
        return Wrong(at_, fmt::format("the document ends inside the string that starts at byte {}", start));
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return;
      }
      if (c == '\\') {
        Escape();
      } else if (static_cast<unsigned char>(c) < 0x20) {
        Wrong(at_, fmt::format("control character 0x{:02x} in a string; it must be escaped", c));
      } else if (const std::size_t length = Utf8Length(text_, at_); length == 0) {
        Wrong(at_, fmt::format("invalid UTF-8 ({})", Shown(c)));
      } else {
        at_ += length;
      }
    }
  }

  void Escape() {
    const std::size_t start = at_;
    if (at_ + 1 == text_.size()) return Wrong(text_.size(), "the document ends inside an escape");
    const char kind = text_[at_ + 1];
    if (kind != 'u') {
      if (std::string_view("\"\\/bfnrt").find(kind) == std::string_view::npos) {
        return Wrong(start, fmt::format("unknown escape '\\' and {}", Shown(kind)));
      }
      at_ += 2;
      return;
    }
    const int high = Unit();
    if (failed()) return;
    if (high >= 0xDC00 && high <= 0xDFFF)
      return Wrong(start, "the second half of a surrogate pair without its first");
    if (high < 0xD800 || high > 0xDBFF) return;
    if (!text_.substr(at_).starts_with("\\u"))
      return Wrong(start, "the first half of a surrogate pair without its second");
    const int low = Unit();
    if (!failed() && (low < 0xDC00 || low > 0xDFFF)) {
      Wrong(start, "the first half of a surrogate pair without its second");
    }
  }

  // The value of the \uXXXX at at_, and moves behind it.
  int Unit() {
    const std::size_t start = at_;
    int value = 0;
    at_ += 2;
    for (int i = 0; i < 4; ++i, ++at_) {
      if (at_end()) return Wrong(at_, "the document ends inside an escape"), 0;
      const char c = text_[at_];
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) return Wrong(start, "'\\u' without four hexadecimal digits"), 0;
      value = value * 16 + digit;
    }
    return value;
  }

  std::string_view text_;
  std::size_t levels_;
  std::size_t at_ = 0;
  std::optional<JsonError> error_;
};

}  // namespace

std::optional<JsonError> FindJsonError(std::string_view text, std::size_t levels) {
  return Reader(text, levels).Read();
}

}  // namespace turnout
