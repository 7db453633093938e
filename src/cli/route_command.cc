#include <fmt/format.h>

#include <cstdio>

#include "bytes/json.h"
#include "bytes/json_builder.h"
#include "cli/admin_client.h"
#include "cli/commands.h"
#include "rollout/route.h"

namespace turnout {
namespace {

// {"v1":80,"v2":20} of "v1=80", "v2=20".
Result<std::string> SharesJson(const std::vector<std::string>& shares) {
  JsonBuilder json;
  json.Object();
  for (const std::string& share : shares) {
    const std::size_t equals = share.rfind('=');
    if (equals == share.npos || equals == 0) {
      return Fail(Code::kInvalidArgument, fmt::format("'{}' is not VERSION=SHARE, such as v2=12.5", share));
    }
    const auto ppm = ParsePpm(std::string_view(share).substr(equals + 1));
    if (!ppm) return std::unexpected(ppm.error());
    json.Key(share.substr(0, equals)).Raw(PpmText(*ppm));
  }
  return json.End().Take();
}

// The value of one name of a flat object, as text; empty: not there.
std::string_view Member(std::span<const JsonToken> tokens, std::string_view name) {
  for (std::size_t i = 1; i + 1 < tokens.size(); i += 2) {
    if (tokens[i].kind != JsonToken::Kind::kKey) break;
    if (tokens[i].text == name) return tokens[i + 1].text;
    if (tokens[i + 1].kind == JsonToken::Kind::kObject) i += tokens[i + 1].skip - (i + 1);
  }
  return {};
}

Result<std::string> Call(const RouteArguments& arguments) {
  const std::string path = "/endpoints/" + EscapedForPath(arguments.endpoint);
  AdminRequest request{.admin = arguments.admin, .method = "GET", .path = path + "/traffic_split"};
  if (!arguments.key.empty()) {
    request.path = path + "/route?key=" + EscapedForPath(arguments.key);
  } else if (!arguments.shares.empty()) {
    request.method = "PUT";
    TURNOUT_ASSIGN(request.body, SharesJson(arguments.shares));
    request.if_match = arguments.if_generation;
  }
  return AskAdmin(request);
}

Result<std::string> Human(const std::string& reply, bool key) {
  JsonTokenizer json;
  TURNOUT_ASSIGN(const auto tokens, json.Document(reply));
  if (key) {
    return fmt::format("key {} is in bucket {} of 1000000: version {} (generation {})\n",
                       Member(tokens, "key"), Member(tokens, "bucket"), Member(tokens, "version"),
                       Member(tokens, "generation"));
  }
  std::string out =
      fmt::format("endpoint {}, generation {}\n", Member(tokens, "endpoint"), Member(tokens, "generation"));
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    if (tokens[i].kind != JsonToken::Kind::kKey || tokens[i].text != "shares") continue;
    for (std::size_t at = i + 2; tokens[at].kind == JsonToken::Kind::kKey; at += 2) {
      out += fmt::format("  {:<24} {} %\n", tokens[at].text, tokens[at + 1].text);
    }
  }
  return out;
}

}  // namespace

int RunRoute(const RouteArguments& arguments) {
  const auto reply = Call(arguments);
  if (!reply) return Report(reply.error());
  const auto text =
      arguments.json ? Result<std::string>(*reply + "\n") : Human(*reply, !arguments.key.empty());
  if (!text) return Report(text.error());
  std::fputs(text->c_str(), stdout);
  return 0;
}

}  // namespace turnout
