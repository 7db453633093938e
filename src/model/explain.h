// How one row comes to its answer: what reaches the predictor, and where it goes there.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "model/model.h"

namespace turnout {

// The names of the columns that reach the predictor, made from the names of the inputs: an encoded column is
// "plan=gold"; where a step mixes columns they are counted: "step 2, column 0".
std::vector<std::string> FeatureNames(const Model& model);

struct Explanation {
  struct Feature {
    std::string name;
    double value = 0;
  };
  // Where the row ends in a tree: `node` counts the tree's nodes from its root, 0.
  struct Leaf {
    int32_t node = 0;
    std::vector<double> values;  // what it adds: one number, or one per raw score
  };
  std::vector<Feature> features;  // that reach the predictor, in its order
  std::vector<Leaf> leaves;       // of a forest: one per tree
  std::vector<double> terms;      // of a linear model: weight * x, outputs x features
  Prediction prediction;
};

// `row` as Predict takes it.
Explanation Explain(const Model& model, std::span<const Value> row);

}  // namespace turnout
