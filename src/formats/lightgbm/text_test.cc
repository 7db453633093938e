// The text itself: line ends, cuts, numbers as the library reads them, trees in any order of their nodes.
#include "formats/lightgbm/text.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <iterator>

#include "formats/lightgbm/categories.h"
#include "formats/lightgbm/objective.h"
#include "formats/read_model.h"

namespace turnout::lightgbm {
namespace {

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string Good() { return ReadFile("tests/hostile/lightgbm/good.model"); }

std::string Replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

Result<Model> Read(const std::string& text) {
  return ReadModel({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

Result<Booster> Readable(const std::string& text, int64_t iterations = 0) {
  auto booster = ReadText(text, iterations);
  EXPECT_TRUE(booster) << booster.error().message;
  return booster;
}

TEST(LightGbmText, WindowsLineEnds) {
  std::string windows;
  for (const char c : Good()) windows += c == '\n' ? std::string("\r\n") : std::string(1, c);
  EXPECT_EQ(DetectFormat({reinterpret_cast<const uint8_t*>(windows.data()), windows.size()}),
            FileFormat::kLightGbm);
  const auto unix_model = Read(Good()), windows_model = Read(windows);
  ASSERT_TRUE(unix_model && windows_model);
  const auto& a = std::get<Forest>(unix_model->predictor);
  const auto& b = std::get<Forest>(windows_model->predictor);
  EXPECT_EQ(a.leaves, b.leaves);
  EXPECT_EQ(a.set_words, b.set_words);
  EXPECT_EQ(a.nodes.size(), b.nodes.size());
}

TEST(LightGbmText, CutAnywhere) {
  for (const char* name : {"pandas-old", "linear_categories-new", "rf_multiclass-new"}) {
    const std::string whole = ReadFile(std::string("tests/golden/lightgbm/") + name + "/model.txt");
    ASSERT_TRUE(Read(whole)) << name;
    const std::size_t parameters = whole.find("end of parameters") + sizeof("end of parameters") - 1;
    const std::size_t end = whole.find_last_not_of('\n') + 1;
    const std::size_t trees_end = whole.find("end of trees");
    for (std::size_t size = 0; size < end; size += size < trees_end ? 11 : 1) {
      // A file that the command line wrote ends behind its parameters.
      if (size >= parameters && size <= parameters + 2) continue;
      EXPECT_FALSE(Read(whole.substr(0, size)).has_value()) << name << " cut at " << size;
    }
  }
}

TEST(LightGbmText, WhatIsTold) {
  const std::string text = Good();
  auto booster = Readable(text);
  ASSERT_TRUE(booster);
  EXPECT_EQ(booster->version, 4);
  EXPECT_EQ(booster->iterations, 2);
  EXPECT_EQ(booster->iterations_used, 2);
  EXPECT_EQ(booster->names, (std::vector<std::string_view>{"age", "plan"}));
  EXPECT_EQ(booster->categorical_feature.value, "1");
  EXPECT_EQ(booster->pandas_categorical.value, "null");
  EXPECT_FALSE(booster->average_output);
  for (const auto& [asked, used] : {std::pair{-1, 2}, {0, 2}, {1, 1}, {2, 2}, {3, 2}}) {
    EXPECT_EQ(Readable(text, asked)->iterations_used, used) << asked;
    EXPECT_EQ(Readable(text, asked)->forest.trees(), static_cast<std::size_t>(used)) << asked;
  }
}

// The text that a bare C API writes, and older formats.
TEST(LightGbmText, WhatMayBeMissing) {
  std::string text = Good();
  for (const auto& [from, to] : {std::pair{"\npandas_categorical:null\n", ""},
                                 {"tree_sizes=200 201\n", ""},
                                 {"decision_type=2\n", ""},
                                 {"num_tree_per_iteration=1\n", ""},
                                 {"num_cat=0\n", ""},
                                 {"is_linear=0\n", ""}}) {
    text = Replaced(text, from, to);
    EXPECT_TRUE(Read(text)) << from;
  }
  EXPECT_TRUE(Read(Replaced(text, "version=v4", "version=v3")));
  EXPECT_TRUE(Read(Replaced(text, "version=v4", "version=v2")));
  const auto custom = Read(Replaced(text, "objective=binary sigmoid:1\n", ""));
  ASSERT_TRUE(custom);
  EXPECT_EQ(custom->signature.task, Task::kRegression);
}

// Splits may be numbered in any order; LightGBM only follows the links.
TEST(LightGbmText, AParentMayComeBehindItsChild) {
  std::string text = Good();
  for (const auto& [from, to] : {std::pair{"num_leaves=3", "num_leaves=4"},
                                 {"split_feature=0 1", "split_feature=0 1 0"},
                                 {"threshold=0.5 0", "threshold=0.5 0 7"},
                                 {"decision_type=10 1", "decision_type=10 1 2"},
                                 {"left_child=-1 -2", "left_child=-1 -2 1"},
                                 {"right_child=1 -3", "right_child=2 -3 -4"},
                                 {"leaf_value=0.25 -0.5 0.75", "leaf_value=0.25 -0.5 0.75 8"}}) {
    text = Replaced(text, from, to);
  }
  const auto model = Read(text);
  ASSERT_TRUE(model) << model.error().message;
  const Value high[] = {{.number = 8}, {.number = 1}}, low[] = {{.number = 7}, {.number = 0}};
  EXPECT_EQ(Predict(*model, high).raw[0], 8 + (0.25 + 3 * 8 + 4));
  EXPECT_EQ(Predict(*model, low).raw[0], -0.5 + (0.25 + 3 * 7));
}

TEST(LightGbmText, LabelsOfABareBooster) {
  const auto two = Read(Good());
  ASSERT_TRUE(two);
  EXPECT_EQ(two->signature.classes, (std::vector<Label>{int64_t{0}, int64_t{1}}));
  EXPECT_TRUE(two->signature.named);
  const auto unnamed = Read(Replaced(Good(), "feature_names=age plan", "feature_names=Column_0 Column_1"));
  ASSERT_TRUE(unnamed);
  EXPECT_FALSE(unnamed->signature.named);
  EXPECT_EQ(unnamed->signature.inputs[1].name, "x1");
  EXPECT_EQ(two->origin.format, "LightGBM text");
  EXPECT_EQ(two->origin.library, "LightGBM");
  EXPECT_EQ(two->origin.version, "4.x");
  EXPECT_EQ(two->origin.steps,
            (std::vector<std::string>{"objective: binary sigmoid:1", "trees: all 2 iterations"}));
}

// As LightGBM's Atof, which adds the digits before and behind the point.
TEST(LightGbmText, LegacyNumbers) {
  EXPECT_EQ(LegacyNumber("1"), 1);
  EXPECT_EQ(LegacyNumber("0.7"), 0.7);
  EXPECT_EQ(LegacyNumber("2.34568"), 2 + 34568 / 1e5);
  EXPECT_EQ(LegacyNumber("3.21e-05"), (3 + 21 / 100.0) / 1e5);
  EXPECT_EQ(LegacyNumber("1e+20"), 1e8 * 1e8 * 10 * 10 * 10 * 10);
  EXPECT_EQ(LegacyNumber("1e400"), LegacyNumber("1e308"));
  EXPECT_EQ(LegacyNumber(".5"), 0.5);
  for (const char* text : {"", "x", "1x", "1.5.2", "1e5e", "nan", "-", " 1"}) {
    EXPECT_TRUE(std::isnan(LegacyNumber(text))) << text;
  }
}

// ---- pandas_categorical: which columns the lists belong to

std::string Pandas(std::string_view infos, std::string_view parameter, std::string_view lists) {
  std::string text = Replaced(Good(), "max_feature_idx=1", "max_feature_idx=3");
  text = Replaced(text, "feature_names=age plan", "feature_names=a b c d");
  text = Replaced(text, "feature_infos=[0:9] -1:0:2:37", "feature_infos=" + std::string(infos));
  text = Replaced(text, "[categorical_feature: 1]", "[categorical_feature: " + std::string(parameter) + "]");
  return Replaced(text, "pandas_categorical:null", "pandas_categorical:" + std::string(lists));
}

// "1:text 3:number"
std::string Encoded(std::string_view infos, std::string_view parameter, std::string_view lists) {
  const std::string text = Pandas(infos, parameter, lists);
  const auto booster = ReadText(text, 0);
  EXPECT_TRUE(booster) << booster.error().message;
  const auto columns = PandasCategories(*booster);
  if (!columns) return columns.error().message;
  std::string found;
  for (const auto& [column, categories] : *columns) {
    found += fmt::format("{}{}:{}{}", found.empty() ? "" : " ", column,
                         categories.is_text ? "text" : "number", categories.size());
  }
  return found;
}

TEST(LightGbmPandas, ColumnsOfTheLists) {
  constexpr std::string_view kTwo = R"([["x","y","z"],[1,2.5]])";
  EXPECT_EQ(Encoded("[0:9] 0:1:2 [0:5] 0:1", "1,3", kTwo), "1:text3 3:number2");
  EXPECT_EQ(Encoded("[0:9] 0:1:2 [0:5] -1:1", "", kTwo), "1:text3 3:number2") << "by the ranges alone";
  EXPECT_EQ(Encoded("[0:9] 0:1:2 [0:5] 0:1", "name:b,d", kTwo), "1:text3 3:number2");
  EXPECT_EQ(Encoded("[0:9] 0:1:2 [0:5] none", "1,3", kTwo), "1:text3 3:number2") << "a constant column";
  EXPECT_EQ(Encoded("[0:9] [0:1] [0:5] 0:1", "3", R"([[true,false],["x","y"]])"), "1:number2 3:text2")
      << "an ordered column, whose values only column 1 has";
  EXPECT_EQ(Encoded("[0:9] 0:1 [0:5.5] 0:1:7", "1,3", R"([["x","y"]])"), "1:text2")
      << "another column was named categorical";
  EXPECT_EQ(Encoded("[0:9] 0:1 [0:5] 0:1", "1,3", "[]"), "");
  EXPECT_EQ(Encoded("[0:9] 0:1 [0:5] none", "1,3", R"([["x","y"],[]])"), "1:text2") << "a column of nothing";
}

TEST(LightGbmPandas, ColumnsThatCantBeTold) {
  const std::string message =
      "line 58, pandas_categorical: categories of 2 columns, 1 columns were trained as categorical, and the "
      "file "
      "does not tell which are which (ordered categories?); train with unordered categories, or on numbers";
  EXPECT_EQ(Encoded("[0:1] [0:1] [0:5] 0:1", "3", R"([["x","y"],["x","y"]])"), message) << "column 0 or 1";
  EXPECT_EQ(Encoded("[0:9] [0:1.5] [0:5] 0:1", "3", R"([["x","y"],["x","y"]])"), message) << "none";
}

TEST(LightGbmPandas, EscapedAndForeignTexts) {
  const std::string text = Pandas("[0:9] 0:1:2 [0:5] [0:1]", "1", R"([["\u00e9","\ud83d\ude00","a\"b"]])");
  const auto model = Read(text);
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(model->signature.inputs[1].type, ColumnType::kText);
  EXPECT_FALSE(model->signature.inputs[1].closed);
  EXPECT_EQ(model->signature.inputs[1].categories, (std::vector<std::string>{"é", "😀", "a\"b"}));
}

}  // namespace
}  // namespace turnout::lightgbm
