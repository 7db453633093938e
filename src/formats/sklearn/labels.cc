#include <fmt/format.h>

#include "formats/sklearn/parts.h"

namespace turnout::sklearn {

Result<std::vector<Label>> Labels(const Part& classes) {
  TURNOUT_ASSIGN(auto scalars, Scalars(classes));
  std::vector<Label> labels;
  for (Scalar& scalar : scalars) {
    if (auto* text = std::get_if<std::string>(&scalar)) {
      labels.emplace_back(std::move(*text));
    } else if (const bool* truth = std::get_if<bool>(&scalar)) {
      labels.emplace_back(*truth);
    } else if (const int64_t* integer = std::get_if<int64_t>(&scalar)) {
      labels.emplace_back(*integer);
    } else if (const double* number = std::get_if<double>(&scalar)) {
      labels.emplace_back(*number);
    } else {
      return pickle::Fail(Code::kUnsupported, classes, "None is a class");
    }
  }
  if (labels.size() < 2) {
    return pickle::Fail(Code::kUnsupported, classes,
                        fmt::format("{} class; a classifier needs two or more", labels.size()));
  }
  return labels;
}

}  // namespace turnout::sklearn
