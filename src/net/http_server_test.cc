#include "net/http_server.h"

#include <sys/resource.h>

#include "net/test_server.h"

namespace turnout {
namespace {

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
