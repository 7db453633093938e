// pandas_categorical: the categories of a training frame's columns of dtype category, which the library
// replaces by their positions before it looks at a row.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "base/result.h"
#include "formats/lightgbm/text.h"
#include "model/step.h"

namespace turnout::lightgbm {

// The encoded columns, ascending. The file lists categories without saying whose they are:
// `_data_from_pandas` of LightGBM's python-package/lightgbm/basic.py lists the category columns in the order
// of the frame, and trains those as categorical that are not ordered.
Result<std::vector<std::pair<int32_t, Categories>>> PandasCategories(const Booster& booster);

// The step that replaces them by their positions, unknown and missing ones by NaN; the other columns pass.
Step EncodePandas(std::vector<std::pair<int32_t, Categories>> columns, int32_t features);

}  // namespace turnout::lightgbm
