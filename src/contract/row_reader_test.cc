#include "contract/row_reader.h"

#include <gtest/gtest.h>

#include <bit>
#include <deque>
#include <fstream>
#include <random>
#include <sstream>

#include "bytes/json.h"
#include "bytes/json_writer.h"
#include "bytes/number.h"

namespace turnout {
namespace {

Contract Parsed(std::string_view yaml) {
  auto contract = ParseContract(yaml, "test.yaml");
  EXPECT_TRUE(contract) << contract.error().message;
  return contract ? *std::move(contract) : Contract{};
}

Contract Churn() {
  std::ifstream file("tests/contract/good/churn.yaml");
  std::ostringstream text;
  text << file.rdbuf();
  return Parsed(text.str());
}

// A contract of one field `x`; `settings` is the rest of its map.
Contract One(std::string_view settings) {
  return Parsed("name: one\nfields:\n  - {name: x, " + std::string(settings) + "}\nfeatures: [x]\n");
}

Cell JsonCell(const JsonToken& token) {
  switch (token.kind) {
    case JsonToken::Kind::kString: return {Cell::Kind::kText, token.text};
    case JsonToken::Kind::kNumber: return {Cell::Kind::kNumber, token.text};
    case JsonToken::Kind::kTrue: return {Cell::Kind::kTrue, {}};
    case JsonToken::Kind::kFalse: return {Cell::Kind::kFalse, {}};
    case JsonToken::Kind::kNull: return {};
    default: return {Cell::Kind::kNested, {}};
  }
}

// Rows given as flat JSON objects, with a batch and a reader that live as long as it.
class Rows {
 public:
  explicit Rows(const Contract& contract)
      : contract_(contract), batch_(contract.layout()), reader_(contract, batch_) {}

  bool Read(std::string_view object) {
    const auto tokens = json_.Document(texts_.emplace_back(object));
    EXPECT_TRUE(tokens) << tokens.error().message;
    reader_.Begin(position_++, {});
    for (std::size_t i = 1; i + 1 < tokens->size();) {
      const JsonToken& value = (*tokens)[i + 1];
      reader_.Set(contract_.Find((*tokens)[i].text), (*tokens)[i].text, JsonCell(value));
      i = value.skip != 0 ? value.skip + 1 : i + 2;
    }
    return reader_.End();
  }

  // The last row's first column, or the errors of the last refusal: "field type: message; ...".
  std::string Last(bool good) {
    if (!good) {
      std::string out;
      for (const FieldError& error : reader_.refusals().back().errors) {
        out += (out.empty() ? "" : "; ") + error.field + " " + std::string(error.type) + ": " + error.message;
      }
      return out;
    }
    const Column& column = batch_.column(0);
    if (column.type == ColumnType::kText) {
      return IsMissing(column.texts.back()) ? "missing" : "'" + std::string(column.texts.back()) + "'";
    }
    if (IsMissing(column.numbers.back())) return "missing";
    std::string out;
    AppendNumber(out, column.numbers.back());
    return out;
  }

  RowReader& reader() { return reader_; }
  Batch& batch() { return batch_; }

 private:
  const Contract& contract_;
  std::deque<std::string> texts_;  // the batch has views of them
  Batch batch_;
  RowReader reader_;
  JsonTokenizer json_;
  std::size_t position_ = 0;
};

std::string Read(const Contract& contract, std::string_view value) {
  Rows rows(contract);
  const bool good = rows.Read("{\"x\":" + std::string(value) + "}");
  EXPECT_EQ(rows.batch().rows(), good ? 1u : 0u);
  return rows.Last(good);
}

TEST(RowReaderTest, CoercesByTheTableOfEachType) {
  struct Case {
    const char* settings;
    std::vector<std::pair<const char*, const char*>> values;  // JSON, result
  };
  const char* const kInt = "x int_type: Input should be a valid integer";
  const char* const kFloat = "x float_type: Input should be a valid number";
  const char* const kBool = "x bool_type: Input should be a valid boolean";
  const char* const kString = "x string_type: Input should be a valid string";
  const char* const kMissing = "x missing: Field required";
  const char* const kEnum = "x enum: Input should be 'basic', 'gold' or '1'";
  const char* const kCode = "y enum: Input should be 0, 7 or 2.5";
  const Case cases[] = {
      {"type: int",
       {{"41", "41"},
        {"\"41\"", "41"},
        {"41.0", "41"},
        {"\"4.1e1\"", "41"},
        {"410e-1", "41"},
        {"\" +41 \"", "41"},
        {"-0", "0"},
        {"\"-0.0\"", "0"},
        {"9007199254740991", "9007199254740991"},
        {"-9007199254740991", "-9007199254740991"},
        {"9007199254740992", kInt},
        {"9007199254740993", kInt},
        {"1e999", kInt},
        {"41.5", kInt},
        {"true", kInt},
        {"\"41 years\"", kInt},
        {"\"0x29\"", kInt},
        {"\"\\t41\"", kInt},
        {"\"41\\n\"", kInt},
        {"\"\\u0664\\u0661\"", kInt},
        {"[41]", kInt},
        {"{\"a\":41}", kInt},
        {"null", kMissing},
        {"\"\"", kMissing},
        {"\"  \"", kMissing},
        {"\"nan\"", kMissing},
        {"\"NaN\"", kMissing},
        {"\"-nan\"", kInt},
        {"\"inf\"", kInt},
        {"\"NA\"", kInt}}},
      {"type: float", {{"0.1", "0.1"},           {"\"0.1\"", "0.1"},     {"1", "1"},
                       {"\".5\"", "0.5"},        {"\" 5. \"", "5"},      {"-0.0", "-0"},
                       {"5e-324", "5e-324"},     {"1e-999", "0"},        {"1e999", kFloat},
                       {"\"1e999\"", kFloat},    {"\"-1e999\"", kFloat}, {"\"inf\"", kFloat},
                       {"\"Infinity\"", kFloat}, {"\"0x1p3\"", kFloat},  {"true", kFloat},
                       {"false", kFloat},        {"\"1,5\"", kFloat},    {"\"1 000\"", kFloat},
                       {"\"\\u00a01\"", kFloat}, {"[]", kFloat},         {"null", kMissing},
                       {"\"nAn\"", kMissing}}},
      {"type: bool",
       {{"true", "1"},
        {"false", "0"},
        {"1", "1"},
        {"0", "0"},
        {"1.0", "1"},
        {"\"1\"", "1"},
        {"\"0\"", "0"},
        {"\"TRUE\"", "1"},
        {"\" False \"", "0"},
        {"2", kBool},
        {"\"yes\"", kBool},
        {"\"nan\"", kBool},
        {"{}", kBool},
        {"null", kMissing},
        {"\" \"", kMissing}}},
      {"type: string",
       {{"\"C-1\"", "'C-1'"},
        {"\" a \"", "' a '"},
        {"\"\"", "''"},
        {"41", "'41'"},
        {"-1.50e3", "'-1.50e3'"},
        {"\"nan\"", "'nan'"},
        {"true", kString},
        {"[\"a\"]", kString},
        {"{}", kString},
        {"null", kMissing}}},
      {"type: text",
       {{"\"C-1\"", "'C-1'"}, {"\"\"", "''"}, {"41", "'41'"}, {"false", kString}, {"null", kMissing}}},
      {"type: category, values: {basic: 0, gold: 7, \"1\": 2.5}, aliases: {y: codes, z: text}",
       {{"\"gold\"", "7"},
        {"\"1\"", "2.5"},
        {"1", "2.5"},
        {"\"Gold\"", kEnum},
        {"\"gold \"", kEnum},
        {"\"\"", kEnum},
        {"7", kEnum},
        {"1.0", kEnum},
        {"true", kEnum},
        {"[]", kEnum},
        {"null", kMissing}}},
      {"type: category, values: [basic, gold, \"1\"]",
       {{"\"basic\"", "0"}, {"\"1\"", "2"}, {"\"silver\"", kEnum}}},
  };
  for (const Case& c : cases) {
    const Contract contract = One(c.settings);
    for (const auto& [value, result] : c.values)
      EXPECT_EQ(Read(contract, value), result) << c.settings << " " << value;
  }
  const Contract coded = One(cases[5].settings);
  for (const auto& [row, result] : {std::pair{"{\"y\":7}", "7"},
                                    {"{\"y\":\"2.5\"}", "2.5"},
                                    {"{\"y\":\" 0.0 \"}", "0"},
                                    {"{\"z\":\"gold\"}", "7"},
                                    {"{\"y\":\"gold\"}", kCode},
                                    {"{\"y\":1}", kCode},
                                    {"{\"y\":true}", kCode},
                                    {"{\"y\":{}}", kCode},
                                    {"{\"y\":\"nan\"}", "y missing: Field required"},
                                    {"{}", kMissing},
                                    {"{\"x\":\"gold\",\"y\":7}", "y duplicate: Field given twice"},
                                    {"{\"x\":\"bad\",\"y\":7}", kEnum},
                                    {"{\"x\":\"gold\",\"x\":\"gold\"}", "x duplicate: Field given twice"}}) {
    Rows rows(coded);
    EXPECT_EQ(rows.Last(rows.Read(row)), result) << row;
  }
}

TEST(RowReaderTest, ManyCategoriesAreFoundAllTheSame) {
  std::string values;
  for (int i = 0; i < 1000; ++i)
    values += (i ? ", v" : "v") + std::to_string(i) + ": " + std::to_string(i * 2);
  const Contract contract = One("type: category, aliases: {y: codes}, values: {" + values + "}");
  for (int i = 0; i < 1000; i += 37) {
    EXPECT_EQ(Read(contract, "\"v" + std::to_string(i) + "\""), std::to_string(i * 2));
    Rows rows(contract);
    EXPECT_EQ(rows.Last(rows.Read("{\"y\":" + std::to_string(i * 2) + "}")), std::to_string(i * 2));
  }
  EXPECT_EQ(Read(contract, "\"w\""),
            "x enum: Input should be 'v0', 'v1', 'v2', 'v3', 'v4', 'v5', 'v6', 'v7', 'v8', 'v9' or one of "
            "990 more");
}

TEST(RowReaderTest, MissingDefaultAndNullable) {
  struct Case {
    const char* settings;
    const char *absent, *null;
  };
  for (const auto& [settings, absent, null] : {
           Case{"type: int", "x missing: Field required", "x missing: Field required"},
           Case{"type: int, nullable: true", "x missing: Field required", "missing"},
           Case{"type: int, nullable: true, required: false", "missing", "missing"},
           Case{"type: int, default: 41.0", "41", "41"},
           Case{"type: int, default: 41, nullable: true", "41", "41"},
           Case{"type: int, default: 41, required: true", "x missing: Field required", "41"},
           Case{"type: string, default: none", "'none'", "'none'"},
           Case{"type: string, nullable: true, required: false", "missing", "missing"},
           Case{"type: bool, default: false", "0", "0"},
           Case{"type: category, values: {a: 3}, default: a", "3", "3"},
           Case{"type: category, values: {a: 3}, nullable: true, required: false", "missing", "missing"},
       }) {
    const Contract contract = One(settings);
    Rows rows(contract);
    EXPECT_EQ(rows.Last(rows.Read("{}")), absent) << settings;
    EXPECT_EQ(rows.Last(rows.Read("{\"x\":null}")), null) << settings;
  }
}

TEST(RowReaderTest, MessagesEchoOnlyWhereTheFieldShowsItsValue) {
  const std::string longer(300, 'a');
  const std::string euros = "\"" + std::string(99, 'a') + "\u20ac\"";
  const std::pair<std::string, std::vector<std::pair<std::string, std::string>>> cases[] = {
      {"type: int, min: 18, max: 120",
       {{"17", "x greater_than_equal: Input should be greater than or equal to 18"},
        {"121", "x less_than_equal: Input should be less than or equal to 120"},
        {"18", "18"},
        {"120.0", "120"}}},
      {"type: float, min: -0.5, show: true",
       {{"-0.75", "x greater_than_equal: Input should be greater than or equal to -0.5: got -0.75"},
        {"\"abc\"", "x float_type: Input should be a valid number: got abc"},
        {"null", "x missing: Field required"},
        {"[1]", "x float_type: Input should be a valid number: got an object or array"}}},
      {"type: int, min: 18, message: \"Too young\"",
       {{"17", "x greater_than_equal: Too young"},
        {"\"abc\"", "x int_type: Input should be a valid integer"},
        {"null", "x missing: Field required"}}},
      {"type: category, values: [a], message: \"No {value}!\", show: true",
       {{"\"gold\"", "x enum: No gold!"},
        {"3.0", "x enum: No 3.0!"},
        {"true", "x enum: No true!"},
        {"null", "x missing: Field required"},
        {"\"" + longer + "\"", "x enum: No " + longer.substr(0, 100) + "...!"},
        {euros, "x enum: No " + std::string(99, 'a') + "...!"}}},
  };
  for (const auto& [settings, values] : cases) {
    const Contract contract = One(settings);
    for (const auto& [value, result] : values)
      EXPECT_EQ(Read(contract, value), result) << settings << " " << value;
  }
}

constexpr std::string_view kGood =
    R"({"customer_id":"C-1042","age":42,"income":55000.5,"tenure_months":18,"monthly_charges":79.5,"plan":"premium"})";

TEST(RowReaderTest, ReadsTheChurnRow) {
  const Contract contract = Churn();
  Rows rows(contract);
  ASSERT_TRUE(rows.Read(kGood));
  EXPECT_EQ(rows.batch().column(0).texts[0], "C-1042");
  const double expected[] = {42, 55000.5, 18, 79.5, 2};
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(rows.batch().column(i + 1).numbers[0], expected[i]);
}

TEST(RowReaderTest, ReportsEveryBadFieldInTheOrderOfTheContract) {
  const Contract contract = Churn();
  Rows rows(contract);
  ASSERT_TRUE(rows.Read(kGood));
  EXPECT_EQ(
      rows.Last(rows.Read(
          R"({"plan":"gold","unknown":1,"income":"much","age":17,"customer_id":"C-3","tenure_months":1})")),
      "age greater_than_equal: Age must be between 18 and 120; income float_type: Input should be a valid "
      "number; "
      "monthly_charges missing: Field required; plan enum: Unknown plan: gold");
  const Refusal& refusal = rows.reader().refusals().back();
  EXPECT_EQ(refusal.position, 1u);
  EXPECT_EQ(refusal.key, "C-3");
  EXPECT_FALSE(refusal.key_is_number);
  EXPECT_EQ(rows.batch().rows(), 1u) << "the refused row is taken back";
  EXPECT_EQ(
      rows.Last(rows.Read(
          R"({"customer_id":true,"age":121,"income":1,"tenure_months":1,"monthly_charges":1,"plan_encoded":3})")),
      "customer_id string_type: Input should be a valid string; age less_than_equal: Age must be between 18 "
      "and 120; "
      "plan_encoded enum: Unknown plan: 3");
  EXPECT_EQ(rows.reader().refusals().back().key, "");
  ASSERT_TRUE(rows.Read(kGood)) << "errors of one row are not those of the next";
  EXPECT_EQ(rows.batch().positions(), (std::vector<std::size_t>{0, 3}));

  rows.reader().Refuse(9, "ragged_row", "5 cells, 7 expected");
  EXPECT_EQ(rows.Last(false), " ragged_row: 5 cells, 7 expected");
  EXPECT_EQ(rows.reader().refusals().size(), 3u);
  rows.reader().Clear();
  EXPECT_TRUE(rows.reader().refusals().empty());
  EXPECT_EQ(rows.batch().rows(), 0u);
}

TEST(RowReaderTest, UnknownFieldsAndIntegerKeys) {
  const Contract contract = Parsed(
      "name: k\nkey: id\nunknown_fields: reject\nfields:\n  - {name: a, type: float}\n  - {name: id, type: "
      "int}\n");
  Rows rows(contract);
  EXPECT_EQ(
      rows.Last(rows.Read(R"({"zzz":1,"a":"x","id":"7.0","yy":[1,{"a":2}]})")),
      "a float_type: Input should be a valid number; zzz extra_forbidden: Extra inputs are not permitted; "
      "yy extra_forbidden: Extra inputs are not permitted");
  EXPECT_EQ(rows.reader().refusals().back().key, "7");
  EXPECT_TRUE(rows.reader().refusals().back().key_is_number);
  EXPECT_TRUE(rows.Read(R"({"a":1,"id":7})"));
}

TEST(RowReaderTest, ComputesDerivedFields) {
  const Contract contract = Parsed(
      "name: d\nfields:\n  - {name: months, type: int}\n  - {name: tier, type: category, values: [a, b]}\n"
      "  - {name: since, type: string, default: 2024-02-29}\n"
      "derived:\n  years: months / 12\n  twice: years * 2\n  points: \"lookup(tier, a: 10, b: 20)\"\n  "
      "month: month(since)\n");
  Rows rows(contract);
  ASSERT_TRUE(rows.Read(R"({"months":"18","tier":"b"})"));
  ASSERT_TRUE(rows.Read(R"({"months":6,"tier":"a","since":"never"})"));
  EXPECT_EQ(rows.batch().column(3).numbers, (std::vector<double>{1.5, 0.5}));
  EXPECT_EQ(rows.batch().column(4).numbers, (std::vector<double>{3, 1}));
  EXPECT_EQ(rows.batch().column(5).numbers, (std::vector<double>{20, 10}));
  EXPECT_EQ(rows.batch().column(6).numbers[0], 2);
  EXPECT_TRUE(IsMissing(rows.batch().column(6).numbers[1]));
}

// What a JSON number, a JSON string and a CSV cell of the same text give must be equal to the bit.
TEST(RowReaderTest, JsonAndCsvGiveTheSameBits) {
  std::mt19937_64 random(6);
  const Contract contracts[] = {One("type: float"), One("type: int"),
                                One("type: float, min: -1000, max: 1000"), One("type: string"),
                                One("type: bool")};
  int good = 0;
  for (int i = 0; i < 50'000; ++i) {
    std::string literal;
    switch (random() % 4) {
      case 0: AppendNumber(literal, std::bit_cast<double>(random())); break;
      case 1: AppendInteger(literal, static_cast<int64_t>(random() % 2000) - 1000); break;
      case 2:
        AppendFixed(literal, static_cast<double>(random() % 1'000'000) / 1024 - 300,
                    static_cast<int>(random() % 6));
        break;
      default:
        literal =
            std::to_string(random() % 100) + "e" + std::to_string(static_cast<int>(random() % 700) - 350);
        break;
    }
    if (!IsJsonNumber(literal)) continue;
    for (const Contract& contract : contracts) {
      std::vector<std::string> results;
      uint64_t bits[2] = {};
      for (const Cell::Kind kind : {Cell::Kind::kNumber, Cell::Kind::kText}) {
        Batch batch(contract.layout());
        RowReader reader(contract, batch);
        reader.Begin(0, {});
        reader.Set({0, false}, "x", {kind, literal});
        const bool ok = reader.End();
        good += ok;
        std::string& result =
            results.emplace_back(ok ? "good" : std::string(reader.refusals()[0].errors[0].type));
        if (!ok) continue;
        if (batch.column(0).type == ColumnType::kText) {
          result = batch.column(0).texts[0];
        } else {
          bits[static_cast<std::size_t>(kind == Cell::Kind::kText)] =
              std::bit_cast<uint64_t>(batch.column(0).numbers[0]);
        }
      }
      ASSERT_EQ(results[0], results[1]) << literal;
      ASSERT_EQ(bits[0], bits[1]) << literal;
    }
  }
  EXPECT_GT(good, 50'000);
}

}  // namespace
}  // namespace turnout
