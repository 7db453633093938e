// One line per event on standard error: time (UTC), level, message, then what it is about.
//
//   Log(Level::kInfo, "listening", {{"address", "127.0.0.1:8080"}});
//   2026-11-22T10:00:00.123Z info  listening address=127.0.0.1:8080
//
// Values with blanks, quotes, '=' or '\' are quoted; control characters are escaped (\n, \x1b), so that
// whatever stands in a file or a request stays one line and does nothing to a terminal.
// Not for the request path. Thread-safe: a line is one write.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace turnout {

enum class Level { kDebug, kInfo, kWarning, kError };

// Lines below `level` are not written. Default: kInfo.
void SetLogLevel(Level level);

void Log(Level level, std::string_view message,
         std::initializer_list<std::pair<std::string_view, std::string>> fields = {});

}  // namespace turnout
