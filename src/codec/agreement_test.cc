// The same rows in JSON and in CSV must give the same batch, bit for bit, and the same refusals.
#include <bit>
#include <random>

#include "bytes/json_writer.h"
#include "codec/csv_header.h"
#include "codec/csv_reply.h"
#include "codec/csv_rows.h"
#include "codec/csv_splitter.h"
#include "codec/json_rows.h"
#include "codec/test_contract.h"

namespace turnout {
namespace {

// A value of a row in both formats.
struct Pair {
  std::string json, csv;
};

class Rows {
 public:
  explicit Rows(uint32_t seed) : random_(seed) {}

  Pair Text() {
    static const std::vector<std::string> kTexts = {"C-1",
                                                    "a, b",
                                                    "say \"hi\"",
                                                    "\"",
                                                    "line\nbreak",
                                                    "cr\r\nlf",
                                                    "\xC3\xA9t\xC3\xA9",
                                                    "\xF0\x9F\x9A\x82",
                                                    "",
                                                    " ",
                                                    "null",
                                                    "NaN",
                                                    "17",
                                                    "\\",
                                                    "\r",
                                                    "basic",
                                                    "a\"\"b",
                                                    ",",
                                                    "tab\t"};
    return Both(kTexts[Pick(kTexts.size())]);
  }
  Pair Number() {
    static const std::vector<std::string> kLiterals = {"0",
                                                       "-0",
                                                       "41",
                                                       "41.0",
                                                       "4.1e1",
                                                       "41.5",
                                                       "1e999",
                                                       "-1e999",
                                                       "1e-999",
                                                       "0.1",
                                                       "19",
                                                       "1E2",
                                                       "123456789012345678901234567890",
                                                       "9007199254740993",
                                                       "5e-324",
                                                       "79.95",
                                                       "120",
                                                       "121",
                                                       "17",
                                                       "55000.5"};
    static const std::vector<std::string> kSpellings = {
        "+5", ".5", "5.", " 42 ", "nan", "NaN", "inf", "0x1p3", "41 years", "true", "", "  ", "1,5", "٤"};
    if (Pick(5) == 0) return Both(kSpellings[Pick(kSpellings.size())]);
    std::string literal = kLiterals[Pick(kLiterals.size())];
    if (Pick(3) == 0) {
      literal =
          std::to_string(Pick(200)) + "." + std::to_string(Pick(1000000)) + "e" + std::to_string(Pick(9));
    }
    if (Pick(3) == 0) return Both(literal);
    return {literal, literal};
  }
  Pair Plan() {
    static const std::vector<std::string> kPlans = {"basic", "standard", "premium",
                                                    "gold",  "Basic",    " basic"};
    return Both(kPlans[Pick(kPlans.size())]);
  }
  Pair Missing() { return {"null", ""}; }
  // Mostly good values, so that many rows are.
  Pair Of(const Field& field) {
    if (Pick(30) == 0) return Missing();
    switch (field.type) {
      case FieldType::kString:
      case FieldType::kText: return Text();
      case FieldType::kCategory: return Pick(8) == 0 ? Plan() : Both("standard");
      default: break;
    }
    if (Pick(6) == 0) return Number();
    const std::string number = std::to_string(18 + Pick(100));
    return {number, number};
  }
  std::size_t Pick(std::size_t below) { return random_() % below; }

 private:
  Pair Both(const std::string& text) {
    Pair pair;
    AppendJsonString(pair.json, text);
    if (text.empty() || Pick(4) == 0) {
      pair.csv = "\"";
      for (const char c : text) pair.csv += c == '"' ? std::string("\"\"") : std::string(1, c);
      pair.csv += '"';
    } else {
      AppendCsvCell(pair.csv, text);
    }
    return pair;
  }
  std::mt19937 random_;
};

void ExpectSame(const Batch& a, const Batch& b) {
  ASSERT_EQ(a.rows(), b.rows());
  ASSERT_EQ(a.positions(), b.positions());
  for (std::size_t i = 0; i < a.columns(); ++i) {
    for (std::size_t row = 0; row < a.rows(); ++row) {
      if (a.column(i).type == ColumnType::kText) {
        ASSERT_EQ(a.column(i).texts[row], b.column(i).texts[row]);
        ASSERT_EQ(IsMissing(a.column(i).texts[row]), IsMissing(b.column(i).texts[row]));
      } else {
        ASSERT_EQ(std::bit_cast<uint64_t>(a.column(i).numbers[row]),
                  std::bit_cast<uint64_t>(b.column(i).numbers[row]));
      }
    }
  }
}

TEST(AgreementTest, JsonAndCsvGiveTheSameBits) {
  const Contract contract = ChurnContract();
  Rows values(7);
  std::size_t good = 0, bad = 0;
  for (int round = 0; round < 200; ++round) {
    std::string json = "[", csv;
    const char* const line_end = round % 2 == 0 ? "\n" : "\r\n";
    for (std::size_t i = 0; i < contract.fields.size(); ++i)
      csv += (i > 0 ? "," : "") + contract.fields[i].name;
    csv += line_end;
    for (int row = 0; row < 20; ++row) {
      json += row > 0 ? ",{" : "{";
      for (std::size_t i = 0; i < contract.fields.size(); ++i) {
        const Pair value = values.Of(contract.fields[i]);
        json += (i > 0 ? ",\"" : "\"") + contract.fields[i].name + "\":" + value.json;
        csv += (i > 0 ? "," : "") + value.csv;
      }
      json += '}';
      csv += line_end;
    }
    json += ']';

    Batch from_json(contract.layout()), from_csv(contract.layout());
    RowReader json_reader(contract, from_json), csv_reader(contract, from_csv);
    JsonTokenizer tokenizer;
    ASSERT_TRUE(ReadJsonRows(tokenizer, json, 20, json_reader)) << json;
    const auto header = ReadCsvHeader(csv, true, contract);
    ASSERT_TRUE(header);
    CsvSplitter splitter(*header);
    const auto chunk = splitter.Next(std::string_view(csv).substr(header->bytes), true);
    ASSERT_TRUE(chunk);
    CsvRows rows(*header, contract);
    rows.Read(*chunk, csv_reader);

    SCOPED_TRACE(json + "\n" + csv);
    ASSERT_NO_FATAL_FAILURE(ExpectSame(from_json, from_csv));
    ASSERT_EQ(json_reader.refusals().size(), csv_reader.refusals().size());
    for (std::size_t i = 0; i < json_reader.refusals().size(); ++i) {
      ASSERT_EQ(Show(json_reader.refusals()[i]), Show(csv_reader.refusals()[i]));
    }
    good += from_csv.rows();
    bad += csv_reader.refusals().size();
  }
  EXPECT_GT(good, 1000u);
  EXPECT_GT(bad, 1000u);
}

}  // namespace
}  // namespace turnout
