// The step that turns a text into numbers: how often each term of a vocabulary is in it, or each hash
// (scikit-learn's CountVectorizer, HashingVectorizer, TfidfVectorizer, TfidfTransformer).
//
// Its columns are nearly all 0, so its result is a list of entries; only steps and predictors that know
// nothing of that are given the columns themselves.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/analyzer.h"
#include "model/value.h"

namespace turnout {

// What is done with counts, in this order.
struct TermWeights {
  enum class Norm : uint8_t { kNone, kL1, kL2 };
  bool sublinear = false;   // 1 + log(count)
  std::vector<double> idf;  // one per column, multiplied; empty: none
  Norm norm = Norm::kNone;  // divided by, unless it is 0
};

struct Vectorize {
  Analyzer analyzer;
  int32_t features = 0;
  std::vector<std::string> terms;  // the vocabulary, ascending; not used when it hashes
  std::vector<int32_t> columns;    // of each term
  bool hashes = false;             // the column is the term's hash, modulo features
  bool alternate_sign = false;     // so: hashes below 0 count -1
  bool binary = false;             // 1 for every term that is there
  std::vector<TermWeights> weights;
};

struct TermEntry {
  int32_t column = 0;
  double value = 0;
};

// MurmurHash3, 32 bits, seed 0, as a signed number.
int32_t TermHash(std::string_view term);

// The column of a term, or -1: the slow way.
int32_t FindTerm(const Vectorize& vectorize, std::string_view term);

// Entries in the order of their columns become one of each column, weighted.
void Merge(const Vectorize& vectorize, std::vector<TermEntry>& entries);

// The entries of a text, by column, each column once. `find` gives the column of a term, or -1; it is not
// asked when the step hashes. Texts that are missing have none.
template <class Find>
void CountTerms(const Vectorize& vectorize, std::string_view text, AnalyzerScratch& scratch,
                std::vector<TermEntry>& entries, Find find) {
  entries.clear();
  if (text.data() == nullptr) return;
  ForEachTerm(vectorize.analyzer, text, scratch, [&](std::string_view term) {
    if (!vectorize.hashes) {
      const int32_t column = find(term);
      if (column >= 0) entries.push_back({column, 1});
      return;
    }
    // |-2^31| is no int32: the library takes 2^31 - 1 less the number of columns less 1 for it.
    const int32_t hash = TermHash(term);
    const int64_t place = hash == INT32_MIN ? int64_t{INT32_MAX} - (vectorize.features - 1)
                                            : std::abs(static_cast<int64_t>(hash));
    entries.push_back({static_cast<int32_t>(place % vectorize.features),
                       vectorize.alternate_sign && hash < 0 ? -1.0 : 1.0});
  });
  std::sort(entries.begin(), entries.end(),
            [](const TermEntry& a, const TermEntry& b) { return a.column < b.column; });
  Merge(vectorize, entries);
}

Result<ColumnTypes> OutputsOf(const Vectorize& vectorize, const ColumnTypes& inputs);
Row Apply(const Vectorize& vectorize, Row row);

}  // namespace turnout
