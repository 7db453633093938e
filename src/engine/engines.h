// The engines of this room, for engine.cc's table. Callers use CompileEngine().
#pragma once

#include <memory>
#include <vector>

#include "engine/engine.h"

namespace turnout {

// The slow model, row by row.
std::unique_ptr<const Engine> CompileReference(const Model& model);
// Forests; no instruction beyond the build's baseline. What it does not fit, or empty.
std::string PortableMisfit(const Model& model);
std::unique_ptr<const Engine> CompilePortable(const Model& model);
// Any predictor, row by row; its steps column by column.
std::unique_ptr<const Engine> CompileRows(const Model& model);
// Linear predictors of terms, those of each row alone.
std::string SparseMisfit(const Model& model);
std::unique_ptr<const Engine> CompileSparse(const Model& model);
// Linear predictors, column by column.
std::unique_ptr<const Engine> CompileLinear(const Model& model);

// Gives `scores` the sizes of the model for `rows` rows. Memory is kept.
void Prepare(const Model& model, std::size_t rows, Scores& scores);

// Fills everything but `raw` from `raw`, for rows [first, first + rows).
void Finish(const Model& model, std::size_t first, std::size_t rows, Scores& scores);

// The first `size` values of a scratch vector that only grows.
template <class T>
T* Scratch(std::vector<T>& memory, std::size_t size) {
  if (memory.size() < size) memory.resize(size);
  return memory.data();
}

}  // namespace turnout
