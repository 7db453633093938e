// Rows held as columns.
//
// A Batch is filled by a decoder (codec/) under a contract and read by everything after it. It keeps its
// memory when cleared, so a thread that reuses one allocates nothing per row.
//
// Missing is NaN in a number column and a text with data() == nullptr in a text column.
// Not thread-safe; texts live as long as the Batch is not cleared and the request's bytes stay.
#pragma once

#include <cstddef>
#include <limits>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "data/signature.h"

namespace turnout {

inline constexpr double kMissingNumber = std::numeric_limits<double>::quiet_NaN();
inline constexpr std::string_view kMissingText{};
inline bool IsMissing(double number) { return number != number; }
inline bool IsMissing(std::string_view text) { return text.data() == nullptr; }

struct Column {
  ColumnType type = ColumnType::kNumber;
  std::vector<double> numbers;          // kNumber: one a row
  std::vector<std::string_view> texts;  // kText: one a row
};

// Owned bytes for texts that are not found verbatim in the input (unescaped JSON, for one). Views stay
// valid until Clear(), which keeps the first block.
class TextArena {
 public:
  std::string_view Copy(std::string_view text);
  void Clear();

 private:
  static constexpr std::size_t kBlock = 64 * 1024;
  std::vector<std::unique_ptr<char[]>> blocks_;  // all kBlock long
  std::vector<std::unique_ptr<char[]>> large_;   // texts above kBlock / 4, one each
  std::size_t block_ = 0;                        // the block in use
  std::size_t used_ = 0;                         // of that block
};

// The column layout is fixed at construction; rows are appended and cleared.
class Batch {
 public:
  explicit Batch(std::span<const ColumnType> layout);

  std::size_t rows() const { return rows_; }
  std::size_t columns() const { return columns_.size(); }
  Column& column(std::size_t i) { return columns_[i]; }
  const Column& column(std::size_t i) const { return columns_[i]; }

  // Position of each row in what the caller sent (0-based): rows refused by the contract leave gaps.
  const std::vector<std::size_t>& positions() const { return positions_; }
  // The bytes each row came from (a CSV line without its line end, a JSON object); empty if not kept.
  const std::vector<std::string_view>& sources() const { return sources_; }

  // A row of missing values at the end; the decoder then sets its cells by columns' back().
  void AppendRow(std::size_t position, std::string_view source);
  // Takes the last row back (it was refused).
  void DropRow();
  void Clear();

  TextArena& arena() { return arena_; }

 private:
  std::size_t rows_ = 0;
  std::vector<Column> columns_;
  std::vector<std::size_t> positions_;
  std::vector<std::string_view> sources_;
  TextArena arena_;
};

// One borrowed column as engines read it: exactly one of the two is set, by the column's type.
struct ColumnView {
  const double* numbers = nullptr;
  const std::string_view* texts = nullptr;
};

}  // namespace turnout
