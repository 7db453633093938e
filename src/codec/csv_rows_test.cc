#include "codec/csv_rows.h"

#include <algorithm>

#include "bytes/utf8.h"
#include "codec/csv_header.h"
#include "codec/csv_splitter.h"
#include "codec/test_contract.h"

namespace turnout {
namespace {

// Line breaks and bytes that are not UTF-8, as the cases write them.
std::string Escaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n' || text[i] == '\r') {
      out += text[i] == '\n' ? "\\n" : "\\r";
    } else if (const std::size_t length = Utf8Length(text, i); length == 0) {
      const auto byte = static_cast<unsigned char>(text[i]);
      out += {'\\', 'x', "0123456789ABCDEF"[byte >> 4], "0123456789ABCDEF"[byte & 15]};
    } else {
      out += text.substr(i, length);
      i += length - 1;
    }
  }
  return out;
}

// Reads a file the way a job does, from a buffer that grows by `step` bytes at a time; what it holds when the
// reading stops is shown.
std::string ReadFile(const Contract& contract, std::string_view file, std::size_t step) {
  const auto header = ReadCsvHeader(file, true, contract);
  if (!header) return "error: " + header.error().message + "\n";
  Batch batch(contract.layout());
  RowReader reader(contract, batch);
  CsvRows rows(*header, contract);
  CsvSplitter splitter(*header);
  std::string good, refused;
  uint64_t counted = 0;
  for (std::size_t from = header->bytes, to = from;;) {
    to = std::min(to + step, file.size());
    // A copy of its own, so that a read outside of it is seen by the sanitizer.
    const std::vector<char> buffer(file.begin() + static_cast<std::ptrdiff_t>(from),
                                   file.begin() + static_cast<std::ptrdiff_t>(to));
    const auto chunk = splitter.Next({buffer.data(), buffer.size()}, to == file.size());
    if (!chunk) return "error: " + chunk.error().message + "\n";
    EXPECT_EQ(chunk->first_row, counted + 1);
    counted += chunk->rows;
    rows.Read(*chunk, reader);
    EXPECT_EQ(batch.rows() + reader.refusals().size(), chunk->rows);
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      good += Escaped(Show(batch, row)) + "\n";
      EXPECT_NE(batch.sources()[row].find(batch.column(0).texts[row]), std::string_view::npos);
    }
    for (const Refusal& refusal : reader.refusals()) {
      refused += Escaped(Show(refusal)) + " (row " + std::to_string(refusal.position + 1) + ", line " +
                 std::to_string(rows.LineOf(refusal.position)) + ")\n";
    }
    reader.Clear();
    from += chunk->text.size();
    if (to == file.size()) return good + refused;
  }
}

TEST(CsvRowsTest, ReadsEachCaseHoweverItIsCut) {
  const Contract contract = ChurnContract();
  const auto cases = ReadCases("tests/codec/csv_rows.txt", true);
  ASSERT_GE(cases.size(), 15u);
  for (const TextCase& test : cases) {
    SCOPED_TRACE("tests/codec/csv_rows.txt:" + std::to_string(test.line));
    for (std::size_t step = 1; step <= test.input.size(); ++step) {
      ASSERT_EQ(ReadFile(contract, test.input, step), test.expected) << "cut every " << step << " bytes";
    }
  }
}

// Cut once, at each byte: both parts together are the file.
TEST(CsvRowsTest, SplitsAtEveryByte) {
  const Contract contract = ChurnContract();
  std::string file = "customer_id,note,age,income,tenure_months,monthly_charges,plan\r\n";
  for (int i = 0; i < 8; ++i) {
    file += "C-" + std::to_string(i) + ",\"a\"\"\r\n,\n\"\"" +
            std::string(static_cast<std::size_t>(i) * 9, 'x') + "\",42,1,1,1," +
            (i % 3 == 0 ? "gold" : "basic") + "\r\n" + (i % 4 == 1 ? "\r\n" : "");
  }
  const std::string expected = ReadFile(contract, file, file.size());
  EXPECT_NE(expected.find("(row 7, line 22)"), std::string::npos) << expected;
  const auto header = ReadCsvHeader(file, true, contract);
  ASSERT_TRUE(header);
  for (std::size_t cut = header->bytes; cut < file.size(); ++cut) {
    ASSERT_EQ(ReadFile(contract, file, cut - header->bytes + 1), expected) << cut;
  }
}

// Every prefix of a file has the rows of the whole file as far as it goes; only its last may be refused.
TEST(CsvRowsTest, EveryTruncationIsAPrefix) {
  const Contract contract = ChurnContract();
  const std::string file =
      "customer_id,note,age,income,tenure_months,monthly_charges,plan\n"
      "C-1,\"a,\n\"\"b\"\"\",42,1,1,1,basic\n"
      "C-2,x,42,1,1,1,premium\n";
  const auto header = ReadCsvHeader(file, true, contract);
  ASSERT_TRUE(header);
  for (std::size_t size = 0; size <= file.size(); ++size) {
    const std::string read = ReadFile(contract, std::string_view(file).substr(0, size), 7);
    if (size < header->bytes - 1) {
      EXPECT_TRUE(read.starts_with("error: ")) << size << read;
    } else {
      EXPECT_LE(std::count(read.begin(), read.end(), '\n'), 2) << size << read;
    }
  }
}

TEST(CsvRowsTest, SourcesAreTheLines) {
  const Contract contract = ChurnContract();
  const std::string file =
      "customer_id,age,income,tenure_months,monthly_charges,plan,x\r\n"
      "\"C-1\" ,42,1,1,1,basic,\r\n"
      "\"C-2\",42.0, 1 ,1,1,basic,\"\"\"\n\"\r\n"
      "C-3,42,1,1,1,basic,z";
  const auto header = ReadCsvHeader(file, true, contract);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->source, "customer_id,age,income,tenure_months,monthly_charges,plan,x");
  EXPECT_EQ(header->line_end, "\r\n");
  Batch batch(contract.layout());
  RowReader reader(contract, batch);
  CsvRows rows(*header, contract);
  rows.Read(
      {.text = std::string_view(file).substr(header->bytes), .first_row = 11, .first_line = 20, .rows = 3},
      reader);
  ASSERT_EQ(batch.rows(), 2u);
  EXPECT_EQ(batch.sources()[0], "\"C-2\",42.0, 1 ,1,1,basic,\"\"\"\n\"");
  EXPECT_EQ(batch.sources()[1], "C-3,42,1,1,1,basic,z");
  EXPECT_EQ(batch.positions()[0], 11u);
  EXPECT_EQ(rows.LineOf(10), 20u);
  EXPECT_EQ(rows.LineOf(11), 21u);
  EXPECT_EQ(rows.LineOf(12), 23u);
}

TEST(CsvSplitterTest, ARecordWithoutAnEndIsAnErrorThatNamesItsLine) {
  const Contract contract = ChurnContract();
  const std::string start = "customer_id,age,income,tenure_months,monthly_charges,plan\n";
  const auto header = ReadCsvHeader(start, true, contract);
  ASSERT_TRUE(header);
  std::string rest = "C-1,1,1,1,1,basic\n\"C-2,1,1,1,1,basic\n";
  rest.append(kCsvRecordLimit, 'x');
  for (const bool last : {false, true}) {
    CsvSplitter splitter(*header);
    const auto chunk = splitter.Next(rest, last);
    ASSERT_FALSE(chunk);
    EXPECT_EQ(
        chunk.error().message,
        "line 3: the record that begins here is longer than 16 MiB; a quote that opens a cell is probably "
        "never closed");
  }
}

TEST(CsvHeaderTest, MustEndWithinWhatWasRead) {
  const Contract contract = ChurnContract();
  const auto header = ReadCsvHeader("customer_id,\"a\nge", false, contract);
  ASSERT_FALSE(header);
  EXPECT_EQ(header.error().message, "the header does not end within the first 17 bytes");
}

TEST(CsvHeaderTest, RejectsUnknownColumnsWhereTheContractDoes) {
  Contract contract = ChurnContract();
  contract.reject_unknown = true;
  const auto header =
      ReadCsvHeader("customer_id,age,income,tenure_months,monthly_charges,plan,x,y\n", true, contract);
  ASSERT_FALSE(header);
  EXPECT_EQ(header.error().message,
            "header: \"x\" and \"y\" are not in the contract \"churn\", which rejects unknown fields");
}

}  // namespace
}  // namespace turnout
