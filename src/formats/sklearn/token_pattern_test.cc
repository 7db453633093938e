// As Python's re finds words: the patterns and what they match were run there.
#include "formats/sklearn/token_pattern.h"

#include <gtest/gtest.h>

namespace turnout::sklearn {
namespace {

std::vector<std::string> Words(std::string_view pattern, std::string_view text) {
  const auto word = ParseTokenPattern(pattern);
  if (!word) return {"(not read)"};
  Analyzer analyzer;
  analyzer.word = *word;
  std::vector<std::string_view> found;
  FindWords(analyzer, text, found);
  return {found.begin(), found.end()};
}

using Texts = std::vector<std::string>;
constexpr std::string_view kText = "a bc d_e 12-34 naïve x\u00e9y _z 'tis co2 9a";

TEST(TokenPattern, FindsWhatPythonFinds) {
  EXPECT_EQ(Words(R"((?u)\b\w\w+\b)", kText),
            (Texts{"bc", "d_e", "12", "34", "naïve", "x\u00e9y", "_z", "tis", "co2", "9a"}));
  EXPECT_EQ(Words(R"(\w{3,})", kText), (Texts{"d_e", "naïve", "x\u00e9y", "tis", "co2"}));
  EXPECT_EQ(Words(R"(\S+)", "a  b-c\u00a0d\u3000e"), (Texts{"a", "b-c", "d", "e"}));
  EXPECT_EQ(Words("[a-z]+", kText),
            (Texts{"a", "bc", "d", "e", "na", "ve", "x", "y", "z", "tis", "co", "a"}));
  EXPECT_EQ(Words(R"(\b[a-z]+\b)", kText), (Texts{"a", "bc", "tis"}));
  EXPECT_EQ(Words("[0-9_-]+", kText), (Texts{"_", "12-34", "_", "2", "9"}));
}

TEST(TokenPattern, RefusesWhatItCouldMisread) {
  for (const std::string_view pattern :
       {"",       "\\w",     "\\b\\w+",           "\\w+\\b",     "\\w\\S+",   "\\w*",  "\\w{2}",  "\\w{2,4}",
        "\\w{,}", "\\w{0,}", "\\w{99999999999,}", "[a-z",        "[]+",       "[^a]+", "[z-a]+",  "[\\d]+",
        "[é]+",   "(\\w+)",  "\\b\\S+\\b",        "\\b[a-]+\\b", "\\w+|\\S+", "\\w+ ", "(?i)\\w+"}) {
    EXPECT_FALSE(ParseTokenPattern(pattern)) << pattern;
  }
}

}  // namespace
}  // namespace turnout::sklearn
