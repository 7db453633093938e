// Is a text UTF-8? Inside codec/ only: JSON bodies are checked as a whole, cells and messages here.
#pragma once

#include <cstddef>
#include <string_view>

#include "bytes/utf8.h"

namespace turnout {

inline bool IsUtf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = Utf8Length(text, at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

}  // namespace turnout
