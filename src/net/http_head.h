// The head of a request: found, checked and parsed. Internal to net.
//
// Beast's parser is lenient where two parsers in a row may disagree about where a request ends, which is how
// requests are smuggled. So the lines are checked first on the raw bytes (ScanHead), Beast splits them, and
// the fields that frame the body are checked as they come (ParseHead). All according to RFC 9112.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string_view>
#include <vector>

#include "net/http_request.h"

namespace turnout {

struct HttpFault {
  int status = 400;
  const char* message = "";  // static text
};

// What the head says of the bytes behind it and of the connection.
struct HttpFraming {
  std::uint64_t content_length = 0;
  bool chunked = false;
  bool keep_alive = false;
  bool expects_continue = false;
};

// Looks for the end of a head in `bytes`, which grow from call to call; `position`, 0 at first, remembers
// what was checked. Returns the head's length with its empty line, or 0 if there must be more bytes. Every
// line ends with CRLF, none starts with white space (obs-fold), and no control character but HTAB is inside.
std::expected<std::size_t, HttpFault> ScanHead(std::string_view bytes, std::size_t& position);

// Parses a head that ScanHead found. Fills `request` (not body and received_ns) with views of `head`; the
// fields are kept in `fields`, which is reused. No allocation once `fields` has grown.
std::expected<HttpFraming, HttpFault> ParseHead(std::string_view head, std::size_t max_fields,
                                                HttpRequest& request, std::vector<HttpField>& fields);

}  // namespace turnout
