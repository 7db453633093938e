#include "base/published.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace turnout {
namespace {

// Counts how many are alive, and on which thread they die.
struct Version {
  explicit Version(int number_given) : number(number_given) { ++alive; }
  ~Version() {
    --alive;
    if (std::this_thread::get_id() != owner) ++died_elsewhere;
  }
  const int number;
  static inline std::atomic<int> alive = 0;
  static inline std::atomic<int> died_elsewhere = 0;
  static inline std::thread::id owner;
};

TEST(PublishedTest, ASnapshotStaysAsItWas) {
  Version::owner = std::this_thread::get_id();
  Published<Version> published(std::make_shared<const Version>(1));
  const auto before = published.Get();
  published.Publish(std::make_shared<const Version>(2));
  EXPECT_EQ(before->number, 1);
  EXPECT_EQ(published.Get()->number, 2);
  EXPECT_EQ(published.Reclaim(), 1u) << "still read";
  EXPECT_EQ(Version::alive, 2);
}

TEST(PublishedTest, WhatIsReadIsFreedByTheOwnerLater) {
  Version::owner = std::this_thread::get_id();
  Version::died_elsewhere = 0;
  {
    Published<Version> published(std::make_shared<const Version>(0));
    std::atomic<bool> stop = false;
    std::vector<std::thread> readers;
    for (int i = 0; i < 3; ++i) {
      readers.emplace_back([&] {
        int last = 0;
        while (!stop) {
          const auto snapshot = published.Get();
          EXPECT_GE(snapshot->number, last) << "never an older one";
          last = snapshot->number;
        }
      });
    }
    for (int number = 1; number <= 1000; ++number) {
      published.Publish(std::make_shared<const Version>(number));
      published.Reclaim();
    }
    stop = true;
    for (std::thread& reader : readers) reader.join();
    EXPECT_EQ(published.Reclaim(), 0u);
    EXPECT_EQ(Version::alive, 1);
  }
  EXPECT_EQ(Version::alive, 0);
  EXPECT_EQ(Version::died_elsewhere, 0);
}

}  // namespace
}  // namespace turnout
