#include "net/event_loop.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

namespace turnout {
namespace {

using std::chrono::milliseconds;

TEST(EventLoop, PostedTasksRunInOrderOnTheLoopsThread) {
  EventLoops loops(1);
  std::vector<int> order;
  bool on_thread = true;
  for (int i = 0; i < 1000; ++i)
    loops[0].Post([&, i] {
      order.push_back(i);
      on_thread = on_thread && loops[0].OnThread();
    });
  loops.Call(0, [] {});
  EXPECT_FALSE(loops[0].OnThread());
  EXPECT_TRUE(on_thread);
  ASSERT_EQ(order.size(), 1000);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
}

TEST(EventLoop, TasksOfManyThreadsAllRun) {
  EventLoops loops(2);
  int counts[2] = {};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        for (int i = 0; i < 1000; ++i) loops[i % 2].Post([&counts, i] { ++counts[i % 2]; });
      });
  }
  for (int i = 0; i < 2; ++i) loops.Call(i, [] {});
  EXPECT_EQ(counts[0], 2000);
  EXPECT_EQ(counts[1], 2000);
}

TEST(EventLoop, TimersRunInTheOrderOfTheirTimesUnlessCancelled) {
  EventLoops loops(1);
  std::vector<int> order;
  std::promise<void> done;
  loops[0].Post([&] {
    loops[0].After(milliseconds(20), [&] {
      order.push_back(20);
      done.set_value();
    });
    const auto cancelled = loops[0].After(milliseconds(10), [&] { order.push_back(10); });
    loops[0].After(milliseconds(1), [&, cancelled] {
      order.push_back(1);
      loops[0].Cancel(cancelled);
    });
  });
  done.get_future().wait();
  loops.Call(0, [] {});
  EXPECT_EQ(order, (std::vector<int>{1, 20}));
}

TEST(EventLoop, WhatDidNotRunIsDestroyed) {
  auto token = std::make_shared<int>(1);
  {
    EventLoop loop;
    loop.Post([token] {});
    loop.After(std::chrono::hours(1), [token] {});
    EXPECT_EQ(token.use_count(), 3);
  }
  EXPECT_EQ(token.use_count(), 1);
}

}  // namespace
}  // namespace turnout
