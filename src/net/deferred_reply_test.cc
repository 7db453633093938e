#include "net/http_exchange.h"

#include "net/test_server.h"

namespace turnout {
namespace {

TEST(DeferredReply, RepliesKeepTheOrder) {
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

TEST(DeferredReply, DroppedIsA500) {
  LaterServer test;
  HttpClient client = test.Client();
  ASSERT_TRUE(client.Send("GET", "/later"));
  ASSERT_TRUE(test.Reaches([](auto counts) { return counts.in_flight == 1; }));
  test.OnLoop([&] { test.replies.clear(); });
  EXPECT_EQ(Body(client.Receive()), R"(500 {"error":"the request was given up"})");
  EXPECT_EQ(Body(client.Call("GET", "/now")), "200 GET /now ");
}

TEST(DeferredReply, TheClientMayGoBefore) {
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

TEST(DeferredReply, RepliesOutliveTheServer) {
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

}  // namespace
}  // namespace turnout
