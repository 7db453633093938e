// A LightGBM text model (model.txt, and the text inside of a pickled Booster) -> Booster: what the file says,
// with its trees as a Forest.
//
// src/boosting/gbdt_model_text.cpp of LightGBM is the format. Nothing is recursive, every count is held
// against the text before memory is taken, and memory stays within 4 times the text plus 64 MB. tree_sizes is
// not trusted: only the number of its entries is checked.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "formats/lightgbm/lines.h"
#include "model/forest.h"

namespace turnout::lightgbm {

// Views are into the text.
struct Booster {
  int version = 0;  // of the format: 3 is written by LightGBM 3, 4 by LightGBM 4
  int32_t num_class = 1;
  Field feature_names;
  Field feature_infos;
  std::vector<std::string_view> names;  // of the features
  std::vector<std::string_view> infos;  // "[min:max]", "category:category:..." or "none"
  Field objective;                      // "binary sigmoid:1"; not there: a custom one
  bool average_output = false;          // a random forest
  int64_t iterations = 0;               // of which the file has trees
  int64_t iterations_used = 0;
  Forest forest;              // of these; its sums are not divided yet
  Field categorical_feature;  // the parameter: "2,5"
  Field pandas_categorical;   // JSON; not there: not told
};

// `iterations`: how many to use, as `best_iteration` of a Booster counts them: 0 or less, or more than there
// are: all.
Result<Booster> ReadText(std::string_view text, int64_t iterations);

}  // namespace turnout::lightgbm
