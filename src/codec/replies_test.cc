// What is written: replies, refused rows, scored lines, rejects and dead letters.
#include "bytes/json.h"
#include "codec/csv_header.h"
#include "codec/csv_reply.h"
#include "codec/csv_rows.h"
#include "codec/csv_splitter.h"
#include "codec/json_reply.h"
#include "codec/json_rows.h"
#include "codec/reject_line.h"
#include "codec/test_contract.h"

namespace turnout {
namespace {

// Answers as if a model had given 0.25 and 0.75 by turns, from the first row on.
class RepliesTest : public testing::Test {
 protected:
  void Score() {
    answers_.Clear();
    answers_.latency_seconds = 0.0012345;
    answers_.job_time = "2026-11-22T10:00:00Z";
    for (std::size_t row = 0; row < batch_.rows(); ++row) {
      const double p = row % 2 == 0 ? 0.25 : 0.75;
      answers_.rows.push_back(
          {.by = &by_, .class_index = p > 0.5, .probabilities = static_cast<uint32_t>(2 * row)});
      answers_.probabilities.push_back(1 - p);
      answers_.probabilities.push_back(p);
    }
  }
  // The model, not the contract, refuses this row of the batch.
  void RefuseByModel(std::size_t row) {
    answers_.rows[row].refusal = static_cast<int32_t>(answers_.refusals.size());
    answers_.refusals.push_back({.position = batch_.positions()[row],
                                 .key = std::string(batch_.column(0).texts[row]),
                                 .errors = {{"income", "finite_number", "too \"large\""}}});
  }
  void Read(const std::string& body) {
    body_ = body;
    reader_.Clear();
    ASSERT_TRUE(ReadJsonRows(json_, body_, 10, reader_));
    Score();
  }
  std::string Rows() {
    std::string out;
    JsonReply(contract_).AppendRows(out, batch_, answers_, reader_.refusals());
    EXPECT_TRUE(JsonTokenizer().Document(out)) << out;
    return out;
  }
  std::string Detail(bool indexed) {
    std::string out;
    JsonReply(contract_).AppendDetail(out, batch_, answers_, reader_.refusals(), indexed);
    EXPECT_TRUE(JsonTokenizer().Document(out)) << out;
    return out;
  }

  static std::string Row(const std::string& id, const std::string& age = "42") {
    return R"({"customer_id":")" + id + R"(","age":)" + age +
           R"(,"income":1,"tenure_months":1,"monthly_charges":1,"plan":"premium"})";
  }

  Contract contract_ = ChurnContract();
  Answerer by_ = ChurnAnswerer();
  Batch batch_{contract_.layout()};
  RowReader reader_{contract_, batch_};
  JsonTokenizer json_;
  Answers answers_;
  std::string body_;
};

TEST_F(RepliesTest, AnswersInTheOrderOfTheContract) {
  Read("[" + Row("C-1") + "," + Row("C \\\"2\\\"") + "]");
  EXPECT_EQ(
      Rows(),
      R"([{"customer_id":"C-1","prediction":0,"will_churn":false,"confidence":0.75,"model_version":"v2.1.0",)"
      R"("latency_ms":1.23},)"
      R"({"customer_id":"C \"2\"","prediction":1,"will_churn":true,"confidence":0.75,)"
      R"("model_version":"v2.1.0","latency_ms":1.23}])");
}

TEST_F(RepliesTest, RefusedRowsKeepTheirPlaces) {
  Read("[" + Row("C-1", "17") + "," + Row("C-2") + "," + Row("C-3") + "," + Row("C-4", "\"x\"") + ",7]");
  RefuseByModel(0);
  EXPECT_EQ(
      Rows(),
      R"([{"customer_id":"C-1","error":[{"loc":["body",0,"age"],"msg":"Age must be between 18 and 120","type":"greater_than_equal"}]},)"
      R"({"customer_id":"C-2","error":[{"loc":["body",1,"income"],"msg":"too \"large\"","type":"finite_number"}]},)"
      R"({"customer_id":"C-3","prediction":1,"will_churn":true,"confidence":0.75,"model_version":"v2.1.0","latency_ms":1.23},)"
      R"({"customer_id":"C-4","error":[{"loc":["body",3,"age"],"msg":"Input should be a valid integer","type":"int_type"}]},)"
      R"({"customer_id":null,"error":[{"loc":["body",4],"msg":"Input should be an object","type":"dict_type"}]}])");
  EXPECT_EQ(
      Detail(true),
      R"({"detail":[{"loc":["body",0,"age"],"msg":"Age must be between 18 and 120","type":"greater_than_equal"},)"
      R"({"loc":["body",1,"income"],"msg":"too \"large\"","type":"finite_number"},)"
      R"({"loc":["body",3,"age"],"msg":"Input should be a valid integer","type":"int_type"},)"
      R"({"loc":["body",4],"msg":"Input should be an object","type":"dict_type"}]})");
}

TEST_F(RepliesTest, ASingleRowsErrorsHaveNoPosition) {
  Read(R"([{"customer_id":"C-1","age":17,"income":1,"tenure_months":1,"monthly_charges":1,"plan":"gold"}])");
  EXPECT_EQ(
      Detail(false),
      R"({"detail":[{"loc":["body","age"],"msg":"Age must be between 18 and 120","type":"greater_than_equal"},)"
      R"({"loc":["body","plan"],"msg":"Unknown plan: gold","type":"enum"}]})");
}

TEST_F(RepliesTest, AnswersCarryTheirIds) {
  Read("[1," + Row("C-1") + "]");
  std::string out;
  JsonReply(contract_).AppendRows(out, batch_, answers_, reader_.refusals(), "0af3");
  EXPECT_TRUE(out.ends_with(R"("latency_ms":1.23,"prediction_id":"0af3-1"}])")) << out;
  contract_.reply.clear();
  out.clear();
  JsonReply(contract_).AppendRow(out, batch_, 0, answers_, "0af3");
  EXPECT_EQ(out, R"({"prediction_id":"0af3"})");
  out.clear();
  JsonReply(contract_).AppendRow(out, batch_, 0, answers_);
  EXPECT_EQ(out, "{}");
}

TEST_F(RepliesTest, NothingSentIsAnEmptyArray) {
  Read("[]");
  EXPECT_EQ(Rows(), "[]");
}

TEST_F(RepliesTest, WithoutAKeyTheErrorStandsAlone) {
  Contract contract = ChurnContract();
  contract.key = -1;
  contract.reply.erase(contract.reply.begin());
  Read("[1]");
  std::string out;
  JsonReply(contract).AppendRows(out, batch_, answers_, reader_.refusals());
  EXPECT_EQ(out, R"([{"error":[{"loc":["body",0],"msg":"Input should be an object","type":"dict_type"}]}])");
}

TEST_F(RepliesTest, OtherItems) {
  using What = ReplyItem::What;
  contract_.reply.clear();
  const std::tuple<const char*, What, int> items[] = {
      {"plan", What::kField, 5},  {"age", What::kField, 1},         {"tenure", What::kField, 3},
      {"note", What::kField, 6},  {"p0", What::kProbabilityOf, -1}, {"p", What::kProbabilities, -1},
      {"at", What::kJobTime, -1}, {"ms", What::kLatency, -1}};
  for (const auto& [name, what, field] : items) {
    contract_.reply.push_back(MakeItem(name, what, field));
  }
  contract_.reply[4].decimals = 1;
  by_.reply_class = {-1, -1, -1, -1, 0, -1, -1, -1};
  Read(
      R"([{"customer_id":"C-1","age":42.0,"income":1,"tenure_months":null,"monthly_charges":1,"plan":"premium"}])");
  EXPECT_EQ(Rows(),
            R"([{"plan":"premium","age":42,"tenure":null,"note":null,"p0":0.8,"p":{"0":0.75,"1":0.25},)"
            R"("at":"2026-11-22T10:00:00Z","ms":0.0012345}])");
}

TEST_F(RepliesTest, ARegressionHasAValue) {
  contract_.reply = {MakeItem("value", ReplyItem::What::kValue),
                     MakeItem("p", ReplyItem::What::kTopProbability)};
  by_ = {};
  by_.task = Task::kRegression;
  by_.values = 1;
  by_.reply_class = {-1, -1};
  Read("[" + Row("C-1") + "]");
  answers_.values = {0.1};
  EXPECT_EQ(Rows(), R"([{"value":0.1,"p":null}])");
}

TEST_F(RepliesTest, ARegressionMayHaveSeveral) {
  contract_.reply = {MakeItem("all", ReplyItem::What::kValue), MakeItem("second", ReplyItem::What::kValueOf)};
  contract_.reply[0].decimals = 1;
  contract_.reply[1].index = 1;
  by_ = {};
  by_.task = Task::kRegression;
  by_.values = 3;
  by_.reply_class = {-1, -1};
  Read("[" + Row("C-1") + "]");
  answers_.values = {0.1, -2.25, kMissingNumber};
  EXPECT_EQ(Rows(), R"([{"all":[0.1,-2.2,null],"second":-2.25}])");
}

TEST_F(RepliesTest, ScoredLinesAreTheInputAndTheColumns) {
  const std::string file =
      "customer_id,x,age,income,tenure_months,monthly_charges,plan\r\n"
      "C-1,\"a\n\"\"b\",42,1,1,1.50,basic\r\n"
      "C-2,,17,1,1,1,basic\r\n"
      "C-3,,42,1,1,1,basic";
  const auto header = ReadCsvHeader(file, true, contract_);
  ASSERT_TRUE(header);
  CsvSplitter splitter(*header);
  const auto chunk = splitter.Next(std::string_view(file).substr(header->bytes), true);
  ASSERT_TRUE(chunk);
  CsvRows rows(*header, contract_);
  rows.Read(*chunk, reader_);
  Score();
  contract_.columns[0].name = "prediction, churn";
  by_.class_text[1] = "say \"yes\"";
  const auto reply = CsvReply::Make(contract_, *header);
  ASSERT_TRUE(reply);
  std::string out;
  reply->AppendHeader(out);
  for (std::size_t row = 0; row < batch_.rows(); ++row) reply->AppendRow(out, batch_, row, answers_);
  EXPECT_EQ(
      out,
      "customer_id,x,age,income,tenure_months,monthly_charges,plan,\"prediction, churn\",churn_probability,"
      "scored_at\r\n"
      "C-1,\"a\n\"\"b\",42,1,1,1.50,basic,0,0.25,2026-11-22T10:00:00Z\r\n"
      "C-3,,42,1,1,1,basic,\"say \"\"yes\"\"\",0.75,2026-11-22T10:00:00Z\r\n");

  std::string rejects;
  ASSERT_EQ(reader_.refusals().size(), 1u);
  AppendRejectLine(rejects, contract_, reader_.refusals()[0], 2, rows.LineOf(1));
  EXPECT_EQ(
      rejects,
      R"({"row":2,"line":4,"key":"C-2","errors":[{"field":"age","msg":"Age must be between 18 and 120",)"
      R"("type":"greater_than_equal"}]})"
      "\n");
}

TEST_F(RepliesTest, AScoredFileIsNotScoredAgain) {
  const auto header =
      ReadCsvHeader("customer_id,age,income,tenure_months,monthly_charges,plan,scored_at\n", true, contract_);
  ASSERT_TRUE(header);
  const auto reply = CsvReply::Make(contract_, *header);
  ASSERT_FALSE(reply);
  EXPECT_EQ(
      reply.error().message,
      "the input already has a column \"scored_at\", which the contract \"churn\" adds; rename one of them, "
      "or score the original file");
}

TEST_F(RepliesTest, DeadLettersCarryTheMessage) {
  const MessageOrigin origin{.topic = "customers", .partition = 3, .offset = 17};
  std::string out;
  AppendDeadLetter(out, contract_, "json_invalid", "byte 1: bad", origin, "{\"x\n");
  EXPECT_EQ(out, R"({"topic":"customers","partition":3,"offset":17,"key":null,"errors":[{"field":null,)"
                 R"("msg":"byte 1: bad","type":"json_invalid"}],"value":"{\"x\n"})");
  const std::pair<std::string, std::string> binary[] = {
      {"\xFF", "/w=="}, {"\xFF\xFE", "//4="}, {"\xFF\xFE\xFD", "//79"}, {"\xFFM\xFF\xFF", "/03//w=="}};
  for (const auto& [value, base64] : binary) {
    out.clear();
    AppendDeadLetter(out, contract_, "json_invalid", "m", origin, value);
    EXPECT_TRUE(out.ends_with("],\"value_base64\":\"" + base64 + "\"}")) << out;
    EXPECT_TRUE(JsonTokenizer().Document(out));
  }
}

TEST(BodyErrorTest, HasTheShapeOfADetail) {
  std::string out;
  AppendBodyError(out, "json_invalid", "byte 0: expected a value, found '\"'");
  EXPECT_EQ(
      out,
      R"({"detail":[{"loc":["body"],"msg":"byte 0: expected a value, found '\"'","type":"json_invalid"}]})");
}

}  // namespace
}  // namespace turnout
