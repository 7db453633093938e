// From a text to its terms: words, characters and runs of them, as scikit-learn's vectorizers take them apart
// (feature_extraction/text.py).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace turnout {

struct Analyzer {
  enum class Units : uint8_t {
    kWords,                 // runs of words, joined by a space
    kCharacters,            // runs of characters; white space of two and more counts as one space
    kCharactersInsideWords  // the same within each word, which has a space on both sides
  };
  enum class Accents : uint8_t { kKept, kLeftOut, kAsciiOnly };

  // What a word is: the longest runs of one class of characters.
  struct Word {
    enum class Class : uint8_t { kWord, kNotSpace, kAscii };  // Python's \w, \S; a set of ASCII characters
    Class of = Class::kWord;
    std::vector<bool> ascii = {};  // kAscii: 128 of them
    int32_t least = 2;             // characters
    bool apart = false;            // kAscii: no \w stands beside it
  };

  Units units = Units::kWords;
  bool lowercase = true;
  Accents accents = Accents::kKept;
  Word word;
  std::vector<std::string> stop_words;  // ascending; left out before words are joined
  int32_t least = 1, most = 1;          // units in a run
};

inline constexpr int32_t kMostUnits = 64;
Status CheckAnalyzer(const Analyzer& analyzer);

// Memory of a thread, to be used again.
class AnalyzerScratch {
 public:
  std::string text, other;
  std::vector<std::string_view> words;
  std::vector<std::size_t> starts;  // of characters
};

// Calls term(std::string_view) for each term; the view lives until term returns.
template <class Term>
void ForEachTerm(const Analyzer& analyzer, std::string_view document, AnalyzerScratch& scratch, Term term);

// ---- internal

// The document in lower case and without accents, as the analyzer says; in `scratch` or the document itself.
std::string_view Prepared(const Analyzer& analyzer, std::string_view document, AnalyzerScratch& scratch);
// Appends the words of a prepared text that are no stop words.
void FindWords(const Analyzer& analyzer, std::string_view text, std::vector<std::string_view>& words);
// White space of two characters and more becomes one space.
std::string_view Squeezed(std::string_view text, std::string& out);
// Appends what str.split() gives.
void SplitAtSpace(std::string_view text, std::vector<std::string_view>& words);
// Where each character starts, and the end.
void FindCharacters(std::string_view text, std::vector<std::size_t>& starts);

template <class Term>
void ForEachTerm(const Analyzer& analyzer, std::string_view document, AnalyzerScratch& scratch, Term term) {
  const std::string_view text = Prepared(analyzer, document, scratch);
  const auto least = static_cast<std::size_t>(analyzer.least), most = static_cast<std::size_t>(analyzer.most);
  scratch.words.clear();
  if (analyzer.units == Analyzer::Units::kWords) {
    FindWords(analyzer, text, scratch.words);
    const std::vector<std::string_view>& words = scratch.words;
    for (std::size_t n = least; n <= most && n <= words.size(); ++n) {
      for (std::size_t i = 0; i + n <= words.size(); ++i) {
        if (n == 1) {
          term(words[i]);
          continue;
        }
        std::string& joined = scratch.other;
        joined.clear();
        for (std::size_t j = i; j < i + n; ++j) {
          if (j > i) joined += ' ';
          joined += words[j];
        }
        term(std::string_view(joined));
      }
    }
    return;
  }
  // `text` may be scratch.text: the squeezed text then goes to the other one.
  const bool own = text.data() == scratch.text.data();
  const std::string_view squeezed = Squeezed(text, own ? scratch.other : scratch.text);
  const auto runs = [&](std::string_view unit, std::size_t n) {
    const std::size_t characters = scratch.starts.size() - 1;
    for (std::size_t i = 0; i + n <= characters; ++i) {
      term(unit.substr(scratch.starts[i], scratch.starts[i + n] - scratch.starts[i]));
    }
  };
  if (analyzer.units == Analyzer::Units::kCharacters) {
    FindCharacters(squeezed, scratch.starts);
    for (std::size_t n = least; n <= most && n < scratch.starts.size(); ++n) runs(squeezed, n);
    return;
  }
  SplitAtSpace(squeezed, scratch.words);
  std::string padded;
  for (const std::string_view word : scratch.words) {
    padded.assign(1, ' ').append(word).append(1, ' ');
    FindCharacters(padded, scratch.starts);
    const std::size_t characters = scratch.starts.size() - 1;
    for (std::size_t n = least; n <= most; ++n) {
      if (n < characters) {
        runs(padded, n);
        continue;
      }
      term(std::string_view(padded));  // a word that is no longer counts once
      break;
    }
  }
}

}  // namespace turnout
