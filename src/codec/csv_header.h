// The first record of a CSV file, bound to a contract: which column is which field, found out once.
//
// CSV is RFC 4180 with commas: cells may be quoted, quotes inside are doubled, quoted cells may hold line
// breaks; lines end in LF or CRLF; a UTF-8 byte order mark is skipped; empty lines are skipped wherever they
// are. A quote opens a quoted cell only as the cell's first byte, elsewhere in an unquoted cell it is a
// quote. Spaces belong to the cell.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "contract/contract.h"

namespace turnout {

struct CsvColumn {
  std::string name;
  Slot slot;  // field -1: no field of the contract; passed through
};

struct CsvHeader {
  std::vector<CsvColumn> columns;
  std::string source;         // the header's bytes (with the byte order mark), without its line end
  std::string_view line_end;  // "\n" or "\r\n", as the header has it; static storage
  std::size_t bytes = 0;      // the records begin here
  uint64_t line = 1;          // line of the file at that place, from 1
};

// `text` is the beginning of the file; `whole`: it is all of the file. Errors: no header, a name twice, a
// required field without a column (names all of them, and what looks like them), two columns for one field,
// a column that the contract forbids (unknown_fields: reject).
Result<CsvHeader> ReadCsvHeader(std::string_view text, bool whole, const Contract& contract);

}  // namespace turnout
