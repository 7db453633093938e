#include "cli/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace turnout {
namespace {

constexpr std::size_t kShortestBar = 5, kLongestBar = 40;

int TerminalWidth() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

std::string Left(double seconds) {
  const auto whole = std::llround(seconds);
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
}

}  // namespace

std::string Short(double count) {
  // Each bound is where rounding would show one digit more.
  if (count < 999.5) return fmt::format("{:.0f}", count);
  if (count < 999.95e3) return fmt::format("{:.1f} k", count / 1e3);
  if (count < 999.995e6) return fmt::format("{:.2f} M", count / 1e6);
  return fmt::format("{:.2f} G", count / 1e9);
}

std::string ProgressLine(const Progress& p, int width) {
  const auto columns = static_cast<std::size_t>(std::max(width, 1));
  const double rate = p.seconds > 0 ? static_cast<double>(p.rows) / p.seconds : 0;
  std::string text = fmt::format("{} rows  {} rows/s", Short(static_cast<double>(p.rows)), Short(rate));
  if (p.rejected > 0) text += fmt::format("  {} rejected", Short(static_cast<double>(p.rejected)));
  if (p.total == 0) return text.substr(0, columns);
  const double share = std::min(1.0, static_cast<double>(p.done) / static_cast<double>(p.total));
  if (share > 0 && share < 1) text += "  " + Left(p.seconds / share - p.seconds) + " left";
  // A terminal that is too narrow loses the bar first, then the end of the text.
  const std::string percent = fmt::format("{:3} %  ", static_cast<int>(share * 100));
  const std::size_t taken = percent.size() + text.size() + 3;  // brackets and a blank
  if (taken + kShortestBar > columns) return (percent + text).substr(0, columns);
  const std::size_t bar = std::min(columns - taken, kLongestBar);
  const auto full = static_cast<std::size_t>(share * static_cast<double>(bar));
  return fmt::format("[{}{}] {}{}", std::string(full, '#'), std::string(bar - full, '.'), percent, text);
}

void ProgressBar::Show(const Progress& progress) {
  if (!visible_) return;
  // \x1b[K clears what a longer line left.
  std::fprintf(stderr, "\r%s\x1b[K", ProgressLine(progress, TerminalWidth() - 1).c_str());
  drawn_ = true;
}

void ProgressBar::End() {
  if (drawn_) std::fputc('\n', stderr);
  drawn_ = false;
}

}  // namespace turnout
