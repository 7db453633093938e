// What an objective makes of the sums of the trees. Internal to formats/xgboost.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "formats/xgboost/booster.h"
#include "model/model.h"

namespace turnout::xgboost {

struct Objective {
  enum class Margin : uint8_t { kAsIs, kLogit, kLog, kExpectiles };  // of base_score

  std::string_view name;
  Link link = Link::kIdentity;
  Margin margin = Margin::kAsIs;
  bool classifies = false;  // its answers are probabilities of classes, also without a wrapper
  bool multi_class = false;
};

// nullptr: none that is known.
const Objective* FindObjective(std::string_view name);
std::string KnownObjectives();  // "binary:hinge, binary:logistic, ..."

// The links differ by release: reg:quantileerror puts its values in order since 3.4.
Link LinkOf(const Objective& objective, const Booster& booster);

// What the sums start from, one value per output.
Result<std::vector<float>> BaseMargins(const Booster& booster, const Objective& objective,
                                       std::size_t outputs);

}  // namespace turnout::xgboost
