#include "data/signature.h"

#include <fmt/format.h>

namespace turnout {

std::string LabelText(const Label& label) {
  return std::visit([](const auto& value) { return fmt::format("{}", value); }, label);
}

}  // namespace turnout
