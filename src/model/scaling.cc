#include "model/scaling.h"

#include <fmt/format.h>

#include "model/value.h"

namespace turnout {

Status CheckStep(const Scale& scale, std::size_t columns) {
  if (!scale.mean.empty()) TURNOUT_TRY(NeedOneEach(scale.mean.size(), "means", columns));
  if (!scale.scale.empty()) TURNOUT_TRY(NeedOneEach(scale.scale.size(), "scales", columns));
  return {};
}

double Map(const Scale& scale, std::size_t column, double x) {
  if (!scale.mean.empty()) x -= scale.mean[column];
  if (!scale.scale.empty()) x /= scale.scale[column];
  return x;
}

Status CheckStep(const Affine& affine, std::size_t columns) {
  if (!affine.factor.empty()) TURNOUT_TRY(NeedOneEach(affine.factor.size(), "factors", columns));
  if (!affine.offset.empty()) TURNOUT_TRY(NeedOneEach(affine.offset.size(), "offsets", columns));
  return {};
}

double Map(const Affine& affine, std::size_t column, double x) {
  if (!affine.factor.empty()) x *= affine.factor[column];
  if (!affine.offset.empty()) x += affine.offset[column];
  return x;
}

Status CheckStep(const Clip& clip, std::size_t) {
  if (clip.low <= clip.high) return {};
  return Fail(Code::kCorrupt, fmt::format("clips to [{}, {}]", clip.low, clip.high));
}

double Map(const Clip& clip, std::size_t, double x) {
  if (x < clip.low) return clip.low;
  return x > clip.high ? clip.high : x;
}

}  // namespace turnout
