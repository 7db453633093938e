// Predictors that combine columns: what the members of an ensemble give (model/members.h) -> raw scores.
//
// Each adds and divides in the order in which scikit-learn's ensemble does; columns come in blocks, one a
// member.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace turnout {

struct Combination {
  enum class Kind : uint8_t {
    kColumns,         // the columns themselves
    kConstant,        // `constants`, whatever the columns hold
    kMean,            // blocks of `outputs` columns: their sum in order, divided by their number
    kWeightedMean,    // the same, each times its member's weight; divided by `divisor`
    kVotes,           // a class index each: its member's weight to that class
    kWeightedMedian,  // one column each: the first in ascending order that has half of the weight below it
    kSamme,           // AdaBoost: a class index each; its member's weight to that class, weight * `other` to
             // the others; divided by `divisor`. Two classes: one score, the second's less the first's
    kSammeReal,  // AdaBoost's SAMME.R: blocks of a probability for each class; as kSamme
    kAnomaly,    // IsolationForest: one column, the sum of the depths; s = -2^-(depth / divisor);
                 // raw: s - offset, s
    kOffset,     // one column s: raw: s, s + offset (OneClassSVM)
    // Gradient boosting that starts from another model: `outputs` raw scores of the trees behind what it
    // starts from, of which the raw score to start from is made:
    kFromValues,      // it is one
    kFromLogit,       // a probability p of the second class: log(p / (1 - p)) * scale
    kFromSciPyLogit,  // the same, by log1p near one half
    kFromLog,         // a probability of each class: log p
    kFromCentredLog,  // log(p / the geometric mean of them)
  };

  Kind kind = Kind::kColumns;
  int32_t features = 0;
  int32_t outputs = 1;
  std::vector<double> weights;    // one a member
  std::vector<double> constants;  // kConstant: `outputs`
  double divisor = 1;
  double other = 0;     // kSamme
  double offset = 0;    // kAnomaly, kOffset
  double scale = 1;     // kFromLogit
  double smallest = 0;  // kFrom...: probabilities are kept in [smallest, 1 - smallest] before they are used
};

// "mean", "votes", ...
std::string_view Name(Combination::Kind kind);

Status CheckCombination(const Combination& combination);
// raw[0..outputs) for the row x[0..features).
void Combine(const Combination& combination, const double* x, double* raw);

}  // namespace turnout
