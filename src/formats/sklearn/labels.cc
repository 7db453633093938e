#include <fmt/format.h>

#include "formats/sklearn/parts.h"

namespace turnout::sklearn {

Result<std::vector<Label>> Labels(const Part& classes) {
  TURNOUT_ASSIGN(const pickle::Values elements, pickle::Elements(classes));
  std::vector<Label> labels;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const Part element(elements[i], classes.path.Index(i));
    switch (element.value.kind()) {
      case pickle::Kind::kBool: labels.emplace_back(element.value.Bool()); break;
      case pickle::Kind::kInt: labels.emplace_back(element.value.Int()); break;
      case pickle::Kind::kFloat: labels.emplace_back(element.value.Float()); break;
      case pickle::Kind::kText: {
        TURNOUT_ASSIGN(const std::string_view text, pickle::AsText(element));
        labels.emplace_back(std::string(text));
        break;
      }
      default: return pickle::Unexpected(element, "a class label: an int, a float, a bool or a text");
    }
  }
  if (labels.size() < 2) {
    return pickle::Fail(Code::kUnsupported, classes,
                        fmt::format("{} class; a classifier needs two or more", labels.size()));
  }
  return labels;
}

}  // namespace turnout::sklearn
