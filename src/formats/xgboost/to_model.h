// A Booster to the parts of a Model. Internal to formats/xgboost.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "base/result.h"
#include "formats/sklearn/parts.h"
#include "formats/xgboost/booster.h"
#include "formats/xgboost/objective.h"
#include "model/model.h"

namespace turnout::xgboost {

// Who asks the booster: XGBoost's scikit-learn wrappers answer otherwise than the booster itself.
struct Wrapper {
  enum class Kind : uint8_t { kNone, kClassifier, kRegressor };
  Kind kind = Kind::kNone;        // kRegressor: the ranker too
  std::string estimator;          // "xgboost.sklearn.XGBClassifier"
  std::vector<Label> labels;      // empty: 0, 1, ...
  double missing = std::nan("");  // numbers equal to it, as float32, are missing too
};

// ---- wrapper.cc
// What XGBModel.save_model() left in the attributes; kNone if the booster was saved by itself.
Result<Wrapper> WrapperOf(const Booster& booster);

// ---- inputs.cc
// The signature's inputs: names, types, categories.
Status ReadInputs(const Booster& booster, const Wrapper& wrapper, Memory& memory, Signature& signature);
// An error if the texts that are categories can't be what the model was trained on.
Status CheckTexts(const Booster& booster);
// |x| must not pass it.
double Largest(const Booster& booster, const Wrapper& wrapper);

// ---- rounds.cc
struct Rounds {
  int64_t all = 0, used = 0;
  std::size_t trees = 0;  // of the used
  bool best = false;      // fewer may be used than there are: up to best_iteration
};
Result<Rounds> RoundsOf(const Booster& booster, const Wrapper& wrapper, std::size_t outputs);

// ---- trees.cc
// The first `trees` trees, which are freed on the way.
Result<Forest> ToForest(Booster& booster, const Wrapper& wrapper, std::size_t trees,
                        const std::vector<float>& margins, Memory& memory);

// ---- to_model.cc
// The whole: inputs by the booster's names.
Result<Model> ToModel(Booster booster, const Wrapper& wrapper, Memory& memory);
std::string VersionText(const Booster& booster);  // "3.4.1"
// The predictor of out.model behind the steps that are there, over out.inputs columns.
Status AddPredictor(Booster booster, const Wrapper& wrapper, Memory& memory, sklearn::Loaded& out);

}  // namespace turnout::xgboost
