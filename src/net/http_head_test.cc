#include "net/http_head.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace turnout {
namespace {

TEST(ScanHead, FindsTheEndHoweverTheBytesCome) {
  const std::string head =
      "POST /predict HTTP/1.1\r\nHost: a\r\nX:\ta long value, longer than a vector of bytes\r\n\r\n";
  const std::string bytes = head + "\n{\"body\":1}";
  for (std::size_t first = 0; first <= bytes.size(); ++first) {
    std::size_t position = 0;
    auto end = ScanHead(std::string_view(bytes).substr(0, first), position);
    ASSERT_TRUE(end) << first;
    ASSERT_EQ(*end, first < head.size() ? 0 : head.size()) << first;
    if (*end == 0) end = ScanHead(bytes, position);
    ASSERT_TRUE(end) << first;
    EXPECT_EQ(*end, head.size()) << first;
  }
}

TEST(ScanHead, NoControlCharacterGoesThroughAtAnyPlace) {
  const std::string good = "GET / HTTP/1.1\r\nHost: a\r\nX-Long: 0123456789abcdef0123456789abcdef\r\n\r\n";
  for (std::size_t place = 0; place + 4 < good.size(); ++place) {
    if (good[place] == '\r' || good[place] == '\n') continue;
    for (int c = 0; c < 256; ++c) {
      std::string head = good;
      head[place] = static_cast<char>(c);
      std::size_t position = 0;
      const auto end = ScanHead(head, position);
      // HTAB at the start of a line is a fold.
      const bool control = (c < 32 && c != '\t') || c == 127;
      const bool fold = (c == '\t' || c == ' ') && place > 0 && good[place - 1] == '\n';
      EXPECT_EQ(end.has_value(), !control && !fold) << place << " " << c;
    }
  }
}

struct Parsed {
  HttpRequest request;
  std::vector<HttpField> fields;
  std::expected<HttpFraming, HttpFault> framing;
  explicit Parsed(std::string_view head) : framing(ParseHead(head, 10, request, fields)) {}
};

TEST(ParseHead, FillsTheRequest) {
  const Parsed parsed(
      "POST /endpoints/churn/predict?ids=true HTTP/1.1\r\nHost: a:80\r\nContent-Length: 12\r\n"
      "content-TYPE:  application/json \r\nX-Empty:\r\n\r\n");
  ASSERT_TRUE(parsed.framing);
  EXPECT_EQ(parsed.request.method, HttpMethod::kPost);
  EXPECT_EQ(parsed.request.method_text, "POST");
  EXPECT_EQ(parsed.request.target, "/endpoints/churn/predict?ids=true");
  EXPECT_EQ(parsed.request.path, "/endpoints/churn/predict");
  EXPECT_EQ(parsed.request.query, "ids=true");
  EXPECT_EQ(parsed.request.Header("Content-Type"), "application/json");
  EXPECT_NE(parsed.request.Header("x-empty").data(), nullptr);
  EXPECT_EQ(parsed.request.Header("x-absent").data(), nullptr);
  EXPECT_EQ(parsed.framing->content_length, 12);
  EXPECT_TRUE(parsed.framing->keep_alive);
  EXPECT_FALSE(parsed.framing->chunked);
}

TEST(ParseHead, KeepAliveByVersionAndField) {
  EXPECT_TRUE(Parsed("GET / HTTP/1.1\r\nHost: a\r\n\r\n").framing->keep_alive);
  EXPECT_FALSE(Parsed("GET / HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n\r\n").framing->keep_alive);
  EXPECT_FALSE(Parsed("GET / HTTP/1.0\r\n\r\n").framing->keep_alive);
  EXPECT_TRUE(Parsed("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").framing->keep_alive);
}

TEST(ParseHead, TargetsOfProxies) {
  const Parsed absolute("GET http://host:1/a/b?c HTTP/1.1\r\nHost: host:1\r\n\r\n");
  EXPECT_EQ(absolute.request.path, "/a/b");
  EXPECT_EQ(absolute.request.query, "c");
  EXPECT_EQ(Parsed("GET http://host HTTP/1.1\r\nHost: host\r\n\r\n").request.path, "/");
  EXPECT_EQ(Parsed("GET http://host?q HTTP/1.1\r\nHost: host\r\n\r\n").request.path, "/");
  EXPECT_EQ(Parsed("OPTIONS * HTTP/1.1\r\nHost: host\r\n\r\n").request.path, "*");
  EXPECT_EQ(Parsed("CONNECT host:443 HTTP/1.1\r\nHost: host\r\n\r\n").framing.error().status, 400);
}

TEST(ParseHead, RefusesTooManyFields) {
  std::string head = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 9; ++i) head += "A: b\r\n";
  EXPECT_TRUE(Parsed(head + "\r\n").framing);
  EXPECT_EQ(Parsed(head + "A: b\r\n\r\n").framing.error().status, 431);
}

}  // namespace
}  // namespace turnout
