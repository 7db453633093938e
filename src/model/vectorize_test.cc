// As scikit-learn's vectorizers answer; the terms and hashes below were asked of it.
#include "model/vectorize.h"

#include <gtest/gtest.h>

#include <cmath>

namespace turnout {
namespace {

using Texts = std::vector<std::string>;
using Units = Analyzer::Units;

Texts Terms(const Analyzer& analyzer, std::string_view text) {
  Texts terms;
  AnalyzerScratch scratch;
  ForEachTerm(analyzer, text, scratch, [&](std::string_view term) { terms.emplace_back(term); });
  return terms;
}

TEST(Analyzer, Words) {
  EXPECT_EQ(Terms({}, "The cat, the CAT sat"), (Texts{"the", "cat", "the", "cat", "sat"}));
  EXPECT_EQ(Terms({.least = 1, .most = 2}, "The cat, the CAT sat"),
            (Texts{"the", "cat", "the", "cat", "sat", "the cat", "cat the", "the cat", "cat sat"}));
  EXPECT_EQ(Terms({.stop_words = {"the"}, .least = 2, .most = 2}, "cat and the dog"),
            (Texts{"cat and", "and dog"}));
  EXPECT_EQ(Terms({.lowercase = false}, "The cat"), (Texts{"The", "cat"}));
  EXPECT_EQ(Terms({.accents = Analyzer::Accents::kLeftOut}, "CAFÉ"), (Texts{"cafe"}));
  EXPECT_EQ(Terms({.least = 3, .most = 5}, "two words"), Texts{});
}

TEST(Analyzer, Characters) {
  EXPECT_EQ(Terms({.units = Units::kCharacters, .least = 2, .most = 3}, "aB  \tc"),
            (Texts{"ab", "b ", " c", "ab ", "b c"}));
  EXPECT_EQ(Terms({.units = Units::kCharacters}, "é北"), (Texts{"é", "北"}));
  // A word that is no longer than a run counts once, however many runs it is too short for.
  EXPECT_EQ(Terms({.units = Units::kCharactersInsideWords, .least = 2, .most = 4}, "ab  c"),
            (Texts{" a", "ab", "b ", " ab", "ab ", " ab ", " c", "c ", " c "}));
}

TEST(Vectorize, HashesAsMurmur3Does) {
  EXPECT_EQ(TermHash(""), 0);
  EXPECT_EQ(TermHash("a"), 1009084850);
  EXPECT_EQ(TermHash("ab"), -1681926305);
  EXPECT_EQ(TermHash("abc"), -1277324294);
  EXPECT_EQ(TermHash("abcd"), 1139631978);
  EXPECT_EQ(TermHash("naïve"), 992511445);
  EXPECT_EQ(TermHash("北京"), 666955079);
  EXPECT_EQ(TermHash("offer again"), -638857264);
}

std::vector<double> Row1(const Vectorize& vectorize, std::string_view text) {
  std::vector<double> numbers;
  for (const Value& value : Apply(vectorize, Row{{.text = text, .is_text = true}})) {
    numbers.push_back(value.number);
  }
  return numbers;
}

Vectorize CatsAndDogs() { return {.features = 3, .terms = {"and", "cat", "dog"}, .columns = {2, 0, 1}}; }

TEST(Vectorize, CountsByColumn) {
  EXPECT_EQ(Row1(CatsAndDogs(), "cat and dog and cat, and no bird"), (std::vector{2.0, 1.0, 3.0}));
  Vectorize binary = CatsAndDogs();
  binary.binary = true;
  EXPECT_EQ(Row1(binary, "cat and cat"), (std::vector{1.0, 0.0, 1.0}));
  EXPECT_EQ(Row1(CatsAndDogs(), {}), (std::vector{0.0, 0.0, 0.0}));  // missing
}

TEST(Vectorize, Weighs) {
  Vectorize weighed = CatsAndDogs();
  weighed.weights = {{.sublinear = true, .idf = {2, 3, 4}, .norm = TermWeights::Norm::kL1}};
  const double cat = 2 * (std::log(2.0) + 1), dog = 3;
  EXPECT_EQ(Row1(weighed, "cat dog cat"), (std::vector{cat / (cat + dog), dog / (cat + dog), 0.0}));
  EXPECT_EQ(Row1(weighed, "bird"), (std::vector{0.0, 0.0, 0.0}));  // a norm of 0 divides nothing
}

TEST(Vectorize, SignsOfHashesCancel) {
  Vectorize hashed{.features = 1, .hashes = true, .alternate_sign = true};
  EXPECT_EQ(Row1(hashed, "ab abcd"), (std::vector{0.0}));
  EXPECT_EQ(Row1(hashed, "ab abc"), (std::vector{-2.0}));
}

TEST(Vectorize, IsChecked) {
  const ColumnTypes text{ColumnType::kText};
  const auto message = [&](Vectorize vectorize) { return OutputsOf(vectorize, text).error().message; };
  EXPECT_TRUE(OutputsOf(CatsAndDogs(), text));
  EXPECT_EQ(OutputsOf(CatsAndDogs(), {ColumnType::kNumber}).error().message,
            "column 0 is a number, a text expected");
  Vectorize bad = CatsAndDogs();
  bad.columns[0] = 3;
  EXPECT_EQ(message(bad), "term 0 stands in column 3 of 3");
  bad = CatsAndDogs();
  bad.terms[1] = "and";
  EXPECT_EQ(message(bad), "term 1 is not above the one before it");
  bad = CatsAndDogs();
  bad.weights = {{.idf = {1.0}}};
  EXPECT_EQ(message(bad), "1 weights of terms for 3 columns");
  bad = CatsAndDogs();
  bad.analyzer.most = 0;
  EXPECT_EQ(message(bad), "runs of 1 to 0 units; 1 to 64 expected");
}

}  // namespace
}  // namespace turnout
