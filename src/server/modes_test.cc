#include "server/modes.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "bytes/json.h"
#include "net/http_server.h"
#include "protocol/rest/service.h"
#include "server/endpoints.h"
#include "server/test_folder.h"

namespace turnout {
namespace {

using testing::ChurnModelPath;
using testing::TestFolder;

const std::string kHeader = "customer_id,age,income,tenure_months,monthly_charges,plan,note\n";

std::string Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

EndpointConfig Churn() { return ReadServerConfig("examples/churn/server.yaml")->endpoints[0]; }

Result<ModesReport> Compare(const EndpointConfig& endpoint, const std::string& rows) {
  return CompareModes({.endpoint = endpoint, .rows = rows, .brokers = {}, .starting = {}});
}

void ExpectAgreement(const EndpointConfig& endpoint, const std::string& rows, std::size_t count,
                     std::size_t refused) {
  const auto report = Compare(endpoint, rows);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_TRUE(report->agree());
  ASSERT_EQ(report->modes.size(), 3u);
  for (const ModeResult& mode : report->modes) {
    EXPECT_EQ(mode.rows, count) << mode.mode;
    EXPECT_EQ(mode.refused, refused) << mode.mode;
    EXPECT_EQ(mode.different, 0u) << mode.mode << ": " << mode.first_difference;
  }
}

TEST(ModesTest, TheExamplesCustomersAreAnsweredAlike) {
  const std::string customers = Read("examples/churn/customers.csv");
  const auto rows = static_cast<std::size_t>(std::count(customers.begin(), customers.end(), '\n')) - 1;
  const auto report = Compare(Churn(), "examples/churn/customers.csv");
  ASSERT_TRUE(report) << report.error().message;
  ExpectAgreement(Churn(), "examples/churn/customers.csv", rows, report->modes[0].refused);
  EXPECT_LT(report->modes[0].refused, rows / 2);
}

// Whatever stands in a cell, every mode says the same of it.
TEST(ModesTest, HostileCellsAreAnsweredAlike) {
  const TestFolder folder;
  std::string rows = kHeader;
  const std::string good[] = {"C-1", "42", "55000.5", "18", "79.5", "premium", "x"};
  const char* cells[] = {"",
                         "\"\"",
                         " ",
                         "nan",
                         "NaN",
                         "inf",
                         "-inf",
                         "1e999",
                         "-1e999",
                         "1e-999",
                         "1e308",
                         "3.5e38",
                         "3.4e38",
                         "0",
                         "-0",
                         "41",
                         " 41 ",
                         "+41",
                         "41.0",
                         "4.1e1",
                         "41.5",
                         "041",
                         "0x29",
                         "41 years",
                         "\"41\"",
                         "\"1,000\"",
                         "true",
                         "False",
                         "null",
                         "9007199254740991",
                         "9007199254740992",
                         "17",
                         "121",
                         "gold",
                         "Premium",
                         "premium ",
                         "\"a \"\"quoted\"\" cell\"",
                         "\"two\nlines\"",
                         "Größe",
                         "\xf0\x9f\x9a\x82",
                         "\x01\x1f",
                         "\\u0041",
                         "{\"a\":1}",
                         "[1]",
                         "'",
                         ";",
                         "0.1",
                         "0.30000000000000004",
                         "123456789012345678901234567890",
                         "5e-324",
                         "2.2250738585072011e-308"};
  std::size_t count = 0;
  for (std::size_t column = 0; column < 6; ++column) {
    for (const char* cell : cells) {
      for (std::size_t c = 0; c < 7; ++c)
        rows += (c > 0 ? "," : "") + (c == column ? std::string(cell) : good[c]);
      rows += '\n';
      ++count;
    }
  }
  // Several bad fields at once.
  rows += "C-9,17,much,,1e999,gold,\n,,,,,,\n\"\",\"\",\"\",\"\",\"\",\"\",\"\"\n";
  const std::string path = folder.Write("rows.csv", rows);
  const auto report = Compare(Churn(), path);
  ASSERT_TRUE(report) << report.error().message;
  for (const ModeResult& mode : report->modes) {
    EXPECT_EQ(mode.rows, count + 3) << mode.mode;
    EXPECT_EQ(mode.refused, report->modes[0].refused) << mode.mode;
    EXPECT_EQ(mode.different, 0u) << mode.first_difference;
  }
  EXPECT_GT(report->modes[0].refused, 100u);
  EXPECT_LT(report->modes[0].refused, count - 50);
}

TEST(ModesTest, BareModelsOfEveryKind) {
  for (const char* name :
       {"gbr-new", "gbc_three-new", "ct_lr-new", "ct_ordinal_hgb_holes-new", "ct_impute_gbc-new"}) {
    const std::string folder = std::string("tests/golden/sklearn/") + name;
    const auto config = ReadConfigOrModel(folder + "/model.pkl");
    const auto report = Compare(config->endpoints[0], folder + "/rows.csv");
    ASSERT_TRUE(report) << name << ": " << report.error().message;
    EXPECT_TRUE(report->agree()) << name << ": " << report->modes[1].first_difference << " "
                                 << report->modes[2].first_difference;
    EXPECT_GE(report->modes[0].rows, 100u) << name;
    EXPECT_EQ(report->modes[0].refused, 0u) << name;
  }
}

TEST(ModesTest, TablesThatCanNotBeCompared) {
  const TestFolder folder;
  const auto problem = [&](const std::string& path) {
    const auto report = Compare(Churn(), path);
    return report ? "" : report.error().message;
  };
  EXPECT_EQ(problem("no/such.csv"), "no/such.csv: cannot open: No such file or directory");
  std::string path = folder.Write("empty.csv", kHeader);
  EXPECT_EQ(problem(path), path + ": no rows");
  path = folder.Write("ragged.csv", kHeader + "C-1,42\n");
  EXPECT_EQ(problem(path), path + ": row 1 (line 2): ragged_row: 2 cells, 7 expected");
  // JSON could not carry it.
  path = folder.Write("bytes.csv", kHeader + "C-\xff,42,1,1,1,basic,\n");
  EXPECT_EQ(problem(path), path + ": row 1 (line 2): customer_id: Input should be a valid string");
  path = folder.Write("short.csv", "customer_id,age\nC-1,42\n");
  EXPECT_TRUE(problem(path).starts_with("file: ")) << problem(path);
}

// ---- the check can fail ----

// The rows in front of a model of its own.
struct Side {
  Side(const std::string& model, const std::string& rows)
      : endpoint(*LoadEndpoint(ReadConfigOrModel(model)->endpoints[0], AskEverything)),
        run{*ReadTextTable(Read(rows), rows), rows, MakeSnapshot(endpoint, metrics), metrics} {}

  // Through a server that is up for as long as it takes.
  ModeAnswers Rest() {
    RestService rest(metrics, {});
    const auto server = *HttpServer::Start(HttpServer::Options{.loops = 1}, rest.Handlers());
    EXPECT_TRUE(rest.Publish({run.snapshot}));
    const auto answers = RestAnswers(run, server->port());
    EXPECT_TRUE(answers) << answers.error().message;
    return *answers;
  }

  Metrics metrics;
  Endpoint endpoint;
  ModeRun run;
};

// The same rows, columns and classes; one model has an intercept and the other none.
TEST(ModesTest, AnotherModelBehindOneModeIsFound) {
  const std::string rows = "tests/golden/sklearn/lr_binary-new/rows.csv";
  Side right("tests/golden/sklearn/lr_binary-new/model.pkl", rows);
  Side wrong("tests/golden/sklearn/lr_no_intercept-new/model.pkl", rows);
  const ModeAnswers rest = right.Rest();
  const auto file = FileAnswers(right.run), other = FileAnswers(wrong.run);
  ASSERT_TRUE(file && other);
  EXPECT_EQ(JudgeMode("file", *file, "rest", rest).different, 0u);
  const ModeResult judged = JudgeMode("file", *other, "rest", rest);
  EXPECT_GT(judged.different, rest.size() * 9 / 10) << "probabilities differ in nearly every row";
  EXPECT_TRUE(judged.first_difference.starts_with("row 1: rest 'class=")) << judged.first_difference;
}

// One row of many that one mode was sent otherwise.
TEST(ModesTest, AnotherCellInOneRowIsFound) {
  const std::string rows = "tests/golden/sklearn/lr_binary-new/rows.csv";
  Side side("tests/golden/sklearn/lr_binary-new/model.pkl", rows);
  const ModeAnswers rest = side.Rest();
  auto& cell = side.run.table.columns[0][41];
  cell = "0.1" + cell->substr(cell->find_first_of("123456789"));
  const ModeResult judged = JudgeMode("rest", side.Rest(), "rest", rest);
  EXPECT_EQ(judged.different, 1u);
  EXPECT_TRUE(judged.first_difference.starts_with("row 42: ")) << judged.first_difference;
}

TEST(JudgeModeTest, CountsWhatDiffers) {
  const ModeAnswers first = {"class=1 p0=0.25", "refused age: missing \"Field required\"", "class=0 p0=0.75"};
  const ModeResult same = JudgeMode("file", first, "rest", first);
  EXPECT_EQ(same.rows, 3u);
  EXPECT_EQ(same.refused, 1u);
  EXPECT_EQ(same.different, 0u);
  EXPECT_EQ(same.first_difference, "");

  // One bit of one probability; a refusal for another reason; an answer too few.
  const ModeResult other = JudgeMode(
      "file", {"class=1 p0=0.25000000000000006", "refused age: int_type \"Input should be a valid integer\""},
      "rest", first);
  EXPECT_EQ(other.different, 3u);
  EXPECT_EQ(other.rows, 2u);
  EXPECT_EQ(other.first_difference, "row 1: rest 'class=1 p0=0.25', file 'class=1 p0=0.25000000000000006'");

  const ModeResult none = JudgeMode("kafka", {"", "", ""}, "rest", first);
  EXPECT_EQ(none.different, 3u);
  EXPECT_EQ(none.first_difference, "row 1: rest 'class=1 p0=0.25', kafka 'no answer'");
  // No answer anywhere is no agreement.
  EXPECT_EQ(JudgeMode("kafka", {""}, "rest", {""}).different, 1u);
  EXPECT_EQ(JudgeMode("file", {"a", "b"}, "rest", {"a"}).different, 1u);
}

TEST(ModesReportTest, OneModeAgreesWithNobody) {
  ModesReport report;
  EXPECT_FALSE(report.agree());
  report.modes.emplace_back();
  EXPECT_FALSE(report.agree());
  report.modes.emplace_back();
  EXPECT_TRUE(report.agree());
  report.modes[1].different = 1;
  EXPECT_FALSE(report.agree());
}

TEST(ReadModeAnswerTest, EveryModesSpelling) {
  JsonTokenizer json;
  const auto read = [&](std::string_view text) {
    const auto answer = ReadModeAnswer(json, text);
    return answer ? *answer : answer.error().message;
  };
  EXPECT_EQ(read(R"({"turnout_class":1,"turnout_p0":0.25})"), "class=1 p0=0.25");
  EXPECT_EQ(read(R"({"turnout_class":"a b","turnout_p0":null,"other":{"turnout_p1":1}})"), "class=a b p0=");
  EXPECT_EQ(read(R"({"turnout_class":true})"), "class=true");
  const std::string refused = R"(refused age: missing "Field required", plan: enum "Unknown plan: gold")";
  EXPECT_EQ(read(R"({"detail":[{"loc":["body","age"],"msg":"Field required","type":"missing"},)"
                 R"({"loc":["body","plan"],"msg":"Unknown plan: gold","type":"enum"}]})"),
            refused);
  EXPECT_EQ(
      read(
          R"({"customer_id":"C-3","error":[{"loc":["body",2,"age"],"msg":"Field required","type":"missing"},)"
          R"({"loc":["body",2,"plan"],"msg":"Unknown plan: gold","type":"enum"}]})"),
      refused);
  EXPECT_EQ(
      read(
          R"({"row":17,"line":18,"key":null,"errors":[{"field":"age","msg":"Field required","type":"missing"},)"
          R"({"field":"plan","msg":"Unknown plan: gold","type":"enum"}]})"),
      refused);
  // About the row as a whole; REST names its position there.
  EXPECT_EQ(read(R"({"error":[{"loc":["body",2],"msg":"no","type":"dict_type"}]})"),
            "refused : dict_type \"no\"");
  EXPECT_EQ(
      read(R"({"errors":[{"field":null,"msg":"no","type":"dict_type"}],"value":"{\"turnout_class\":1}"})"),
      "refused : dict_type \"no\"");
  // A key that looks like an answer does not make one of a refusal.
  EXPECT_EQ(read(R"({"turnout_id":7,"error":[{"loc":["body",0,"age"],"msg":"m","type":"t"}]})"),
            "refused age: t \"m\"");
  EXPECT_TRUE(IsRefused("refused age: t"));
  EXPECT_EQ(read("[]"), "");
  EXPECT_EQ(read("{"), "byte 1: the document ends where a name in double quotes or '}' was expected");
}

}  // namespace
}  // namespace turnout
