#include "bytes/unicode.h"

#include <utf8proc.h>

#include <algorithm>
#include <vector>

#include "bytes/utf8.h"

namespace turnout {
namespace {

constexpr uint32_t kNoCharacter = 0x110000;

utf8proc_category_t Category(uint32_t code) {
  return code < kNoCharacter ? utf8proc_category(static_cast<utf8proc_int32_t>(code)) : UTF8PROC_CATEGORY_CN;
}

void Append(uint32_t code, std::string& out) {
  char bytes[4];
  out.append(bytes, PutUtf8(bytes, code));
}

bool IsCased(uint32_t code) {
  switch (Category(code)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT: return true;
    default: return false;
  }
}

// Unicode's property Case_Ignorable: marks, modifiers, format characters, and what stands inside of words.
bool IsCaseIgnorable(uint32_t code) {
  switch (Category(code)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_SK: return true;
    default: break;
  }
  static constexpr uint32_t kInside[] = {0x27,   0x2E,   0x3A,   0xB7,   0x387,  0x55F,
                                         0x5F4,  0x2018, 0x2019, 0x2024, 0x2027, 0xFE13,
                                         0xFE52, 0xFE55, 0xFF07, 0xFF0E, 0xFF1A};
  return std::find(std::begin(kInside), std::end(kInside), code) != std::end(kInside);
}

// Whether the capital sigma at `at` ends a word: cased letters before it, none behind it.
bool EndsWord(std::string_view text, std::size_t at) {
  bool before = false;
  for (std::size_t i = at; i > 0;) {
    std::size_t start = i - 1;
    while (start > 0 && i - start < 4 && (static_cast<unsigned char>(text[start]) & 0xC0) == 0x80) --start;
    const Character character = CharacterAt(text, start);
    if (start + character.bytes != i) return false;  // not UTF-8
    i = start;
    if (IsCaseIgnorable(character.code)) continue;
    before = IsCased(character.code);
    break;
  }
  if (!before) return false;
  for (std::size_t i = at + 2; i < text.size();) {
    const Character character = CharacterAt(text, i);
    if (!IsCaseIgnorable(character.code)) return !IsCased(character.code);
    i += character.bytes;
  }
  return true;
}

// NFKD of the valid characters; bytes that are not UTF-8 stand in it as negative numbers.
std::vector<utf8proc_int32_t> Decomposed(std::string_view text) {
  // Flags, or-ed.  NOLINTNEXTLINE(clang-analyzer-optin.core.EnumCastOutOfRange)
  constexpr auto kOptions = static_cast<utf8proc_option_t>(UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT);
  std::vector<utf8proc_int32_t> codes;
  std::size_t sorted = 0;
  const auto canonical = [&](utf8proc_int32_t code) {
    return code < 0 ? 0 : utf8proc_get_property(code)->combining_class;
  };
  // Marks behind one starter stand in the order of their classes.
  const auto sort = [&] {
    std::stable_sort(codes.begin() + static_cast<std::ptrdiff_t>(sorted), codes.end(),
                     [&](auto a, auto b) { return canonical(a) < canonical(b); });
    sorted = codes.size();
  };
  for (std::size_t at = 0; at < text.size();) {
    const Character character = CharacterAt(text, at);
    if (character.code >= kNoCharacter) {
      sort();
      codes.push_back(-1 - static_cast<unsigned char>(text[at]));
      sorted = codes.size();
    } else {
      utf8proc_int32_t parts[32];
      int boundary = 0;
      const auto count = utf8proc_decompose_char(static_cast<utf8proc_int32_t>(character.code), parts, 32,
                                                 kOptions, &boundary);
      for (utf8proc_ssize_t i = 0; i < std::min<utf8proc_ssize_t>(count, 32); ++i) {
        if (canonical(parts[i]) == 0) sort();
        codes.push_back(parts[i]);
        if (canonical(parts[i]) == 0) sorted = codes.size();
      }
    }
    at += character.bytes;
  }
  sort();
  return codes;
}

bool IsAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

}  // namespace

Character CharacterAt(std::string_view text, std::size_t at) {
  const std::size_t bytes = Utf8Length(text, at);
  const auto byte = [&](std::size_t i) {
    return static_cast<uint32_t>(static_cast<unsigned char>(text[at + i]));
  };
  switch (bytes) {
    case 1: return {byte(0), 1};
    case 2: return {(byte(0) & 0x1F) << 6 | (byte(1) & 0x3F), 2};
    case 3: return {(byte(0) & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F), 3};
    case 4:
      return {(byte(0) & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F), 4};
    default: return {kNoCharacter, 1};
  }
}

bool IsWord(uint32_t code) {
  if (code < 0x80) {
    return (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z') || (code >= '0' && code <= '9') ||
           code == '_';
  }
  switch (Category(code)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO: return true;
    default: return false;
  }
}

bool IsSpace(uint32_t code) {
  return (code >= 0x09 && code <= 0x0D) || (code >= 0x1C && code <= 0x20) || code == 0x85 || code == 0xA0 ||
         code == 0x1680 || (code >= 0x2000 && code <= 0x200A) || code == 0x2028 || code == 0x2029 ||
         code == 0x202F || code == 0x205F || code == 0x3000;
}

void AppendLower(std::string_view text, std::string& out) {
  constexpr uint32_t kSigma = 0x3A3, kFinalSigma = 0x3C2, kDottedI = 0x130, kDot = 0x307;
  for (std::size_t at = 0; at < text.size();) {
    const Character character = CharacterAt(text, at);
    if (character.code < 0x80) {
      const char c = text[at];
      out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    } else if (character.code >= kNoCharacter) {
      out += text[at];
    } else if (character.code == kDottedI) {
      Append('i', out);
      Append(kDot, out);
    } else if (character.code == kSigma && EndsWord(text, at)) {
      Append(kFinalSigma, out);
    } else {
      Append(static_cast<uint32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(character.code))), out);
    }
    at += character.bytes;
  }
}

void AppendWithoutAccents(std::string_view text, std::string& out) {
  if (IsAscii(text)) {
    out += text;
    return;
  }
  for (const utf8proc_int32_t code : Decomposed(text)) {
    if (code < 0) {
      out += static_cast<char>(-1 - code);
    } else if (utf8proc_get_property(code)->combining_class == 0) {
      Append(static_cast<uint32_t>(code), out);
    }
  }
}

void AppendAscii(std::string_view text, std::string& out) {
  if (IsAscii(text)) {
    out += text;
    return;
  }
  for (const utf8proc_int32_t code : Decomposed(text)) {
    if (code >= 0 && code < 0x80) out += static_cast<char>(code);
  }
}

}  // namespace turnout
