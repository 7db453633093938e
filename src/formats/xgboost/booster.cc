#include "formats/xgboost/booster.h"

#include <fmt/format.h>

#include <charconv>

#include "formats/xgboost/read.h"

namespace turnout::xgboost {

Status Memory::Take(std::string_view what, uint64_t bytes) {
  if (bytes <= left_) {
    left_ -= bytes;
    return {};
  }
  return Fail(
      Code::kCorrupt,
      fmt::format("{}: up to here the model takes more than 4 times its file plus 64 MB of memory; the "
                  "file is damaged or made to fill the memory",
                  what));
}

bool ParseFloats(std::string_view text, std::vector<float>& values) {
  const bool list = text.starts_with('[');
  if (list) {
    if (!text.ends_with(']')) return false;
    text = text.substr(1, text.size() - 2);
  }
  for (;;) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    float value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{}) return false;
    values.push_back(value);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.empty()) return true;
    if (!list || !text.starts_with(',')) return false;
    text.remove_prefix(1);
  }
}

}  // namespace turnout::xgboost
