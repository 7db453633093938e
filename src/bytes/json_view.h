// JsonView: a document that was read (json.h), looked at by names; for documents that are small and rare.
//
//   JsonTokenizer json;
//   TURNOUT_ASSIGN(const auto tokens, json.Document(text));
//   const JsonView view(tokens);
//   view["strategy"]["kind"].Text()       // empty where there is no such thing
//
// It is valid for as long as the tokens. Of a name that occurs twice, the last counts.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "bytes/json.h"
#include "bytes/number.h"

namespace turnout {

class JsonView {
 public:
  JsonView() = default;  // of what is not there
  // The value that the first of `tokens` begins.
  explicit JsonView(std::span<const JsonToken> tokens) : JsonView(tokens, 0) {}

  explicit operator bool() const { return !tokens_.empty(); }
  bool Is(JsonToken::Kind kind) const { return !tokens_.empty() && tokens_[at_].kind == kind; }
  bool IsNull() const { return tokens_.empty() || Is(JsonToken::Kind::kNull); }

  JsonView operator[](std::string_view name) const {
    JsonView found;
    for (const auto& [key, value] : Members()) {
      if (key == name) found = value;
    }
    return found;
  }
  std::vector<std::pair<std::string_view, JsonView>> Members() const {
    std::vector<std::pair<std::string_view, JsonView>> members;
    if (!Is(JsonToken::Kind::kObject)) return members;
    for (std::size_t i = at_ + 1; tokens_[i].kind == JsonToken::Kind::kKey;) {
      members.emplace_back(tokens_[i].text, JsonView(tokens_, i + 1));
      i = members.back().second.End();
    }
    return members;
  }
  std::vector<JsonView> Items() const {
    std::vector<JsonView> items;
    if (!Is(JsonToken::Kind::kArray)) return items;
    for (std::size_t i = at_ + 1; tokens_[i].kind != JsonToken::Kind::kArrayEnd; i = items.back().End()) {
      items.push_back(JsonView(tokens_, i));
    }
    return items;
  }

  // Of a string its text, of a number its literal; empty: neither.
  std::string_view Text() const {
    return Is(JsonToken::Kind::kString) || Is(JsonToken::Kind::kNumber) ? tokens_[at_].text
                                                                        : std::string_view();
  }
  std::optional<double> Number() const {
    if (!Is(JsonToken::Kind::kNumber)) return std::nullopt;
    const ParsedNumber number = ParseNumber(tokens_[at_].text);
    return number.error == NumberError::kNone ? std::optional(number.value) : std::nullopt;
  }
  // A whole number from 0 that fits.
  std::optional<uint64_t> Whole() const {
    if (!Is(JsonToken::Kind::kNumber)) return std::nullopt;
    const std::string_view text = tokens_[at_].text;
    uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
  }
  // The text of an object or an array in the document that was read; empty: it is neither.
  std::string_view Raw(std::string_view document) const {
    if (tokens_.empty()) return {};
    const bool open = Is(JsonToken::Kind::kObject) || Is(JsonToken::Kind::kArray);
    if (!open) return {};
    const std::size_t begin = tokens_[at_].byte, end = tokens_[tokens_[at_].skip].byte + 1;
    return document.substr(begin, end - begin);
  }
  bool True() const { return Is(JsonToken::Kind::kTrue); }

 private:
  JsonView(std::span<const JsonToken> tokens, std::size_t at) : tokens_(tokens), at_(at) {}
  // Behind this value.
  std::size_t End() const {
    const bool open = Is(JsonToken::Kind::kObject) || Is(JsonToken::Kind::kArray);
    return (open ? tokens_[at_].skip : at_) + 1;
  }

  std::span<const JsonToken> tokens_;
  std::size_t at_ = 0;
};

}  // namespace turnout
