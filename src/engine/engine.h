// A compiled evaluator made from a checked model; its answers equal the slow model's to the bit (linear
// models: within DESIGN's stated bound, and equal between engines).
//
// An Engine is immutable: any number of threads score with it, each with its own Workspace. Scoring cannot
// fail: the rows must satisfy the model's signature (predict/ checks them first).
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "data/batch.h"
#include "model/model.h"

namespace turnout {

// What a call to Score fills in, row-major. Reused: it keeps its memory.
struct Scores {
  std::size_t rows = 0;
  std::size_t outputs = 0;            // raw scores per row
  std::size_t classes = 0;            // probabilities per row; 0: a regression, a classifier without them
  std::vector<double> raw;            // rows x outputs
  std::vector<double> probabilities;  // rows x classes
  std::vector<uint32_t> class_index;  // rows; classification
  std::vector<double> values;         // rows x outputs; regression
};

// Scratch memory of one thread; any engine may use any Workspace.
struct Workspace {
  std::vector<double> doubles;
  std::vector<float> floats;
  std::vector<int32_t> integers;
  // Of the models inside of a model, one after the other.
  std::unique_ptr<Workspace> inner;
  std::vector<ColumnView> member_inputs;
  Scores member_scores;
};

class Engine {
 public:
  virtual ~Engine() = default;
  virtual std::string_view name() const = 0;
  // `inputs`: one column per input of the signature, `rows` values each.
  virtual void Score(std::span<const ColumnView> inputs, std::size_t rows, Workspace& workspace,
                     Scores& scores) const = 0;
};

// One line of "which engines fit this model, and why not the others".
struct EngineChoice {
  std::string name;
  std::string reason;  // empty: it fits
};
std::vector<EngineChoice> ExplainEngines(const Model& model);

// The engine to use. `name` pins one ("reference", "portable", ...); empty picks the best that fits.
// The model must outlive the engine.
Result<std::unique_ptr<const Engine>> CompileEngine(const Model& model, std::string_view name = {});

}  // namespace turnout
