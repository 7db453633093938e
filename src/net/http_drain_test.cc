#include <latch>

#include "net/test_server.h"

namespace turnout {
namespace {

TEST(HttpDrain, LosesNoRequestThatWasSent) {
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

TEST(HttpDrain, AnswersWhatItHasAndClosesWhatIsIdle) {
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

TEST(HttpDrain, HasAnEnd) {
  LaterServer test;
  HttpClient client = test.Client();
  ASSERT_TRUE(client.Send("GET", "/later"));
  ASSERT_TRUE(test.Reaches([](auto counts) { return counts.in_flight == 1; }));
  EXPECT_FALSE(test.server->Drain(milliseconds(150)));
  EXPECT_FALSE(client.Receive());
  EXPECT_EQ(test.server->counts().connections, 0);
}

// Connections that the kernel has accepted and the server has not: they wait in the queue of a listener whose
// loop is busy when the drain is asked for.
TEST(HttpDrain, ServesWhatIsInTheListenersQueue) {
  std::latch drain_is_asked(1);
  EventLoop* loop = nullptr;
  TestServer blocked([&](EventLoop& on, int) -> HttpHandler {
    loop = &on;
    return Echo;
  });
  loop->Post([&] { drain_is_asked.wait(); });
  std::vector<HttpClient> clients;
  for (int i = 0; i < 50; ++i) {
    clients.push_back(blocked.Client());
    ASSERT_TRUE(clients.back().Send("POST", "/a", "body"));
  }
  EXPECT_EQ(blocked.server->counts().accepted, 0);
  std::atomic<bool> complete = false;
  std::jthread drain([&] { complete = blocked.server->Drain(seconds(20)); });
  drain_is_asked.count_down();
  for (HttpClient& client : clients) {
    const auto response = client.Receive();
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->body, "POST /a body");
  }
  clients.clear();
  drain.join();
  EXPECT_TRUE(complete);
}

}  // namespace
}  // namespace turnout
