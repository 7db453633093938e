#include "model/step.h"

#include <gtest/gtest.h>

#include <cmath>

namespace turnout {
namespace {

constexpr auto kNumber = ColumnType::kNumber;
constexpr auto kText = ColumnType::kText;

Value Number(double number) { return {.number = number}; }
Value Text(std::string_view text) { return {.text = text, .is_text = true}; }
Value NoText() { return Text({}); }

std::vector<double> AllNumbers(const std::vector<Value>& values) {
  std::vector<double> numbers;
  for (const Value& value : values) {
    EXPECT_FALSE(value.is_text);
    numbers.push_back(value.number);
  }
  return numbers;
}

std::vector<double> Apply(Step step, std::vector<Value> row) {
  std::vector<ColumnType> types;
  for (const Value& value : row) types.push_back(value.is_text ? kText : kNumber);
  const std::vector<Step> steps = {std::move(step)};
  const auto outputs = OutputColumns(steps, types);
  EXPECT_TRUE(outputs) << outputs.error().message;
  const std::vector<double> numbers = AllNumbers(Transform(steps, std::move(row)));
  EXPECT_EQ(numbers.size(), outputs ? outputs->size() : 0);
  return numbers;
}

// EXPECT_EQ for numbers of which some are NaN.
void ExpectSame(const std::vector<double>& a, const std::vector<double>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(b[i])) {
      EXPECT_TRUE(std::isnan(a[i])) << i;
    } else {
      EXPECT_EQ(a[i], b[i]) << i;
    }
  }
}

Categories Plans() { return {.texts = {"basic", "premium", "standard"}, .numbers = {}, .is_text = true}; }
Categories PlansOrNone() {
  return {.texts = {"basic", "premium", ""}, .numbers = {}, .is_text = true, .missing = 2};
}
Categories Levels() { return {.texts = {}, .numbers = {-1, 0, 2.5}}; }
Categories LevelsOrNaN() { return {.texts = {}, .numbers = {1, 2, NAN}, .missing = 2}; }

TEST(Step, Scale) {
  ExpectSame(Apply(Scale{{1, 2}, {4, 0.1}}, {Number(2), Number(2.3)}), {0.25, (2.3 - 2) / 0.1});
  ExpectSame(Apply(Scale{{1, 2}, {}}, {Number(2), Number(NAN)}), {1, NAN});
  ExpectSame(Apply(Scale{{}, {3, 3}}, {Number(1), Number(-3)}), {1.0 / 3, -1});
  ExpectSame(Apply(Scale{}, {Number(1), Number(2)}), {1, 2});
}

TEST(Step, ImputeFillsAndDrops) {
  ExpectSame(Apply(Impute{{5, NAN, 7}}, {Number(NAN), Number(1), Number(2)}), {5, 2});
  ExpectSame(Apply(Impute{{5, NAN, 7}}, {Number(1), Number(NAN), Number(NAN)}), {1, 7});
}

TEST(Step, OneHot) {
  const OneHot encoder{{Plans(), Levels()}, {-1, -1}, true};
  ExpectSame(Apply(encoder, {Text("premium"), Number(-0.0)}), {0, 1, 0, 0, 1, 0});
  ExpectSame(Apply(encoder, {Text("gold"), Number(2.5)}), {0, 0, 0, 0, 0, 1});
  ExpectSame(Apply(encoder, {NoText(), Number(NAN)}), {0, 0, 0, 0, 0, 0});
  ExpectSame(Apply(encoder, {Text(""), Number(2.4)}), {0, 0, 0, 0, 0, 0});
}

TEST(Step, OneHotDropsAndKnowsMissing) {
  const OneHot encoder{{PlansOrNone(), LevelsOrNaN()}, {1, 0}, true};
  ExpectSame(Apply(encoder, {Text("basic"), Number(1)}), {1, 0, 0, 0});
  ExpectSame(Apply(encoder, {Text("premium"), Number(2)}), {0, 0, 1, 0});
  ExpectSame(Apply(encoder, {NoText(), Number(NAN)}), {0, 1, 0, 1});
  ExpectSame(Apply(encoder, {Text(""), Number(3)}), {0, 0, 0, 0});  // an empty text is a text
}

TEST(Step, Ordinal) {
  const Ordinal strict{{Plans(), Levels()}, false, 0, NAN};
  ExpectSame(Apply(strict, {Text("standard"), Number(0)}), {2, 1});
  ExpectSame(Apply(strict, {Text("gold"), Number(9)}), {NAN, NAN});
  const Ordinal lenient{{PlansOrNone(), LevelsOrNaN()}, true, -1, -2};
  ExpectSame(Apply(lenient, {Text("gold"), Number(7)}), {-1, -1});
  ExpectSame(Apply(lenient, {NoText(), Number(NAN)}), {-2, -2});
  ExpectSame(Apply(Ordinal{{Plans(), Levels()}, true, 77, -2}, {NoText(), Number(NAN)}), {77, 77});
}

TEST(Step, ColumnsStandSideBySide) {
  Columns columns;
  columns.parts.push_back({"rest", {2, 0}, {}});
  columns.parts.push_back({"plan", {1}, {OneHot{{Plans()}, {0}, true}, Scale{{}, {2, 4}}}});
  columns.parts.push_back({"none", {}, {}});
  ExpectSame(Apply(columns, {Number(1), Text("standard"), Number(3)}), {3, 1, 0, 0.25});

  Columns reorder;
  reorder.parts.push_back({"", {1, 0}, {}});
  const std::vector<Step> steps = {reorder};
  const auto types = OutputColumns(steps, {kNumber, kText});
  ASSERT_TRUE(types);
  EXPECT_EQ(*types, (std::vector{kText, kNumber}));
  const auto row = Transform(steps, {Number(4), Text("a")});
  EXPECT_EQ(row[0].text, "a");
  EXPECT_EQ(row[1].number, 4);
}

// ---- what OutputColumns refuses
// ----------------------------------------------------------------------------------

std::string Refusal(const std::vector<Step>& steps, std::vector<ColumnType> inputs) {
  const auto types = OutputColumns(steps, std::move(inputs));
  return types ? "accepted" : types.error().message;
}

TEST(Step, RefusalsNameTheStep) {
  EXPECT_EQ(Refusal({Scale{{1}, {}}}, {kNumber, kNumber}), "step 1 (scale): 1 means for 2 columns");
  EXPECT_EQ(Refusal({Scale{{}, {1, 2, 3}}}, {kNumber}), "step 1 (scale): 3 scales for 1 columns");
  EXPECT_EQ(Refusal({Scale{}, Scale{}}, {kNumber, kText}),
            "step 1 (scale): column 1 is text, a number expected");
  EXPECT_EQ(Refusal({Scale{}, Impute{{1}}}, {kNumber, kNumber}),
            "step 2 (impute): 1 statistics for 2 columns");
  EXPECT_EQ(Refusal({Impute{{1}}}, {kText}), "step 1 (impute): column 0 is text, a number expected");
  EXPECT_EQ(Refusal({OneHot{{Plans()}, {-1}, true}}, {kText, kText}),
            "step 1 (one-hot): encodes 1 columns, there are 2");
  EXPECT_EQ(Refusal({OneHot{{Plans()}, {}, true}}, {kText}),
            "step 1 (one-hot): 0 dropped categories for 1 columns");
  EXPECT_EQ(Refusal({OneHot{{Plans()}, {3}, true}}, {kText}),
            "step 1 (one-hot): column 0: drops category 3 of 3");
  EXPECT_EQ(Refusal({OneHot{{Plans()}, {-2}, true}}, {kText}),
            "step 1 (one-hot): column 0: drops category -2 of 3");
  EXPECT_EQ(Refusal({OneHot{{Plans()}, {-1}, true}}, {kNumber}),
            "step 1 (one-hot): column 0: the column is a number, its categories are texts");
  EXPECT_EQ(Refusal({Ordinal{{Levels()}}}, {kText}),
            "step 1 (ordinal): column 0: the column is text, its categories are numbers");

  Categories twice = Plans();
  twice.texts.push_back("basic");
  EXPECT_EQ(Refusal({Ordinal{{twice}}}, {kText}),
            "step 1 (ordinal): column 0: category \"basic\" stands there twice");
  Categories zeros = Levels();
  zeros.numbers.push_back(-0.0);
  EXPECT_EQ(Refusal({Ordinal{{zeros}}}, {kNumber}),
            "step 1 (ordinal): column 0: category 0 stands there twice");
  Categories nan = Levels();
  nan.numbers[1] = NAN;
  EXPECT_EQ(Refusal({Ordinal{{nan}}}, {kNumber}), "step 1 (ordinal): column 0: category 1 is not a number");
  nan.missing = 3;
  EXPECT_EQ(Refusal({Ordinal{{nan}}}, {kNumber}),
            "step 1 (ordinal): column 0: the missing value's category is 3 of 3");

  Columns columns;
  columns.parts.push_back({"a", {0}, {}});
  columns.parts.push_back({"plan", {1}, {Scale{}}});
  EXPECT_EQ(Refusal({columns}, {kNumber, kText}),
            "step 1 (columns): part 2 \"plan\": step 1 (scale): column 0 is text, a number expected");
  EXPECT_EQ(Refusal({columns}, {kNumber}), "step 1 (columns): part 2 \"plan\": takes column 1 of 1");
}

TEST(Step, NestingAndColumnsAreLimited) {
  Columns nested;
  nested.parts.push_back({"", {0}, {}});
  for (int level = 2; level < kMaxStepNesting; ++level) {
    Columns outer;
    outer.parts.push_back({"", {0}, {nested}});
    nested = outer;
  }
  EXPECT_EQ(Refusal({nested}, {kNumber}), "accepted");
  Columns outer;
  outer.parts.push_back({"", {0}, {nested}});
  const auto refused = OutputColumns(std::vector<Step>{outer}, {kNumber});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kUnsupported);
  EXPECT_TRUE(refused.error().message.ends_with("steps nested deeper than 16 levels"))
      << refused.error().message;

  // Each step doubles the columns.
  std::vector<Step> steps;
  for (int32_t n = 1; n <= 1 << 20; n *= 2) {
    Columns step;
    step.parts.resize(2);
    for (auto& part : step.parts) {
      for (int32_t i = 0; i < n; ++i) part.inputs.push_back(i);
    }
    steps.push_back(std::move(step));
  }
  EXPECT_EQ(Refusal(steps, {kNumber}), "step 21 (columns): more than 1048576 columns come out");
}

}  // namespace
}  // namespace turnout
