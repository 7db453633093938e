// The vocabulary of a vectorizer, compiled: a hash table that borrows the model's terms.
#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>

#include "model/vectorize.h"

namespace turnout {

class TermIndex {
 public:
  explicit TermIndex(const Vectorize& vectorize) {
    columns_.reserve(vectorize.terms.size());
    for (std::size_t i = 0; i < vectorize.terms.size(); ++i) {
      columns_.emplace(vectorize.terms[i], vectorize.columns[i]);
    }
  }
  int32_t operator()(std::string_view term) const {
    const auto found = columns_.find(term);
    return found == columns_.end() ? -1 : found->second;
  }

 private:
  std::unordered_map<std::string_view, int32_t> columns_;
};

}  // namespace turnout
