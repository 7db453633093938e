// HttpRequest: one request as it lies in its connection's buffer. All views, no copies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace turnout {

enum class HttpMethod : std::uint8_t { kGet, kHead, kPost, kPut, kDelete, kPatch, kOptions, kOther };

struct HttpField {
  std::string_view name;   // as sent; compare without case
  std::string_view value;  // without the white space around it
};

// The views live until the reply is sent (HttpExchange); copy what must live longer.
struct HttpRequest {
  HttpMethod method = HttpMethod::kOther;
  std::string_view method_text;
  std::string_view target;  // as sent: "/predict?ids=true"
  std::string_view path;    // "/predict", not decoded (PercentDecode of net/url.h); "*" of OPTIONS *
  std::string_view query;   // "ids=true", not decoded
  std::string_view
      body;  // kBodyPadding bytes after its end may be read (not written): they are not part of it
  std::span<const HttpField> fields;  // in the order sent
  int minor_version = 1;              // of HTTP/1.x
  std::int64_t received_ns = 0;       // SteadyNanos() when its last byte had been read

  // The value of the first field of that name; empty, with a null data(), if there is none.
  std::string_view Header(std::string_view name) const;
};

// So that a SIMD JSON parser can read the body where it lies.
inline constexpr std::size_t kBodyPadding = 64;

// ASCII only.
bool EqualsIgnoringCase(std::string_view a, std::string_view b);

}  // namespace turnout
