// New versions under traffic: no request fails, each answer names the version that gave it, and a replaced
// version is freed on the publisher's thread.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "net/http_client.h"
#include "protocol/rest/test_server.h"

namespace turnout {
namespace {

constexpr const char* kGood =
    R"({"customer_id":"C-1","age":30,"income":1,"tenure_months":1,"monthly_charges":1,"plan":"premium"})";

// Tells on which threads snapshots were freed.
struct Freed {
  std::mutex mutex;
  std::vector<std::thread::id> threads;

  std::shared_ptr<const Snapshot> Watch(const std::shared_ptr<const Snapshot>& snapshot) {
    return {new Snapshot(*snapshot), [this](const Snapshot* gone) {
              delete gone;
              std::lock_guard lock(mutex);
              threads.push_back(std::this_thread::get_id());
            }};
  }
};

bool WaitUntilMoved(RestService& rest) {
  const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (rest.Reclaim() > 0) {
    if (std::chrono::steady_clock::now() > patience) return false;
    std::this_thread::yield();
  }
  return true;
}

TEST(RestPublish, ReplacesVersionsUnderTraffic) {
  constexpr int kVersions = 40;
  Freed freed;  // outlives the service, which holds the last table
  testing::TestServer server({}, {}, {.loops = 2});
  ASSERT_TRUE(server.ready());
  const auto publish = [&](int i) {
    const std::string version = "v" + std::to_string(i);
    return server.rest().Publish({freed.Watch(
        testing::MakeTestSnapshot(server.metrics(), "churn", version, static_cast<uint64_t>(i)))});
  };
  ASSERT_TRUE(publish(0));
  ASSERT_TRUE(WaitUntilMoved(server.rest()));

  std::atomic<bool> stop = false;
  std::atomic<int> answered = 0, wrong = 0;
  std::vector<std::jthread> clients;
  for (int i = 0; i < 3; ++i) {
    clients.emplace_back([&] {
      auto client = HttpClient::Connect("127.0.0.1", server.port());
      int newest = -1;
      while (client && !stop) {
        const auto reply = client->Call("POST", "/predict", kGood);
        if (!reply || reply->status != 200) {
          ++wrong;
          return;
        }
        const std::string version(reply->Header("X-Turnout-Version"));
        const int number = std::stoi(version.substr(1));
        if (number < newest ||
            reply->body.find("\"model_version\":\"" + version + "\"") == std::string::npos) {
          ++wrong;
        }
        newest = number;
        ++answered;
      }
    });
  }
  for (int i = 1; i < kVersions; ++i) {
    const int before = answered;
    ASSERT_TRUE(publish(i));
    while (answered == before && wrong == 0) std::this_thread::yield();
  }
  ASSERT_TRUE(WaitUntilMoved(server.rest()));
  stop = true;
  clients.clear();
  EXPECT_EQ(wrong, 0);
  EXPECT_GE(answered, kVersions - 1);
  std::lock_guard lock(freed.mutex);
  EXPECT_EQ(freed.threads.size(), kVersions - 1u);
  for (const std::thread::id thread : freed.threads) EXPECT_EQ(thread, std::this_thread::get_id());
}

TEST(RestPublish, RefusesWhatItCannotServe) {
  Metrics metrics;
  RestService rest(metrics, {});
  const auto message = [&](std::vector<std::shared_ptr<const Snapshot>> snapshots) {
    const Status published = rest.Publish(std::move(snapshots));
    return published ? std::string() : published.error().message;
  };
  EXPECT_EQ(message({}), "no endpoint to serve; the config must name at least one");
  const auto churn = testing::MakeTestSnapshot(metrics, "churn", "v1");
  EXPECT_EQ(message({churn, churn}), "endpoint name \"churn\" is given twice");
  EXPECT_EQ(
      message({testing::MakeTestSnapshot(metrics, "a/b", "v1")}),
      "endpoint name \"a/b\": use 1 to 100 letters, digits, '.', '_' and '-', since it stands in paths");
  EXPECT_EQ(message({testing::MakeTestSnapshot(metrics, "churn", "v\r\nX: 1")}),
            "endpoint churn: its version's name has a control character");
  EXPECT_EQ(message({churn}), "");
}

TEST(RestPublish, IdsAreUnique) {
  testing::TestServer server({"churn"}, {}, {.loops = 2});
  ASSERT_TRUE(server.ready());
  std::vector<std::string> ids;
  for (int connection = 0; connection < 8; ++connection) {
    auto client = HttpClient::Connect("127.0.0.1", server.port());
    ASSERT_TRUE(client);
    for (int i = 0; i < 20; ++i) {
      ids.emplace_back(client->Call("POST", "/predict", kGood)->Header("X-Prediction-Id"));
    }
  }
  std::sort(ids.begin(), ids.end());
  EXPECT_EQ(ids.size(), 160u);
  EXPECT_NE(ids.front(), "");
  EXPECT_EQ(std::unique(ids.begin(), ids.end()), ids.end());
}

// A rolling change: each loop says by its answers whether it has moved.
TEST(RestPublish, LoopsMoveOneByOne) {
  testing::TestServer server({}, {}, {.loops = 3});
  ASSERT_TRUE(server.ready());
  const auto snapshots = [&](std::string version, uint64_t generation) {
    return std::vector{testing::MakeTestSnapshot(server.metrics(), "churn", version, generation)};
  };
  for (std::size_t moved = 0; moved <= 3; ++moved) {
    ASSERT_TRUE(server.rest().Publish(snapshots("v1", 1), snapshots("v2", 2), moved));
    while (!server.rest().Settled()) std::this_thread::yield();
    // The kernel chooses the loop of a connection: so many that each loop has some.
    int old = 0, now = 0;
    for (int i = 0; i < 60; ++i) {
      auto client = HttpClient::Connect("127.0.0.1", server.port());
      ASSERT_TRUE(client);
      const auto reply = client->Call("POST", "/predict", kGood);
      ASSERT_TRUE(reply);
      ASSERT_EQ(reply->status, 200);
      const bool ahead = reply->Header("X-Turnout-Version") == "v2";
      ASSERT_EQ(reply->Header("X-Turnout-Generation"), ahead ? "2" : "1");
      (ahead ? now : old) += 1;
    }
    EXPECT_EQ(now > 0, moved > 0) << moved;
    EXPECT_EQ(old > 0, moved < 3) << moved;
    server.rest().Reclaim();
  }
  ASSERT_TRUE(server.rest().Publish(snapshots("v2", 2)));
  ASSERT_TRUE(WaitUntilMoved(server.rest()));
}

TEST(RestPublish, AnEndpointThatIsRecreatedSaysWhenToTryAgain) {
  testing::TestServer server({}, {}, {.loops = 1});
  ASSERT_TRUE(server.ready());
  auto down = std::make_shared<Snapshot>(*testing::MakeTestSnapshot(server.metrics(), "churn", "v1", 1));
  down->down = true;
  ASSERT_TRUE(server.rest().Publish({down}));
  ASSERT_TRUE(WaitUntilMoved(server.rest()));
  auto client = HttpClient::Connect("127.0.0.1", server.port());
  ASSERT_TRUE(client);
  const auto reply = client->Call("POST", "/predict", kGood);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 503);
  EXPECT_EQ(reply->Header("Retry-After"), "1");
  EXPECT_EQ(reply->body, R"({"detail":"The endpoint changes its version; try again in a moment"})");
}

}  // namespace
}  // namespace turnout
