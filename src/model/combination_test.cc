#include "model/combination.h"

#include <gtest/gtest.h>

#include <cmath>

namespace turnout {
namespace {

using Kind = Combination::Kind;

std::vector<double> Combined(const Combination& combination, std::vector<double> x) {
  const Status checked = CheckCombination(combination);
  EXPECT_TRUE(checked) << checked.error().message;
  EXPECT_EQ(x.size(), static_cast<std::size_t>(combination.features));
  std::vector<double> raw(static_cast<std::size_t>(combination.outputs));
  Combine(combination, x.data(), raw.data());
  return raw;
}

TEST(Combination, Means) {
  EXPECT_EQ(Combined({.kind = Kind::kColumns, .features = 2, .outputs = 2}, {3, 4}),
            (std::vector<double>{3, 4}));
  EXPECT_EQ(Combined({.kind = Kind::kConstant, .features = 1, .outputs = 2, .constants = {0.2, 0.8}}, {NAN}),
            (std::vector{0.2, 0.8}));
  EXPECT_EQ(Combined({.kind = Kind::kMean, .features = 6, .outputs = 2}, {1, 2, 3, 4, 8, 9}),
            (std::vector<double>{4, 5}));
  EXPECT_EQ(
      Combined({.kind = Kind::kWeightedMean, .features = 4, .outputs = 2, .weights = {3, 1}, .divisor = 4},
               {1, 2, 5, 10}),
      (std::vector<double>{2, 4}));
}

TEST(Combination, Votes) {
  const Combination votes{.kind = Kind::kVotes, .features = 3, .outputs = 3, .weights = {1, 2, 2.5}};
  EXPECT_EQ(Combined(votes, {0, 2, 0}), (std::vector<double>{3.5, 0, 2}));
  // Whatever stands in the columns, no index is out of range.
  EXPECT_EQ(Combined(votes, {-1, 99, NAN}), (std::vector<double>{3.5, 0, 2}));
}

TEST(Combination, WeightedMedian) {
  const Combination median{.kind = Kind::kWeightedMedian, .features = 3, .weights = {1, 1, 3}};
  EXPECT_EQ(Combined(median, {10, 20, 5}), (std::vector<double>{5}));
  EXPECT_EQ(Combined(median, {10, 20, 50}), (std::vector<double>{50}));
  EXPECT_EQ(Combined({.kind = Kind::kWeightedMedian, .features = 2, .weights = {1, 1}}, {7, 3}),
            (std::vector<double>{3}));
}

TEST(Combination, AdaBoost) {
  const Combination two{.kind = Kind::kSamme, .features = 2, .weights = {3, 1}, .divisor = 4, .other = -1};
  EXPECT_EQ(Combined(two, {1, 0}), (std::vector<double>{1}));  // (3 - 1) / 4 less (1 - 3) / 4
  const Combination three{
      .kind = Kind::kSamme, .features = 2, .outputs = 3, .weights = {3, 1}, .divisor = 4, .other = -0.5};
  EXPECT_EQ(Combined(three, {2, 0}), (std::vector{-0.125, -0.5, 0.625}));
  const double a = std::log(0.2), b = std::log(0.8), mean = 0.5 * (a + b);
  EXPECT_EQ(Combined({.kind = Kind::kSammeReal, .features = 2}, {0.2, 0.8}),
            (std::vector{-(a - mean) + (b - mean)}));
}

TEST(Combination, Anomalies) {
  const Combination anomaly{
      .kind = Kind::kAnomaly, .features = 1, .outputs = 2, .divisor = 10, .offset = -0.5};
  EXPECT_EQ(Combined(anomaly, {20}), (std::vector{0.25, -0.25}));
  EXPECT_EQ(Combined({.kind = Kind::kOffset, .features = 1, .outputs = 2, .offset = 3}, {1}),
            (std::vector<double>{1, 4}));
}

TEST(Combination, StartsFromAnotherModel) {
  EXPECT_EQ(Combined({.kind = Kind::kFromValues, .features = 2}, {1, 2}), (std::vector<double>{3}));
  EXPECT_EQ(Combined({.kind = Kind::kFromLogit, .features = 2, .scale = 0.5}, {0.2, 1}),
            (std::vector{0.5 * std::log(0.2 / (1 - 0.2)) + 1}));
  EXPECT_EQ(Combined({.kind = Kind::kFromLogit, .features = 2, .smallest = 0.25}, {0, 1}),
            (std::vector{std::log(0.25 / 0.75) + 1}));
  EXPECT_EQ(Combined({.kind = Kind::kFromSciPyLogit, .features = 2}, {0.5, 1}), (std::vector<double>{1}));
  EXPECT_EQ(Combined({.kind = Kind::kFromLog, .features = 4, .outputs = 2}, {1, 0.5, 7, 0}),
            (std::vector{7.0, std::log(0.5)}));
  EXPECT_EQ(Combined({.kind = Kind::kFromCentredLog, .features = 4, .outputs = 2}, {0.5, 0.5, 7, 1}),
            (std::vector<double>{7, 1}));
}

TEST(Combination, IsChecked) {
  const auto error = [](Combination combination) {
    const Status checked = CheckCombination(combination);
    return checked ? "" : checked.error().message;
  };
  EXPECT_EQ(error({.features = 2, .outputs = 3}), "combination (the columns): 2 columns, 3 expected");
  EXPECT_EQ(error({.features = 2, .outputs = 0}),
            "combination (the columns): 0 outputs, at least 1 expected");
  EXPECT_EQ(error({.kind = Kind::kMean, .features = 5, .outputs = 2}),
            "combination (mean): 5 columns in blocks of 2");
  EXPECT_EQ(error({.kind = Kind::kMean, .features = 0, .outputs = 2}),
            "combination (mean): 0 columns in blocks of 2");
  EXPECT_EQ(error({.kind = Kind::kVotes, .features = 1, .outputs = 2}), "combination (votes): no weights");
  EXPECT_EQ(error({.kind = Kind::kVotes, .features = 1, .outputs = 2, .weights = {INFINITY}}),
            "combination (votes): a weight or constant is inf");
  EXPECT_EQ(error({.kind = Kind::kWeightedMean, .features = 2, .weights = {1}}),
            "combination (weighted mean): 2 columns, 1 expected");
  EXPECT_EQ(error({.kind = Kind::kConstant, .features = 2, .outputs = 2, .constants = {1}}),
            "combination (constant): 1 constants for 2 outputs");
  EXPECT_EQ(error({.kind = Kind::kAnomaly, .features = 1}), "combination (anomaly): 1 outputs, 2 expected");
  EXPECT_EQ(error({.kind = Kind::kFromLog, .features = 3, .outputs = 2}),
            "combination (sum from log): 3 columns, 4 expected");
  EXPECT_EQ(error({.kind = Kind::kFromLog, .features = 4, .outputs = 2, .smallest = 0.7}),
            "combination (sum from log): smallest probability 0.7");
}

}  // namespace
}  // namespace turnout
