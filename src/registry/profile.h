// A training profile: what the rows that a version was trained or validated on look like to it. Later rows
// are compared with it, column by column (drift), and later labels with its quality.
//
// It is JSON, an object of
//   profile      1: this format
//   source       {file, sha256, rows, every}: the CSV; every k-th of its rows is looked at
//   rows         rows that were scored; everything below is of these
//   refused      {rows, first}: rows that the contract or the model refuses, and why the first one was
//   features     [{name, type, ...}]: the model's inputs in its order, as it is given them; a number's
//                distribution, or of a text {count, missing, distinct, values: [{value, count}], others}: the
//                most frequent 50 values, and the rows that have others
//   scores       [{name, ...}]: distributions of what it answers: probability:<label> (of two classes the
//                second), raw:<k> of classifiers without probabilities, value:<k> of regressions
//   predictions  [{label, count}]: classification
//   quality      null without labels, else {labelled, unlabelled, unknown} and
//                classification: accuracy, log_loss, brier and auc (of two classes; null without
//                probabilities), classes: [{label, labelled, predicted, right, precision, recall}]
//                regression of one value: mean_absolute_error, root_mean_squared_error, r2
//
// A distribution is {count, missing, min, max, mean, deviation, quantiles: [[q, value]], bins: {bounds,
// counts}}: a quantile is the smallest value with at least that share of the values at or below it; bounds
// are the deciles, each once; counts has one more than bounds: values up to the first bound, ..., above the
// last. What cannot be computed is null.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "contract/contract.h"
#include "engine/engine.h"
#include "model/model.h"

namespace turnout {

struct ProfileSource {
  std::string_view csv;    // the whole file
  std::string_view name;   // for messages, and in the profile without its folder
  std::string_view label;  // the column with the truth; empty: there is none
};

// The rows are read by the contract, which has to be bound to the model; fields that are no features, and
// what the file has besides, need not be there. Errors: a missing column, no row that can be scored, labels
// that are none of the model's.
Result<std::string> MakeProfile(const Model& model, const Engine& engine, const Contract& contract,
                                const ProfileSource& source);

}  // namespace turnout
