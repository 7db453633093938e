// The objective of a LightGBM model -> how its raw scores become answers (src/objective/*.hpp of LightGBM:
// ConvertOutput of each).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "formats/lightgbm/text.h"
#include "model/model.h"

namespace turnout::lightgbm {

// Who answers: the wrappers make labels and two probabilities of what the booster gives.
enum class Face {
  kBooster,     // lightgbm.Booster: p1, or one p per class; served with its classes 0, 1, ...
  kClassifier,  // LGBMClassifier, with labels of its own
  kValue,       // LGBMRegressor, LGBMRanker, LGBMModel: the numbers as they are
  kRaw,         // any of them with an objective of the caller's own: raw scores
};

// Sets task, classes, link, link_scale and decision. `labels` are those of a classifier.
Status SetObjective(const Booster& booster, Face face, std::vector<Label> labels, Model& model);

// The number in "sigmoid:0.7" as LightGBM's own Atof (include/LightGBM/utils/common.h) reads it, which
// differs from the nearest double in last bits. NaN: it is none.
double LegacyNumber(std::string_view text);

}  // namespace turnout::lightgbm
