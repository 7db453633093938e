#include "bytes/json_text.h"

#include <cstdint>

#include "bytes/utf8.h"

namespace turnout {
namespace {

int HexUnit(const char* at, const char* end) {
  if (end - at < 4) return -1;
  int value = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = at[i];
    int digit = c - '0';
    if (digit < 0 || digit > 9) {
      digit = (c | 0x20) - 'a' + 10;
      if (digit < 10 || digit > 15) return -1;
    }
    value = value * 16 + digit;
  }
  return value;
}

}  // namespace

char* UnescapeJson(std::string_view text, char* out) {
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    if (*at != '\\') {
      *out++ = *at++;
      continue;
    }
    if (++at == end) return nullptr;
    switch (*at++) {
      case '"': *out++ = '"'; break;
      case '\\': *out++ = '\\'; break;
      case '/': *out++ = '/'; break;
      case 'b': *out++ = '\b'; break;
      case 'f': *out++ = '\f'; break;
      case 'n': *out++ = '\n'; break;
      case 'r': *out++ = '\r'; break;
      case 't': *out++ = '\t'; break;
      case 'u': {
        const int unit = HexUnit(at, end);
        if (unit < 0) return nullptr;
        at += 4;
        auto code = static_cast<uint32_t>(unit);
        if (code >= 0xD800 && code <= 0xDFFF) {
          if (code >= 0xDC00 || end - at < 6 || at[0] != '\\' || at[1] != 'u') return nullptr;
          const int low = HexUnit(at + 2, end);
          if (low < 0xDC00 || low > 0xDFFF) return nullptr;
          at += 6;
          code = 0x10000 + ((code - 0xD800) << 10) + (static_cast<uint32_t>(low) - 0xDC00);
        }
        out = PutUtf8(out, code);
        break;
      }
      default: return nullptr;
    }
  }
  return out;
}

}  // namespace turnout
