#include "codec/csv_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>
#include <unordered_map>

#include "bytes/yaml.h"
#include "codec/csv_scan.h"

namespace turnout {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::size_t kListed = 20;  // names in a message

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return Lower(x) == Lower(y); });
}

// The unbound column that is probably meant to be `name`; empty: none is near.
std::string_view NearestColumn(std::string_view name, std::span<const CsvColumn> columns) {
  std::vector<std::string_view> unbound;
  for (const CsvColumn& column : columns) {
    if (column.slot.field >= 0) continue;
    if (EqualsIgnoringCase(name, column.name)) return column.name;
    unbound.push_back(column.name);
  }
  return Nearest(name, unbound);
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
    if (const std::string_view nearest = NearestColumn(field.name, header.columns); !nearest.empty()) {
      hints +=
          fmt::format("{} \"{}\" for \"{}\"", hints.empty() ? "; did you mean" : ",", nearest, field.name);
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
