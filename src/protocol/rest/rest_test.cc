// Runs tests/protocol/rest/*.test against real servers. A file is
//
//   # what it is about
//   server churn house         endpoints; or: server loading, server churn draining, server churn
//                              max_rows=3 max_body=100
//   pipelined                  all requests are sent at once, then the replies are read
//
//   POST /predict              a case: request line, fields, body; cases are separated by blank lines
//   Content-Type: text/csv     (Content-Type: none leaves it out; a POST has application/json otherwise)
//   {"age": 41}
//   ----
//   422                        status; fields that the reply must have (-: must not have); body
//   Allow: POST
//   {"detail": ...}
//
// In a request's body @repeat(1000,[) and @hex(ff00) stand for what they say. In an expected line <any>
// stands for any text without a quote, a comma or a bracket, <rest> for any text. No body: any body.
#include <dirent.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/http_client.h"
#include "protocol/rest/test_server.h"

namespace turnout {
namespace {

constexpr const char* kFolder = "tests/protocol/rest";

struct Case {
  int line = 0;
  std::string method, target, content_type = "application/json", field_lines, body;
  int status = 0;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string expected;
};

struct Script {
  std::vector<std::string> endpoints;
  RestOptions options;
  HttpServer::Options http{.loops = 1};
  bool draining = false, pipelined = false;
  std::vector<Case> cases;
};

std::vector<std::string> Words(const std::string& text) {
  std::vector<std::string> words;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    if (end > at) words.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

// "Name: value"
bool SplitField(const std::string& line, std::string& name, std::string& value) {
  const std::size_t colon = line.find(": ");
  if (colon == std::string::npos || colon == 0) return false;
  name = line.substr(0, colon);
  value = line.substr(colon + 2);
  return std::all_of(name.begin(), name.end(), [](char c) { return std::isalpha(c) || c == '-'; });
}

std::string Expand(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const bool repeat = text.compare(at, 8, "@repeat(") == 0, hex = text.compare(at, 5, "@hex(") == 0;
    const std::size_t end = text.find(')', at);
    if ((!repeat && !hex) || end == std::string::npos) {
      out += text[at++];
      continue;
    }
    if (repeat) {
      const std::size_t comma = text.find(',', at);
      const std::string what = text.substr(comma + 1, end - comma - 1);
      for (long n = std::atol(text.c_str() + at + 8); n > 0; --n) out += what;
    } else {
      for (std::size_t i = at + 5; i + 1 < end; i += 2) {
        out += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
      }
    }
    at = end + 1;
  }
  return out;
}

void Configure(const std::string& line, Script& script) {
  for (const std::string& word : Words(line.substr(7))) {
    if (word == "loading") continue;
    if (word == "draining") {
      script.draining = true;
    } else if (word.starts_with("max_rows=")) {
      script.options.max_rows = static_cast<std::size_t>(std::stoul(word.substr(9)));
    } else if (word.starts_with("max_body=")) {
      script.http.limits.body_bytes = static_cast<std::size_t>(std::stoul(word.substr(9)));
    } else {
      script.endpoints.push_back(word);
    }
  }
}

Script ReadScript(const std::string& path) {
  std::ifstream file(path);
  Script script;
  std::string line, name, value;
  enum class At { kBetween, kRequestFields, kRequestBody, kStatus, kReplyFields, kReplyBody };
  At at = At::kBetween;
  for (int number = 1; std::getline(file, line); ++number) {
    if (at == At::kBetween) {
      if (line.empty() || line[0] == '#') continue;
      if (line.starts_with("server ")) {
        Configure(line, script);
      } else if (line == "pipelined") {
        script.pipelined = true;
      } else {
        const std::vector<std::string> words = Words(line);
        EXPECT_EQ(words.size(), 2u) << path << ":" << number;
        Case& next = script.cases.emplace_back();
        next.line = number;
        next.method = words.at(0);
        next.target = words.at(1);
        at = At::kRequestFields;
      }
      continue;
    }
    Case& current = script.cases.back();
    if (line.empty()) {
      EXPECT_TRUE(at >= At::kReplyFields) << path << ":" << number << ": a case without a status";
      at = At::kBetween;
    } else if (line == "----") {
      at = At::kStatus;
    } else if (at == At::kRequestFields && SplitField(line, name, value)) {
      if (name == "Content-Type") {
        current.content_type = value == "none" ? "" : value;
      } else {
        current.field_lines += line + "\r\n";
      }
    } else if (at <= At::kRequestBody) {
      at = At::kRequestBody;
      if (!current.body.empty()) current.body += '\n';
      current.body += Expand(line);
    } else if (at == At::kStatus) {
      current.status = std::stoi(line);
      at = At::kReplyFields;
    } else if (at == At::kReplyFields && SplitField(line, name, value)) {
      current.fields.emplace_back(name, value);
    } else {
      at = At::kReplyBody;
      if (!current.expected.empty()) current.expected += '\n';
      current.expected += line;
    }
  }
  return script;
}

bool Matches(std::string_view pattern, std::string_view text) {
  const std::size_t hole = std::min(pattern.find("<any>"), pattern.find("<rest>"));
  if (hole == std::string_view::npos) return pattern == text;
  if (text.substr(0, hole) != pattern.substr(0, hole)) return false;
  text.remove_prefix(hole);
  const bool any = pattern.substr(hole).starts_with("<any>");
  const std::string_view rest = pattern.substr(hole + (any ? 5 : 6));
  const std::size_t most = any ? std::min(text.find_first_of("\",]}"), text.size()) : text.size();
  for (std::size_t length = any ? 1 : 0; length <= most; ++length) {
    if (Matches(rest, text.substr(length))) return true;
  }
  return false;
}

void Check(const Case& wanted, const HttpResponse& reply, const std::string& path) {
  const std::string where = path + ":" + std::to_string(wanted.line);
  EXPECT_EQ(reply.status, wanted.status) << where << "\n" << reply.body.substr(0, 2000);
  for (const auto& [name, value] : wanted.fields) {
    const std::string_view found = reply.Header(name);
    if (value == "-") {
      EXPECT_EQ(found, "") << where << ": " << name;
    } else {
      EXPECT_TRUE(Matches(value, found)) << where << ": " << name << ": " << found;
    }
  }
  if (!wanted.expected.empty()) {
    EXPECT_TRUE(Matches(wanted.expected, reply.body))
        << where << "\nexpected " << wanted.expected << "\nfound    " << reply.body.substr(0, 4000);
  }
}

class RestScript : public ::testing::TestWithParam<std::string> {};

TEST_P(RestScript, Holds) {
  const std::string path = std::string(kFolder) + "/" + GetParam() + ".test";
  const Script script = ReadScript(path);
  ASSERT_FALSE(script.cases.empty()) << path;
  testing::TestServer server(script.endpoints, script.options, script.http);
  ASSERT_TRUE(server.ready());
  if (script.draining) server.rest().StartDraining();

  auto client = HttpClient::Connect("127.0.0.1", server.port());
  ASSERT_TRUE(client) << client.error().message;
  const auto send = [&](const Case& next) {
    if (next.content_type.empty()) {
      return client->SendRaw(next.method + " " + next.target + " HTTP/1.1\r\nHost: test\r\n" +
                             next.field_lines + "Content-Length: " + std::to_string(next.body.size()) +
                             "\r\n\r\n" + next.body);
    }
    return client->Send(next.method, next.target, next.body, next.content_type, next.field_lines);
  };
  if (script.pipelined) {
    for (const Case& next : script.cases) ASSERT_TRUE(send(next)) << path << ":" << next.line;
  }
  for (const Case& next : script.cases) {
    if (!client->connected()) client = HttpClient::Connect("127.0.0.1", server.port());
    ASSERT_TRUE(client) << client.error().message;
    if (!script.pipelined) {
      ASSERT_TRUE(send(next)) << path << ":" << next.line;
    }
    const auto reply = client->Receive();
    ASSERT_TRUE(reply) << path << ":" << next.line << ": " << reply.error().message;
    Check(next, *reply, path);
  }
}

std::vector<std::string> Scripts() {
  std::vector<std::string> names;
  if (DIR* const folder = opendir(kFolder)) {
    while (const dirent* entry = readdir(folder)) {
      const std::string name = entry->d_name;
      if (name.ends_with(".test")) names.push_back(name.substr(0, name.size() - 5));
    }
    closedir(folder);
  }
  std::sort(names.begin(), names.end());
  return names;
}

INSTANTIATE_TEST_SUITE_P(Data, RestScript, ::testing::ValuesIn(Scripts()),
                         [](const auto& script) { return script.param; });

TEST(RestScripts, AreFound) { EXPECT_GE(Scripts().size(), 8u) << "run from the root of the repository"; }

}  // namespace
}  // namespace turnout
