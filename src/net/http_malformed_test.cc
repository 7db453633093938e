#include "net/test_server.h"

namespace turnout {
namespace {

struct Malformed {
  const char* name;
  std::string bytes;
  int status;
};

// Each is followed by a whole request, which must never be answered: it could be one that was smuggled.
std::vector<Malformed> MalformedRequests() {
  const auto post = [](const std::string& fields, const std::string& body = "") {
    return "POST / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n" + body;
  };
  const auto chunks = [&](const std::string& body) { return post("Transfer-Encoding: chunked\r\n", body); };
  return {
      {"garbage", "\x16\x03\x01\x02garbage\r\n\r\n", 400},
      {"two empty lines", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"no words", "hello\r\n\r\n", 400},
      {"no version", "GET /\r\n\r\n", 400},
      {"lower-case version", "GET / http/1.1\r\nHost: a\r\n\r\n", 400},
      {"two spaces", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"space after the version", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400},
      {"space before the method", " GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"tab in the request line", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"method with a separator", "G{ET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"space in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"raw UTF-8 in the target", "GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"fragment", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"target without slash", "GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"NUL in the target", "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"s, 400},
      {"HTTP/2.0", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505},
      {"HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505},
      {"HTTP/0.9", "GET / HTTP/0.9\r\nHost: a\r\n\r\n", 505},
      {"HTTP/11.1", "GET / HTTP/11.1\r\nHost: a\r\n\r\n", 400},
      {"no Host", "GET / HTTP/1.1\r\n\r\n", 400},
      {"two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", 400},
      {"two names in Host", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400},
      {"path in Host", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
      {"user in Host", "GET / HTTP/1.1\r\nHost: b@a\r\n\r\n", 400},
      {"LF after the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n", 400},
      {"LF after a field", "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", 400},
      {"LF only", "GET / HTTP/1.1\nHost: a\n\n", 400},
      {"LF for the empty line", "GET / HTTP/1.1\r\nHost: a\r\n\n", 400},
      {"CR in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", 400},
      {"CR CR LF", "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", 400},
      {"NUL in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n"s, 400},
      {"control in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: a\x01\r\n\r\n", 400},
      {"DEL in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: a\x7f\r\n\r\n", 400},
      {"folded value", "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", 400},
      {"folded with a tab", "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n\tb\r\n\r\n", 400},
      {"folded first line", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400},
      {"folded Transfer-Encoding", post("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n"), 400},
      {"space before the colon", post("Content-Length : 0\r\n"), 400},
      {"tab before the colon", post("Content-Length\t: 0\r\n"), 400},
      {"no colon", post("Content-Length\r\n"), 400},
      {"empty name", post(": x\r\n"), 400},
      {"space in a name", post("Content Length: 0\r\n"), 400},
      {"UTF-8 in a name", post("X-\xc3\xa4: 0\r\n"), 400},
      {"two lengths, different", post("Content-Length: 1\r\nContent-Length: 2\r\n", "ab"), 400},
      {"two lengths, equal", post("Content-Length: 1\r\nContent-Length: 1\r\n", "a"), 400},
      {"list of lengths", post("Content-Length: 1, 1\r\n", "a"), 400},
      {"length with a sign", post("Content-Length: +1\r\n", "a"), 400},
      {"negative length", post("Content-Length: -1\r\n", "a"), 400},
      {"hexadecimal length", post("Content-Length: 0x1\r\n", "a"), 400},
      {"length with a unit", post("Content-Length: 1b\r\n", "a"), 400},
      {"length with a space", post("Content-Length: 1 0\r\n", "a"), 400},
      {"empty length", post("Content-Length:\r\n", "a"), 400},
      {"quoted length", post("Content-Length: \"1\"\r\n", "a"), 400},
      {"length of 2^64", post("Content-Length: 18446744073709551616\r\n", "a"), 400},
      {"length past the limit", post("Content-Length: 18446744073709551615\r\n", "a"), 413},
      {"length, then chunked", post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
      {"chunked, then length", post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"), 400},
      {"chunked, then length 0", post("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n", "0\r\n\r\n"),
       400},
      {"chunked twice", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
       400},
      {"chunked, chunked", post("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"), 501},
      {"gzip, chunked", post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 501},
      {"chunked, identity", post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"), 501},
      {"identity", post("Transfer-Encoding: identity\r\n"), 501},
      {"quoted chunked", post("Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n"), 501},
      {"chunked;q=1", post("Transfer-Encoding: chunked;q=1\r\n", "0\r\n\r\n"), 501},
      {"xchunked", post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), 501},
      {"empty Transfer-Encoding", post("Transfer-Encoding:\r\n", "0\r\n\r\n"), 501},
      {"vertical tab before chunked", post("Transfer-Encoding: \vchunked\r\n", "0\r\n\r\n"), 400},
      {"chunked in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"malformed Connection", post("Connection: a b\r\n"), 400},
      {"unknown expectation", post("Expect: 200-ok\r\n"), 417},
      {"no chunk size", chunks("\r\nabc"), 400},
      {"chunk size with a sign", chunks("+1\r\na\r\n0\r\n\r\n"), 400},
      {"chunk size 0x", chunks("0x1\r\na\r\n0\r\n\r\n"), 400},
      {"chunk size of 17 digits", chunks("00000000000000001\r\na\r\n0\r\n\r\n"), 400},
      {"chunk size past 64 bits", chunks("ffffffffffffffffff\r\na\r\n0\r\n\r\n"), 400},
      {"chunk size past the limit", chunks("ffffffffffffffff\r\na\r\n0\r\n\r\n"), 413},
      {"space after the chunk size", chunks("1 \r\na\r\n0\r\n\r\n"), 400},
      {"LF after the chunk size", chunks("1\na\r\n0\r\n\r\n"), 400},
      {"chunk extension", chunks("1;a=b\r\na\r\n0\r\n\r\n"), 400},
      {"LF in a chunk extension", chunks("1;a\nb\r\na\r\n0\r\n\r\n"), 400},
      {"chunk longer than its size", chunks("1\r\nab\r\n0\r\n\r\n"), 400},
      {"LF after a chunk", chunks("1\r\na\n0\r\n\r\n"), 400},
      {"folded trailer", chunks("0\r\nA: b\r\n c\r\n\r\n"), 400},
      {"trailer without colon", chunks("0\r\nGET / HTTP/1.1\r\n\r\n"), 400},
      {"long request line", "GET /" + std::string(20'000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", 414},
      {"long field", post("X: " + std::string(20'000, 'a') + "\r\n"), 431},
      {"endless head", post("X: " + std::string(60'000, 'a')), 431},
      {"101 fields",
       "GET / HTTP/1.1\r\nHost: a\r\n" +
           [] {
             std::string fields;
             for (int i = 0; i < 100; ++i) fields += "A: b\r\n";
             return fields;
           }() +
           "\r\n",
       431},
  };
}

TEST(HttpServer, MalformedRequestsAreRefusedAndTheNextClientIsServed) {
  TestServer test;
  int faults = 0;
  for (const Malformed& request : MalformedRequests()) {
    SCOPED_TRACE(request.name);
    HttpClient client = test.Client();
    ASSERT_TRUE(client.SendRaw("GET /before HTTP/1.1\r\nHost: a\r\n\r\n" + request.bytes +
                               "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"));
    EXPECT_EQ(Body(client.Receive()), "200 GET /before ");
    const auto refused = client.Receive();
    ASSERT_TRUE(refused) << refused.error().message;
    EXPECT_EQ(refused->status, request.status) << refused->body;
    EXPECT_EQ(refused->Header("Connection"), "close");
    EXPECT_EQ(refused->Header("Content-Type"), "application/json");
    EXPECT_TRUE(refused->body.starts_with(R"({"error":")") && refused->body.ends_with("\"}"))
        << refused->body;
    EXPECT_FALSE(client.Receive());
    EXPECT_EQ(test.faults, ++faults);
    EXPECT_EQ(test.last_fault, request.status);
    EXPECT_EQ(Body(test.Client().Call("GET", "/good")), "200 GET /good ");
  }
  EXPECT_GE(faults, 80);
}

// The same, a byte at a time: what is refused must not depend on how the bytes are cut.
TEST(HttpServer, MalformedRequestsAreRefusedWhenTheyComeByteByByte) {
  TestServer test;
  for (const Malformed& request : MalformedRequests()) {
    if (request.bytes.size() > 1000) continue;
    SCOPED_TRACE(request.name);
    HttpClient client = test.Client();
    for (const char c : request.bytes + "X")
      if (!client.SendRaw({&c, 1})) break;  // refused already
    const auto refused = client.Receive();
    ASSERT_TRUE(refused) << refused.error().message;
    EXPECT_EQ(refused->status, request.status) << refused->body;
    EXPECT_FALSE(client.Receive());
  }
}

}  // namespace
}  // namespace turnout
