// For tests: snapshots of small models made in memory, whose answers can be worked out by hand.
#pragma once

#include <gtest/gtest.h>

#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "contract/contract.h"
#include "predict/predict.h"

namespace turnout::testing {

// nullptr, and a failed test, where contract and model do not fit.
inline std::shared_ptr<const Snapshot> MakeTestSnapshot(Metrics& metrics, std::string_view yaml, Model model,
                                                        std::string_view engine = {}) {
  auto contract = ParseContract(yaml, "test.yaml");
  if (!contract) {
    ADD_FAILURE() << contract.error().message;
    return nullptr;
  }
  ModelFile file;
  file.path = "test.pkl";
  file.model = std::move(model);
  if (const Status good = CheckModel(file.model); !good) {
    ADD_FAILURE() << good.error().message;
    return nullptr;
  }
  auto version = MakeVersion("v7", std::move(file), *contract, engine);
  if (!version) {
    ADD_FAILURE() << version.error().message;
    return nullptr;
  }
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->endpoint = "test";
  snapshot->contract = std::make_shared<const Contract>(*std::move(contract));
  SetRoute(*snapshot, Route("v7"), {{*version, MakeVersionSeries(metrics, "test", **version, {1})}});
  return snapshot;
}

inline Input NumberInput(std::string name, bool accepts_missing = false) {
  Input input;
  input.name = std::move(name);
  input.accepts_missing = accepts_missing;
  return input;
}

// One tree over `x`: up to 10 the classes have 0.75, 0.25, above 0.125, 0.875. x is a float32.
inline Model TreeModel() {
  Model model;
  model.signature.task = Task::kClassification;
  model.signature.inputs = {NumberInput("x")};
  model.signature.inputs[0].largest = std::numeric_limits<float>::max();
  model.signature.named = true;
  model.signature.classes = {std::string("stays"), std::string("leaves")};
  model.signature.probabilities = true;
  Forest forest;
  forest.features = 1;
  forest.outputs = forest.leaf_width = 2;
  forest.float32 = true;
  forest.nodes = {{.threshold = 10, .feature = 0, .left = 1, .right = 2}, {.left = 0}, {.left = 1}};
  forest.roots = {0};
  forest.targets = {0};
  forest.leaves = {0.75, 0.25, 0.125, 0.875};
  forest.base = {0, 0};
  model.predictor = std::move(forest);
  model.decision = Decision::kLargest;
  return model;
}

// value = 2 x + 3 y + 1.
inline Model LineModel() {
  Model model;
  model.signature.inputs = {NumberInput("x"), NumberInput("y")};
  model.signature.named = true;
  model.predictor = Linear{.features = 2, .outputs = 1, .weights = {2, 3}, .intercept = {1}};
  return model;
}

// Two classes by the sign of x, and no probabilities (as a support vector machine has none).
inline Model SignModel() {
  Model model;
  model.signature.task = Task::kClassification;
  model.signature.inputs = {NumberInput("x")};
  model.signature.named = true;
  model.signature.classes = {int64_t{-1}, int64_t{1}};
  model.predictor = Linear{.features = 1, .outputs = 1, .weights = {1}, .intercept = {0}};
  model.decision = Decision::kRawAboveZero;
  return model;
}

// value = 1 for plan basic, 2 for premium, plus 10 for size 5 and 20 for size 7; every other plan and size is
// refused, and so is a missing one.
inline Model ClosedModel() {
  Model model;
  model.signature.inputs = {NumberInput("size"), NumberInput("plan")};
  model.signature.named = true;
  Input& size = model.signature.inputs[0];
  size.closed = true;
  size.numbers = {7, 5};
  Input& plan = model.signature.inputs[1];
  plan.type = ColumnType::kText;
  plan.closed = true;
  plan.categories = {"basic", "premium"};
  OneHot encoder;
  encoder.columns = {{.texts = {}, .numbers = {5, 7}, .is_text = false},
                     {.texts = {"basic", "premium"}, .numbers = {}, .is_text = true}};
  encoder.dropped = {-1, -1};
  model.steps = {encoder};
  model.predictor = Linear{.features = 4, .outputs = 1, .weights = {10, 20, 1, 2}, .intercept = {0}};
  return model;
}

// Rows of numbers into a batch: each row's values in the order of the contract's fields, then what is
// derived.
inline void AddRow(Batch& batch, std::size_t position, std::initializer_list<double> numbers) {
  batch.AppendRow(position, {});
  std::size_t i = 0;
  for (const double number : numbers) batch.column(i++).numbers.back() = number;
}

}  // namespace turnout::testing
