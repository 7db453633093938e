// XGBoost: model files in JSON, UBJSON and the legacy binary form, pickled boosters and wrappers, a wrapper
// as the last step of a scikit-learn pipeline -> Model.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "formats/sklearn/parts.h"
#include "model/model.h"

namespace turnout::xgboost {

// The three forms of Booster.save_model().
Result<Model> LoadJson(std::span<const uint8_t> bytes);
Result<Model> LoadUbjson(std::span<const uint8_t> bytes);
Result<Model> LoadLegacy(std::span<const uint8_t> bytes);

// Whether a JSON document starts as a model or a serialised booster does;
bool IsModelJson(std::span<const uint8_t> json);
// whether bytes are a legacy binary model;
bool IsLegacy(std::span<const uint8_t> bytes);
// whether they are what Booster.get_dump() or dump_model() give, which XGBoost itself does not read.
bool IsDump(std::span<const uint8_t> bytes);
std::unexpected<Error> RefuseDump();

// Whether a class is xgboost.core.Booster or one of xgboost.sklearn.XGB*.
bool IsXgboost(std::string_view class_name);
// Such an object alone, with the inputs that its file names.
Result<Model> LoadPickled(const pickle::Part& part, sklearn::Budget& budget);
// The last step of a pipeline: the predictor of out.model.
Status LoadLastStep(const pickle::Part& part, const sklearn::Context& context, sklearn::Loaded& out);

}  // namespace turnout::xgboost
