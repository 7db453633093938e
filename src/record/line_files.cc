#include "record/line_files.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

namespace turnout {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view kEnd = ".jsonl";

std::unexpected<Error> Failed(const std::string& path, int error) {
  return Fail(Code::kUnavailable, fmt::format("{}: {}", path, std::strerror(error)));
}

}  // namespace

Result<LineFiles> LineFiles::Open(Options options) {
  std::error_code error;
  fs::create_directories(options.folder, error);
  if (error) return Fail(Code::kUnavailable, fmt::format("{}: {}", options.folder, error.message()));
  LineFiles files(std::move(options));
  TURNOUT_TRY(files.Start());
  return files;
}

LineFiles::LineFiles(LineFiles&& other) noexcept
    : options_(std::move(other.options_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      path_(std::move(other.path_)),
      written_(other.written_),
      number_(other.number_) {}

LineFiles::~LineFiles() {
  if (descriptor_ < 0) return;
  close(descriptor_);
  if (written_ == 0) unlink(path_.c_str());
}

Status LineFiles::Start() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  const std::string begin = fmt::format("{}-{:%Y%m%dT%H%M%SZ}", options_.stem, fmt::gmtime(now));
  // The number tells apart what begins in one second, of this process or of another.
  for (;;) {
    path_ = (fs::path(options_.folder) / fmt::format("{}-{:06}{}", begin, ++number_, kEnd)).string();
    descriptor_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0640);
    if (descriptor_ >= 0) break;
    if (errno != EEXIST || number_ > 999'999) return Failed(path_, errno);
  }
  written_ = 0;
  Forget();
  return {};
}

Status LineFiles::Append(std::string_view lines) {
  if (descriptor_ < 0 || (written_ > 0 && written_ + lines.size() > options_.file_bytes)) {
    TURNOUT_TRY(Rotate());
  }
  std::size_t done = 0;
  while (done < lines.size()) {
    const ssize_t n = write(descriptor_, lines.data() + done, lines.size() - done);
    if (n >= 0) {
      done += static_cast<std::size_t>(n);
      continue;
    }
    if (errno == EINTR) continue;
    const int error = errno;
    // A line cut short would join the next one.
    if (done > 0 && ftruncate(descriptor_, static_cast<off_t>(written_)) != 0) TURNOUT_TRY(Rotate());
    return Failed(path_, error);
  }
  written_ += lines.size();
  return {};
}

Status LineFiles::Rotate() {
  if (descriptor_ >= 0) close(std::exchange(descriptor_, -1));
  return Start();
}

void LineFiles::Forget() const {
  std::vector<std::string> all = List(options_.folder, options_.stem);
  const std::size_t most = std::max<std::size_t>(options_.files, 1);
  std::error_code ignored;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i] == path_) continue;
    const bool too_many = all.size() - i > most;
    const auto age = fs::file_time_type::clock::now() - fs::last_write_time(all[i], ignored);
    if (too_many || (options_.keep.count() > 0 && age > options_.keep)) fs::remove(all[i], ignored);
  }
}

std::vector<std::string> LineFiles::List(const std::string& folder, std::string_view stem) {
  std::vector<std::string> found;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with(std::string(stem) + "-") && name.ends_with(kEnd)) {
      found.push_back(entry->path().string());
    }
  }
  std::sort(found.begin(), found.end());  // by time, then by number
  return found;
}

}  // namespace turnout
