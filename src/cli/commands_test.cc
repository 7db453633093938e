// Commands as functions: what they print and how they end. The program itself is run by tests/e2e.
#include "cli/commands.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "cli/test_ended.h"
#include "server/test_folder.h"

namespace turnout {
namespace {

using testing::TestFolder;
const std::string kConfig = "examples/churn/server.yaml";
const std::string kModel = "examples/churn/models/churn-v2.1.0.pkl";

using testing::Ended;
using testing::Ran;

TEST(ReportTest, EachCodeHasAnExit) {
  const std::pair<Code, int> exits[] = {
      {Code::kInvalidArgument, 3}, {Code::kCorrupt, 3},  {Code::kUnsupported, 3}, {Code::kNotFound, 4},
      {Code::kUnavailable, 4},     {Code::kDeadline, 5}, {Code::kInternal, 70}};
  for (const auto& [code, exit] : exits) {
    const Ended ended = Ran([&] { return Report({code, "it failed"}); });
    EXPECT_EQ(ended.code, exit) << Name(code);
    EXPECT_EQ(ended.err, "turnout: it failed\n");
    EXPECT_EQ(ended.out, "");
  }
}

TEST(CheckTest, AGoodConfiguration) {
  const Ended ended = Ran([] { return RunCheck({.config = kConfig, .json = false, .settings = false}); });
  EXPECT_EQ(ended.code, 0);
  EXPECT_EQ(
      ended.out,
      "endpoint churn: 6 fields, version v2.1.0 (sklearn.ensemble._gb.GradientBoostingClassifier), engine "
      "portable\nexamples/churn/server.yaml: good\n");
  EXPECT_EQ(ended.err, "");
  EXPECT_EQ(Ran([] { return RunCheck({.config = kConfig, .json = true, .settings = false}); }).out,
            "{\"ok\":true,\"problems\":[]}\n");
}

TEST(CheckTest, EveryProblemOfEveryFile) {
  const TestFolder folder;
  const std::string contract = folder.Write("c.yaml", "name: c\nfields:\n  - {name: age, type: int}\n");
  const std::string config = folder.Write(
      "s.yaml", "endpoints:\n  a: {contract: c.yaml, versions: {v1: {model: " + testing::ChurnModelPath() +
                    "}}}\n  b: {versions: {v1: {model: absent.pkl}}}\n");
  Ended ended = Ran([&] { return RunCheck({.config = config, .json = false, .settings = false}); });
  EXPECT_EQ(ended.code, 1);
  EXPECT_EQ(ended.out, config + ": 2 problems\n");
  EXPECT_TRUE(
      ended.err.starts_with(contract + ": " + testing::ChurnModelPath() +
                            ": contract c: 1 features, but the model takes 5 inputs\n  features: age\n"
                            "  model:    "))
      << ended.err;
  EXPECT_TRUE(
      ended.err.ends_with("\n" + folder.Path("absent.pkl") + ": cannot open: No such file or directory\n"))
      << ended.err;

  const std::string bad = folder.Write("t.yaml", "threads: x\ncolour: 1\n");
  ended = Ran([&] { return RunCheck({.config = bad, .json = true, .settings = false}); });
  EXPECT_EQ(ended.code, 1);
  EXPECT_EQ(ended.out, "{\"ok\":false,\"problems\":[\"" + bad +
                           ":1: threads: 'x' is not a whole number\",\"" + bad +
                           ":1: endpoints: at least one is needed\",\"" + bad +
                           ":2: colour: no such setting; here there are listen, state, threads, limits, "
                           "drain, prediction_log, registry, endpoints, "
                           "streams\"]}\n");
}

TEST(CheckTest, WhatIsNoConfiguration) {
  Ended ended = Ran([] { return RunCheck({.config = kModel, .json = false, .settings = false}); });
  EXPECT_EQ(ended.code, 3);
  EXPECT_EQ(ended.err, "turnout: " + kModel +
                           ": a configuration (.yaml) expected; `turnout inspect` looks at model files\n");
  ended = Ran([] { return RunCheck({.config = "no/such.yaml", .json = false, .settings = false}); });
  EXPECT_EQ(ended.code, 4);
  EXPECT_EQ(ended.err, "turnout: no/such.yaml: cannot open: No such file or directory\n");
}

TEST(InspectTest, SaysWhatWasRead) {
  Ended ended = Ran([] { return RunInspect({.model = kModel, .json = false}); });
  EXPECT_EQ(ended.code, 0);
  for (const char* line : {"format       pickle\n", "forest       100 trees, ", "link         expit\n",
                           "predict      raw score ", "classes      0, 1\n", "inputs       5\n",
                           "  age                      number\n", "  portable                 fits\n",
                           "  linear                   no: the predictor is a forest\n"}) {
    EXPECT_NE(ended.out.find(line), std::string::npos) << line << "in\n" << ended.out;
  }
  ended = Ran([] { return RunInspect({.model = kModel, .json = true}); });
  EXPECT_NE(ended.out.find(R"("task":"classification","link":"expit",)"), std::string::npos) << ended.out;
  EXPECT_NE(ended.out.find(R"({"name":"portable","reason":"","fits":true})"), std::string::npos) << ended.out;
  EXPECT_EQ(Ran([] { return RunInspect({.model = "absent.pkl", .json = false}); }).code, 4);
  EXPECT_EQ(Ran([] { return RunInspect({.model = kConfig, .json = false}); }).code, 3);
}

VerifyArguments Verify(const std::string& expected) {
  VerifyArguments arguments;
  arguments.model = kModel;
  arguments.rows = "examples/churn/rows.csv";
  arguments.expected = expected;
  return arguments;
}

TEST(VerifyTest, RecordedAnswersThatHold) {
  Ended ended = Ran([] { return RunVerify(Verify("examples/churn/expected.csv")); });
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_TRUE(ended.out.ends_with("all hold\n")) << ended.out;
  EXPECT_NE(ended.out.find("  proba:1                  largest difference 0            good\n"),
            std::string::npos)
      << ended.out;
}

TEST(VerifyTest, RecordedAnswersThatDoNot) {
  std::stringstream text;
  text << std::ifstream("examples/churn/expected.csv").rdbuf();
  std::string recorded = text.str();
  // The first row's class, and nothing else.
  const std::size_t row = recorded.find('\n') + 1;
  recorded[row] = recorded[row] == '0' ? '1' : '0';
  const TestFolder folder;
  VerifyArguments arguments = Verify(folder.Write("expected.csv", recorded));
  Ended ended = Ran([&] { return RunVerify(arguments); });
  EXPECT_EQ(ended.code, 1);
  EXPECT_NE(ended.out.find("1 rows differ; row 1: got 1, expected 0\n"), std::string::npos) << ended.out;
  EXPECT_TRUE(ended.out.ends_with("answers differ (tolerance 0)\n")) << ended.out;
  arguments.json = true;
  ended = Ran([&] { return RunVerify(arguments); });
  EXPECT_EQ(ended.code, 1);
  EXPECT_NE(ended.out.find(R"({"column":"predict","largest_difference":1,"wrong":1,"worst_row":1,"got":"1",)"
                           R"("expected":"0"})"),
            std::string::npos)
      << ended.out;
  EXPECT_EQ(Ran([] { return RunVerify(Verify("absent.csv")); }).code, 4);
  EXPECT_EQ(Ran([] { return RunVerify(Verify("examples/churn/rows.csv")); }).code, 3);
}

TEST(VerifyTest, Modes) {
  VerifyArguments arguments;
  arguments.modes = kConfig;
  arguments.rows = "examples/churn/customers.csv";
  Ended ended = Ran([&] { return RunVerify(arguments); });
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_TRUE(ended.out.starts_with("endpoint churn\n  rest ")) << ended.out;
  EXPECT_TRUE(ended.out.ends_with("all modes agree to the bit\n")) << ended.out;
  arguments.json = true;
  ended = Ran([&] { return RunVerify(arguments); });
  EXPECT_TRUE(ended.out.starts_with(R"({"ok":true,"endpoint":"churn","modes":[{"mode":"rest","rows":)"))
      << ended.out;
}

TEST(ScoreTest, FindsItsEndpoint) {
  const TestFolder folder;
  ScoreArguments arguments;
  arguments.config = kConfig;
  arguments.input = "examples/churn/customers.csv";
  arguments.output = folder.Path("out.csv");
  Ended ended = Ran([&] { return RunScore(arguments); });
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_TRUE(ended.out.starts_with(R"({"status":"ok","endpoint":"churn","model_version":"v2.1.0")"))
      << ended.out;
  EXPECT_EQ(ended.err, "") << "no progress bar where nobody looks";
  arguments.endpoint = "risk";
  ended = Ran([&] { return RunScore(arguments); });
  EXPECT_EQ(ended.code, 3);
  EXPECT_EQ(ended.err,
            "turnout: examples/churn/server.yaml: there is no endpoint 'risk'; there are: churn\n");
  const std::string two = folder.Write(
      "two.yaml", "endpoints:\n  a: {versions: {v: {model: a}}}\n  b: {versions: {v: {model: b}}}\n");
  arguments.endpoint.clear();
  arguments.config = two;
  EXPECT_EQ(Ran([&] { return RunScore(arguments); }).err,
            "turnout: " + two + ": name one of its endpoints with --endpoint: a b\n");
}

TEST(StreamTest, NeedsAStream) {
  StreamArguments arguments;
  arguments.config = kConfig;
  const Ended ended = Ran([&] { return RunStream(arguments); });
  EXPECT_EQ(ended.code, 3);
  EXPECT_EQ(ended.err,
            "turnout: examples/churn/server.yaml: no `streams:` in it; `turnout check --settings` lists what "
            "a stream "
            "needs\n");
}

}  // namespace
}  // namespace turnout
