#include "model/vectorize.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>

namespace turnout {
namespace {

std::unexpected<Error> Bad(std::string message) { return Fail(Code::kCorrupt, std::move(message)); }

void Weigh(const TermWeights& weights, std::vector<TermEntry>& entries) {
  double norm = 0;
  for (TermEntry& entry : entries) {
    if (weights.sublinear) entry.value = std::log(entry.value) + 1;
    if (!weights.idf.empty()) entry.value *= weights.idf[static_cast<std::size_t>(entry.column)];
    norm += weights.norm == TermWeights::Norm::kL1 ? std::fabs(entry.value) : entry.value * entry.value;
  }
  if (weights.norm == TermWeights::Norm::kNone || norm == 0) return;
  if (weights.norm == TermWeights::Norm::kL2) norm = std::sqrt(norm);
  for (TermEntry& entry : entries) entry.value /= norm;
}

}  // namespace

int32_t TermHash(std::string_view term) {
  const auto byte = [&](std::size_t i) { return static_cast<uint32_t>(static_cast<unsigned char>(term[i])); };
  const auto mixed = [](uint32_t k) { return std::rotl(k * 0xcc9e2d51u, 15) * 0x1b873593u; };
  uint32_t hash = 0;
  std::size_t at = 0;
  for (; at + 4 <= term.size(); at += 4) {
    hash ^= mixed(byte(at) | byte(at + 1) << 8 | byte(at + 2) << 16 | byte(at + 3) << 24);
    hash = std::rotl(hash, 13) * 5 + 0xe6546b64u;
  }
  uint32_t tail = 0;
  for (std::size_t i = 0; at + i < term.size(); ++i) tail |= byte(at + i) << (8 * i);
  if (at < term.size()) hash ^= mixed(tail);
  hash ^= static_cast<uint32_t>(term.size());
  hash = (hash ^ hash >> 16) * 0x85ebca6bu;
  hash = (hash ^ hash >> 13) * 0xc2b2ae35u;
  return static_cast<int32_t>(hash ^ hash >> 16);
}

int32_t FindTerm(const Vectorize& vectorize, std::string_view term) {
  const auto found = std::lower_bound(vectorize.terms.begin(), vectorize.terms.end(), term);
  if (found == vectorize.terms.end() || *found != term) return -1;
  return vectorize.columns[static_cast<std::size_t>(found - vectorize.terms.begin())];
}

void Merge(const Vectorize& vectorize, std::vector<TermEntry>& entries) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (kept > 0 && entries[kept - 1].column == entries[i].column) {
      entries[kept - 1].value += entries[i].value;
    } else {
      entries[kept++] = entries[i];
    }
  }
  entries.resize(kept);
  if (vectorize.binary) {
    for (TermEntry& entry : entries) entry.value = 1;
  }
  for (const TermWeights& weights : vectorize.weights) Weigh(weights, entries);
}

Result<ColumnTypes> OutputsOf(const Vectorize& vectorize, const ColumnTypes& inputs) {
  if (inputs.size() != 1) return Bad(fmt::format("takes one column of texts; there are {}", inputs.size()));
  if (inputs[0] != ColumnType::kText) return Bad("column 0 is a number, a text expected");
  TURNOUT_TRY(CheckAnalyzer(vectorize.analyzer));
  if (vectorize.features < 1 || vectorize.features > static_cast<int64_t>(kMaxColumns)) {
    return Bad(fmt::format("{} columns come out; 1 to {} expected", vectorize.features, kMaxColumns));
  }
  if (vectorize.terms.size() != vectorize.columns.size()) {
    return Bad(fmt::format("{} columns of {} terms", vectorize.columns.size(), vectorize.terms.size()));
  }
  for (std::size_t i = 0; i < vectorize.terms.size(); ++i) {
    if (i > 0 && !(vectorize.terms[i - 1] < vectorize.terms[i])) {
      return Bad(fmt::format("term {} is not above the one before it", i));
    }
    if (vectorize.columns[i] < 0 || vectorize.columns[i] >= vectorize.features) {
      return Bad(
          fmt::format("term {} stands in column {} of {}", i, vectorize.columns[i], vectorize.features));
    }
  }
  for (const TermWeights& weights : vectorize.weights) {
    if (weights.idf.empty()) continue;
    TURNOUT_TRY(
        NeedOneEach(weights.idf.size(), "weights of terms", static_cast<std::size_t>(vectorize.features)));
  }
  return ColumnTypes(static_cast<std::size_t>(vectorize.features), ColumnType::kNumber);
}

Row Apply(const Vectorize& vectorize, Row row) {
  AnalyzerScratch scratch;
  std::vector<TermEntry> entries;
  CountTerms(vectorize, row[0].text, scratch, entries,
             [&](std::string_view term) { return FindTerm(vectorize, term); });
  Row out(static_cast<std::size_t>(vectorize.features));
  for (const TermEntry& entry : entries) out[static_cast<std::size_t>(entry.column)].number = entry.value;
  return out;
}

}  // namespace turnout
