#include "base/background.h"

#include <gtest/gtest.h>

#include <future>
#include <vector>

namespace turnout {
namespace {

using Item = std::unique_ptr<uint64_t>;

Item Number(uint64_t n) { return std::make_unique<uint64_t>(n); }

TEST(Background, HandlesInOrderAllThatWasPushed) {
  std::vector<uint64_t> handled;
  {
    Background<Item> background("test", 8, Priority::kNormal, [&](Item& item) { handled.push_back(*item); });
    for (uint64_t i = 0; i < 1000;) {
      Item item = Number(i);
      if (background.TryPush(item)) ++i;
    }
  }
  ASSERT_EQ(handled.size(), 1000u);
  for (uint64_t i = 0; i < 1000; ++i) EXPECT_EQ(handled[i], i);
}

TEST(Background, AFullQueueTakesNothingAndWaitsForNobody) {
  std::promise<void> begun, release;
  std::size_t handled = 0;
  Background<Item> background("test", 4, Priority::kNormal, [&](Item&) {
    if (handled++ == 0) {
      begun.set_value();
      release.get_future().wait();
    }
  });
  Item first = Number(0);
  ASSERT_TRUE(background.TryPush(first));
  begun.get_future().wait();
  for (int i = 0; i < 4; ++i) {
    Item item = Number(1);
    EXPECT_TRUE(background.TryPush(item));
    EXPECT_EQ(item, nullptr);
  }
  Item refused = Number(2);
  EXPECT_FALSE(background.TryPush(refused));
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(*refused, 2u);
  release.set_value();
  background.Stop();
  EXPECT_EQ(handled, 5u);
}

TEST(Background, ManyPushersLoseNothing) {
  constexpr uint64_t kThreads = 4, kEach = 20'000;
  std::vector<uint64_t> next(kThreads);
  uint64_t handled = 0, disorder = 0;
  std::atomic<uint64_t> refused = 0;
  {
    Background<Item> background("test", 64, Priority::kNormal, [&](Item& item) {
      const uint64_t thread = *item / kEach, number = *item % kEach;
      if (number < next[thread]) ++disorder;
      next[thread] = number + 1;
      ++handled;
    });
    std::vector<std::thread> threads;
    for (uint64_t t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (uint64_t i = 0; i < kEach; ++i) {
          Item item = Number(t * kEach + i);
          if (!background.TryPush(item)) ++refused;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  EXPECT_EQ(handled + refused, kThreads * kEach);
  EXPECT_EQ(disorder, 0u);
  EXPECT_GE(handled, 64u);
}

TEST(Background, WakesFromALongSleep) {
  std::promise<void> handled;
  Background<Item> background("test", 4, Priority::kNormal, [&](Item&) { handled.set_value(); });
  while (!background.asleep()) std::this_thread::yield();
  Item item = Number(1);
  ASSERT_TRUE(background.TryPush(item));
  EXPECT_EQ(handled.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
}

}  // namespace
}  // namespace turnout
