#include "model/analyzer.h"

#include <fmt/format.h>

#include <algorithm>

#include "bytes/unicode.h"

namespace turnout {
namespace {

bool InWord(const Analyzer::Word& word, uint32_t code) {
  switch (word.of) {
    case Analyzer::Word::Class::kWord: return IsWord(code);
    case Analyzer::Word::Class::kNotSpace: return !IsSpace(code);
    case Analyzer::Word::Class::kAscii: return code < word.ascii.size() && word.ascii[code];
  }
  return false;
}

}  // namespace

Status CheckAnalyzer(const Analyzer& analyzer) {
  if (analyzer.least < 1 || analyzer.most < analyzer.least || analyzer.most > kMostUnits) {
    return Fail(Code::kCorrupt, fmt::format("runs of {} to {} units; 1 to {} expected", analyzer.least,
                                            analyzer.most, kMostUnits));
  }
  if (analyzer.word.least < 1) {
    return Fail(Code::kCorrupt, fmt::format("words of {} characters", analyzer.word.least));
  }
  if (!std::is_sorted(analyzer.stop_words.begin(), analyzer.stop_words.end())) {
    return Fail(Code::kCorrupt, "stop words that are not in order");
  }
  return {};
}

std::string_view Prepared(const Analyzer& analyzer, std::string_view document, AnalyzerScratch& scratch) {
  std::string_view text = document;
  if (analyzer.lowercase) {
    scratch.text.clear();
    AppendLower(text, scratch.text);
    text = scratch.text;
  }
  if (analyzer.accents == Analyzer::Accents::kKept) return text;
  scratch.other.clear();
  if (analyzer.accents == Analyzer::Accents::kAsciiOnly) {
    AppendAscii(text, scratch.other);
  } else {
    AppendWithoutAccents(text, scratch.other);
  }
  std::swap(scratch.text, scratch.other);
  return scratch.text;
}

void FindWords(const Analyzer& analyzer, std::string_view text, std::vector<std::string_view>& words) {
  const Analyzer::Word& word = analyzer.word;
  bool word_before = false;  // \w stands before the run
  for (std::size_t at = 0; at < text.size();) {
    Character character = CharacterAt(text, at);
    if (!InWord(word, character.code)) {
      word_before = IsWord(character.code);
      at += character.bytes;
      continue;
    }
    const std::size_t start = at;
    int32_t characters = 0;
    uint32_t last = 0;
    while (at < text.size() && InWord(word, character.code)) {
      ++characters;
      last = character.code;
      at += character.bytes;
      if (at < text.size()) character = CharacterAt(text, at);
    }
    const bool word_behind = at < text.size() && IsWord(character.code);
    const bool fits = characters >= word.least && !(word.apart && (word_before || word_behind));
    word_before = IsWord(last);
    const std::string_view found = text.substr(start, at - start);
    if (fits && !std::binary_search(analyzer.stop_words.begin(), analyzer.stop_words.end(), found)) {
      words.push_back(found);
    }
  }
}

std::string_view Squeezed(std::string_view text, std::string& out) {
  out.clear();
  for (std::size_t at = 0; at < text.size();) {
    Character character = CharacterAt(text, at);
    const std::size_t start = at;
    std::size_t spaces = 0;
    while (at < text.size() && IsSpace(character.code)) {
      ++spaces;
      at += character.bytes;
      if (at < text.size()) character = CharacterAt(text, at);
    }
    if (spaces > 1) {
      out += ' ';
    } else {
      if (spaces == 0) at += character.bytes;
      out += text.substr(start, at - start);
    }
  }
  return out;
}

void SplitAtSpace(std::string_view text, std::vector<std::string_view>& words) {
  std::size_t start = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Character character = CharacterAt(text, at);
    if (IsSpace(character.code)) {
      if (at > start) words.push_back(text.substr(start, at - start));
      start = at + character.bytes;
    }
    at += character.bytes;
  }
  if (start < text.size()) words.push_back(text.substr(start));
}

void FindCharacters(std::string_view text, std::vector<std::size_t>& starts) {
  starts.clear();
  for (std::size_t at = 0; at < text.size(); at += CharacterAt(text, at).bytes) starts.push_back(at);
  starts.push_back(text.size());
}

}  // namespace turnout
