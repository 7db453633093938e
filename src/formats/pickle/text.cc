#include "formats/pickle/text.h"

#include <algorithm>
#include <cstring>

#include "base/byte_reader.h"

namespace turnout::pickle {

namespace {

constexpr char kHex[] = "0123456789abcdef";

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// `count` hexadecimal digits at the start of `text`; -1 if they are not there.
int64_t HexDigits(std::string_view text, std::size_t count) {
  if (text.size() < count) return -1;
  int64_t value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const int digit = HexDigit(text[i]);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

void AppendUtf8(uint32_t point, std::string& out) {
  auto put = [&](uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xc0 | point >> 6), put(0x80 | (point & 0x3f));
  } else if (point < 0x10000) {
    put(0xe0 | point >> 12), put(0x80 | (point >> 6 & 0x3f)), put(0x80 | (point & 0x3f));
  } else {
    put(0xf0 | point >> 18), put(0x80 | (point >> 12 & 0x3f)), put(0x80 | (point >> 6 & 0x3f));
    put(0x80 | (point & 0x3f));
  }
}

std::size_t AsciiPrefix(const uint8_t* data, std::size_t size) {
  std::size_t i = 0;
  while (size - i >= 8 && (LoadLittle<uint64_t>(data + i) & 0x8080808080808080) == 0) i += 8;
  while (i < size && data[i] < 0x80) ++i;
  return i;
}

}  // namespace

bool IsAscii(std::span<const uint8_t> bytes) {
  return AsciiPrefix(bytes.data(), bytes.size()) == bytes.size();
}

Utf8 CheckUtf8(std::span<const uint8_t> bytes) {
  const uint8_t* p = bytes.data();
  const std::size_t size = bytes.size();
  Utf8 answer = Utf8::kValid;
  for (std::size_t i = 0; i < size;) {
    const uint8_t lead = p[i];
    if (lead < 0x80) {
      i += AsciiPrefix(p + i, size - i);
      continue;
    }
    auto follows = [&](std::size_t k) { return i + k < size && (p[i + k] & 0xc0) == 0x80; };
    if (lead >= 0xc2 && lead <= 0xdf) {
      if (!follows(1)) return Utf8::kInvalid;
      i += 2;
    } else if (lead >= 0xe0 && lead <= 0xef) {
      if (!follows(1) || !follows(2) || (lead == 0xe0 && p[i + 1] < 0xa0)) return Utf8::kInvalid;
      if (lead == 0xed && p[i + 1] >= 0xa0) answer = Utf8::kSurrogates;
      i += 3;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
      if (!follows(1) || !follows(2) || !follows(3)) return Utf8::kInvalid;
      if ((lead == 0xf0 && p[i + 1] < 0x90) || (lead == 0xf4 && p[i + 1] > 0x8f)) return Utf8::kInvalid;
      i += 4;
    } else {
      return Utf8::kInvalid;
    }
  }
  return answer;
}

std::optional<std::size_t> Utf8ToLatin1(std::span<const uint8_t> text, uint8_t* out) {
  const uint8_t* p = text.data();
  const uint8_t* const end = p + text.size();
  uint8_t* to = out;
  while (p < end) {
    if (*p < 0x80) {
      *to++ = *p++;
    } else if ((*p & 0xfe) == 0xc2 && end - p >= 2) {
      *to++ = static_cast<uint8_t>((p[0] & 1) << 6 | (p[1] & 0x3f) | 0x80);
      p += 2;
    } else {
      return std::nullopt;
    }
  }
  return static_cast<std::size_t>(to - out);
}

std::size_t Latin1ToUtf8(std::span<const uint8_t> bytes, uint8_t* out) {
  uint8_t* to = out;
  for (const uint8_t byte : bytes) {
    if (byte < 0x80) {
      *to++ = byte;
    } else {
      *to++ = static_cast<uint8_t>(0xc0 | byte >> 6);
      *to++ = static_cast<uint8_t>(0x80 | (byte & 0x3f));
    }
  }
  return static_cast<std::size_t>(to - out);
}

std::optional<std::string> Utf32ToUtf8(std::span<const uint8_t> units, bool big_endian) {
  std::string out;
  for (std::size_t i = 0; i + 4 <= units.size(); i += 4) {
    const uint32_t point = big_endian ? LoadBig<uint32_t>(&units[i]) : LoadLittle<uint32_t>(&units[i]);
    if (point > 0x10ffff) return std::nullopt;
    AppendUtf8(point, out);
  }
  return out;
}

std::optional<std::string> DecodeStringLiteral(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.size() < 2 || line.front() != line.back() || (line.front() != '\'' && line.front() != '"')) {
    return std::nullopt;
  }
  line = line.substr(1, line.size() - 2);
  std::string out;
  out.reserve(line.size());
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] != '\\') {
      out.push_back(line[i]);
      continue;
    }
    if (++i == line.size()) return std::nullopt;
    const char c = line[i];
    constexpr std::string_view kNames = "\\'\"abfnrtv";
    constexpr std::string_view kBytes = "\\'\"\a\b\f\n\r\t\v";
    if (const std::size_t at = kNames.find(c); at != std::string_view::npos) {
      out.push_back(kBytes[at]);
    } else if (c == 'x') {
      const int64_t value = HexDigits(line.substr(i + 1), 2);
      if (value < 0) return std::nullopt;
      out.push_back(static_cast<char>(value));
      i += 2;
    } else if (c >= '0' && c <= '7') {
      int value = 0;
      std::size_t digits = 0;
      for (; digits < 3 && i + digits < line.size() && line[i + digits] >= '0' && line[i + digits] <= '7';
           ++digits) {
        value = value * 8 + (line[i + digits] - '0');
      }
      out.push_back(static_cast<char>(value));
      i += digits - 1;
    } else {
      out.push_back('\\');
      out.push_back(c);
    }
  }
  return out;
}

std::optional<std::string> DecodeRawUnicodeEscape(std::string_view line) {
  std::string out;
  out.reserve(line.size());
  for (std::size_t i = 0; i < line.size();) {
    const bool escape = line[i] == '\\' && i + 1 < line.size() && (line[i + 1] == 'u' || line[i + 1] == 'U');
    if (!escape) {
      AppendUtf8(static_cast<uint8_t>(line[i++]), out);
      continue;
    }
    const std::size_t count = line[i + 1] == 'u' ? 4 : 8;
    const int64_t point = HexDigits(line.substr(i + 2), count);
    if (point < 0 || point > 0x10ffff) return std::nullopt;
    AppendUtf8(static_cast<uint32_t>(point), out);
    i += 2 + count;
  }
  return out;
}

std::optional<std::vector<uint8_t>> DecimalToBytes(std::string_view digits) {
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.remove_prefix(1);
  if (digits.empty()) return std::nullopt;
  std::vector<uint32_t> limbs;  // the magnitude, little-endian
  while (!digits.empty()) {
    uint32_t scale = 1, chunk = 0;  // nine digits fit 32 bits
    for (const char c : digits.substr(0, 9)) {
      if (c < '0' || c > '9') return std::nullopt;
      chunk = chunk * 10 + static_cast<uint32_t>(c - '0');
      scale *= 10;
    }
    digits.remove_prefix(std::min<std::size_t>(digits.size(), 9));
    uint64_t carry = chunk;
    for (uint32_t& limb : limbs) {
      carry += uint64_t{limb} * scale;
      limb = static_cast<uint32_t>(carry);
      carry >>= 32;
    }
    if (carry != 0) limbs.push_back(static_cast<uint32_t>(carry));
  }
  std::vector<uint8_t> bytes;
  for (const uint32_t limb : limbs) {
    for (int shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<uint8_t>(limb >> shift));
  }
  bytes.push_back(0);  // the sign
  if (negative) {
    unsigned carry = 1;
    for (uint8_t& byte : bytes) {
      carry += static_cast<uint8_t>(~byte);
      byte = static_cast<uint8_t>(carry);
      carry >>= 8;
    }
  }
  // A negative zero has no bit set any more: its sign is that of the last byte.
  const uint8_t sign = (bytes.back() & 0x80) != 0 ? 0xff : 0;
  while (bytes.size() > 1 && bytes.back() == sign && (bytes[bytes.size() - 2] & 0x80) == (sign & 0x80))
    bytes.pop_back();
  return bytes;
}

std::string Printable(std::string_view text, std::size_t most) {
  std::string out;
  for (const char c : text.substr(0, most)) {
    if (c >= 0x20 && c < 0x7f) {
      out.push_back(c);
    } else {
      const auto byte = static_cast<uint8_t>(c);
      out += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  if (text.size() > most) out += "...";
  return out;
}

}  // namespace turnout::pickle
