#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "bytes/json_text.h"
#include "bytes/number.h"
#include "bytes/utf8.h"
#include "formats/xgboost/source.h"

namespace turnout::xgboost {
namespace {

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

class JsonSource final : public Source {
 public:
  explicit JsonSource(std::string_view text) : json_(text) {}

  Status Next() override;
  std::size_t offset() const override { return start_; }
  bool AsInt(int64_t& value) const override;
  float AsFloat() const override;
  double AsDouble() const override;

 private:
  // Not a character of JSON at the end of the text.
  char Peek() const { return at_ < json_.size() ? json_[at_] : '\0'; }
  void SkipBlanks() {
    while (at_ < json_.size() && IsBlank(json_[at_])) ++at_;
  }
  std::unexpected<Error> Expected(std::string_view what) const {
    if (at_ >= json_.size()) {
      return Fail(Code::kCorrupt,
                  fmt::format("byte {}: the JSON ends here, {} expected; the file looks truncated",
                              json_.size(), what));
    }
    const auto byte = static_cast<unsigned char>(json_[at_]);
    return Fail(Code::kCorrupt,
                byte >= 0x20 && byte < 0x7F
                    ? fmt::format("byte {}: found '{}', {} expected", at_, json_[at_], what)
                    : fmt::format("byte {}: found the byte {:02x}, {} expected", at_, byte, what));
  }
  Status Value();
  Status String(Kind kind);
  Status Number();

  std::string_view json_;
  std::size_t at_ = 0, start_ = 0;
  std::vector<bool> object_;  // of each open container: is it an object?
  bool first_ = true;         // nothing has been read in the innermost container
  bool after_key_ = false;
  std::string unescaped_;
};

Status JsonSource::Next() {
  SkipBlanks();
  start_ = at_;
  if (after_key_) {
    after_key_ = false;
    return Value();
  }
  if (object_.empty()) {
    if (first_) return Value();
    if (at_ < json_.size()) return Expected("the end of the file");
    kind_ = Kind::kFinish;
    return {};
  }
  if (Peek() == (object_.back() ? '}' : ']')) {
    ++at_;
    object_.pop_back();
    first_ = false;
    kind_ = Kind::kEnd;
    return {};
  }
  if (!first_) {
    if (Peek() != ',') return Expected(object_.back() ? "',' or '}'" : "',' or ']'");
    ++at_;
    SkipBlanks();
    start_ = at_;
  }
  first_ = false;
  if (!object_.back()) return Value();
  if (Peek() != '"') return Expected("a name in '\"'");
  TURNOUT_TRY(String(Kind::kKey));
  SkipBlanks();
  if (Peek() != ':') return Expected("':'");
  ++at_;
  after_key_ = true;
  return {};
}

Status JsonSource::Value() {
  first_ = false;
  const char c = Peek();
  if (c == '{' || c == '[') {
    if (object_.size() == xgboost::kMaxDepth) {
      return Fail(Code::kCorrupt, fmt::format("byte {}: more than {} objects and arrays inside of each other",
                                              at_, kMaxDepth));
    }
    ++at_;
    object_.push_back(c == '{');
    first_ = true;
    kind_ = c == '{' ? Kind::kObject : Kind::kArray;
    return {};
  }
  if (c == '"') return String(Kind::kText);
  for (const auto& [word, kind, truth] : {std::tuple{std::string_view("true"), Kind::kBool, true},
                                          {"false", Kind::kBool, false},
                                          {"null", Kind::kNull, false}}) {
    if (!json_.substr(at_).starts_with(word)) continue;
    at_ += word.size();
    kind_ = kind;
    truth_ = truth;
    return {};
  }
  return Number();
}

Status JsonSource::String(Kind kind) {
  const std::size_t start = ++at_;
  bool escapes = false;
  for (;;) {
    while (at_ < json_.size() && json_[at_] != '"' && json_[at_] != '\\' && json_[at_] >= 0x20) ++at_;
    if (at_ == json_.size()) return Expected("the end of a text");
    const char c = json_[at_];
    if (c == '"') break;
    if (c == '\\') {
      escapes = true;
      at_ = std::min(at_ + 2, json_.size());  // the unescaping below says whether it is a good one
    } else {
      const std::size_t length = (c & 0x80) != 0 ? Utf8Length(json_, at_) : 0;
      if (length == 0) return Expected("UTF-8 text");
      at_ += length;
    }
  }
  text_ = json_.substr(start, at_++ - start);
  kind_ = kind;
  if (!escapes) return {};
  unescaped_.resize(text_.size());
  char* const end = UnescapeJson(text_, unescaped_.data());
  if (end == nullptr) {
    return Fail(Code::kCorrupt, fmt::format("byte {}: a bad escape in this text", start - 1));
  }
  text_ = {unescaped_.data(), static_cast<std::size_t>(end - unescaped_.data())};
  return {};
}

Status JsonSource::Number() {
  kind_ = Kind::kNumber;
  for (const std::string_view word : {"NaN", "Infinity", "-Infinity"}) {
    if (!json_.substr(at_).starts_with(word)) continue;
    text_ = word;
    at_ += word.size();
    return {};
  }
  const std::size_t start = at_;
  while (at_ < json_.size() && (static_cast<unsigned char>(json_[at_] - '0') < 10 ||
                                (json_[at_] != 0 && std::strchr("+-.eE", json_[at_]) != nullptr))) {
    ++at_;
  }
  text_ = json_.substr(start, at_ - start);
  if (IsJsonNumber(text_)) return {};
  if (!text_.empty() && at_ < json_.size()) {
    return Fail(Code::kCorrupt, fmt::format("byte {}: '{}' is not a number", start, text_.substr(0, 40)));
  }
  return Expected("a value");
}

bool JsonSource::AsInt(int64_t& value) const {
  const auto [to, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
  if (error == std::errc{} && to == text_.data() + text_.size()) return true;
  const double number = AsDouble();  // 3.0, 1e2
  if (!(std::fabs(number) < 0x1p53) || number != std::floor(number)) return false;
  value = static_cast<int64_t>(number);
  return true;
}

template <class Float>
Float Parse(std::string_view text) {
  constexpr Float kInfinity = std::numeric_limits<Float>::infinity();
  if (text == "NaN") return std::numeric_limits<Float>::quiet_NaN();
  const bool negative = text.starts_with('-');
  if (text == "Infinity" || text == "-Infinity") return negative ? -kInfinity : kInfinity;
  Float value = 0;
  const auto [to, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc{} && to == text.data() + text.size()) return value;
  // Too large or too small.
  const ParsedNumber parsed = ParseNumber(text);
  if (parsed.error == NumberError::kTooLarge) return negative ? -kInfinity : kInfinity;
  return static_cast<Float>(parsed.value);
}

float JsonSource::AsFloat() const { return Parse<float>(text_); }
double JsonSource::AsDouble() const { return Parse<double>(text_); }

}  // namespace

std::unique_ptr<Source> OpenJson(std::string_view text) { return std::make_unique<JsonSource>(text); }

}  // namespace turnout::xgboost
