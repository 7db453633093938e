// src/objective/ of XGBoost 1.6 to 3.4: ProbToMargin and PredTransform of each objective, in float32 and with
// the C library's functions. (Of survival:aft the package xgboost-cpu takes the exp of a double, which can
// differ in the last bit; xgboost itself does not, and a file does not tell which package wrote it.)
#include "formats/xgboost/objective.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace turnout::xgboost {
namespace {

using Margin = Objective::Margin;

constexpr Objective kObjectives[] = {
    {"binary:hinge", Link::kStep, Margin::kAsIs, true},
    {"binary:logistic", Link::kExpitFloat, Margin::kLogit, true},
    {"binary:logitraw", Link::kIdentity, Margin::kAsIs},
    {"count:poisson", Link::kExpFloat, Margin::kLog},
    {"multi:softmax", Link::kSoftmaxFloat, Margin::kAsIs, true, true},
    {"multi:softprob", Link::kSoftmaxFloat, Margin::kAsIs, true, true},
    {"rank:map", Link::kIdentity, Margin::kAsIs},
    {"rank:ndcg", Link::kIdentity, Margin::kAsIs},
    {"rank:pairwise", Link::kIdentity, Margin::kAsIs},
    {"reg:absoluteerror", Link::kIdentity, Margin::kAsIs},
    {"reg:expectileerror", Link::kExpectiles, Margin::kExpectiles},
    {"reg:gamma", Link::kExpFloat, Margin::kLog},
    {"reg:linear", Link::kIdentity, Margin::kAsIs},
    {"reg:logistic", Link::kExpitFloat, Margin::kLogit},
    {"reg:pseudohubererror", Link::kIdentity, Margin::kAsIs},
    {"reg:quantileerror", Link::kIdentity, Margin::kAsIs},
    {"reg:squarederror", Link::kIdentity, Margin::kAsIs},
    {"reg:squaredlogerror", Link::kIdentity, Margin::kAsIs},
    {"reg:tweedie", Link::kExpFloat, Margin::kLog},
    {"survival:aft", Link::kExpFloat, Margin::kLog},
    {"survival:cox", Link::kExpFloat, Margin::kLog},
};

constexpr float kRtEps = 1e-6f;  // include/xgboost/base.h

float Logit(float p) { return -std::log(1.0f / p - 1.0f); }

// common::SoftPlusInv (src/common/math.h).
float InverseSoftplus(float x) {
  x = std::max(x, kRtEps);
  return x + std::log(-std::expm1(-x));
}

}  // namespace

const Objective* FindObjective(std::string_view name) {
  const auto found = std::find_if(std::begin(kObjectives), std::end(kObjectives),
                                  [&](const Objective& objective) { return objective.name == name; });
  return found == std::end(kObjectives) ? nullptr : found;
}

std::string KnownObjectives() {
  std::string names;
  for (const Objective& objective : kObjectives) {
    if (!names.empty()) names += ", ";
    names += objective.name;
  }
  return names;
}

Link LinkOf(const Objective& objective, const Booster& booster) {
  if (objective.name == "reg:quantileerror" && booster.AtLeast(3, 4)) return Link::kAscending;
  return objective.link;
}

Result<std::vector<float>> BaseMargins(const Booster& booster, const Objective& objective,
                                       std::size_t outputs) {
  std::vector<float> margins = booster.base_score;
  if (margins.size() == 1) margins.resize(outputs, margins[0]);
  if (margins.size() != outputs) {
    return Fail(Code::kCorrupt,
                fmt::format("base_score has {} values, the model has {} outputs", margins.size(), outputs));
  }
  // Before 1.0 the binary format held the margin itself.
  if (booster.major < 1) return margins;
  switch (objective.margin) {
    case Margin::kAsIs: break;
    case Margin::kLogit:
      for (float& margin : margins) {
        if (booster.AtLeast(3, 2)) margin = std::min(std::max(margin, kRtEps), 1.0f - kRtEps);
        margin = Logit(margin);
      }
      break;
    case Margin::kLog:
      for (float& margin : margins) margin = std::log(margin);
      break;
    case Margin::kExpectiles:
      for (std::size_t k = outputs - 1; k > 0; --k) {
        const float gap = margins[k] - margins[k - 1];
        margins[k] = InverseSoftplus(gap - kRtEps);
      }
      break;
  }
  for (std::size_t k = 0; k < outputs; ++k) {
    if (!std::isfinite(margins[k])) {
      return Fail(Code::kCorrupt, fmt::format("base_score {} can't be one of {}",
                                              booster.base_score[std::min(k, booster.base_score.size() - 1)],
                                              objective.name));
    }
  }
  return margins;
}

}  // namespace turnout::xgboost
