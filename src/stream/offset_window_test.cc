#include "stream/offset_window.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <vector>

namespace turnout {
namespace {

TEST(OffsetWindowTest, MovesOverGaplessRunsOnly) {
  OffsetWindow window;
  EXPECT_EQ(window.position(), -1);
  const uint64_t a = window.Add(10), b = window.Add(11), c = window.Add(15);  // 12 to 14 were compacted away
  EXPECT_EQ(window.position(), 10);
  window.Finish(b);
  EXPECT_EQ(window.position(), 10);
  window.Finish(a);
  EXPECT_EQ(window.position(), 15);
  EXPECT_EQ(window.offset_of(c), 15);
  window.Finish(c);
  EXPECT_EQ(window.position(), 16);
  EXPECT_TRUE(window.empty());
}

TEST(OffsetWindowTest, RestartsAtItsPosition) {
  OffsetWindow window;
  const uint64_t a = window.Add(5), b = window.Add(6);
  window.Finish(b);
  window.Restart();
  EXPECT_EQ(window.position(), 5);
  const uint64_t again = window.Add(5);
  EXPECT_NE(again, a);
  window.Finish(again);
  EXPECT_EQ(window.position(), 6);
}

// Against the plain definition: the smallest unfinished offset, or after the last.
TEST(OffsetWindowTest, AgreesWithASet) {
  std::mt19937 random(7);
  OffsetWindow window;
  std::vector<std::pair<uint64_t, int64_t>> open;
  std::set<int64_t> unfinished;
  int64_t offset = 0;
  for (int i = 0; i < 20'000; ++i) {
    if (open.empty() || random() % 2 == 0) {
      offset += 1 + static_cast<int64_t>(random() % 3);
      open.emplace_back(window.Add(offset), offset);
      unfinished.insert(offset);
    } else {
      std::swap(open[random() % open.size()], open.back());
      window.Finish(open.back().first);
      unfinished.erase(open.back().second);
      open.pop_back();
    }
    ASSERT_EQ(window.empty(), unfinished.empty());
    if (!unfinished.empty()) {
      ASSERT_EQ(window.position(), *unfinished.begin());
    }
  }
}

}  // namespace
}  // namespace turnout
