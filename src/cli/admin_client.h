// The admin listener of a server, asked from the command line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace turnout {

struct AdminRequest {
  std::string admin;  // "127.0.0.1:8090"
  std::string_view method;
  std::string path;
  std::string body = {};
  std::optional<uint64_t> if_match = {};
  std::string key = {};  // of idempotency; empty: none
};

// The body of a 200; else the server's `detail` as the message: kNotFound (404), kUnavailable (409, and where
// nobody answers), kCorrupt (503), kUnsupported (501), kInvalidArgument.
Result<std::string> AskAdmin(const AdminRequest& request);

// Percent-encoded, but for what RFC 3986 leaves alone.
std::string EscapedForPath(std::string_view text);

}  // namespace turnout
