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

std::vector<double> Through(Step step, std::vector<Value> row) {
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
  ExpectSame(Through(Scale{{1, 2}, {4, 0.1}}, {Number(2), Number(2.3)}), {0.25, (2.3 - 2) / 0.1});
  ExpectSame(Through(Scale{{1, 2}, {}}, {Number(2), Number(NAN)}), {1, NAN});
  ExpectSame(Through(Scale{{}, {3, 3}}, {Number(1), Number(-3)}), {1.0 / 3, -1});
  ExpectSame(Through(Scale{}, {Number(1), Number(2)}), {1, 2});
}

TEST(Step, ImputeFillsAndDrops) {
  ExpectSame(Through(Impute{{5, NAN, 7}}, {Number(NAN), Number(1), Number(2)}), {5, 2});
  ExpectSame(Through(Impute{{5, NAN, 7}}, {Number(1), Number(NAN), Number(NAN)}), {1, 7});
}

TEST(Step, OneHot) {
  const OneHot encoder{{Plans(), Levels()}, {-1, -1}, true};
  ExpectSame(Through(encoder, {Text("premium"), Number(-0.0)}), {0, 1, 0, 0, 1, 0});
  ExpectSame(Through(encoder, {Text("gold"), Number(2.5)}), {0, 0, 0, 0, 0, 1});
  ExpectSame(Through(encoder, {NoText(), Number(NAN)}), {0, 0, 0, 0, 0, 0});
  ExpectSame(Through(encoder, {Text(""), Number(2.4)}), {0, 0, 0, 0, 0, 0});
}

TEST(Step, OneHotDropsAndKnowsMissing) {
  const OneHot encoder{{PlansOrNone(), LevelsOrNaN()}, {1, 0}, true};
  ExpectSame(Through(encoder, {Text("basic"), Number(1)}), {1, 0, 0, 0});
  ExpectSame(Through(encoder, {Text("premium"), Number(2)}), {0, 0, 1, 0});
  ExpectSame(Through(encoder, {NoText(), Number(NAN)}), {0, 1, 0, 1});
  ExpectSame(Through(encoder, {Text(""), Number(3)}), {0, 0, 0, 0});  // an empty text is a text
}

TEST(Step, Ordinal) {
  const Ordinal strict{{Plans(), Levels()}, false, 0, NAN};
  ExpectSame(Through(strict, {Text("standard"), Number(0)}), {2, 1});
  ExpectSame(Through(strict, {Text("gold"), Number(9)}), {NAN, NAN});
  const Ordinal lenient{{PlansOrNone(), LevelsOrNaN()}, true, -1, -2};
  ExpectSame(Through(lenient, {Text("gold"), Number(7)}), {-1, -1});
  ExpectSame(Through(lenient, {NoText(), Number(NAN)}), {-2, -2});
  ExpectSame(Through(Ordinal{{Plans(), Levels()}, true, 77, -2}, {NoText(), Number(NAN)}), {77, 77});
}

TEST(Step, ScaleOnAnotherLine) {
  ExpectSame(Through(Affine{{2, 3}, {1, 0.5}}, {Number(2), Number(NAN)}), {5, NAN});
  ExpectSame(Through(Affine{{}, {1}}, {Number(2)}), {3});
  ExpectSame(Through(Affine{{0.1}, {}}, {Number(3)}), {3 * 0.1});
  ExpectSame(Through(Clip{-1, 2}, {Number(-7), Number(0.5), Number(7), Number(NAN)}), {-1, 0.5, 2, NAN});
}

TEST(Step, ImputeTakesANumberForMissing) {
  ExpectSame(Through(Impute{{5, 6}, -1}, {Number(-1), Number(2)}), {5, 2});
  ExpectSame(Through(Impute{{5}, -1}, {Number(NAN)}), {NAN});
}

TEST(Step, ImputeText) {
  const auto text = [](const ImputeText& impute, std::string_view given) {
    const std::vector<Step> steps{impute};  // the row's texts point into it
    const Row row = Transform(steps, {Text(given)});
    return row[0].text.data() == nullptr ? std::string("missing") : std::string(row[0].text);
  };
  EXPECT_EQ(text({{"basic"}}, {}), "basic");
  EXPECT_EQ(text({{"basic"}}, ""), "");  // an empty text is a text
  EXPECT_EQ(text({{"basic"}}, "gold"), "gold");
  EXPECT_EQ(text({{"basic"}, "?"}, "?"), "basic");
  EXPECT_EQ(text({{"basic"}, "?"}, {}), "missing");
  EXPECT_EQ(text({{"basic"}, "?"}, "gold"), "gold");
}

TEST(Step, Indicate) {
  ExpectSame(Through(Indicate{{2, 0}}, {Number(NAN), Number(NAN), NoText()}), {1, 1});
  ExpectSame(Through(Indicate{{0, 1}}, {Number(0), Text("")}), {0, 0});
  ExpectSame(Through(Indicate{{0, 1}, false, 7, "?"}, {Number(7), Text("?")}), {1, 1});
  ExpectSame(Through(Indicate{{0, 1}, false, 7, "?"}, {Number(NAN), NoText()}), {0, 0});
}

// Of the codes, "premium" and "standard" share 1, and so do unknown plans.
TEST(Step, InfrequentCategoriesShareACode) {
  Categories plans = Plans();
  plans.codes = {0, 1, 1};
  plans.unknown = 1;
  EXPECT_EQ(CountCodes(plans), 2u);
  ExpectSame(Through(OneHot{{plans}, {-1}, false}, {Text("standard")}), {0, 1});
  ExpectSame(Through(OneHot{{plans}, {-1}, false}, {Text("gold")}), {0, 1});
  ExpectSame(Through(OneHot{{plans}, {1}, false}, {Text("gold")}), {0});
  ExpectSame(Through(OneHot{{plans}, {0}, false}, {Text("premium")}), {1});
  ExpectSame(Through(Ordinal{{plans}, true, -1, NAN}, {Text("standard")}), {1});
  ExpectSame(Through(Ordinal{{plans}, true, -1, NAN}, {Text("gold")}), {-1});
}

TEST(Step, TargetEncode) {
  const TargetEncode encoder{
      {PlansOrNone(), Levels()}, 2, {{1, 2, 3, 4, 5, 6}, {7, 8, 9, 10, 11, 12}}, {0.5, 0.25}};
  ExpectSame(Through(encoder, {Text("premium"), Number(2.5)}), {3, 4, 11, 12});
  ExpectSame(Through(encoder, {NoText(), Number(9)}), {5, 6, 0.5, 0.25});
}

TEST(Step, ColumnsStandSideBySide) {
  Columns columns;
  columns.parts.push_back({"rest", {2, 0}, {}});
  columns.parts.push_back({"plan", {1}, {OneHot{{Plans()}, {0}, true}, Scale{{}, {2, 4}}}});
  columns.parts.push_back({"none", {}, {}});
  ExpectSame(Through(columns, {Number(1), Text("standard"), Number(3)}), {3, 1, 0, 0.25});

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

  Categories codes = Plans();
  codes.codes = {0, 3, 1};
  EXPECT_EQ(Refusal({Ordinal{{codes}}}, {kText}), "step 1 (ordinal): column 0: a code 3 of 3 categories");
  codes.codes = {0, 1};
  EXPECT_EQ(Refusal({Ordinal{{codes}}}, {kText}), "step 1 (ordinal): column 0: 2 codes of 3 categories");
  codes.codes = {0, 1, 1};
  codes.unknown = 2;
  EXPECT_EQ(Refusal({OneHot{{codes}, {-1}}}, {kText}),
            "step 1 (one-hot): column 0: unknown categories have the code 2 of 2");

  EXPECT_EQ(Refusal({ImputeText{{"a"}}}, {kNumber}),
            "step 1 (impute text): column 0 is a number, a text expected");
  EXPECT_EQ(Refusal({ImputeText{{"a"}}}, {kText, kText}), "step 1 (impute text): 1 statistics for 2 columns");
  EXPECT_EQ(Refusal({Indicate{{2}}}, {kText, kText}), "step 1 (indicate): takes column 2 of 2");
  EXPECT_EQ(Refusal({Affine{{1}, {}}}, {kNumber, kNumber}), "step 1 (affine): 1 factors for 2 columns");
  EXPECT_EQ(Refusal({Clip{2, 1}}, {kNumber}), "step 1 (clip): clips to [2, 1]");
  EXPECT_EQ(Refusal({TargetEncode{{Levels()}, 1, {{1, 2}}, {0}}}, {kNumber}),
            "step 1 (target encode): column 0: 2 values of 3 categories and 1 outputs");
  EXPECT_EQ(Refusal({TargetEncode{{Levels()}, 2, {{}}, {0}}}, {kNumber}),
            "step 1 (target encode): 1 values of unknown categories for 2 outputs");

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
