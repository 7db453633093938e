// LightGBM: model.txt, pickled boosters and wrappers, a wrapper as the last step of a scikit-learn pipeline
// -> Model.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "formats/sklearn/parts.h"
#include "model/model.h"

namespace turnout::lightgbm {

// The text of Booster.save_model().
Result<Model> LoadText(std::span<const uint8_t> bytes);

// Whether a document is what Booster.dump_model() gives, which LightGBM itself does not read.
bool IsDump(std::span<const uint8_t> json);
std::unexpected<Error> RefuseDump();

// Whether a class is one of lightgbm.basic.Booster and
// lightgbm.sklearn.LGBM{Classifier,Regressor,Ranker,Model}.
bool IsLightGbm(std::string_view class_name);
// Such an object alone, with the inputs that its file names.
Result<Model> LoadPickled(const pickle::Part& part, sklearn::Budget& budget);
// The last step of a pipeline: the predictor of out.model.
Status LoadLastStep(const pickle::Part& part, const sklearn::Context& context, sklearn::Loaded& out);

}  // namespace turnout::lightgbm
