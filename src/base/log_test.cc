#include "base/log.h"

#include <gtest/gtest.h>

#include <thread>

namespace turnout {
namespace {

// The line without its time, which has a fixed width.
std::string Logged(Level level, std::string_view message,
                   std::initializer_list<std::pair<std::string_view, std::string>> fields = {}) {
  testing::internal::CaptureStderr();
  Log(level, message, fields);
  const std::string line = testing::internal::GetCapturedStderr();
  return line.size() < 25 ? line : line.substr(25);
}

TEST(LogTest, ALineIsTimeLevelMessageAndFields) {
  testing::internal::CaptureStderr();
  Log(Level::kInfo, "listening", {{"address", "127.0.0.1:8080"}, {"threads", "2"}});
  const std::string line = testing::internal::GetCapturedStderr();
  const std::string pattern = "dddd-dd-ddTdd:dd:dd.dddZ ";
  ASSERT_GT(line.size(), pattern.size());
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == 'd') {
      EXPECT_TRUE(line[i] >= '0' && line[i] <= '9') << line;
    } else {
      EXPECT_EQ(line[i], pattern[i]) << line;
    }
  }
  EXPECT_EQ(line.substr(pattern.size()), "info  listening address=127.0.0.1:8080 threads=2\n");
}

TEST(LogTest, QuotesWhatIsNotOneWord) {
  EXPECT_EQ(Logged(Level::kWarning, "m", {{"a", ""}, {"b", "two words"}, {"c", "x=1"}, {"d", "say \"hi\""}}),
            "warn  m a=\"\" b=\"two words\" c=\"x=1\" d=\"say \\\"hi\\\"\"\n");
  EXPECT_EQ(Logged(Level::kError, "m", {{"path", "C:\\models"}, {"text", "Größe"}}),
            "error m path=\"C:\\\\models\" text=Größe\n");
}

TEST(LogTest, NothingBreaksTheLineOrReachesTheTerminal) {
  EXPECT_EQ(Logged(Level::kInfo, "two\nlines\x1b[2J", {{"value", std::string("\r\n\t\x1b[31m\x7f\0", 10)}}),
            "info  two\\nlines\\x1b[2J value=\"\\r\\n\\t\\x1b[31m\\x7f\\x00\"\n");
}

TEST(LogTest, LinesBelowTheLevelAreNotWritten) {
  EXPECT_EQ(Logged(Level::kDebug, "m"), "");
  SetLogLevel(Level::kDebug);
  EXPECT_EQ(Logged(Level::kDebug, "m"), "debug m\n");
  SetLogLevel(Level::kError);
  EXPECT_EQ(Logged(Level::kWarning, "m"), "");
  SetLogLevel(Level::kInfo);
}

TEST(LogTest, LinesOfThreadsDoNotMix) {
  testing::internal::CaptureStderr();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([i] {
      for (int n = 0; n < 100; ++n) Log(Level::kInfo, std::string(100, static_cast<char>('a' + i)));
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::string all = testing::internal::GetCapturedStderr();
  const std::size_t line = 25 + 6 + 100 + 1;
  ASSERT_EQ(all.size(), 400 * line);
  for (std::size_t at = 0; at < all.size(); at += line) {
    const char first = all[at + 31];
    EXPECT_EQ(all.substr(at + 31, 100), std::string(100, first));
    EXPECT_EQ(all[at + 131], '\n');
  }
}

}  // namespace
}  // namespace turnout
