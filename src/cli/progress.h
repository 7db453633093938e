// A progress bar on standard error, for people: one line that is drawn over and over.
//
//   [#########.........]  52 %  1.31 M rows  1.64 M rows/s  3 rejected  1 s left
#pragma once

#include <cstdint>
#include <string>

namespace turnout {

struct Progress {
  uint64_t done = 0;   // bytes
  uint64_t total = 0;  // bytes; 0: not known, so no bar and no time left
  uint64_t rows = 0;
  uint64_t rejected = 0;
  double seconds = 0;
};

// The line's text, at most `width` columns.
std::string ProgressLine(const Progress& progress, int width);

class ProgressBar {
 public:
  explicit ProgressBar(bool visible) : visible_(visible) {}
  void Show(const Progress& progress);  // never two at once
  void End();                           // leaves the last state on a line of its own

 private:
  const bool visible_;
  bool drawn_ = false;
};

// "999", "12.3 k", "1.31 M", "2.50 G".
std::string Short(double count);

}  // namespace turnout
