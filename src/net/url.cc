#include "net/url.h"

#include <charconv>
#include <cstddef>

namespace turnout {
namespace {

std::optional<std::string> Decode(std::string_view text, bool plus_is_space) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      unsigned byte = 0;
      const std::string_view digits = text.substr(i + 1, 2);
      const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
      if (digits.size() != 2 || error != std::errc() || end != digits.data() + 2 || byte == 0)
        return std::nullopt;
      result.push_back(static_cast<char>(byte));
      i += 2;
    } else {
      result.push_back(plus_is_space && text[i] == '+' ? ' ' : text[i]);
    }
  }
  return result;
}

}  // namespace

std::optional<std::string> PercentDecode(std::string_view text) { return Decode(text, false); }

std::optional<std::string> QueryValue(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query = pair.size() == query.size() ? "" : query.substr(pair.size() + 1);
    const std::string_view key = pair.substr(0, pair.find('='));
    if (Decode(key, true) != name) continue;
    return Decode(key.size() == pair.size() ? "" : pair.substr(key.size() + 1), true);
  }
  return std::nullopt;
}

}  // namespace turnout
