// The regular expressions that vectorizers find words with. Internal to formats/sklearn.
#pragma once

#include <optional>
#include <string_view>

#include "model/analyzer.h"

namespace turnout::sklearn {

// One class of characters, repeated, perhaps between word boundaries: r"(?u)\b\w\w+\b", r"\w{2,}", r"\S+",
// r"[a-zA-Z]+". nullopt: anything else.
std::optional<Analyzer::Word> ParseTokenPattern(std::string_view pattern);

// scikit-learn's list for stop_words='english', ascending.
std::vector<std::string> EnglishStopWords();

}  // namespace turnout::sklearn
