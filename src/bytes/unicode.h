// Characters as Python's str has them (utf8proc): for models that were trained on what Python made of a text.
// Bytes that are not UTF-8 count as one character each, of no kind, and stay as they are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace turnout {

// The character at text[at], `at` < text.size(), and its length in bytes. What is not UTF-8: a code above all
// of Unicode's, one byte.
struct Character {
  uint32_t code = 0;
  std::size_t bytes = 1;
};
Character CharacterAt(std::string_view text, std::size_t at);

// Python's \w: isalnum(), or '_'.
bool IsWord(uint32_t code);
// Python's \s: isspace().
bool IsSpace(uint32_t code);

// str.lower(), appended: every character's lower case by itself, but for a capital sigma at the end of a
// word.
void AppendLower(std::string_view text, std::string& out);
// The compatibility decomposition (NFKD) without its combining characters, appended (scikit-learn's
// strip_accents='unicode').
void AppendWithoutAccents(std::string_view text, std::string& out);
// The ASCII characters of the compatibility decomposition, appended (strip_accents='ascii').
void AppendAscii(std::string_view text, std::string& out);

}  // namespace turnout
