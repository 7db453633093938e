#include "base/stop_signal.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

namespace turnout {
namespace {

bool Blocked(int number) {
  sigset_t set;
  pthread_sigmask(SIG_SETMASK, nullptr, &set);
  return sigismember(&set, number) == 1;
}

TEST(StopSignalTest, StopWakesThoseWhoWait) {
  StopSignal stop;
  EXPECT_FALSE(stop.flag());
  std::thread waiting([&] { stop.Wait(); });
  stop.Stop();
  waiting.join();
  EXPECT_TRUE(stop.flag());
  EXPECT_EQ(stop.number(), 0);
  stop.Wait();  // returns at once from now on
}

TEST(StopSignalTest, ASignalIsAnOrderlyStop) {
  for (int number : {SIGTERM, SIGINT}) {
    StopSignal stop;
    kill(getpid(), number);
    stop.Wait();
    EXPECT_TRUE(stop.flag());
    EXPECT_EQ(stop.number(), number);
  }
}

TEST(StopSignalTest, TheMaskIsAsBefore) {
  ASSERT_FALSE(Blocked(SIGTERM));
  {
    StopSignal stop;
    EXPECT_TRUE(Blocked(SIGTERM));
    EXPECT_TRUE(Blocked(SIGINT));
  }
  EXPECT_FALSE(Blocked(SIGTERM));
  EXPECT_FALSE(Blocked(SIGINT));
}

// In a process of its own: the second signal ends it.
[[noreturn]] void SendTwo() {
  StopSignal stop;
  kill(getpid(), SIGTERM);
  stop.Wait();
  kill(getpid(), SIGINT);
  for (;;) pause();
}

TEST(StopSignalDeathTest, TheSecondSignalEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(SendTwo(), testing::ExitedWithCode(130), "");
}

}  // namespace
}  // namespace turnout
