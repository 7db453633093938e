#include "contract/label.h"

#include "bytes/number.h"

namespace turnout {
namespace {

// By value rather than by spelling.
bool Names(const Label& label, std::string_view text) {
  if (const bool* truth = std::get_if<bool>(&label)) {
    return text == (*truth ? "True" : "False") || text == (*truth ? "1" : "0");
  }
  const ParsedNumber number = ParseNumber(text);
  if (number.error != NumberError::kNone) return false;
  if (const int64_t* whole = std::get_if<int64_t>(&label)) return static_cast<double>(*whole) == number.value;
  if (const double* real = std::get_if<double>(&label)) return *real == number.value;
  return false;
}

}  // namespace

int32_t FindClass(const std::vector<Label>& classes, std::string_view text) {
  // An exact spelling first: int64 labels beyond 2^53 share a double.
  for (std::size_t i = 0; i < classes.size(); ++i) {
    if (LabelText(classes[i]) == text) return static_cast<int32_t>(i);
  }
  for (std::size_t i = 0; i < classes.size(); ++i) {
    if (Names(classes[i], text)) return static_cast<int32_t>(i);
  }
  return -1;
}

}  // namespace turnout
