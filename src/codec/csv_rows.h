// Rows in CSV: chunks of whole records into a RowReader.
//
// Only cells whose column is bound to a field are converted. An empty cell is missing. A quoted empty cell
// ("") is the empty text: a value for string, text and category, but missing for int, float and bool (as in
// JSON), since writers that quote everything write nothing that way. A cell that is not UTF-8 is not a valid
// string.
// Refused: a row with more or fewer cells than the header ("ragged_row"), with text after a closing quote
// ("csv_quote"), or whose quoted cell is still open where the file ends ("csv_quote").
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "codec/csv_header.h"
#include "codec/csv_splitter.h"
#include "contract/row_reader.h"

namespace turnout {

class CsvScan;

// One per thread; keeps its memory. The header must outlive it.
class CsvRows {
 public:
  CsvRows(const CsvHeader& header, const Contract& contract);

  // Every record of the chunk, in order. A row's position is its number - 1, its source the line without its
  // line end. The chunk's bytes must live as long as the batch.
  void Read(const CsvChunk& chunk, RowReader& reader);

  // The line of the file where the row at `position` of the last chunk begins.
  uint64_t LineOf(std::size_t position) const;

 private:
  struct Bound {
    std::size_t column;
    Slot slot;
    std::string_view name;
    bool any_text;  // takes whatever text there is, so its UTF-8 must be checked here
  };
  struct RawCell {
    std::string_view text;  // without its quotes
    bool quoted = false;
    bool doubled = false;  // holds doubled quotes
  };
  struct Record {
    enum class Flaw : uint8_t { kNone, kAfterQuote, kOpenQuote };
    std::string_view source;
    std::size_t next = 0;   // where the next record begins
    std::size_t cells = 0;  // those beyond the header's columns are counted too
    uint64_t lines = 1;
    Flaw flaw = Flaw::kNone;
    std::size_t flawed = 0;  // its cell
    uint64_t flaw_line = 0;  // its line, from 0 at the record's first
  };
  struct Mark {
    std::size_t position;
    uint64_t line;
  };

  Record Split(CsvScan& scan, std::string_view text, std::size_t start);
  std::string Describe(const Record& record, uint64_t line) const;
  std::string_view Unescape(std::string_view text, TextArena& arena);

  const CsvHeader& header_;
  std::vector<Bound> bound_;
  std::vector<RawCell> cells_;  // of the record being read; one per column
  std::vector<Mark> marks_;     // where positions and lines stop running in step
  std::string unescaped_;
};

}  // namespace turnout
