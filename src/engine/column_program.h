// The steps of a model, compiled to operations on whole columns.
//
// Selecting and reordering columns costs nothing at run time: a column is a name for where its numbers are.
// The arithmetic is the slow model's, value by value; nothing is folded together, so no bit changes.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "data/batch.h"
#include "model/model.h"

namespace turnout {

// Category look-up of one column: a hash table for texts, a sorted array for numbers. It borrows the model's
// texts.
class CategoryIndex {
 public:
  explicit CategoryIndex(const Categories& categories);
  int32_t Find(std::string_view text) const;
  int32_t Find(double number) const;

 private:
  std::unordered_map<std::string_view, int32_t> texts_;
  std::vector<std::pair<double, int32_t>> numbers_;
  int32_t missing_;
};

class ColumnProgram {
 public:
  // `model` is checked and outlives the program.
  explicit ColumnProgram(const Model& model);

  // Columns that reach the predictor.
  std::size_t columns() const { return columns_.size(); }
  // Scratch columns that Run() needs.
  std::size_t scratch() const { return static_cast<std::size_t>(registers_); }

  // Computes rows [first, first + rows). `scratch` has scratch() columns of `stride` >= rows values.
  void Run(std::span<const ColumnView> inputs, std::size_t first, std::size_t rows, double* scratch,
           std::size_t stride) const;

  // Column i of the last Run() with the same arguments: `rows` values.
  const double* Column(std::size_t i, std::span<const ColumnView> inputs, std::size_t first,
                       const double* scratch, std::size_t stride) const {
    return Numbers(columns_[i], inputs, first, scratch, stride);
  }

 private:
  // Where a column's values are: an input (>= 0) or the scratch column ~place (< 0).
  using Place = int32_t;

  enum class Kind : uint8_t { kSubtract, kDivide, kSubtractDivide, kFill, kOneHot, kOrdinal, kStep };

  struct Operation {
    Kind kind;
    Place from;
    int32_t to = 0;        // first scratch column written
    double a = 0, b = 0;   // mean and scale; the statistic
    int32_t index = -1;    // into indexes_
    int32_t count = 0;     // one-hot: columns written
    int32_t dropped = -1;  // one-hot: the category without a column
    const Ordinal* ordinal = nullptr;
    std::size_t ordinal_column = 0;
    int32_t step = -1;  // into slow_steps_
  };

  // A step that has no operation of its own: the slow model's, row by row.
  struct SlowStep {
    const Step* step;
    std::vector<Place> from;
  };

  std::vector<Place> Compile(const std::vector<Step>& steps, std::vector<Place> places);
  std::vector<Place> CompileSlow(const Step& step, std::vector<Place> places);
  std::vector<Place> Compile(const Scale& scale, std::vector<Place> places);
  std::vector<Place> Compile(const Impute& impute, std::vector<Place> places);
  std::vector<Place> Compile(const OneHot& encoder, std::vector<Place> places);
  std::vector<Place> Compile(const Ordinal& encoder, std::vector<Place> places);
  std::vector<Place> Compile(const turnout::Columns& columns, std::vector<Place> places);
  int32_t AddIndex(const Categories& categories);

  static const double* Numbers(Place place, std::span<const ColumnView> inputs, std::size_t first,
                               const double* scratch, std::size_t stride) {
    return place >= 0 ? inputs[static_cast<std::size_t>(place)].numbers + first
                      : scratch + static_cast<std::size_t>(~place) * stride;
  }

  void RunSlow(const SlowStep& slow, std::span<const ColumnView> inputs, std::size_t first, std::size_t rows,
               double* scratch, double* to, std::size_t stride) const;

  std::vector<Operation> operations_;
  std::vector<SlowStep> slow_steps_;
  std::vector<ColumnType> types_;  // of the inputs
  std::vector<CategoryIndex> indexes_;
  std::vector<Place> columns_;
  int32_t registers_ = 0;
};

}  // namespace turnout
