// sklearn/preprocessing/_data.py: scalers. Their numbers are NaN for a column that was always missing.
#include <fmt/format.h>

#include "formats/sklearn/transformers.h"

namespace turnout::sklearn {
namespace {

Status NoZeros(const Part& part, std::string_view name, const std::vector<double>& scale) {
  for (std::size_t i = 0; i < scale.size(); ++i) {
    if (scale[i] == 0) {
      return pickle::Fail(Code::kCorrupt, part,
                          fmt::format("{}[{}] is 0; a scaler never keeps that", name, i));
    }
  }
  return {};
}

Status LoadScale(const Part& part, const Context& context, int32_t inputs, std::string_view centre,
                 std::string_view with_centre, std::string_view with_scale, Steps& steps) {
  Scale scale;
  TURNOUT_ASSIGN(const bool centred, pickle::BoolOr(part, with_centre, true));
  TURNOUT_ASSIGN(const bool scaled, pickle::BoolOr(part, with_scale, true));
  if (centred) {
    TURNOUT_ASSIGN(scale.mean, ColumnNumbers(part, centre, context, inputs));
  }
  if (scaled) {
    TURNOUT_ASSIGN(scale.scale, ColumnNumbers(part, "scale_", context, inputs));
    TURNOUT_TRY(NoZeros(part, "scale_", scale.scale));
  }
  steps.emplace_back(std::move(scale));
  return {};
}

}  // namespace

Status LoadStandardScaler(const Part& part, const Context& context, int32_t inputs, int, Steps& steps) {
  return LoadScale(part, context, inputs, "mean_", "with_mean", "with_std", steps);
}

Status LoadRobustScaler(const Part& part, const Context& context, int32_t inputs, int, Steps& steps) {
  return LoadScale(part, context, inputs, "center_", "with_centering", "with_scaling", steps);
}

Status LoadMaxAbsScaler(const Part& part, const Context& context, int32_t inputs, int, Steps& steps) {
  Scale scale;
  TURNOUT_ASSIGN(scale.scale, ColumnNumbers(part, "scale_", context, inputs));
  TURNOUT_TRY(NoZeros(part, "scale_", scale.scale));
  steps.emplace_back(std::move(scale));
  TURNOUT_ASSIGN(const bool clip, pickle::BoolOr(part, "clip", false));
  if (clip) steps.emplace_back(Clip{-1, 1});
  return {};
}

Status LoadMinMaxScaler(const Part& part, const Context& context, int32_t inputs, int, Steps& steps) {
  Affine affine;
  TURNOUT_ASSIGN(affine.factor, ColumnNumbers(part, "scale_", context, inputs));
  TURNOUT_ASSIGN(affine.offset, ColumnNumbers(part, "min_", context, inputs));
  steps.emplace_back(std::move(affine));
  TURNOUT_ASSIGN(const bool clip, pickle::BoolOr(part, "clip", false));
  if (!clip) return {};
  TURNOUT_ASSIGN(const Part range, pickle::Attribute(part, "feature_range"));
  TURNOUT_ASSIGN(const auto ends, AsDoubles(range, {2}, context.budget));
  steps.emplace_back(Clip{ends.values[0], ends.values[1]});
  return {};
}

}  // namespace turnout::sklearn
