#include "formats/support.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "formats/sklearn/load.h"

namespace turnout {
namespace {

// The releases whose files the golden cases hold us to, the oldest and the newest; between them and a little
// before them files are read too, by the same rules.
constexpr std::string_view kSklearn = "1.1 to 1.9", kXgboost = "1.6 to 3.4", kLightgbm = "3.3 to 4.7";

// Classes that scikit-learn has had since a release after the oldest.
constexpr std::pair<std::string_view, std::string_view> kLater[] = {
    {"TargetEncoder", "1.3 to 1.9"},
    {"FixedThresholdClassifier", "1.5 to 1.9"},
    {"TunedThresholdClassifierCV", "1.5 to 1.9"},
    {"FrozenEstimator", "1.6 to 1.9"},
};

const Support kFiles[] = {
    {"any", "", "file", "pickle, protocols 0 to 5; cloudpickle"},
    {"any", "", "file", "joblib, plain or compressed by zlib, gzip, bz2, xz, lzma or lz4"},
    {"scikit-learn", kSklearn, "file", "skops"},
    {"XGBoost", kXgboost, "file", "model.json, model.ubj, the legacy binary format (up to 3.0)"},
    {"LightGBM", kLightgbm, "file", "model.txt"},
};
// Of pickles, each with every objective that its library has.
const Support kBoosters[] = {
    {"XGBoost", kXgboost, "predictor",
     "Booster, XGBClassifier, XGBRegressor, XGBRanker, XGBRFClassifier, XGBRFRegressor"},
    {"LightGBM", kLightgbm, "predictor", "Booster, LGBMClassifier, LGBMRegressor, LGBMRanker"},
};

// "sklearn.linear_model._logistic.LogisticRegression" as people write it: "linear_model.LogisticRegression".
std::string PublicName(std::string_view name) {
  name.remove_prefix(name.find('.') + 1);
  const std::string_view module = name.substr(0, name.find('.'));
  return std::string(module) + "." + std::string(name.substr(name.rfind('.') + 1));
}

std::string_view Versions(std::string_view name) {
  for (const auto& [later, versions] : kLater) {
    if (name.ends_with(later)) return versions;
  }
  return kSklearn;
}

void Add(std::vector<Support>& table, std::string_view role, const std::vector<std::string_view>& classes) {
  for (const std::string_view name : classes) {
    if (!name.starts_with("sklearn.")) continue;
    table.push_back({"scikit-learn", Versions(name), role, PublicName(name)});
  }
}

}  // namespace

std::vector<Support> SupportTable() {
  std::vector<Support> table(std::begin(kFiles), std::end(kFiles));
  Add(table, "predictor", sklearn::PredictorClasses());
  Add(table, "transformer", sklearn::TransformerClasses());
  table.insert(table.end(), std::begin(kBoosters), std::end(kBoosters));
  std::stable_sort(table.begin(), table.end(), [](const Support& a, const Support& b) {
    return std::tie(a.library, a.role, a.name) < std::tie(b.library, b.role, b.name);
  });
  return table;
}

}  // namespace turnout
