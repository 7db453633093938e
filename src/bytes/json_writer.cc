#include "bytes/json_writer.h"

#include <array>
#include <cmath>

#include "bytes/utf8.h"

namespace turnout {
namespace {

// Bytes that can't stand for themselves: control characters, '"', '\' and what may start invalid UTF-8.
constexpr auto kSpecial = [] {
  std::array<bool, 256> special{};
  for (std::size_t i = 0; i < 256; ++i) special[i] = i < 0x20 || i == '"' || i == '\\' || i >= 0x80;
  return special;
}();

void AppendEscape(std::string& out, char c) {
  switch (c) {
    case '"': out.append("\\\""); return;
    case '\\': out.append("\\\\"); return;
    case '\n': out.append("\\n"); return;
    case '\r': out.append("\\r"); return;
    case '\t': out.append("\\t"); return;
    case '\b': out.append("\\b"); return;
    case '\f': out.append("\\f"); return;
    default: break;
  }
  out.append("\\u00");
  out.push_back("0123456789abcdef"[static_cast<unsigned char>(c) >> 4]);
  out.push_back("0123456789abcdef"[c & 15]);
}

}  // namespace

void AppendJsonString(std::string& out, std::string_view text) {
  out.push_back('"');
  std::size_t done = 0, at = 0;
  while (at < text.size()) {
    if (!kSpecial[static_cast<unsigned char>(text[at])]) {
      ++at;
      continue;
    }
    const std::size_t length = Utf8Length(text, at);
    if (length > 1) {
      at += length;
      continue;
    }
    out.append(text, done, at - done);
    if (length == 0) {
      out.append("\xEF\xBF\xBD");
    } else {
      AppendEscape(out, text[at]);
    }
    done = ++at;
  }
  out.append(text, done, at - done);
  out.push_back('"');
}

void AppendJsonNumber(std::string& out, double value) {
  if (std::isfinite(value)) {
    AppendNumber(out, value);
  } else {
    out.append("null");
  }
}

}  // namespace turnout
