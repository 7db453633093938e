// sklearn/feature_extraction/text.py.
#include <fmt/format.h>

#include <algorithm>

#include "formats/sklearn/token_pattern.h"
#include "formats/sklearn/transformers.h"

namespace turnout::sklearn {
namespace {

using pickle::Kind;

Status RefuseFunctions(const Part& part) {
  for (const std::string_view name : {"tokenizer", "preprocessor"}) {
    if (const auto function = pickle::FindAttribute(part, name)) {
      return pickle::Fail(
          Code::kUnsupported, *function,
          fmt::format("found {}; the file holds its name, not its code. Use token_pattern, lowercase "
                      "and strip_accents, or do its work before the model",
                      pickle::Describe(function->value)));
    }
  }
  return {};
}

Status LoadUnits(const Part& part, Analyzer& analyzer) {
  TURNOUT_ASSIGN(const Part units, pickle::Attribute(part, "analyzer"));
  const std::string_view name = units.value.kind() == Kind::kText ? units.value.Text() : "";
  if (name == "char") {
    analyzer.units = Analyzer::Units::kCharacters;
  } else if (name == "char_wb") {
    analyzer.units = Analyzer::Units::kCharactersInsideWords;
  } else if (name != "word") {
    return pickle::Fail(
        Code::kUnsupported, units,
        fmt::format("found {}; 'word', 'char' and 'char_wb' can be served", pickle::Describe(units.value)));
  }
  TURNOUT_ASSIGN(const Part range, pickle::Attribute(part, "ngram_range"));
  TURNOUT_ASSIGN(const auto ends, pickle::AsIntArray(range, {2}));
  if (ends.values[0] < 1 || ends.values[1] < ends.values[0] || ends.values[1] > kMostUnits) {
    return pickle::Fail(Code::kUnsupported, range,
                        fmt::format("runs of {} to {} units; 1 to {} can be served", ends.values[0],
                                    ends.values[1], kMostUnits));
  }
  analyzer.least = static_cast<int32_t>(ends.values[0]);
  analyzer.most = static_cast<int32_t>(ends.values[1]);
  return {};
}

Status LoadAccents(const Part& part, Analyzer& analyzer) {
  TURNOUT_ASSIGN(analyzer.lowercase, pickle::BoolOr(part, "lowercase", true));
  const auto accents = pickle::FindAttribute(part, "strip_accents");
  if (!accents) return {};
  const std::string_view name = accents->value.kind() == Kind::kText ? accents->value.Text() : "";
  if (name == "unicode") {
    analyzer.accents = Analyzer::Accents::kLeftOut;
  } else if (name == "ascii") {
    analyzer.accents = Analyzer::Accents::kAsciiOnly;
  } else {
    return pickle::Fail(
        Code::kUnsupported, *accents,
        fmt::format("found {}; 'unicode', 'ascii' and None can be served", pickle::Describe(accents->value)));
  }
  return {};
}

Status LoadWords(const Part& part, const Context& context, Analyzer& analyzer) {
  TURNOUT_ASSIGN(const Part pattern, pickle::Attribute(part, "token_pattern"));
  TURNOUT_ASSIGN(const std::string_view text, pickle::AsText(pattern));
  const auto word = ParseTokenPattern(text);
  if (!word) {
    return pickle::Fail(Code::kUnsupported, pattern,
                        fmt::format("found '{}'; patterns of one repeated class can be served: "
                                    R"(r"(?u)\b\w\w+\b", r"\w{{3,}}", r"\S+", r"[a-zA-Z]+")",
                                    text.substr(0, 60)));
  }
  analyzer.word = *word;
  const auto stop = pickle::FindAttribute(part, "stop_words");
  if (!stop) return {};
  if (stop->value.kind() == Kind::kText) {
    if (stop->value.Text() != "english") return pickle::Unexpected(*stop, "'english', a list or None");
    analyzer.stop_words = EnglishStopWords();
    return {};
  }
  TURNOUT_ASSIGN(analyzer.stop_words, AsTexts(*stop, context.budget));
  std::sort(analyzer.stop_words.begin(), analyzer.stop_words.end());
  return {};
}

Result<Analyzer> LoadAnalyzer(const Part& part, const Context& context, int32_t inputs) {
  if (inputs != 1) {
    return pickle::Fail(
        Code::kUnsupported, part,
        fmt::format("it is given {} columns; a vectorizer takes one column of texts", inputs));
  }
  TURNOUT_ASSIGN(const std::string_view input, pickle::TextOr(part, "input", "content"));
  if (input != "content") {
    return pickle::Fail(Code::kUnsupported, part,
                        fmt::format("it reads files (input='{}'); give it their texts", input));
  }
  TURNOUT_TRY(RefuseFunctions(part));
  Analyzer analyzer;
  TURNOUT_TRY(LoadUnits(part, analyzer));
  TURNOUT_TRY(LoadAccents(part, analyzer));
  if (analyzer.units == Analyzer::Units::kWords) TURNOUT_TRY(LoadWords(part, context, analyzer));
  return analyzer;
}

Status LoadVocabulary(const Part& part, const Context& context, Vectorize& vectorize) {
  TURNOUT_ASSIGN(const Part dict, pickle::Attribute(part, "vocabulary_"));
  if (dict.value.kind() != Kind::kDict) return pickle::Unexpected(dict, "a dict");
  const std::size_t size = dict.value.size();
  if (size == 0 || size > kMaxColumns) {
    return pickle::Fail(Code::kUnsupported, dict,
                        fmt::format("{} terms; 1 to {} can be served", size, kMaxColumns));
  }
  TURNOUT_TRY(context.budget.Take(dict, size * 64));
  std::vector<std::pair<std::string, int32_t>> terms;
  std::vector<bool> taken(size, false);
  for (std::size_t i = 0; i < size; ++i) {
    TURNOUT_ASSIGN(const std::string_view term, pickle::AsText(Part(dict.value.Key(i), dict.path)));
    TURNOUT_TRY(context.budget.Take(dict, term.size()));
    const Part entry(dict.value.Entry(i), dict.path.Key(term.substr(0, 64)));
    TURNOUT_ASSIGN(const int64_t column, pickle::AsInt(entry));
    if (column < 0 || column >= static_cast<int64_t>(size) || taken[static_cast<std::size_t>(column)]) {
      return pickle::Fail(Code::kCorrupt, entry,
                          fmt::format("column {} of {}, each of them once", column, size));
    }
    taken[static_cast<std::size_t>(column)] = true;
    terms.emplace_back(term, static_cast<int32_t>(column));
  }
  std::sort(terms.begin(), terms.end());
  for (auto& [term, column] : terms) {
    vectorize.terms.push_back(std::move(term));
    vectorize.columns.push_back(column);
  }
  vectorize.features = static_cast<int32_t>(size);
  return {};
}

Result<TermWeights::Norm> LoadNorm(const Part& part) {
  const auto norm = pickle::FindAttribute(part, "norm");
  if (!norm) return TermWeights::Norm::kNone;
  TURNOUT_ASSIGN(const std::string_view name, pickle::AsText(*norm));
  if (name == "l1") return TermWeights::Norm::kL1;
  if (name == "l2") return TermWeights::Norm::kL2;
  return pickle::Unexpected(*norm, "'l1', 'l2' or None");
}

// The weights are an array since 1.5 or so, before it the diagonal of a sparse matrix.
Result<TermWeights> LoadWeights(const Part& part, const Context& context, int32_t features) {
  TermWeights weights;
  TURNOUT_ASSIGN(weights.sublinear, pickle::BoolOr(part, "sublinear_tf", false));
  TURNOUT_ASSIGN(weights.norm, LoadNorm(part));
  TURNOUT_ASSIGN(const bool use_idf, pickle::BoolOr(part, "use_idf", true));
  if (!use_idf) return weights;
  auto idf = pickle::FindAttribute(part, "idf_");
  if (!idf) {
    TURNOUT_ASSIGN(const Part diagonal, pickle::Attribute(part, "_idf_diag"));
    TURNOUT_ASSIGN(idf, pickle::Attribute(diagonal, "data"));
  }
  TURNOUT_ASSIGN(auto values, AsDoubles(*idf, context.budget));
  if (values.size() != static_cast<std::size_t>(features)) {
    return pickle::Fail(Code::kCorrupt, *idf,
                        fmt::format("{} weights for {} terms", values.size(), features));
  }
  weights.idf = std::move(values.values);
  return weights;
}

Result<Vectorize> LoadCounts(const Part& part, const Context& context, int32_t inputs) {
  Vectorize vectorize;
  TURNOUT_ASSIGN(vectorize.analyzer, LoadAnalyzer(part, context, inputs));
  TURNOUT_TRY(LoadVocabulary(part, context, vectorize));
  TURNOUT_ASSIGN(vectorize.binary, pickle::BoolOr(part, "binary", false));
  return vectorize;
}

}  // namespace

Status LoadCountVectorizer(const Part& part, const Context& context, int32_t inputs, int, Steps& steps) {
  TURNOUT_ASSIGN(steps.emplace_back(), LoadCounts(part, context, inputs));
  return {};
}

Status LoadTfidfVectorizer(const Part& part, const Context& context, int32_t inputs, int, Steps& steps) {
  TURNOUT_ASSIGN(Vectorize vectorize, LoadCounts(part, context, inputs));
  TURNOUT_ASSIGN(const Part tfidf, pickle::Attribute(part, "_tfidf"));
  TURNOUT_ASSIGN(vectorize.weights.emplace_back(), LoadWeights(tfidf, context, vectorize.features));
  steps.emplace_back(std::move(vectorize));
  return {};
}

Status LoadHashingVectorizer(const Part& part, const Context& context, int32_t inputs, int, Steps& steps) {
  Vectorize vectorize;
  TURNOUT_ASSIGN(vectorize.analyzer, LoadAnalyzer(part, context, inputs));
  TURNOUT_ASSIGN(const Part count, pickle::Attribute(part, "n_features"));
  TURNOUT_ASSIGN(const int64_t features, pickle::AsInt(count));
  if (features < 1 || features > static_cast<int64_t>(kMaxColumns)) {
    return pickle::Fail(Code::kUnsupported, count,
                        fmt::format("{} columns; 1 to {} can be served", features, kMaxColumns));
  }
  vectorize.features = static_cast<int32_t>(features);
  vectorize.hashes = true;
  TURNOUT_ASSIGN(vectorize.alternate_sign, pickle::BoolOr(part, "alternate_sign", true));
  TURNOUT_ASSIGN(vectorize.binary, pickle::BoolOr(part, "binary", false));
  TermWeights weights;
  TURNOUT_ASSIGN(weights.norm, LoadNorm(part));
  vectorize.weights.push_back(std::move(weights));
  steps.emplace_back(std::move(vectorize));
  return {};
}

// It weighs what the vectorizer in front of it has counted.
Status LoadTfidfTransformer(const Part& part, const Context& context, int32_t inputs, int, Steps& steps) {
  auto* vectorize = steps.empty() ? nullptr : std::get_if<Vectorize>(&steps.back());
  if (vectorize == nullptr) {
    return pickle::Fail(Code::kUnsupported, part,
                        "it weighs what no vectorizer right in front of it has counted; put it behind a "
                        "CountVectorizer or a HashingVectorizer");
  }
  TURNOUT_ASSIGN(TermWeights weights, LoadWeights(part, context, inputs));
  if (weights.sublinear && vectorize->alternate_sign) {
    return pickle::Fail(
        Code::kUnsupported, part,
        "it takes logarithms of counts that may be negative; fit the HashingVectorizer in front "
        "of it with alternate_sign=False");
  }
  vectorize->weights.push_back(std::move(weights));
  return {};
}

}  // namespace turnout::sklearn
