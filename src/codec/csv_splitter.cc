#include "codec/csv_splitter.h"

#include <fmt/format.h>

#include "codec/csv_scan.h"

namespace turnout {

Result<CsvChunk> CsvSplitter::Next(std::string_view bytes, bool last) {
  CsvChunk chunk{.text = {}, .first_row = row_, .first_line = line_, .rows = 0};
  CsvScan scan(bytes, false);
  std::size_t start = 0;     // of the record
  uint64_t lines = 0;        // before it
  uint64_t line_breaks = 0;  // inside its quoted cells
  for (std::size_t at; (at = scan.Next()) < bytes.size();) {
    if (bytes[at] == '\n') {
      chunk.rows += !WithoutReturn(bytes.substr(start, at - start)).empty();
      lines += line_breaks + 1;
      line_breaks = 0;
      start = at + 1;
    } else if (at == start || bytes[at - 1] == ',') {
      const CsvQuoted cell = ScanQuoted(bytes, at);
      if (cell.end == std::string_view::npos) break;
      line_breaks += cell.line_breaks;
      scan.SkipTo(cell.end);
    }
  }
  if (bytes.size() - start > kCsvRecordLimit) {
    return Fail(
        Code::kInvalidArgument,
        fmt::format("line {}: the record that begins here is longer than {} MiB; a quote that opens a "
                    "cell is probably never closed",
                    line_ + lines, kCsvRecordLimit >> 20));
  }
  if (last) {
    chunk.rows += !WithoutReturn(bytes.substr(start)).empty();
    start = bytes.size();
  }
  chunk.text = bytes.substr(0, start);
  row_ += chunk.rows;
  line_ += lines;
  return chunk;
}

}  // namespace turnout
