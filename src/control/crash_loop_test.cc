#include "control/crash_loop.h"

#include <gtest/gtest.h>

#include "control/test_control.h"

namespace turnout {
namespace {

using testing::ControlFolder;

// One run: it starts at `at`, has a candidate live, and dies or ends.
CrashLoop RunOnce(const ControlFolder& folder, int64_t at, std::vector<std::string> live, bool dies) {
  auto loop = CrashLoop::Open(folder.Path("running.json"), at);
  EXPECT_TRUE(loop) << loop.error().message;
  const CrashLoop found = *loop;
  EXPECT_TRUE(loop->Live(std::move(live)));
  if (!dies) {
    EXPECT_TRUE(loop->End());
  }
  return found;
}

TEST(CrashLoop, TheThirdDeathWithinTenMinutes) {
  const ControlFolder folder;
  EXPECT_FALSE(RunOnce(folder, 1000, {"v2", "w"}, true).unclean());
  EXPECT_EQ(RunOnce(folder, 1100, {"v2"}, true).deaths("v2"), 1);
  EXPECT_EQ(RunOnce(folder, 1200, {"v2"}, true).deaths("v2"), 2);
  const CrashLoop third = RunOnce(folder, 1300, {}, true);
  EXPECT_TRUE(third.looping("v2"));
  EXPECT_FALSE(third.looping("w"));
  // Deaths without a candidate count for nobody; those of long ago are forgotten.
  EXPECT_TRUE(RunOnce(folder, 1301, {}, true).looping("v2"));
  EXPECT_EQ(RunOnce(folder, 1100 + CrashLoop::kWithinSeconds + 1, {}, true).deaths("v2"), 2);
}

TEST(CrashLoop, AnOrderlyEndIsNoDeath) {
  const ControlFolder folder;
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(RunOnce(folder, 1000 + i, {"v2"}, false).unclean());
  EXPECT_EQ(RunOnce(folder, 1010, {}, false).deaths("v2"), 0);
}

TEST(CrashLoop, AClockThatWasSetBackIsNoExcuse) {
  const ControlFolder folder;
  for (int64_t at : {9000, 8000, 7000}) RunOnce(folder, at, {"v2"}, true);
  EXPECT_TRUE(RunOnce(folder, 6000, {}, true).looping("v2"));
}

}  // namespace
}  // namespace turnout
