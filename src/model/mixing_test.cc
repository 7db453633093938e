#include "model/mixing.h"

#include <gtest/gtest.h>

namespace turnout {
namespace {

Row Numbers(std::initializer_list<double> numbers) {
  Row row;
  for (const double number : numbers) row.push_back({.number = number});
  return row;
}

std::vector<double> Values(const Row& row) {
  std::vector<double> values;
  for (const Value& value : row) values.push_back(value.number);
  return values;
}

TEST(Normalize, ByEachNorm) {
  const Row row = Numbers({3, -4, 0});
  EXPECT_EQ(Values(Apply(Normalize{Normalize::Norm::kL2}, row)), (std::vector{0.6, -0.8, 0.0}));
  EXPECT_EQ(Values(Apply(Normalize{Normalize::Norm::kL1}, row)), (std::vector{3 / 7.0, -4 / 7.0, 0.0}));
  EXPECT_EQ(Values(Apply(Normalize{Normalize::Norm::kLargest}, row)), (std::vector{0.75, -1.0, 0.0}));
  EXPECT_EQ(Values(Apply(Normalize{Normalize::Norm::kL2}, Numbers({0, 0}))), (std::vector{0.0, 0.0}));
  EXPECT_EQ(Values(Apply(Normalize{Normalize::Norm::kL1, 1e-3}, Numbers({1e-4, 0}))),
            (std::vector{1e-4, 0.0}));
}

// (0.1 * 0.2) * 0.3 is another double than 0.1 * (0.2 * 0.3).
TEST(Products, LastFactorFirst) {
  const Products products{3, {0, 1, 2, 1, 1}, {0, 3, 5}};
  EXPECT_EQ(Values(Apply(products, Numbers({0.1, 0.2, 0.3}))),
            (std::vector{1.0, (0.3 * 0.2) * 0.1, 0.2 * 0.2}));
  EXPECT_NE((0.3 * 0.2) * 0.1, 0.3 * (0.2 * 0.1));
}

TEST(Products, AreChecked) {
  const ColumnTypes two(2, ColumnType::kNumber);
  EXPECT_EQ(OutputsOf(Products{2, {0, 2}, {2}}, two).error().message, "factor 2 of 2 columns");
  EXPECT_EQ(OutputsOf(Products{2, {0}, {2}}, two).error().message, "factors end at 2 of 1");
  EXPECT_EQ(OutputsOf(Products{2, {0, 1}, {2, 1}}, two).error().message, "factors end at 1 of 2");
  EXPECT_EQ(OutputsOf(Products{3, {}, {}}, two).error().message, "takes 3 columns, there are 2");
}

TEST(Project, EveryPartOfIt) {
  EXPECT_EQ(Values(Apply(Project{2, {}, {1, 2, 3, 4}, {}, {}}, Numbers({1, 10}))), (std::vector{21.0, 43.0}));
  EXPECT_EQ(Values(Apply(Project{2, {1, 8}, {1, 2, 3, 4}, {}, {2, 4}}, Numbers({1, 10}))),
            (std::vector{2.0, 2.0}));
  EXPECT_EQ(Values(Apply(Project{2, {}, {1, 2}, {20}, {}}, Numbers({1, 10}))), std::vector{1.0});
  const ColumnTypes two(2, ColumnType::kNumber);
  EXPECT_EQ(OutputsOf(Project{2, {}, {1, 2, 3}, {}, {}}, two).error().message, "3 weights for 2 columns");
  EXPECT_EQ(OutputsOf(Project{2, {}, {1, 2}, {1, 2}, {}}, two).error().message, "2 offsets for 1 columns");
  EXPECT_EQ(
      OutputsOf(Project{2, {}, {1, 2}, {}, {}}, {ColumnType::kNumber, ColumnType::kText}).error().message,
      "column 1 is text, a number expected");
}

}  // namespace
}  // namespace turnout
