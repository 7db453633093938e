// The steps of a model, compiled to operations on whole columns.
//
// Selecting and reordering columns costs nothing at run time: a column is a name for where its numbers are.
// Filling a text costs nothing either: the encoder behind it looks the filled text up when it is compiled.
// The arithmetic is the slow model's, value by value; nothing is folded together, so no bit changes.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "data/batch.h"
#include "engine/category_index.h"
#include "engine/engine.h"
#include "model/model.h"

namespace turnout {

class ColumnProgram {
 public:
  // `model` is checked and outlives the program.
  explicit ColumnProgram(const Model& model);

  // Columns that reach the predictor.
  std::size_t columns() const { return columns_.size(); }
  // Scratch columns that Run() needs.
  std::size_t scratch() const { return static_cast<std::size_t>(registers_); }

  // Computes rows [first, first + rows). `scratch` has scratch() columns of `stride` >= rows values.
  // Members are scored in workspace.inner.
  void Run(std::span<const ColumnView> inputs, std::size_t first, std::size_t rows, double* scratch,
           std::size_t stride, Workspace& workspace) const;

  // Column i of the last Run() with the same arguments: `rows` values.
  const double* Column(std::size_t i, std::span<const ColumnView> inputs, std::size_t first,
                       const double* scratch, std::size_t stride) const {
    return Numbers(columns_[i], inputs, first, scratch, stride);
  }

 private:
  // Where a column's values are: an input (>= 0), the scratch column ~place (< 0), or, from the number of
  // inputs on, a text input behind imputers.
  using Place = int32_t;
  using Places = std::vector<Place>;

  enum class Kind : uint8_t {
    kSubtract,
    kDivide,
    kSubtractDivide,
    kFill,
    kReplace,
    kMap,
    kIndicate,
    kOneHot,
    kLookUp,
    kMember,
    kStep
  };

  struct Operation {
    Kind kind;
    Place from;
    int32_t to = 0;       // first scratch column written
    double a = 0, b = 0;  // mean and scale; the statistic and what it replaces
    const Step* step = nullptr;
    std::size_t column = 0;  // of the step
    int32_t index = -1;      // into indexes_
    std::size_t table = 0;   // where the category's table begins in slots_ or values_; at [0]: unknown
    int32_t count = 0;       // one-hot: columns written
    int32_t slow = -1;       // into slow_steps_ or, of kMember, into members_
  };

  // A step that has no operation of its own: the slow model's, row by row.
  struct SlowStep {
    const Step* step;
    Places from;
  };

  struct CompiledMember {
    const Member* member;
    std::unique_ptr<const Engine> engine;
    Places from;
  };

  // A text input behind imputers.
  struct FilledText {
    Place input;
    std::vector<TextFill> fills;
  };

  Places Compile(const std::vector<Step>& steps, Places places);
  Places CompileSlow(const Step& step, Places places);
  Places CompileElementWise(const Step& step, Places places);
  Places Compile(const Step& step, const Scale& scale, Places places);
  Places Compile(const Step& step, const Impute& impute, Places places);
  Places Compile(const Step& step, const ImputeText& impute, Places places);
  Places Compile(const Step& step, const Indicate& indicate, Places places);
  Places Compile(const Step& step, const OneHot& encoder, Places places);
  Places Compile(const Step& step, const Ordinal& encoder, Places places);
  Places Compile(const Step& step, const TargetEncode& encoder, Places places);
  Places Compile(const Step& step, const turnout::Columns& columns, Places places);
  Places Compile(const Step& step, const Members& members, Places places);
  int32_t AddIndex(const Categories& categories, Place place);
  bool IsText(Place place) const;
  const std::vector<TextFill>& Fills(Place place) const;
  Place Input(Place place) const;

  static const double* Numbers(Place place, std::span<const ColumnView> inputs, std::size_t first,
                               const double* scratch, std::size_t stride) {
    return place >= 0 ? inputs[static_cast<std::size_t>(place)].numbers + first
                      : scratch + static_cast<std::size_t>(~place) * stride;
  }

  void RunIndicate(const Operation& operation, std::span<const ColumnView> inputs, std::size_t first,
                   std::size_t rows, const double* scratch, double* to, std::size_t stride) const;
  void RunMember(const CompiledMember& member, std::span<const ColumnView> inputs, std::size_t first,
                 std::size_t rows, const double* scratch, double* to, std::size_t stride,
                 Workspace& workspace) const;
  void RunSlow(const SlowStep& slow, std::span<const ColumnView> inputs, std::size_t first, std::size_t rows,
               const double* scratch, double* to, std::size_t stride) const;

  std::vector<Operation> operations_;
  std::vector<SlowStep> slow_steps_;
  std::vector<CompiledMember> members_;
  std::vector<FilledText> filled_;
  std::vector<ColumnType> types_;  // of the inputs
  std::vector<CategoryIndex> indexes_;
  std::vector<int32_t> slots_;  // one-hot: the column of each category, or -1
  std::vector<double> values_;  // look-ups: what each category stands for
  Places columns_;
  int32_t registers_ = 0;
};

}  // namespace turnout
