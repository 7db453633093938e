// Recorded answers: a model's scores against what the library that trained it answered.
//
// `rows.csv` has the model's input columns by name (x0, x1, ... where the file has no names), an empty cell
// is a missing value (a quoted one where it is the only column: empty lines are no rows). `expected.csv` has
// a line of answers per row, in any of the columns
//   predict                       the label as the library's str() writes it (numbers by value), or a
//                                 regression's number; predict:<k>: the k-th of several, from 0
//   proba:<label>                 class probability
//   decision, decision:<label>    decision_function: one column for two classes, else one per class
//   score                         score_samples of an anomaly detector
//   raw, raw:<k>                  raw score k before the link, k from 0
// A number's cell may also be empty or "nan" (NaN), "inf" or "-inf".
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"
#include "model/model.h"

namespace turnout {

// How far an answer may be off: |got - expected| <= tolerance * max(1, |expected|); 0 asks for equal doubles.
// NaN equals NaN. Labels must be equal.
struct Tolerance {
  double all = 0;
  // For the columns of one kind ("proba", "predict", "decision", "raw"), instead of `all`.
  std::vector<std::pair<std::string, double>> of;

  double For(std::string_view column) const;
};

struct ColumnComparison {
  std::string column;
  std::size_t wrong = 0;      // rows outside the tolerance
  double largest = 0;         // the largest |got - expected| / max(1, |expected|); labels: 1 if one differs
  std::size_t worst_row = 0;  // where that is; from 1
  std::string got, expected;  // there
  // The first rows outside, at most kShownRows.
  struct Row {
    std::size_t row = 0;  // from 1
    std::string got, expected;
  };
  std::vector<Row> first;
};
inline constexpr std::size_t kShownRows = 10;

struct Comparison {
  std::size_t rows = 0;
  std::size_t wrong = 0;  // rows with an answer outside
  std::vector<ColumnComparison> columns;
  bool holds() const { return wrong == 0; }
  // The first kShownRows of these, a line each: "row 3: predict: got 1, expected 0; proba:1: ...".
  std::vector<std::string> Differences() const;
};

// Scores the rows with the engine. The two texts are whole files; `*_name` is for messages. Errors: a missing
// column, a row that the model can't take, unequal numbers of rows, no rows, a column that the model doesn't
// have.
Result<Comparison> CompareWithExpected(const Model& model, const Engine& engine, std::string_view rows,
                                       std::string_view rows_name, std::string_view expected,
                                       std::string_view expected_name, const Tolerance& tolerance);

// Whether `text` is the label, as the library's str() writes it; numbers by value ("1.0" is the class 1).
bool IsLabel(const Label& label, std::string_view text);

// Every cell of a CSV file as text, by column; the first row is the header.
struct TextTable {
  std::vector<std::string> names;
  std::vector<std::vector<std::optional<std::string>>> columns;  // nullopt: an empty cell
  std::size_t rows() const { return columns.empty() ? 0 : columns[0].size(); }
};
Result<TextTable> ReadTextTable(std::string_view csv, std::string_view name);

}  // namespace turnout
