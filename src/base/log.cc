#include "base/log.h"

#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdio>

namespace turnout {
namespace {

std::atomic<Level> threshold = Level::kInfo;
constexpr std::array<std::string_view, 4> kNames = {"debug", "info ", "warn ", "error"};

// Quoted where the value has blanks, quotes or control characters, so that a line stays a line.
void AppendValue(std::string& line, std::string_view value) {
  const bool plain = !value.empty() && value.find_first_of(" \"=\\") == value.npos &&
                     std::string_view::npos == value.find_first_of("\n\r\t");
  if (plain) {
    line += value;
    return;
  }
  line += '"';
  for (char c : value) {
    if (c == '"' || c == '\\') line += '\\';
    line += c == '\n' || c == '\r' || c == '\t' ? ' ' : c;
  }
  line += '"';
}

}  // namespace

void SetLogLevel(Level level) { threshold.store(level, std::memory_order_relaxed); }

void Log(Level level, std::string_view message,
         std::initializer_list<std::pair<std::string_view, std::string>> fields) {
  if (level < threshold.load(std::memory_order_relaxed)) return;
  timeval now{};
  gettimeofday(&now, nullptr);
  tm utc{};
  gmtime_r(&now.tv_sec, &utc);
  char stamp[64];
  const std::size_t n = strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &utc);
  std::snprintf(stamp + n, sizeof stamp - n, ".%03dZ ", static_cast<int>(now.tv_usec / 1000));
  std::string line(stamp);
  line += kNames[static_cast<std::size_t>(level)];
  line += ' ';
  for (char c : message) line += c == '\n' ? ' ' : c;
  for (const auto& [name, value] : fields) {
    line.append(" ").append(name).append("=");
    AppendValue(line, value);
  }
  line += '\n';
  // A log that can't be written must not stop what it reports.
  [[maybe_unused]] const auto written = write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace turnout
