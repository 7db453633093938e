#include "formats/skops/number.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "bytes/number.h"
#include "formats/pickle/text.h"

namespace turnout::skops {

bool ReadNumber(std::string_view text, pickle::PickleStore& store, pickle::Id* result) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr std::size_t kMostDigits = 2000;
  if (text == "NaN" || text == "Infinity" || text == "-Infinity") {
    *result = store.AddFloat(text == "NaN"        ? std::numeric_limits<double>::quiet_NaN()
                             : text == "Infinity" ? kInfinity
                                                  : -kInfinity);
    return true;
  }
  if (!IsJsonNumber(text)) return false;
  if (text.find_first_of(".eE") != std::string_view::npos) {
    const ParsedNumber number = ParseNumber(text);
    *result = store.AddFloat(number.error == NumberError::kNone ? number.value
                             : text[0] == '-'                   ? -kInfinity
                                                                : kInfinity);
    return true;
  }
  int64_t value = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc()) {
    *result = store.AddInt(value);
    return true;
  }
  const auto bytes = text.size() <= kMostDigits ? pickle::DecimalToBytes(text) : std::nullopt;
  auto* copy = bytes ? store.New<uint8_t>(bytes->size()) : nullptr;
  if (copy == nullptr) return false;
  std::ranges::copy(*bytes, copy);
  *result = store.AddBytes(pickle::Kind::kBigInt, {copy, bytes->size()});
  return true;
}

}  // namespace turnout::skops
