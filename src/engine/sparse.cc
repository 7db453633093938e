// Linear predictors of texts: only the terms that a row has are multiplied, in the order of their columns, so
// that every sum is the one over all columns to the bit (0 adds nothing).
#include <algorithm>

#include "engine/column_program.h"
#include "engine/engines.h"
#include "engine/term_index.h"

namespace turnout {
namespace {

constexpr std::size_t kRows = 64;

// A vectorizer behind imputers of its one text, or nothing.
const Vectorize* VectorizerOf(std::span<const Step> steps) {
  if (steps.empty()) return nullptr;
  for (const Step& step : steps.first(steps.size() - 1)) {
    if (!std::holds_alternative<ImputeText>(step)) return nullptr;
  }
  return std::get_if<Vectorize>(&steps.back());
}

bool Vectorizes(std::span<const Step> steps) {
  for (const Step& step : steps) {
    if (std::holds_alternative<Vectorize>(step)) return true;
    const auto* columns = std::get_if<Columns>(&step);
    if (columns == nullptr) continue;
    for (const Columns::Part& part : columns->parts) {
      if (Vectorizes(part.steps)) return true;
    }
  }
  return false;
}

const Columns* OnlyColumns(const Model& model) {
  return model.steps.size() == 1 ? std::get_if<Columns>(&model.steps[0]) : nullptr;
}

class Sparse final : public Engine {
 public:
  explicit Sparse(const Model& model)
      : model_(model),
        linear_(std::get<Linear>(model.predictor)),
        dense_(MakeDense(model)),
        program_(dense_) {
    const Columns* columns = OnlyColumns(model);
    if (columns == nullptr) {
      Add(model.steps, 0);
      return;
    }
    std::vector<ColumnType> types;
    for (const Input& input : model.signature.inputs) types.push_back(input.type);
    for (const Columns::Part& part : columns->parts) {
      if (VectorizerOf(part.steps) != nullptr) {
        Add(part.steps, static_cast<std::size_t>(part.inputs[0]));
      } else {
        const Step one = Columns{{part}};
        AddDense(OutputColumns({&one, 1}, types)->size());
      }
    }
  }
  std::string_view name() const override { return "sparse"; }

  void Score(std::span<const ColumnView> inputs, std::size_t rows, Workspace& workspace,
             Scores& scores) const override {
    Prepare(model_, rows, scores);
    const std::size_t stride = std::min(rows, kRows);
    double* scratch = Scratch(workspace.doubles, program_.scratch() * stride);
    AnalyzerScratch analyzer;
    std::vector<TermEntry> entries;
    for (std::size_t first = 0; first < rows; first += kRows) {
      const std::size_t n = std::min(kRows, rows - first);
      program_.Run(inputs, first, n, scratch, stride, workspace);
      for (std::size_t r = 0; r < n; ++r) {
        double* raw = scores.raw.data() + (first + r) * scores.outputs;
        std::fill_n(raw, scores.outputs, 0.0);
        std::size_t column = 0;  // of program_
        for (const Segment& segment : segments_) {
          if (segment.vectorize == nullptr) {
            for (std::size_t i = 0; i < segment.columns; ++i) {
              const double x = program_.Column(column + i, inputs, first, scratch, stride)[r];
              Multiply(segment.first + i, x, scores.outputs, raw);
            }
            column += segment.columns;
            continue;
          }
          const std::string_view text = Filled(segment.fills, inputs[segment.input].texts[first + r]);
          CountTerms(*segment.vectorize, text, analyzer, entries, segment.index);
          for (const TermEntry& entry : entries) {
            Multiply(segment.first + static_cast<std::size_t>(entry.column), entry.value, scores.outputs,
                     raw);
          }
        }
        for (std::size_t k = 0; k < scores.outputs; ++k) raw[k] += linear_.intercept[k];
      }
    }
    Finish(model_, 0, rows, scores);
  }

 private:
  // Features side by side, from one vectorizer or from steps of numbers.
  struct Segment {
    std::size_t first;
    std::size_t columns;
    const Vectorize* vectorize = nullptr;
    std::size_t input = 0;
    std::vector<TextFill> fills = {};
    TermIndex index;
  };

  // The model's steps without its vectorizers.
  static Model MakeDense(const Model& model) {
    Model dense;
    dense.signature = model.signature;
    Columns kept;
    if (const Columns* columns = OnlyColumns(model)) {
      for (const Columns::Part& part : columns->parts) {
        if (VectorizerOf(part.steps) == nullptr) kept.parts.push_back(part);
      }
    }
    dense.steps.emplace_back(std::move(kept));
    return dense;
  }

  void Add(std::span<const Step> steps, std::size_t input) {
    const Vectorize& vectorize = *VectorizerOf(steps);
    Segment segment{features_,           static_cast<std::size_t>(vectorize.features), &vectorize, input, {},
                    TermIndex(vectorize)};
    for (const Step& step : steps.first(steps.size() - 1)) {
      segment.fills.push_back({&std::get<ImputeText>(step), 0});
    }
    features_ += segment.columns;
    segments_.push_back(std::move(segment));
  }

  void AddDense(std::size_t columns) {
    segments_.push_back({features_, columns, nullptr, 0, {}, TermIndex(Vectorize{})});
    features_ += columns;
  }

  void Multiply(std::size_t feature, double x, std::size_t outputs, double* raw) const {
    const double* weights = linear_.weights.data() + feature;
    const auto features = static_cast<std::size_t>(linear_.features);
    for (std::size_t k = 0; k < outputs; ++k) raw[k] += weights[k * features] * x;
  }

  const Model& model_;
  const Linear& linear_;
  Model dense_;
  ColumnProgram program_;
  std::vector<Segment> segments_;
  std::size_t features_ = 0;
};

}  // namespace

std::string SparseMisfit(const Model& model) {
  const auto* linear = std::get_if<Linear>(&model.predictor);
  if (linear == nullptr || linear->float32) return "the predictor is not linear in double";
  if (VectorizerOf(model.steps) != nullptr) return {};
  constexpr const char* kNone = "no step makes columns of terms";
  constexpr const char* kBehind = "a step stands behind a vectorizer";
  const Columns* columns = OnlyColumns(model);
  if (columns == nullptr) return Vectorizes(model.steps) ? kBehind : kNone;
  bool any = false;
  for (const Columns::Part& part : columns->parts) {
    if (VectorizerOf(part.steps) != nullptr) {
      any = true;
    } else if (Vectorizes(part.steps)) {
      return kBehind;
    }
  }
  return any ? "" : kNone;
}

std::unique_ptr<const Engine> CompileSparse(const Model& model) { return std::make_unique<Sparse>(model); }

}  // namespace turnout
