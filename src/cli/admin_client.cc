#include "cli/admin_client.h"

#include <fmt/format.h>

#include <cstdlib>

#include "bytes/json_view.h"
#include "net/http_client.h"
#include "server/config.h"

namespace turnout {

std::string EscapedForPath(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

Result<std::string> AskAdmin(const AdminRequest& request) {
  std::string address;
  uint16_t port = 0;
  TURNOUT_TRY(ParseAddress(request.admin, address, port));
  auto client = HttpClient::Connect(address, port);
  if (!client) {
    Error error = std::move(client).error();
    error.message += "; is this the server's `listen.admin`? --admin names another";
    return std::unexpected(std::move(error));
  }
  std::string lines;
  if (request.if_match) lines += fmt::format("If-Match: {}\r\n", *request.if_match);
  if (!request.key.empty()) lines += fmt::format("Idempotency-Key: {}\r\n", EscapedForPath(request.key));
  if (const char* const user = std::getenv("USER"); user != nullptr && request.method != "GET") {
    lines += fmt::format("X-Turnout-Actor: {}\r\n", EscapedForPath(user));
  }
  TURNOUT_ASSIGN(const HttpResponse reply,
                 client->Call(request.method, request.path, request.body, "application/json", lines));
  if (reply.status == 200) return reply.body;
  JsonTokenizer json;
  const auto tokens = json.Document(reply.body);
  const std::string detail(tokens ? JsonView(*tokens)["detail"].Text() : std::string_view());
  const Code code = reply.status == 404   ? Code::kNotFound
                    : reply.status == 409 ? Code::kUnavailable
                    : reply.status == 501 ? Code::kUnsupported
                    : reply.status == 503 ? Code::kCorrupt
                                          : Code::kInvalidArgument;
  return Fail(code, detail.empty() ? fmt::format("the server answered {}", reply.status) : detail);
}

}  // namespace turnout
