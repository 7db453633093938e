#include "model/blank.h"

#include <cmath>

namespace turnout {

Status CheckStep(const Blank& blank, std::size_t) {
  if (!std::isnan(blank.value)) return {};
  return Fail(Code::kCorrupt, "what stands for missing values is not a number");
}

double Map(const Blank& blank, std::size_t, double x) {
  return static_cast<float>(x) == blank.value ? std::nan("") : x;
}

}  // namespace turnout
