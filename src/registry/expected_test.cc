#include "registry/expected.h"

#include <gtest/gtest.h>

#include <cmath>

namespace turnout {
namespace {

Input Number(std::string name, bool accepts_missing = false) {
  Input input;
  input.name = std::move(name);
  input.accepts_missing = accepts_missing;
  return input;
}

// One tree over x: up to 10 the first of two classes with 0.75, above it the second with 0.875.
Model Tree(std::vector<Label> classes) {
  Model model;
  model.signature.task = Task::kClassification;
  model.signature.inputs = {Number("x")};
  model.signature.inputs[0].largest = 1000;
  model.signature.classes = std::move(classes);
  model.signature.probabilities = true;
  Forest forest;
  forest.features = 1;
  forest.outputs = forest.leaf_width = 2;
  forest.nodes = {{.threshold = 10, .feature = 0, .left = 1, .right = 2}, {.left = 0}, {.left = 1}};
  forest.roots = {0};
  forest.targets = {0};
  forest.leaves = {0.75, 0.25, 0.125, 0.875};
  forest.base = {0, 0};
  model.predictor = std::move(forest);
  model.decision = Decision::kLargest;
  return model;
}

// value = 2 x + y, where y may be missing (and then the value is).
Model Line() {
  Model model;
  model.signature.inputs = {Number("x"), Number("y", true)};
  model.predictor = Linear{.features = 2, .outputs = 1, .weights = {2, 1}, .intercept = {0}};
  return model;
}

// A classifier of one raw score and no probabilities.
Model Sign() {
  Model model;
  model.signature.task = Task::kClassification;
  model.signature.inputs = {Number("x")};
  model.signature.classes = {int64_t{-1}, int64_t{1}};
  model.predictor = Linear{.features = 1, .outputs = 1, .weights = {1}, .intercept = {0}};
  model.decision = Decision::kRawAboveZero;
  return model;
}

Result<Comparison> Compare(const Model& model, std::string_view rows, std::string_view expected,
                           Tolerance tolerance = {}) {
  const Status good = CheckModel(model);
  EXPECT_TRUE(good) << good.error().message;
  const auto engine = CompileEngine(model);
  EXPECT_TRUE(engine);
  return CompareWithExpected(model, **engine, rows, "rows.csv", expected, "expected.csv", tolerance);
}

// "predict 0 wrong, largest 0; ..." or the error.
std::string Compared(const Model& model, std::string_view rows, std::string_view expected,
                     Tolerance tolerance = {}) {
  const auto comparison = Compare(model, rows, expected, tolerance);
  if (!comparison) return comparison.error().message;
  std::string out;
  for (const ColumnComparison& column : comparison->columns) {
    out += (out.empty() ? "" : "; ") + column.column + " " + std::to_string(column.wrong) + " wrong";
    if (column.largest > 0) {
      out += ", row " + std::to_string(column.worst_row) + ": got " + column.got + ", expected " +
             column.expected;
    }
  }
  EXPECT_EQ(comparison->holds(), out.find(" 0 wrong") != out.npos && out.find(" 1 wrong") == out.npos &&
                                     out.find(" 2 wrong") == out.npos)
      << out;
  return out;
}

TEST(ExpectedTest, LabelsOfEveryType) {
  constexpr std::string_view kRows = "x\n1\n20\n";
  EXPECT_EQ(Compared(Tree({int64_t{0}, int64_t{1}}), kRows, "predict,proba:1\n0,0.25\n1,0.875\n"),
            "predict 0 wrong; proba:1 0 wrong");
  EXPECT_EQ(Compared(Tree({int64_t{0}, int64_t{1}}), kRows, "predict,proba:1.0\n0.0,0.25\n1.0,0.875\n"),
            "predict 0 wrong; proba:1.0 0 wrong");
  EXPECT_EQ(Compared(Tree({0.5, 1.0}), kRows, "predict,proba:1.0\n0.5,0.25\n1,0.875\n"),
            "predict 0 wrong; proba:1.0 0 wrong");
  EXPECT_EQ(Compared(Tree({false, true}), kRows, "predict,proba:True\nFalse,0.25\nTrue,0.875\n"),
            "predict 0 wrong; proba:True 0 wrong");
  EXPECT_EQ(Compared(Tree({std::string("no, never"), std::string("")}), kRows,
                     "predict,\"proba:no, never\"\n\"no, never\",0.75\n\"\",0.125\n"),
            "predict 0 wrong; proba:no, never 0 wrong");
}

TEST(ExpectedTest, AWrongLabelIsFound) {
  EXPECT_EQ(Compared(Tree({int64_t{0}, int64_t{1}}), "x\n1\n20\n1\n", "predict\n0\n0\n1\n"),
            "predict 2 wrong, row 2: got 1, expected 0");
  EXPECT_EQ(Compared(Tree({false, true}), "x\n1\n", "predict\nfalse\n"),
            "predict 1 wrong, row 1: got False, expected false");
  EXPECT_EQ(Compared(Tree({std::string("1"), std::string("2")}), "x\n1\n", "predict\n1.0\n"),
            "predict 1 wrong, row 1: got 1, expected 1.0");
  // The same double, but not the same number.
  EXPECT_EQ(Compared(Tree({int64_t{9007199254740993}, int64_t{0}}), "x\n1\n", "predict\n9007199254740992\n"),
            "predict 1 wrong, row 1: got 9007199254740993, expected 9007199254740992");
}

TEST(ExpectedTest, ToleranceIsRelativeAboveOneAndAbsoluteBelow) {
  const Tolerance loose{.all = 1e-3, .of = {}};
  EXPECT_EQ(Compared(Line(), "x,y\n1000,0\n", "predict\n2002\n", loose),
            "predict 0 wrong, row 1: got 2000, expected 2002");
  EXPECT_EQ(Compared(Line(), "x,y\n1000,0\n", "predict\n2003\n", loose),
            "predict 1 wrong, row 1: got 2000, expected 2003");
  EXPECT_EQ(Compared(Line(), "x,y\n0.0001,0\n", "predict\n0.0011\n", loose),
            "predict 0 wrong, row 1: got 2e-04, expected 0.0011");
  EXPECT_EQ(Compared(Line(), "x,y\n0.0001,0\n", "predict\n0.0013\n", loose),
            "predict 1 wrong, row 1: got 2e-04, expected 0.0013");
  // 0 asks for equal doubles: the last bit counts.
  EXPECT_EQ(Compared(Line(), "x,y\n0.15,0\n", "predict\n0.3\n"), "predict 0 wrong");
  EXPECT_EQ(Compared(Line(), "x,y\n0.15,0\n", "predict\n0.30000000000000004\n"),
            "predict 1 wrong, row 1: got 0.3, expected 0.30000000000000004");
  // Of a kind of columns, instead of the general one.
  EXPECT_EQ(Compared(Tree({int64_t{0}, int64_t{1}}), "x\n1\n", "proba:0,raw:0\n0.7,0.7\n",
                     {.all = 0, .of = {{"proba", 0.1}}}),
            "proba:0 0 wrong, row 1: got 0.75, expected 0.7; raw:0 1 wrong, row 1: got 0.75, expected 0.7");
}

TEST(ExpectedTest, NanEqualsNanAndNothingElse) {
  for (const char* nan : {"\"\"", "nan", "NaN"}) {
    EXPECT_EQ(Compared(Line(), "x,y\n1,\n", std::string("predict\n") + nan + "\n"), "predict 0 wrong") << nan;
  }
  EXPECT_EQ(Compared(Line(), "x,y\n1,\n", "predict\n2\n", {.all = 1e9, .of = {}}),
            "predict 1 wrong, row 1: got nan, expected 2");
  EXPECT_EQ(Compared(Line(), "x,y\n1,1\n", "predict\nnan\n", {.all = 1e9, .of = {}}),
            "predict 1 wrong, row 1: got 3, expected nan");
  EXPECT_EQ(Compared(Line(), "x,y\n1e308,1e308\n", "predict\ninf\n"), "predict 0 wrong");
  EXPECT_EQ(Compared(Line(), "x,y\n1,1\n", "predict\ninf\n", {.all = 1e9, .of = {}}),
            "predict 1 wrong, row 1: got 3, expected inf");
  EXPECT_EQ(Compared(Line(), "x,y\n1e308,1e308\n", "predict\n-inf\n", {.all = 1e9, .of = {}}),
            "predict 1 wrong, row 1: got inf, expected -inf");
}

TEST(ExpectedTest, TheWorstRowIsShown) {
  EXPECT_EQ(Compared(Line(), "x,y\n1,0\n2,0\n3,0\n", "predict\n2.1\n4.5\n6.1\n", {.all = 0.2, .of = {}}),
            "predict 0 wrong, row 2: got 4, expected 4.5");
}

TEST(ExpectedTest, DecisionAndRaw) {
  EXPECT_EQ(Compared(Sign(), "x\n-2\n3\n", "predict,decision,raw,raw:0\n-1,-2,-2,-2\n1,3,3,3\n"),
            "predict 0 wrong; decision 0 wrong; raw 0 wrong; raw:0 0 wrong");
  EXPECT_EQ(
      Compared(Tree({int64_t{0}, int64_t{1}}), "x\n1\n", "decision:0,decision:1,raw:1\n0.75,0.25,0.25\n"),
      "decision:0 0 wrong; decision:1 0 wrong; raw:1 0 wrong");
}

TEST(ExpectedTest, ColumnsThatTheModelDoesNotHave) {
  struct Case {
    Model model;
    std::string_view column, message;
  };
  const Case cases[] = {
      {Sign(), "proba:1", "the model has no probabilities"},
      {Tree({int64_t{0}, int64_t{1}}), "proba:2", "the model has no such class"},
      {Tree({int64_t{0}, int64_t{1}}), "proba",
       "predict, predict:<k>, proba:<label>, decision, decision:<label>, score, raw or raw:<k> expected"},
      {Tree({int64_t{0}, int64_t{1}}), "decision", "the model has a decision per class: decision:<label>"},
      {Sign(), "decision:1", "the model has one decision for both classes: decision"},
      {Sign(), "score", "the model is no anomaly detector"},
      {Sign(), "raw:1", "the model has 1 raw scores"},
      {Sign(), "raw:-1", "raw:<k>, k from 0"},
      {Sign(), "raw:0x", "raw:<k>, k from 0"},
      {Sign(), "raw:99999999999999999999", "raw:<k>, k from 0"},
      {Sign(), "predict:0", "the model predicts one target"},
      {Sign(), "answer",
       "predict, predict:<k>, proba:<label>, decision, decision:<label>, score, raw or raw:<k> expected"},
      {Sign(), "", "it has no name; pandas writes such a column unless index=False"},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(Compared(one.model, "x\n1\n", std::string("predict,") + std::string(one.column) + "\n1,1\n"),
              "expected.csv: column '" + std::string(one.column) + "': " + std::string(one.message));
  }
}

TEST(ExpectedTest, TablesThatDoNotFit) {
  EXPECT_EQ(Compared(Line(), "x,y\n1,1\n", "predict\n3\n4\n"), "rows.csv has 1 rows, expected.csv has 2");
  EXPECT_EQ(Compared(Line(), "x,y\n", "predict\n"), "rows.csv: no rows, so nothing would be compared");
  EXPECT_EQ(Compared(Line(), "x,y\n1,1\n", "predict\nthree\n"),
            "expected.csv: column 'predict': row 1: 'three' is not a number");
  EXPECT_EQ(Compared(Line(), "x,y\n1,1\n", "predict\n1e999\n"),
            "expected.csv: column 'predict': row 1: '1e999' is not a number");
  EXPECT_EQ(Compared(Line(), "x,y\n1,1,1\n", "predict\n3\n"),
            "rows.csv: row 1 (line 2): ragged_row: 3 cells, 2 expected");
  EXPECT_EQ(Compared(Line(), "x,y\n,1\n", "predict\n3\n"), "rows.csv: row 1 (line 2): x: Field required");
  EXPECT_EQ(Compared(Tree({int64_t{0}, int64_t{1}}), "x\n1\n1001\n", "predict\n0\n0\n"),
            "rows.csv: row 2: x: 1001 is too large for the model");
  EXPECT_NE(Compared(Line(), "x\n1\n", "predict\n3\n").find("rows.csv: "), std::string::npos);
  EXPECT_NE(Compared(Line(), "x\n1\n", "predict\n3\n").find("y"), std::string::npos);
  EXPECT_NE(Compared(Line(), "", "predict\n3\n").find("rows.csv: "), std::string::npos);
  EXPECT_NE(Compared(Line(), "x,y\n1,1\n", "predict,predict\n3,3\n").find("expected.csv: "),
            std::string::npos);
}

TEST(ExpectedTest, AClosedColumnOfNumbers) {
  Model model;
  model.signature.inputs = {Number("size")};
  model.signature.inputs[0].closed = true;
  model.signature.inputs[0].numbers = {5, 7};
  OneHot encoder;
  encoder.columns = {{.texts = {}, .numbers = {5, 7}, .is_text = false}};
  encoder.dropped = {-1};
  model.steps = {encoder};
  model.predictor = Linear{.features = 2, .outputs = 1, .weights = {1, 2}, .intercept = {0}};
  EXPECT_EQ(Compared(model, "size\n5\n7\n", "predict\n1\n2\n"), "predict 0 wrong");
  EXPECT_EQ(Compared(model, "size\n5\n6\n", "predict\n1\n0\n"),
            "rows.csv: row 2: size: 6 is no value that the model was fitted on");
}

TEST(ExpectedTest, TheFirstRowsThatDifferAreShown) {
  const Model line = Line();
  const auto engine = CompileEngine(line);
  ASSERT_TRUE(engine);
  std::string rows = "x,y\n", expected = "predict,raw\n";
  for (int i = 1; i <= 30; ++i) {
    rows += std::to_string(i) + ",0\n";
    const auto answer = [&](bool right) { return std::to_string(right ? 2 * i : -i); };
    // Odd rows predict otherwise, every third has another raw score.
    expected += answer(i % 2 == 0) + "," + answer(i % 3 != 0) + "\n";
  }
  const auto comparison =
      CompareWithExpected(line, **engine, rows, "rows.csv", expected, "expected.csv", {.all = 0, .of = {}});
  ASSERT_TRUE(comparison) << comparison.error().message;
  EXPECT_EQ(comparison->wrong, 20u);
  EXPECT_FALSE(comparison->holds());
  EXPECT_EQ(comparison->columns[0].first.size(), 10u);
  const auto lines = comparison->Differences();
  ASSERT_EQ(lines.size(), 10u);
  EXPECT_EQ(lines[0], "row 1: predict: got 2, expected -1");
  EXPECT_EQ(lines[1], "row 3: predict: got 6, expected -3; raw: got 6, expected -3");
  EXPECT_EQ(lines[3], "row 6: raw: got 12, expected -6");
  EXPECT_EQ(lines[9], "row 15: predict: got 30, expected -15; raw: got 30, expected -15");
}

TEST(TextTableTest, KeepsTextsAndKnowsEmptyFromMissing) {
  const auto table = ReadTextTable("a,b\r\n1,\r\n\"x,\"\"y\"\"\",\"\"\r\n", "t.csv");
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_EQ(table->names, (std::vector<std::string>{"a", "b"}));
  ASSERT_EQ(table->rows(), 2u);
  EXPECT_EQ(table->columns[0][0], "1");
  EXPECT_EQ(table->columns[0][1], "x,\"y\"");
  EXPECT_EQ(table->columns[1][0], std::nullopt);
  EXPECT_EQ(table->columns[1][1], "");
}

}  // namespace
}  // namespace turnout
