// The text of replies. Internal to net.
#pragma once

#include <string>
#include <string_view>

namespace turnout {

// "200 OK"; "299 Unknown" for a status that has no name here.
std::string_view StatusText(int status, std::string& scratch);

struct HttpReplyParts {
  int status = 200;
  std::string_view content_type;  // empty: none
  std::string_view body;
  std::string_view date_line;     // with CRLF
  std::string_view header_lines;  // each with CRLF
  std::string_view connection;    // "close", "keep-alive" or empty: not said
  bool without_body = false;      // of a HEAD: the length is that of the body, which is left out
};

void AppendReply(const HttpReplyParts& parts, std::string& out);

}  // namespace turnout
