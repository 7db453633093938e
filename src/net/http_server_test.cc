#include "net/http_server.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "net/event_loop.h"
#include "net/http_client.h"

namespace turnout {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using namespace std::string_literals;

// Answers with what it got: "METHOD path body"; "/large" with more than the socket's buffers hold.
void Echo(HttpExchange& exchange) {
  const HttpRequest& request = exchange.request();
  if (request.path == "/large") exchange.body().resize(16 << 20);
  exchange.body()
      .append(request.method_text)
      .append(" ")
      .append(request.path)
      .append(" ")
      .append(request.body);
  exchange.Send(200, "text/plain");
}

// A server of one loop, unless said otherwise, whose protocol errors are counted.
struct TestServer {
  explicit TestServer(HttpServer::HandlerFactory factory = EchoFactory(),
                      HttpServer::Options options = OneLoop()) {
    options.on_protocol_error = [this](int, int status) { last_fault = status, ++faults; };
    auto started = HttpServer::Start(std::move(options), std::move(factory));
    EXPECT_TRUE(started) << started.error().message;
    server = *std::move(started);
  }

  static HttpServer::Options OneLoop() { return {.loops = 1}; }
  static HttpServer::HandlerFactory EchoFactory() {
    return [](EventLoop&, int) -> HttpHandler { return Echo; };
  }

  HttpClient Client() {
    auto client = HttpClient::Connect("127.0.0.1", server->port());
    EXPECT_TRUE(client) << client.error().message;
    return *std::move(client);
  }

  // Waits for a state that is sure to come.
  template <class Condition>
  bool Reaches(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + seconds(20);
    while (!condition(server->counts())) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::yield();
    }
    return true;
  }

  std::atomic<int> faults = 0;
  std::atomic<int> last_fault = 0;
  std::unique_ptr<HttpServer> server;
};

std::string Body(Result<HttpResponse> response) {
  return response ? fmt::format("{} {}", response->status, response->body) : response.error().message;
}

TEST(HttpServer, KeepsTheConnectionAndAnswersInFull) {
  TestServer test;
  HttpClient client = test.Client();
  for (int i = 0; i < 3; ++i) {
    const auto response = client.Call("POST", "/p?q=1", "body", "application/json", "X-A: b\r\n");
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->body, "POST /p body");
    EXPECT_EQ(response->Header("content-type"), "text/plain");
    EXPECT_EQ(response->Header("Date").size(), 29);
    EXPECT_TRUE(response->keep_alive);
  }
  EXPECT_EQ(test.server->counts().accepted, 1);
  EXPECT_EQ(test.server->counts().requests, 3);
  EXPECT_EQ(test.server->counts().in_flight, 0);
}

TEST(HttpServer, AHeadIsAnsweredWithoutItsBody) {
  TestServer test;
  HttpClient client = test.Client();
  const auto head = client.Call("HEAD", "/p");
  ASSERT_TRUE(head) << head.error().message;
  EXPECT_EQ(head->Header("Content-Length"), "8");
  EXPECT_EQ(head->body, "");
  EXPECT_EQ(Body(client.Call("GET", "/p")), "200 GET /p ");
}

TEST(HttpServer, StatusesWithoutABody) {
  TestServer test([](EventLoop&, int) -> HttpHandler {
    return [](HttpExchange& exchange) {
      exchange.Reply(exchange.request().path == "/204" ? 204 : 304, "", "text");
    };
  });
  HttpClient client = test.Client();
  for (const char* path : {"/204", "/304", "/204"}) {
    const auto response = client.Call("GET", path);
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->Header("Content-Length").data(), nullptr);
    EXPECT_EQ(response->Header("Content-Type").data(), nullptr);
  }
}

TEST(HttpServer, ReplyHeadersCannotBeBrokenByTheirValues) {
  TestServer test([](EventLoop&, int) -> HttpHandler {
    return [](HttpExchange& exchange) {
      exchange.AddHeader("X-A", "v\r\nX-B: injected");
      exchange.AddHeaderLines("X-C: c\r\n");
      exchange.Reply(299, "text/plain", exchange.PeerAddress());
    };
  });
  const auto response = test.Client().Call("GET", "/");
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 299);
  EXPECT_EQ(response->Header("X-A"), "v  X-B: injected");
  EXPECT_EQ(response->Header("X-B"), "");
  EXPECT_EQ(response->Header("X-C"), "c");
  EXPECT_EQ(response->body, "127.0.0.1");
}

TEST(HttpServer, AHundredPipelinedRequestsAreAnsweredInOrder) {
  TestServer test;
  HttpClient client = test.Client();
  std::string requests;
  for (int i = 0; i < 100; ++i)
    requests += fmt::format("POST /{} HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{}", i, i % 10,
                            std::string(i % 10, 'b'));
  ASSERT_TRUE(client.SendRaw(requests));
  for (int i = 0; i < 100; ++i)
    ASSERT_EQ(Body(client.Receive()), fmt::format("200 POST /{} {}", i, std::string(i % 10, 'b')));
}

// More than any socket buffer holds, in both directions, to a client that reads only when it must.
TEST(HttpServer, PipelinedRequestsWithLargeRepliesWaitForTheClient) {
  TestServer test;
  HttpClient client = test.Client();
  const std::string body(1 << 20, 'x');
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(client.Send("POST", fmt::format("/{}", i), body));
  for (int i = 0; i < 30; ++i) {
    const auto response = client.Receive();
    ASSERT_TRUE(response) << response.error().message;
    ASSERT_EQ(response->body.size(), body.size() + fmt::format("POST /{} ", i).size());
  }
}

TEST(HttpServer, RequestsMayBeCutAtAnyByte) {
  TestServer test;
  const std::string first = "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
  const std::string second =
      "\r\nPOST /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nd\r\n2\r\nef\r\n0\r\nT: "
      "x\r\n\r\n";
  const std::string requests = first + second + "GET /c HTTP/1.1\r\nHost: a\r\n\r\n";
  HttpClient client = test.Client();
  for (std::size_t cut = 0; cut <= requests.size(); ++cut) {
    const std::uint64_t before = test.server->counts().requests;
    ASSERT_TRUE(client.SendRaw(requests.substr(0, cut)));
    // The first part has arrived when the requests that it completes have been answered.
    const std::size_t complete =
        (cut >= first.size()) + (cut >= first.size() + second.size()) + (cut >= requests.size());
    ASSERT_TRUE(test.Reaches([&](auto counts) { return counts.requests >= before + complete; })) << cut;
    ASSERT_TRUE(client.SendRaw(requests.substr(cut)));
    ASSERT_EQ(Body(client.Receive()), "200 POST /a abc") << cut;
    ASSERT_EQ(Body(client.Receive()), "200 POST /b def") << cut;
    ASSERT_EQ(Body(client.Receive()), "200 GET /c ") << cut;
  }
  // One byte at a time.
  for (const char c : requests) ASSERT_TRUE(client.SendRaw({&c, 1}));
  EXPECT_EQ(Body(client.Receive()), "200 POST /a abc");
  EXPECT_EQ(Body(client.Receive()), "200 POST /b def");
  EXPECT_EQ(Body(client.Receive()), "200 GET /c ");
}

TEST(HttpServer, BodiesUpToTheLimit) {
  HttpServer::Options options = TestServer::OneLoop();
  options.limits.body_bytes = 3 << 20;
  TestServer test(TestServer::EchoFactory(), options);
  HttpClient client = test.Client();
  const std::string body(3 << 20, 'x');
  auto response = client.Call("POST", "/", body);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body.size(), body.size() + 7);

  // Chunked, in chunks of odd sizes.
  std::string coded = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (std::size_t at = 0, size = 1; at < body.size(); at += size, size = size * 3 + 1)
    coded += fmt::format("{:x}\r\n{}\r\n", std::min(size, body.size() - at), body.substr(at, size));
  ASSERT_TRUE(client.SendRaw(coded + "0\r\n\r\n"));
  response = client.Receive();
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body.size(), body.size() + 7);

  // Longer ones: refused from the head alone, yet the whole body may be sent before the reply is read.
  EXPECT_EQ(client.Call("POST", "/", body + "y")->status, 413);
  EXPECT_EQ(test.last_fault, 413);
  HttpClient other = test.Client();
  ASSERT_TRUE(other.SendRaw("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n300001\r\n"));
  EXPECT_EQ(other.Receive()->status, 413);
}

// A socket without any help.
class RawSocket {
 public:
  RawSocket(int port, int receive_buffer = 0) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (receive_buffer != 0) setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    EXPECT_EQ(connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  ~RawSocket() { close(fd_); }
  void Send(std::string_view bytes) {
    EXPECT_EQ(send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }
  // Exactly `size` bytes, or fewer at the end of the stream.
  std::string Receive(std::size_t size) {
    std::string bytes(size, '\0');
    const ssize_t n = recv(fd_, bytes.data(), size, MSG_WAITALL);
    bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
    return bytes;
  }
  void EndSending() { shutdown(fd_, SHUT_WR); }

 private:
  int fd_;
};

TEST(HttpServer, AClientThatExpects100ContinueIsToldToContinue) {
  TestServer test;
  RawSocket client(test.server->port());
  client.Send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-Continue\r\n\r\n");
  EXPECT_EQ(client.Receive(25), "HTTP/1.1 100 Continue\r\n\r\n");
  client.Send("abc");
  EXPECT_EQ(client.Receive(17), "HTTP/1.1 200 OK\r\n");
  // Too large: refused before it is sent. And HttpClient skips the interim reply.
  HttpClient other = test.Client();
  ASSERT_TRUE(
      other.SendRaw("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"));
  ASSERT_TRUE(other.SendRaw("abc"));
  EXPECT_EQ(Body(other.Receive()), "200 POST /a abc");
  ASSERT_TRUE(other.SendRaw(
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\nExpect: 100-continue\r\n\r\n"));
  EXPECT_EQ(other.Receive()->status, 413);
}

TEST(HttpServer, AClientMayEndItsSideBeforeItReads) {
  TestServer test;
  RawSocket client(test.server->port());
  client.Send("GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\nGET /half");
  client.EndSending();
  const std::string replies = client.Receive(10'000);
  EXPECT_NE(replies.find("GET /a "), std::string::npos);
  EXPECT_TRUE(replies.ends_with("GET /b "));
}

TEST(HttpServer, Http10AndConnectionClose) {
  TestServer test;
  HttpClient old = test.Client();
  ASSERT_TRUE(old.SendRaw("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
  EXPECT_EQ(old.Receive()->Header("Connection"), "keep-alive");
  ASSERT_TRUE(old.SendRaw("GET /a HTTP/1.0\r\n\r\n"));
  EXPECT_EQ(old.Receive()->Header("Connection"), "close");
  EXPECT_FALSE(old.Receive());

  HttpClient client = test.Client();
  EXPECT_EQ(client.Call("GET", "/", "", "", "Connection: close\r\n")->Header("Connection"), "close");
  EXPECT_FALSE(client.connected());
  EXPECT_FALSE(client.Receive());
}

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

TEST(HttpServer, SlowClientsAreCutOff) {
  HttpServer::Options options = TestServer::OneLoop();
  options.limits.header = options.limits.body = options.limits.idle = options.limits.write = milliseconds(40);
  options.limits.linger = milliseconds(40);
  options.limits.min_rate = 1 << 30;
  options.limits.header_bytes = 1 << 20;
  TestServer test(TestServer::EchoFactory(), options);

  // A head that does not end, though bytes keep coming.
  HttpClient slow_head = test.Client();
  ASSERT_TRUE(slow_head.SendRaw("GET / HTTP/1.1\r\nHost: a\r\nX: "));
  while (test.faults == 0 && slow_head.SendRaw("a")) std::this_thread::yield();
  EXPECT_EQ(slow_head.Receive()->status, 408);
  HttpClient slow_body = test.Client();
  ASSERT_TRUE(slow_body.SendRaw("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na"));
  EXPECT_EQ(slow_body.Receive()->status, 408);
  HttpClient slow_chunk = test.Client();
  ASSERT_TRUE(slow_chunk.SendRaw("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\na"));
  EXPECT_EQ(slow_chunk.Receive()->status, 408);

  // Idle ones, new or used: closed without a word.
  HttpClient fresh = test.Client();
  HttpClient used = test.Client();
  EXPECT_EQ(Body(used.Call("GET", "/")), "200 GET / ");
  EXPECT_EQ(fresh.Receive().error().code, Code::kUnavailable);
  EXPECT_EQ(used.Receive().error().code, Code::kUnavailable);

  // One that does not take its reply.
  RawSocket deaf(test.server->port(), 4096);
  deaf.Send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(test.Reaches([](auto counts) { return counts.connections == 0; }));
  EXPECT_EQ(test.faults, 3);
  EXPECT_EQ(Body(test.Client().Call("GET", "/")), "200 GET / ");
}

// Keeps deferred replies until they are released, on the loop.
struct Later {
  void Handle(HttpExchange& exchange) {
    if (exchange.request().path == "/now") return Echo(exchange);
    replies.push_back(exchange.Defer());
  }
  std::vector<DeferredReply> replies;
  EventLoop* loop = nullptr;
};

struct LaterServer : Later, TestServer {
  LaterServer()
      : TestServer([this](EventLoop& on, int) -> HttpHandler {
          loop = &on;
          return [this](HttpExchange& exchange) { Handle(exchange); };
        }) {}
  // Runs on the loop and waits.
  void OnLoop(FunctionRef<void()> task) {
    std::mutex mutex;
    std::condition_variable done;
    bool ran = false;
    loop->Post([&] {
      task();
      std::lock_guard lock(mutex);
      ran = true;
      done.notify_one();
    });
    std::unique_lock lock(mutex);
    done.wait(lock, [&] { return ran; });
  }
};

TEST(HttpServer, DeferredRepliesKeepTheOrder) {
  LaterServer test;
  HttpClient client = test.Client();
  ASSERT_TRUE(client.Send("POST", "/later", "one"));
  ASSERT_TRUE(client.Send("POST", "/now", "two"));
  ASSERT_TRUE(client.Send("POST", "/later", "three"));
  for (const char* body : {"one", "three"}) {
    ASSERT_TRUE(test.Reaches([](auto counts) { return counts.in_flight == 1; }));
    test.OnLoop([&] {
      ASSERT_EQ(test.replies.size(), 1);
      DeferredReply reply = std::move(test.replies[0]);
      test.replies.clear();
      EXPECT_EQ(reply->request().body, body);
      EXPECT_FALSE(reply->peer_closed());
      Echo(*reply);
    });
    EXPECT_EQ(Body(client.Receive()), fmt::format("200 POST /later {}", body));
    if (body == "one"s) {
      EXPECT_EQ(Body(client.Receive()), "200 POST /now two");
    }
  }
  EXPECT_EQ(test.server->counts().in_flight, 0);
}

TEST(HttpServer, ADroppedDeferredReplyIsA500) {
  LaterServer test;
  HttpClient client = test.Client();
  ASSERT_TRUE(client.Send("GET", "/later"));
  ASSERT_TRUE(test.Reaches([](auto counts) { return counts.in_flight == 1; }));
  test.OnLoop([&] { test.replies.clear(); });
  EXPECT_EQ(Body(client.Receive()), R"(500 {"error":"the request was given up"})");
  EXPECT_EQ(Body(client.Call("GET", "/now")), "200 GET /now ");
}

TEST(HttpServer, AClientMayGoBeforeItsDeferredReply) {
  LaterServer test;
  {
    HttpClient client = test.Client();
    ASSERT_TRUE(client.Send("POST", "/later", "body"));
    ASSERT_TRUE(test.Reaches([](auto counts) { return counts.in_flight == 1; }));
  }
  for (bool gone = false; !gone;) test.OnLoop([&] { gone = test.replies[0]->peer_closed(); });
  test.OnLoop([&] {
    EXPECT_EQ(test.replies[0]->request().body, "body");
    Echo(*test.replies[0]);
    test.replies.clear();
  });
  EXPECT_TRUE(test.Reaches([](auto counts) { return counts.connections == 0 && counts.in_flight == 0; }));
}

TEST(HttpServer, DeferredRepliesOutliveTheServer) {
  LaterServer test;
  HttpClient client = test.Client();
  ASSERT_TRUE(client.Send("POST", "/later", "body"));
  ASSERT_TRUE(test.Reaches([](auto counts) { return counts.in_flight == 1; }));
  test.server->Stop();
  EXPECT_EQ(test.server->counts().in_flight, 0);
  EXPECT_EQ(test.server->counts().connections, 0);
  EXPECT_EQ(test.replies[0]->request().body, "body");
  Echo(*test.replies[0]);
  test.server.reset();
  test.replies.clear();
}

TEST(HttpServer, AHandlerThatFailsCostsItsRequestOnly) {
  TestServer test([](EventLoop&, int) -> HttpHandler {
    return [](HttpExchange& exchange) {
      if (exchange.request().path == "/throws") throw std::runtime_error("bug");
      if (exchange.request().path == "/silent") return;
      Echo(exchange);
    };
  });
  EXPECT_EQ(Body(test.Client().Call("GET", "/throws")), R"(500 {"error":"the handler failed"})");
  EXPECT_EQ(Body(test.Client().Call("GET", "/silent")), R"(500 {"error":"the handler gave no answer"})");
  EXPECT_EQ(Body(test.Client().Call("GET", "/")), "200 GET / ");
  EXPECT_EQ(test.faults, 2);
}

TEST(HttpServer, AThousandConnections) {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = std::min<rlim_t>(files.rlim_max, 8192);
  setrlimit(RLIMIT_NOFILE, &files);
  ASSERT_GE(files.rlim_cur, 2100);
  TestServer test(TestServer::EchoFactory(), {.loops = 2});
  std::vector<HttpClient> clients;
  for (int i = 0; i < 1000; ++i) clients.push_back(test.Client());
  for (int round = 0; round < 3; ++round) {
    for (HttpClient& client : clients) ASSERT_TRUE(client.Send("GET", "/"));
    for (HttpClient& client : clients) ASSERT_EQ(Body(client.Receive()), "200 GET / ");
  }
  EXPECT_EQ(test.server->counts().connections, 1000);
  clients.clear();
  EXPECT_TRUE(test.Reaches([](auto counts) { return counts.connections == 0; }));
}

TEST(HttpServer, ConnectionsBeyondTheLimitAreRefused) {
  HttpServer::Options options = TestServer::OneLoop();
  options.limits.connections = 2;
  TestServer test(TestServer::EchoFactory(), options);
  HttpClient first = test.Client();
  HttpClient second = test.Client();
  EXPECT_EQ(Body(first.Call("GET", "/")), "200 GET / ");
  EXPECT_EQ(Body(second.Call("GET", "/")), "200 GET / ");
  HttpClient third = test.Client();
  EXPECT_EQ(Body(third.Receive()), R"(503 {"error":"too many connections"})");
  EXPECT_EQ(test.last_fault, 503);
  second = std::move(first);  // closes one
  ASSERT_TRUE(test.Reaches([](auto counts) { return counts.connections == 1; }));
  EXPECT_EQ(Body(test.Client().Call("GET", "/")), "200 GET / ");
}

TEST(HttpServer, ADrainLosesNoRequestThatWasSent) {
  for (int round = 0; round < 5; ++round) {
    TestServer test(TestServer::EchoFactory(), {.loops = 2});
    std::atomic<int> answered = 0;
    std::atomic<int> lost = 0;
    std::vector<std::jthread> clients;
    for (int t = 0; t < 4; ++t)
      clients.emplace_back([&, port = test.server->port()] {
        for (;;) {
          auto client = HttpClient::Connect("127.0.0.1", port, {.connect_timeout = milliseconds(300)});
          if (!client) return;  // refused: nothing was sent
          // A few requests on a connection, so that many connections are opened while the drain begins.
          for (int i = 0; i < 5 && client->connected(); ++i) {
            const auto response = client->Call("POST", "/a", "body");
            (response && response->body == "POST /a body" ? answered : lost)++;
          }
        }
      });
    ASSERT_TRUE(test.Reaches([](auto counts) { return counts.requests > 500; }));
    EXPECT_TRUE(test.server->Drain(seconds(20)));
    clients.clear();
    EXPECT_GT(answered, 500);
    EXPECT_EQ(lost, 0) << "round " << round << ", answered " << answered;
    EXPECT_EQ(test.server->counts().connections, 0);
  }
}

TEST(HttpServer, ADrainAnswersWhatItHasAndClosesWhatIsIdle) {
  LaterServer test;
  HttpClient busy = test.Client();
  ASSERT_TRUE(busy.Send("POST", "/later", "one"));
  ASSERT_TRUE(busy.Send("POST", "/now", "two"));
  HttpClient half = test.Client();
  ASSERT_TRUE(half.SendRaw("POST /now HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na"));
  HttpClient idle = test.Client();
  EXPECT_EQ(Body(idle.Call("GET", "/now")), "200 GET /now ");
  ASSERT_TRUE(test.Reaches([](auto counts) { return counts.in_flight == 1 && counts.connections == 3; }));
  std::atomic<bool> complete = false;
  std::jthread drain([&] { complete = test.server->Drain(seconds(20)); });
  EXPECT_EQ(idle.Receive().error().code, Code::kUnavailable);  // closed after drain_idle
  EXPECT_FALSE(HttpClient::Connect("127.0.0.1", test.server->port(), {.connect_timeout = milliseconds(50)}));
  test.OnLoop([&] {
    Echo(*test.replies[0]);
    test.replies.clear();
  });
  const auto one = busy.Receive();
  EXPECT_EQ(Body(one), "200 POST /later one");
  EXPECT_EQ(one->Header("Connection"), "");  // another had arrived
  const auto two = busy.Receive();
  EXPECT_EQ(Body(two), "200 POST /now two");
  EXPECT_EQ(two->Header("Connection"), "close");
  ASSERT_TRUE(half.SendRaw("bc"));
  EXPECT_EQ(Body(half.Receive()), "200 POST /now abc");
  EXPECT_FALSE(half.Receive());
  EXPECT_FALSE(busy.Receive());
  drain.join();
  EXPECT_TRUE(complete);
}

TEST(HttpServer, ADrainHasAnEnd) {
  LaterServer test;
  HttpClient client = test.Client();
  ASSERT_TRUE(client.Send("GET", "/later"));
  ASSERT_TRUE(test.Reaches([](auto counts) { return counts.in_flight == 1; }));
  EXPECT_FALSE(test.server->Drain(milliseconds(150)));
  EXPECT_FALSE(client.Receive());
  EXPECT_EQ(test.server->counts().connections, 0);
}

TEST(HttpServer, SharesLoopsWithOtherServers) {
  EventLoops loops(2);
  const auto handler = [&](EventLoop& loop, int index) -> HttpHandler {
    EXPECT_TRUE(loop.OnThread());
    EXPECT_EQ(&loop, &loops[index]);
    return Echo;
  };
  auto first = HttpServer::Start(loops, {}, handler);
  auto second = HttpServer::Start(loops, {}, handler);
  ASSERT_TRUE(first && second);
  auto idle = HttpClient::Connect("127.0.0.1", (*first)->port());
  ASSERT_TRUE(idle);
  EXPECT_EQ(Body(idle->Call("GET", "/")), "200 GET / ");
  first->reset();
  EXPECT_FALSE(idle->Receive());
  EXPECT_EQ(Body(HttpClient::Connect("127.0.0.1", (*second)->port())->Call("GET", "/")), "200 GET / ");
}

TEST(HttpServer, SaysWhyItCannotStart) {
  TestServer test;
  HttpServer::Options options = TestServer::OneLoop();
  options.port = test.server->port();
  auto started = HttpServer::Start(options, TestServer::EchoFactory());
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().message,
            fmt::format("cannot listen on 127.0.0.1 port {}: bind: Address already in use", options.port));
  options.address = "example";
  EXPECT_EQ(HttpServer::Start(options, TestServer::EchoFactory()).error().message,
            "cannot listen on \"example\": it is not an IPv4 or IPv6 address");
  options = TestServer::OneLoop();
  options.port = 70000;
  EXPECT_EQ(HttpServer::Start(options, TestServer::EchoFactory()).error().message,
            "port is 70000; it must be 0 to 65535");
  options = TestServer::OneLoop();
  options.limits.idle = milliseconds(0);
  EXPECT_EQ(HttpServer::Start(options, TestServer::EchoFactory()).error().message,
            "idle is 0 ms; it must be 1 ms to 24 h");
}

}  // namespace
}  // namespace turnout
