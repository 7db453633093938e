// What the signature says of each input column, for steps and predictors made here.
#include <gtest/gtest.h>

#include <cmath>

#include "formats/sklearn/parts.h"

namespace turnout::sklearn {
namespace {

constexpr double kMost = std::numeric_limits<double>::max();

struct Fixture {
  Model model;
  Loaded loaded{.model = model, .inputs = 0};
  Status status;

  explicit Fixture(std::vector<Step> steps, int inputs = 1, bool accepts_missing = false,
                   double largest = kMost) {
    for (int i = 0; i < inputs; ++i) {
      model.signature.inputs.emplace_back();
      model.signature.inputs.back().name = "x" + std::to_string(i);
    }
    model.steps = std::move(steps);
    loaded.accepts_missing = accepts_missing;
    loaded.largest = largest;
    status = DescribeInputs(model.steps, loaded, model.signature);
  }
  const Input& operator[](std::size_t i) const { return model.signature.inputs[i]; }
  std::string message() const { return status ? "" : status.error().message; }
};

// What scikit-learn does with one value: scale, then cast where trees do, and refuse what is not finite.
bool Accepts(const Scale& scale, double x, double largest) {
  if (!scale.mean.empty()) x -= scale.mean[0];
  if (!scale.scale.empty()) x /= scale.scale[0];
  return largest < kMost ? std::isfinite(static_cast<float>(x)) : std::isfinite(x);
}

// The limit is exact: at it both signs pass, and one double further one of them does not.
TEST(Inputs, LargestIsExact) {
  const double means[] = {0, 1, -3.7, 1e30, 4e38, -1e300, 1e-300};
  const double scales[] = {1, 0.1, 3, 1e-30, 1e-300, 1e300, -2, 0.5};
  for (const double limit : {kMost, kFloat32Limit}) {
    for (const double mean : means) {
      for (const double one : scales) {
        const Scale scale{{mean}, {one}};
        const Fixture fixture({scale}, 1, false, limit);
        SCOPED_TRACE(testing::Message() << mean << ", " << one << ", " << limit);
        if (!Accepts(scale, 0, limit)) {
          EXPECT_EQ(fixture.message(),
                    "input column 'x0': what the scaler makes of 0 is too large for the model");
          continue;
        }
        ASSERT_TRUE(fixture.status) << fixture.message();
        const double largest = fixture[0].largest;
        EXPECT_TRUE(Accepts(scale, largest, limit));
        EXPECT_TRUE(Accepts(scale, -largest, limit));
        if (largest == kMost) continue;
        const double beyond = std::nextafter(largest, INFINITY);
        EXPECT_FALSE(Accepts(scale, beyond, limit) && Accepts(scale, -beyond, limit));
      }
    }
  }
}

TEST(Inputs, LargestWithoutScaler) {
  EXPECT_EQ(Fixture({}, 1)[0].largest, kMost);
  EXPECT_EQ(Fixture({}, 1, false, kFloat32Limit)[0].largest, kFloat32Limit);
  EXPECT_TRUE(std::isfinite(static_cast<float>(kFloat32Limit)));
  EXPECT_FALSE(std::isfinite(static_cast<float>(std::nextafter(kFloat32Limit, INFINITY))));
  EXPECT_EQ(Fixture({Scale{{}, {}}}, 1, false, kFloat32Limit)[0].largest, kFloat32Limit);
}

// The strictest of the ways that a column takes.
TEST(Inputs, LargestOfTwoWays) {
  const Columns columns{{{"raw", {0}, {}}, {"small", {0}, {Scale{{}, {1e-10}}}}, {"other", {1}, {}}}};
  const Fixture fixture({columns}, 2, false, kFloat32Limit);
  EXPECT_LT(fixture[0].largest, 3.5e28);
  EXPECT_EQ(fixture[1].largest, kFloat32Limit);
}

TEST(Inputs, Missing) {
  EXPECT_FALSE(Fixture({})[0].accepts_missing);
  EXPECT_TRUE(Fixture({}, 1, true)[0].accepts_missing);
  EXPECT_FALSE(Fixture({Scale{{1}, {2}}})[0].accepts_missing);
  EXPECT_TRUE(Fixture({Impute{{5}}})[0].accepts_missing);
  EXPECT_TRUE(Fixture({Scale{{1}, {2}}, Impute{{5}}})[0].accepts_missing);
  // What replaces it is too large for trees.
  EXPECT_FALSE(Fixture({Impute{{1e39}}}, 1, false, kFloat32Limit)[0].accepts_missing);
  EXPECT_TRUE(Fixture({Impute{{1e39}}, Scale{{1e39}, {1}}}, 1, false, 1e50)[0].accepts_missing);
  // A column that the imputer drops may hold anything.
  const Fixture dropped({Impute{{NAN, 1}}}, 2, false, kFloat32Limit);
  EXPECT_TRUE(dropped[0].accepts_missing);
  EXPECT_EQ(dropped[0].largest, kMost);
  EXPECT_EQ(dropped[1].largest, kFloat32Limit);
  // One way imputes, the other does not.
  EXPECT_FALSE(Fixture({Columns{{{"a", {0}, {Impute{{1}}}}, {"b", {0}, {}}}}})[0].accepts_missing);
}

TEST(Inputs, AlwaysMissing) {
  EXPECT_EQ(Fixture({Scale{{NAN}, {NAN}}}).message(),
            "input column 'x0': the scaler makes every value missing, which the model refuses");
  const Fixture fixture({Scale{{NAN}, {NAN}}}, 1, true);
  EXPECT_TRUE(fixture.status && fixture[0].accepts_missing);
}

Categories Texts(std::vector<std::string> texts, int32_t missing = -1) {
  return {.texts = std::move(texts), .numbers = {}, .is_text = true, .missing = missing};
}
Categories Numbers(std::vector<double> numbers, int32_t missing = -1) {
  return {.texts = {}, .numbers = std::move(numbers), .is_text = false, .missing = missing};
}
OneHot OneHotOf(Categories categories, bool ignore_unknown) {
  return {{std::move(categories)}, {-1}, ignore_unknown};
}
Ordinal OrdinalOf(Categories categories) { return {{std::move(categories)}, false, 0, NAN}; }
Ordinal OrdinalOf(Categories categories, double unknown, double missing = NAN) {
  return {{std::move(categories)}, true, unknown, missing};
}
using Strings = std::vector<std::string>;
using Doubles = std::vector<double>;

TEST(Inputs, Texts) {
  const Fixture open({OneHotOf(Texts({"a", "b"}), true)});
  EXPECT_EQ(open[0].type, ColumnType::kText);
  EXPECT_EQ(open[0].categories, (Strings{"a", "b"}));
  EXPECT_FALSE(open[0].closed);
  EXPECT_TRUE(open[0].accepts_missing);  // unknown, and so all zeros

  const Fixture closed({OneHotOf(Texts({"a", "b"}), false)});
  EXPECT_TRUE(closed[0].closed);
  EXPECT_FALSE(closed[0].accepts_missing);

  const Fixture with_missing({OneHotOf(Texts({"a", ""}, 1), false)});
  EXPECT_EQ(with_missing[0].categories, (Strings{"a"}));
  EXPECT_TRUE(with_missing[0].accepts_missing);
}

TEST(Inputs, NumbersAsCategories) {
  const Fixture open({OneHotOf(Numbers({1, 2}), true)});
  EXPECT_EQ(open[0].type, ColumnType::kNumber);
  EXPECT_FALSE(open[0].closed);
  EXPECT_EQ(open[0].numbers, Doubles{});
  EXPECT_EQ(open[0].largest, kMost);

  const Fixture closed({OrdinalOf(Numbers({1, 2, NAN}, 2))}, 1, true);
  EXPECT_TRUE(closed[0].closed);
  EXPECT_EQ(closed[0].numbers, (Doubles{1, 2}));
  EXPECT_TRUE(closed[0].accepts_missing);
  // The code of the missing category is NaN, which this predictor refuses.
  EXPECT_FALSE(Fixture({OrdinalOf(Numbers({1, 2, NAN}, 2))})[0].accepts_missing);
  EXPECT_TRUE(Fixture({OrdinalOf(Numbers({1, NAN}, 1), -1, -2)})[0].accepts_missing);
  // An imputer before it: what replaces a missing value must be a category.
  EXPECT_TRUE(Fixture({Impute{{2}}, OneHotOf(Numbers({1, 2}), false)})[0].accepts_missing);
  EXPECT_FALSE(Fixture({Impute{{3}}, OneHotOf(Numbers({1, 2}), false)})[0].accepts_missing);
  EXPECT_EQ(Fixture({Impute{{2}}, OneHotOf(Numbers({1, 2}), false)})[0].numbers, (Doubles{1, 2}));
}

// An unknown category becomes NaN: fine for a predictor that takes it, refused by one that does not.
TEST(Inputs, UnknownBecomesMissing) {
  EXPECT_FALSE(Fixture({OrdinalOf(Texts({"a"}), NAN)}, 1, true)[0].closed);
  const Fixture refused({OrdinalOf(Texts({"a"}), NAN)});
  EXPECT_TRUE(refused[0].closed);
  EXPECT_FALSE(refused[0].accepts_missing);
  EXPECT_TRUE(Fixture({OrdinalOf(Texts({"a"}), NAN), Scale{{1}, {2}}})[0].closed);
  EXPECT_FALSE(Fixture({OrdinalOf(Texts({"a"}), NAN), Impute{{0}}})[0].closed);
  EXPECT_FALSE(Fixture({OrdinalOf(Texts({"a"}), -1)})[0].closed);
}

TEST(Inputs, TwoEncodersOfOneColumn) {
  const auto both = [](Step a, Step b) { return Fixture({Columns{{{"a", {0}, {a}}, {"b", {0}, {b}}}}}); };
  const Step ab = OneHotOf(Texts({"a", "b", "c"}), false), bc = OneHotOf(Texts({"d", "c", "b"}), false),
             any = OneHotOf(Texts({"x"}), true);
  EXPECT_EQ(both(ab, bc)[0].categories, (Strings{"b", "c"}));
  EXPECT_EQ(both(any, bc)[0].categories, (Strings{"d", "c", "b"}));
  EXPECT_TRUE(both(any, bc)[0].closed);
  EXPECT_EQ(both(any, any)[0].categories, (Strings{"x"}));
  EXPECT_EQ(both(ab, OneHotOf(Numbers({1}), true)).message(),
            "input column 'x0' is used as text and as a number");
}

TEST(Inputs, TextPassedThroughToALaterEncoder) {
  const Fixture fixture({Columns{{{"all", {1, 0}, {}}}},
                         Columns{{{"text", {0}, {OneHotOf(Texts({"a"}), true)}}, {"number", {1}, {}}}}},
                        2);
  EXPECT_EQ(fixture[1].type, ColumnType::kText);
  EXPECT_EQ(fixture[0].type, ColumnType::kNumber);
}

TEST(Inputs, EncodersThatCannotBe) {
  EXPECT_EQ(Fixture({Scale{{0}, {1}}, OneHotOf(Texts({"a"}), true)}).message(),
            "input column 'x0': a text encoder stands behind a scaler, an imputer or another encoder");
  EXPECT_EQ(Fixture({Scale{{0}, {1}}, OneHotOf(Numbers({1}), false)}).message(),
            "input column 'x0': an encoder that refuses unknown categories stands behind a scaler or another "
            "encoder; fit it with handle_unknown='ignore' or 'use_encoded_value'");
  EXPECT_TRUE(Fixture({Scale{{0}, {1}}, OneHotOf(Numbers({1}), true)}).status);
  EXPECT_EQ(Fixture({OrdinalOf(Numbers({1}), -1), OrdinalOf(Numbers({0}), NAN)}).message(),
            "input column 'x0': an encoder makes NaN of codes of another encoder");
}

TEST(Inputs, ImputedTexts) {
  const Fixture filled({ImputeText{{"a"}}, OneHotOf(Texts({"a", "b"}), false)});
  EXPECT_EQ(filled[0].type, ColumnType::kText);
  EXPECT_TRUE(filled[0].accepts_missing && filled[0].closed);
  EXPECT_EQ(filled[0].categories, (Strings{"a", "b"}));
  // What fills it is no category.
  EXPECT_FALSE(Fixture({ImputeText{{"x"}}, OneHotOf(Texts({"a"}), false)})[0].accepts_missing);
  EXPECT_TRUE(Fixture({ImputeText{{"x"}}, OneHotOf(Texts({"a"}), true)})[0].accepts_missing);
  // A text stands for missing values: the missing text itself is refused, that text is taken.
  const Fixture marked({ImputeText{{"a"}, "?"}, OneHotOf(Texts({"a", "b"}), false)});
  EXPECT_FALSE(marked[0].accepts_missing);
  EXPECT_EQ(marked[0].categories, (Strings{"a", "b", "?"}));
  EXPECT_FALSE(Fixture({Impute{{2}, -1}})[0].accepts_missing);
  EXPECT_EQ(Fixture({Impute{{2}, -1}, OneHotOf(Numbers({1, 2}), false)})[0].numbers, (Doubles{1, 2, -1}));
  EXPECT_EQ(Fixture({OneHotOf(Texts({"a"}), true), ImputeText{{"a"}}}).message(),
            "input column 'x0': an imputer of texts stands behind an encoder");
}

TEST(Inputs, Indicators) {
  const Columns both{{{"a", {0}, {Impute{{1}}}}, {"b", {0}, {Indicate{{0}}}}}};
  EXPECT_TRUE(Fixture({both})[0].accepts_missing);
  EXPECT_TRUE(Fixture({Indicate{{0}}})[0].accepts_missing);
  // Nothing is known of a missing value in the second column.
  const Fixture strict({Indicate{{0}, true}}, 2);
  EXPECT_TRUE(strict[0].accepts_missing);
  EXPECT_FALSE(strict[1].accepts_missing);
}

TEST(Inputs, InfrequentTakeUnknownOnes) {
  Categories grouped = Texts({"a", "b", "c"});
  grouped.codes = {0, 1, 1};
  EXPECT_TRUE(Fixture({OneHotOf(grouped, false)})[0].closed);
  grouped.unknown = 1;
  EXPECT_FALSE(Fixture({OneHotOf(grouped, false)})[0].closed);
}

// What a function is defined for, exactly.
TEST(Inputs, Functions) {
  const Fixture log1p({Compute{Function::kLog1p}});
  EXPECT_EQ(log1p[0].lowest, std::nextafter(-1.0, 0.0));
  EXPECT_EQ(log1p[0].highest, kMost);
  EXPECT_EQ(Fixture({Compute{Function::kLog}})[0].lowest, 5e-324);
  EXPECT_EQ(Fixture({Compute{Function::kSqrt}})[0].lowest, -0.0);
  const Fixture exp({Compute{Function::kExp}});
  EXPECT_EQ(exp[0].lowest, -kMost);
  EXPECT_TRUE(std::isfinite(std::exp(exp[0].highest)));
  EXPECT_TRUE(std::isinf(std::exp(std::nextafter(exp[0].highest, INFINITY))));
  const Fixture scaled({Scale{{100}, {2}}, Compute{Function::kLog}});
  EXPECT_EQ(scaled[0].lowest, std::nextafter(100.0, INFINITY));
  // NaN is filled, or taken by the model: every number that does not become infinite.
  EXPECT_EQ(Fixture({Compute{Function::kSqrt}, Impute{{1}}})[0].lowest, -kMost);
  EXPECT_EQ(Fixture({Compute{Function::kSqrt}}, 1, true)[0].lowest, -kMost);
  EXPECT_EQ(Fixture({Compute{Function::kLog}}, 1, true)[0].lowest, 5e-324);
  EXPECT_FALSE(Fixture({Present{}}, 1, true)[0].accepts_missing);
  EXPECT_EQ(
      Fixture({Compute{Function::kReciprocal}}).message(),
      "input column 'x0': the model takes no number, or not all between two that it takes, as the steps "
      "change them; do these steps before the model");
}

// Squares of what is let in are numbers, and fit the model behind them.
TEST(Inputs, MixedColumns) {
  const Products squares{2, {0, 0, 0, 1}, {2, 4}};
  const Fixture fixture({squares}, 2);
  EXPECT_EQ(fixture[0].largest, 1e150);
  EXPECT_FALSE(fixture[0].accepts_missing);
  EXPECT_LT(Fixture({squares}, 2, false, kFloat32Limit)[1].largest, 1.9e19);
  EXPECT_TRUE(Fixture({Impute{{1, 2}}, squares}, 2)[1].accepts_missing);
  EXPECT_EQ(Fixture({Normalize{}}, 2)[0].largest, 1e150);
  EXPECT_EQ(
      Fixture({squares, Compute{Function::kLog}}, 2).message(),
      "the step 'function' behind one that mixes columns can't take every value; do it before the model");
}

}  // namespace
}  // namespace turnout::sklearn
