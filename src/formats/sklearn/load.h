// scikit-learn: an estimator or a Pipeline, as a pickle holds it -> Model.
//
// Attribute names and rules by version are those of scikit-learn's own source; each loader names the file.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "formats/pickle/object.h"
#include "model/model.h"

namespace turnout {

// The estimator of the file's first object. Unknown classes matter only on the way of prediction; the error
// then names the step, the class and what would make it servable.
Result<Model> LoadSklearn(const pickle::Graph& graph);

namespace sklearn {

// The classes of the two tables, by their private paths: what stands last, and what may stand before it.
std::vector<std::string_view> PredictorClasses();
std::vector<std::string_view> TransformerClasses();

}  // namespace sklearn

}  // namespace turnout
