// Models inside of a model: what each gives for a row stands side by side as columns.
//
// Ensembles are made of it: their members here, behind them the predictor that combines what they give
// (model/combination.h, model/calibration.h, or a final estimator).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "data/signature.h"
#include "model/value.h"

namespace turnout {

struct Model;

// What a member gives for a row.
enum class Give : uint8_t {
  kScores,         // the raw scores that are its decision function: without Model::extra
  kProbabilities,  // one of each class
  kSecond,         // the probability of the second of two classes
  kClass,          // the number of the class that it predicts
  kVote,           // a column for each class: 1 for the one that it predicts, else 0
  kValues,         // a regression's
};
// "scores", "probabilities", ...: for messages.
std::string_view Name(Give give);

struct Member {
  std::shared_ptr<const Model> model;
  std::vector<int32_t> inputs;  // of the columns before the step, one per input of its signature
  std::vector<Give> gives;      // one behind the other
  // kProbabilities, kVote: class k stands in column places[k] of `width`, other columns are 0 (a member that
  // has not seen every class). Empty: its classes are all there are.
  std::vector<int32_t> places;
  int32_t width = 0;
  std::vector<double> labels;  // kClass: the number of each class; empty: its index
};

struct Members {
  std::vector<Member> members;
  bool passthrough = false;  // behind them, the columns before the step
};

// Columns that a member gives.
std::size_t GivenColumns(const Member& member);

// Checks the members, each as CheckModel does, and that their inputs fit the columns. `level` counts what the
// step is nested in (kMaxStepNesting).
Result<ColumnTypes> OutputsOf(const Members& members, const ColumnTypes& inputs, int level);

Row Apply(const Members& members, Row row);

// One row of a member's answers, each empty where it has none, as the columns that it gives: out[i * stride].
// The one implementation, used by the slow model and by the engines.
struct MemberAnswer {
  std::span<const double> raw;
  std::span<const double> probabilities;
  std::size_t class_index = 0;
  std::span<const double> values;
};
void Place(const Member& member, const MemberAnswer& answer, double* out, std::size_t stride);

}  // namespace turnout
