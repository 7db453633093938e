#include <algorithm>

#include "engine/column_program.h"
#include "engine/engines.h"

namespace turnout {
namespace {

// Rows of a block: its columns stay in the first-level cache for some 50 columns.
constexpr std::size_t kRows = 64;

class Rows final : public Engine {
 public:
  explicit Rows(const Model& model) : model_(model), program_(model) {}
  std::string_view name() const override { return "rows"; }

  void Score(std::span<const ColumnView> inputs, std::size_t rows, Workspace& workspace,
             Scores& scores) const override {
    Prepare(model_, rows, scores);
    const std::size_t stride = std::min(rows, kRows), features = program_.columns();
    double* scratch = Scratch(workspace.doubles, program_.scratch() * stride + features);
    double* x = scratch + program_.scratch() * stride;
    for (std::size_t first = 0; first < rows; first += kRows) {
      const std::size_t n = std::min(kRows, rows - first);
      program_.Run(inputs, first, n, scratch, stride, workspace);
      for (std::size_t r = 0; r < n; ++r) {
        for (std::size_t i = 0; i < features; ++i)
          x[i] = program_.Column(i, inputs, first, scratch, stride)[r];
        RawScores(model_.predictor, x, scores.raw.data() + (first + r) * scores.outputs);
      }
    }
    Finish(model_, 0, rows, scores);
  }

 private:
  const Model& model_;
  ColumnProgram program_;
};

}  // namespace

std::unique_ptr<const Engine> CompileRows(const Model& model) { return std::make_unique<Rows>(model); }

}  // namespace turnout
