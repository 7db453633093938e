#include <algorithm>

#include "engine/column_program.h"
#include "engine/engines.h"

namespace turnout {
namespace {

// Rows of a block: its columns stay in the first-level cache for some 50 columns.
constexpr std::size_t kRows = 64;

class LinearEngine final : public Engine {
 public:
  explicit LinearEngine(const Model& model)
      : model_(model), linear_(std::get<Linear>(model.predictor)), program_(model) {}
  std::string_view name() const override { return "linear"; }

  void Score(std::span<const ColumnView> inputs, std::size_t rows, Workspace& workspace,
             Scores& scores) const override {
    Prepare(model_, rows, scores);
    const std::size_t stride = std::min(rows, kRows);
    double* scratch = Scratch(workspace.doubles, program_.scratch() * stride);
    for (std::size_t first = 0; first < rows; first += kRows) {
      const std::size_t n = std::min(kRows, rows - first);
      program_.Run(inputs, first, n, scratch, stride, workspace);
      for (std::size_t k = 0; k < scores.outputs; ++k) Sum(k, inputs, first, n, scratch, stride, scores);
    }
    Finish(model_, 0, rows, scores);
  }

 private:
  // Column by column, so that each row's sum is in the order of the features.
  void Sum(std::size_t k, std::span<const ColumnView> inputs, std::size_t first, std::size_t n,
           const double* scratch, std::size_t stride, Scores& scores) const {
    const auto features = static_cast<std::size_t>(linear_.features);
    const double* weights = linear_.weights.data() + k * features;
    double sums[kRows];
    std::fill_n(sums, n, 0.0);
    for (std::size_t i = 0; i < features; ++i) {
      const double* x = program_.Column(i, inputs, first, scratch, stride);
      const double weight = weights[i];
      std::size_t r = 0;
      for (; r + 8 <= n; r += 8) {
        for (std::size_t j = 0; j < 8; ++j) sums[r + j] += weight * x[r + j];
      }
      for (; r < n; ++r) sums[r] += weight * x[r];
    }
    for (std::size_t r = 0; r < n; ++r) {
      scores.raw[(first + r) * scores.outputs + k] = sums[r] + linear_.intercept[k];
    }
  }

  const Model& model_;
  const Linear& linear_;
  ColumnProgram program_;
};

}  // namespace

std::unique_ptr<const Engine> CompileLinear(const Model& model) {
  return std::make_unique<LinearEngine>(model);
}

}  // namespace turnout
