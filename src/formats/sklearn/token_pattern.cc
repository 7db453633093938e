#include "formats/sklearn/token_pattern.h"

#include <charconv>

namespace turnout::sklearn {
namespace {

bool Take(std::string_view& rest, std::string_view text) {
  if (!rest.starts_with(text)) return false;
  rest.remove_prefix(text.size());
  return true;
}

// "[a-zA-Z0-9_]": ASCII characters and ranges of them.
bool TakeSet(std::string_view& rest, std::vector<bool>& set) {
  if (!Take(rest, "[") || rest.starts_with('^')) return false;
  set.assign(128, false);
  bool any = false;
  while (!rest.empty() && rest[0] != ']') {
    const auto low = static_cast<unsigned char>(rest[0]);
    if (low >= 128 || low == '\\' || low == '[') return false;
    rest.remove_prefix(1);
    auto high = low;
    if (rest.size() >= 2 && rest[0] == '-' && rest[1] != ']') {
      high = static_cast<unsigned char>(rest[1]);
      if (high >= 128 || high < low || high == '\\') return false;
      rest.remove_prefix(2);
    }
    for (unsigned c = low; c <= high; ++c) set[c] = true;
    any = true;
  }
  return any && Take(rest, "]");
}

bool TakeClass(std::string_view& rest, Analyzer::Word& word) {
  if (Take(rest, "\\w")) {
    word.of = Analyzer::Word::Class::kWord;
    return true;
  }
  if (Take(rest, "\\S")) {
    word.of = Analyzer::Word::Class::kNotSpace;
    return true;
  }
  word.of = Analyzer::Word::Class::kAscii;
  return TakeSet(rest, word.ascii);
}

// "{2,}"
bool TakeLeast(std::string_view& rest, int32_t& least) {
  if (!Take(rest, "{")) return false;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), least);
  if (error != std::errc{} || least < 1 || least > 1000) return false;
  rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  return Take(rest, ",}");
}

bool IsAsciiWord(unsigned c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

}  // namespace

std::optional<Analyzer::Word> ParseTokenPattern(std::string_view pattern) {
  Take(pattern, "(?u)");
  const bool before = Take(pattern, "\\b");
  Analyzer::Word word;
  word.least = 0;
  if (!TakeClass(pattern, word)) return std::nullopt;
  // The same class again and again, the last time with a plus: \w\w+ has two or more.
  int32_t classes = 1;
  while (!pattern.empty() && pattern[0] != '+' && pattern[0] != '{') {
    Analyzer::Word next;
    if (!TakeClass(pattern, next) || next.of != word.of || next.ascii != word.ascii) return std::nullopt;
    ++classes;
  }
  if (Take(pattern, "+")) {
    word.least = classes;
  } else if (classes != 1 || !TakeLeast(pattern, word.least)) {
    return std::nullopt;
  }
  const bool behind = Take(pattern, "\\b");
  if (!pattern.empty() || before != behind) return std::nullopt;
  if (!before || word.of == Analyzer::Word::Class::kWord) return word;
  // Boundaries stand at the ends of a run only where all of it is \w.
  if (word.of != Analyzer::Word::Class::kAscii) return std::nullopt;
  for (unsigned c = 0; c < 128; ++c) {
    if (word.ascii[c] && !IsAsciiWord(c)) return std::nullopt;
  }
  word.apart = true;
  return word;
}

std::vector<std::string> EnglishStopWords() {
  constexpr std::string_view kWords =
      "a about above across after afterwards again against all almost alone along already also although "
      "always am among amongst amoungst amount an and another any anyhow anyone anything anyway anywhere "
      "are around as at back be became because become becomes becoming been before beforehand behind being "
      "below beside besides between beyond bill both bottom but by call can cannot cant co con could "
      "couldnt cry de describe detail do done down due during each eg eight either eleven else elsewhere "
      "empty enough etc even ever every everyone everything everywhere except few fifteen fifty fill find "
      "fire first five for former formerly forty found four from front full further get give go had has "
      "hasnt have he hence her here hereafter hereby herein hereupon hers herself him himself his how "
      "however hundred i ie if in inc indeed interest into is it its itself keep last latter latterly least "
      "less ltd made many may me meanwhile might mill mine more moreover most mostly move much must my "
      "myself name namely neither never nevertheless next nine no nobody none noone nor not nothing now "
      "nowhere of off often on once one only onto or other others otherwise our ours ourselves out over own "
      "part per perhaps please put rather re same see seem seemed seeming seems serious several she should "
      "show side since sincere six sixty so some somehow someone something sometime sometimes somewhere "
      "still such system take ten than that the their them themselves then thence there thereafter thereby "
      "therefore therein thereupon these they thick thin third this those though three through throughout "
      "thru thus to together too top toward towards twelve twenty two un under until up upon us very via "
      "was we well were what whatever when whence whenever where whereafter whereas whereby wherein "
      "whereupon wherever whether which while whither who whoever whole whom whose why will with within "
      "without would yet you your yours yourself yourselves";
  std::vector<std::string> words;
  for (std::size_t at = 0; at < kWords.size();) {
    const std::size_t end = std::min(kWords.find(' ', at), kWords.size());
    words.emplace_back(kWords.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

}  // namespace turnout::sklearn
