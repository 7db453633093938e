#include "codec/csv_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>

#include "codec/csv_scan.h"

namespace turnout {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::size_t kListed = 20;  // names in a message

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Edit distance without regard to case, as far as `limit`: above it, limit + 1.
std::size_t Distance(std::string_view a, std::string_view b, std::size_t limit) {
  if (std::max(a.size(), b.size()) - std::min(a.size(), b.size()) > limit) return limit + 1;
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t changed = diagonal + (Lower(a[i]) != Lower(b[j]));
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, diagonal + 1});
    }
  }
  return std::min(row.back(), limit + 1);
}

// The unbound column whose name is most like `name`, if one is.
const CsvColumn* Nearest(std::string_view name, std::span<const CsvColumn> columns) {
  constexpr std::size_t kLongest = 64;
  const CsvColumn* nearest = nullptr;
  std::size_t best = std::max<std::size_t>(1, std::min(name.size(), kLongest) / 3) + 1;
  for (const CsvColumn& column : columns) {
    if (column.slot.field >= 0 || column.name.empty() || column.name.size() > kLongest) continue;
    if (const std::size_t d = Distance(name, column.name, best); d < best) {
      best = d;
      nearest = &column;
    }
  }
  return nearest;
}

// "a", "b" and "c"
std::string Join(const std::vector<std::string_view>& names) {
  std::string out;
  const std::size_t listed = std::min(names.size(), kListed);
  for (std::size_t i = 0; i < listed; ++i) {
    if (i > 0) out += i + 1 == names.size() ? " and " : ", ";
    out += fmt::format("\"{}\"", names[i]);
  }
  if (names.size() > listed) out += fmt::format(" and {} more", names.size() - listed);
  return out;
}

// The header's cells as columns without slots.
Status SplitHeader(std::string_view record, std::vector<CsvColumn>& columns) {
  for (std::size_t begin = 0;; ++begin) {
    std::string name;
    std::size_t end;
    if (begin < record.size() && record[begin] == '"') {
      const CsvQuoted quoted = ScanQuoted(record, begin);
      end = quoted.end;
      if (end < record.size() && record[end] != ',') {
        return Fail(Code::kInvalidArgument,
                    fmt::format("header, column {}: text after the closing quote", columns.size() + 1));
      }
      for (std::size_t i = begin + 1; i + 1 < end; ++i) {
        name += record[i];
        if (record[i] == '"') ++i;
      }
    } else {
      end = std::min(record.find(',', begin), record.size());
      name = record.substr(begin, end - begin);
      if (name.find('\r') != std::string::npos) {
        return Fail(Code::kInvalidArgument,
                    "header: a carriage return without a line feed; lines must end in LF or CRLF");
      }
    }
    columns.push_back({std::move(name), {}});
    if (end == record.size()) return {};
    begin = end;
  }
}

// The first record that is not empty; sets source, line_end, bytes and line.
Status FindHeader(std::string_view text, bool whole, CsvHeader& header) {
  const std::size_t mark = text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
  CsvScan scan(text, false);
  std::size_t start = mark;
  for (std::size_t at; (at = scan.Next()) < text.size() || whole;) {
    if (at < text.size() && text[at] == '"') {
      if (at != start && text[at - 1] != ',') continue;
      const CsvQuoted quoted = ScanQuoted(text, at);
      if (quoted.end == std::string_view::npos) {
        if (!whole) break;
        return Fail(Code::kInvalidArgument,
                    fmt::format("line {}: the header has a quote that is never closed", header.line));
      }
      header.line += quoted.line_breaks;
      scan.SkipTo(quoted.end);
      continue;
    }
    const std::string_view record = text.substr(start, at - start);
    header.bytes = std::min(at + 1, text.size());
    ++header.line;
    if (!WithoutReturn(record).empty()) {
      header.line_end = record.ends_with('\r') && at < text.size() ? "\r\n" : "\n";
      header.source = text.substr(0, mark);
      header.source += WithoutReturn(record);
      return {};
    }
    if (at >= text.size()) {
      return Fail(Code::kInvalidArgument, "the file is empty; its first line must name the columns");
    }
    start = at + 1;
  }
  return Fail(Code::kInvalidArgument,
              fmt::format("the header does not end within the first {} bytes", text.size()));
}

std::vector<std::string_view> Names(const CsvHeader& header) {
  std::vector<std::string_view> names;
  for (const CsvColumn& column : header.columns) names.push_back(column.name);
  return names;
}

// Every required field must have its column.
Status CheckMissing(const CsvHeader& header, const Contract& contract) {
  std::vector<bool> given(contract.fields.size());
  for (const CsvColumn& column : header.columns) {
    if (column.slot.field >= 0) given[static_cast<std::size_t>(column.slot.field)] = true;
  }
  std::vector<std::string_view> missing;
  std::string hints;
  for (std::size_t i = 0; i < contract.fields.size(); ++i) {
    const Field& field = contract.fields[i];
    if (given[i] || !field.required) continue;
    missing.push_back(field.name);
    if (const CsvColumn* nearest = Nearest(field.name, header.columns)) {
      hints += fmt::format("{} \"{}\" for \"{}\"", hints.empty() ? "; did you mean" : ",", nearest->name,
                           field.name);
    }
  }
  if (missing.empty()) return {};
  if (!hints.empty()) {
    hints += '?';
  } else if (header.columns.size() == 1) {
    for (const char separator : {';', '\t', '|'}) {
      if (header.columns[0].name.find(separator) == std::string::npos) continue;
      hints = fmt::format("; the cells look separated by {}, but commas are expected",
                          separator == '\t' ? std::string("tabs") : fmt::format("'{}'", separator));
      break;
    }
  }
  return Fail(Code::kInvalidArgument,
              fmt::format("column{} {} {} missing; the header has {}{}", missing.size() == 1 ? "" : "s",
                          Join(missing), missing.size() == 1 ? "is" : "are", Join(Names(header)), hints));
}

}  // namespace

Result<CsvHeader> ReadCsvHeader(std::string_view text, bool whole, const Contract& contract) {
  CsvHeader header;
  TURNOUT_TRY(FindHeader(text, whole, header));
  std::string_view record = header.source;
  if (record.starts_with(kByteOrderMark)) record.remove_prefix(kByteOrderMark.size());
  TURNOUT_TRY(SplitHeader(record, header.columns));

  std::unordered_map<std::string_view, std::size_t> by_name;
  std::vector<std::optional<std::size_t>> by_field(contract.fields.size());
  std::vector<std::string_view> forbidden;
  for (std::size_t i = 0; i < header.columns.size(); ++i) {
    CsvColumn& column = header.columns[i];
    if (!column.name.empty()) {  // spreadsheets leave columns without a name behind
      if (const auto [first, added] = by_name.emplace(column.name, i); !added) {
        return Fail(Code::kInvalidArgument, fmt::format("header: columns {} and {} are both \"{}\"",
                                                        first->second + 1, i + 1, column.name));
      }
    }
    column.slot = contract.Find(column.name);
    if (column.slot.field < 0) {
      if (contract.reject_unknown) forbidden.push_back(column.name);
      continue;
    }
    auto& first = by_field[static_cast<std::size_t>(column.slot.field)];
    if (first) {
      return Fail(Code::kInvalidArgument,
                  fmt::format("header: columns \"{}\" and \"{}\" both give the field \"{}\"",
                              header.columns[*first].name, column.name,
                              contract.fields[static_cast<std::size_t>(column.slot.field)].name));
    }
    first = i;
  }
  TURNOUT_TRY(CheckMissing(header, contract));
  if (!forbidden.empty()) {
    return Fail(Code::kInvalidArgument,
                fmt::format("header: {} {} not in the contract \"{}\", which rejects unknown fields",
                            Join(forbidden), forbidden.size() == 1 ? "is" : "are", contract.name));
  }
  return header;
}

}  // namespace turnout
