// CrashLoop: the defence against a candidate that ends the process.
//
// Which candidates are live is on the disk before one of them first runs, and taken back by an orderly end. A
// start that finds the mark knows that the process died with them; a candidate that was live in three deaths
// within ten minutes is not started a fourth time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace turnout {

class CrashLoop {
 public:
  static constexpr int kDeaths = 3;
  static constexpr int64_t kWithinSeconds = 600;

  // Reads the mark of the last run. `now`: seconds of the wall clock, the only one that a restart leaves
  // alone; one that was set back counts as no time at all.
  static Result<CrashLoop> Open(std::string path, int64_t now);

  // Whether the run before this one died, with whichever candidates.
  bool unclean() const { return unclean_; }
  // Deaths with this candidate live, within the time.
  int deaths(const std::string& candidate) const;
  bool looping(const std::string& candidate) const { return deaths(candidate) >= kDeaths; }

  // The candidates (digests) that may run from now on; durable when it returns. Nothing is written where they
  // are what they were.
  Status Live(std::vector<std::string> candidates);
  // An orderly end.
  Status End();

 private:
  struct Death {
    int64_t at = 0;
    std::string candidate;
  };
  Status Write() const;

  std::string path_;
  bool unclean_ = false;
  bool running_ = true;
  std::vector<std::string> live_;
  std::vector<Death> deaths_;
};

}  // namespace turnout
