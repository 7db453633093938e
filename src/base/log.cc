#include "base/log.h"

#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>

namespace turnout {
namespace {

std::atomic<Level> threshold = Level::kInfo;
constexpr std::array<std::string_view, 4> kNames = {"debug", "info ", "warn ", "error"};

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// A text from outside must neither break the line nor reach a terminal as a command.
void AppendEscaped(std::string& line, char c) {
  constexpr char kDigits[] = "0123456789abcdef";
  switch (c) {
    case '\n': line += "\\n"; return;
    case '\r': line += "\\r"; return;
    case '\t': line += "\\t"; return;
    default: break;
  }
  if (!IsControl(c)) {
    line += c;
    return;
  }
  line.append("\\x").append(1, kDigits[static_cast<unsigned char>(c) >> 4]).append(1, kDigits[c & 15]);
}

// Quoted where the value would not be read back as one word.
void AppendValue(std::string& line, std::string_view value) {
  const auto special = [](char c) { return IsControl(c) || c == ' ' || c == '"' || c == '=' || c == '\\'; };
  if (!value.empty() && std::none_of(value.begin(), value.end(), special)) {
    line += value;
    return;
  }
  line += '"';
  for (char c : value) {
    if (c == '"' || c == '\\') line += '\\';
    AppendEscaped(line, c);
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
  for (char c : message) AppendEscaped(line, c);
  for (const auto& [name, value] : fields) {
    line.append(" ").append(name).append("=");
    AppendValue(line, value);
  }
  line += '\n';
  // A log that can't be written must not stop what it reports.
  [[maybe_unused]] const auto written = write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace turnout
