#include "cli/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace turnout {
namespace {

int TerminalWidth() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

std::string Left(double seconds) {
  const auto whole = static_cast<int64_t>(seconds + 0.5);
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
}

}  // namespace

std::string Short(double count) {
  if (count < 1e3) return fmt::format("{:.0f}", count);
  if (count < 1e6) return fmt::format("{:.1f} k", count / 1e3);
  if (count < 1e9) return fmt::format("{:.2f} M", count / 1e6);
  return fmt::format("{:.2f} G", count / 1e9);
}

std::string ProgressLine(const Progress& p, int width) {
  const double rate = p.seconds > 0 ? static_cast<double>(p.rows) / p.seconds : 0;
  std::string text = fmt::format("{} rows  {} rows/s", Short(static_cast<double>(p.rows)), Short(rate));
  if (p.rejected > 0) text += fmt::format("  {} rejected", p.rejected);
  if (p.total == 0) return text.substr(0, static_cast<std::size_t>(std::max(width, 1)));
  const double share = std::min(1.0, static_cast<double>(p.done) / static_cast<double>(p.total));
  if (share > 0 && share < 1) text += "  " + Left(p.seconds / share - p.seconds) + " left";
  const int bar = std::clamp(width - static_cast<int>(text.size()) - 12, 10, 40);
  const auto full = static_cast<std::size_t>(share * bar);
  return fmt::format("[{}{}] {:3.0f} %  {}", std::string(full, '#'),
                     std::string(static_cast<std::size_t>(bar) - full, '.'), share * 100, text)
      .substr(0, static_cast<std::size_t>(std::max(width, 1)));
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
