// The text encodings of pickles. Pure functions over borrowed bytes; all of them are linear.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace turnout::pickle {

enum class Utf8 : uint8_t { kValid, kSurrogates, kInvalid };
// kSurrogates: valid but for lone surrogates (U+D800..DFFF as three bytes), which Python's pickler writes.
Utf8 CheckUtf8(std::span<const uint8_t> bytes);

bool IsAscii(std::span<const uint8_t> bytes);

// UTF-8 -> the bytes whose values are the code points. `out` has room for text.size() bytes; answers how many
// were written, nullopt if a code point is over 0xFF.
std::optional<std::size_t> Utf8ToLatin1(std::span<const uint8_t> text, uint8_t* out);
// The other way; `out` has room for 2 * bytes.size().
std::size_t Latin1ToUtf8(std::span<const uint8_t> bytes, uint8_t* out);
// UTF-32 code units of either byte order -> UTF-8; nullopt if one is over 0x10FFFF.
std::optional<std::string> Utf32ToUtf8(std::span<const uint8_t> units, bool big_endian);

// The argument of opcode STRING (a quoted Python 2 literal with backslash escapes) as bytes.
std::optional<std::string> DecodeStringLiteral(std::string_view line);
// The argument of opcode UNICODE (raw-unicode-escape) as UTF-8.
std::optional<std::string> DecodeRawUnicodeEscape(std::string_view line);

// A decimal integer with an optional sign -> two's complement, little-endian, shortest. Quadratic in its
// length, which the caller bounds.
std::optional<std::vector<uint8_t>> DecimalToBytes(std::string_view digits);

// For messages: control characters and bytes outside of ASCII as \xNN, cut after `most` bytes.
std::string Printable(std::string_view text, std::size_t most = 60);

}  // namespace turnout::pickle
