// LineFiles: lines written to files that are rotated by size and thrown away by number and age.
//
// A file is "<stem>-<UTC start>-<number>.jsonl"; the newest is written to. Nothing that another process wrote
// is appended to: each start begins a file, so that a line cut short by a crash is the last of its file.
// One thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace turnout {

class LineFiles {
 public:
  struct Options {
    std::string folder;  // made if it is not there
    std::string stem = "predictions";
    std::size_t file_bytes = 64 << 20;
    std::size_t files = 16;                 // kept, with the one in work; at least 1
    std::chrono::seconds keep{7 * 86'400};  // files whose last line is older go; 0: no such limit
  };

  static Result<LineFiles> Open(Options options);
  LineFiles(LineFiles&& other) noexcept;
  LineFiles& operator=(LineFiles&&) = delete;
  ~LineFiles();

  // Whole lines, each with its end. Rotates first where they would not fit. On an error (a full disk) nothing
  // of them stays in the file.
  Status Append(std::string_view lines);
  // Closes the file in work and deletes what is too old or too many. Append calls it when it is time.
  Status Rotate();

  // Every file of the stem in the folder, oldest first.
  static std::vector<std::string> List(const std::string& folder, std::string_view stem);

 private:
  explicit LineFiles(Options options) : options_(std::move(options)) {}
  Status Start();
  void Forget() const;

  Options options_;
  int descriptor_ = -1;
  std::string path_;
  std::size_t written_ = 0;
  uint64_t number_ = 0;
};

}  // namespace turnout
