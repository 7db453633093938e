#include "storage/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

namespace turnout {
namespace {

// Bytes written between two requests to start writing back: a job's fsync at the end then finds most of the
// work done.
constexpr uint64_t kWriteBack = 16 << 20;

// An open descriptor, closed when dropped.
class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (value_ >= 0) close(value_);
  }
  int value() const { return value_; }
  int Release() { return std::exchange(value_, -1); }

 private:
  int value_;
};

std::unexpected<Error> SystemError(std::string_view what, std::string_view path, int error) {
  Code code = Code::kInvalidArgument;
  switch (error) {
    case ENOENT: code = Code::kNotFound; break;
    case ENOSPC:
    case EDQUOT:
    case EIO:
    case EMFILE:
    case ENFILE:
    case EFBIG: code = Code::kUnavailable; break;
    default: break;
  }
  return Fail(code, fmt::format("{}: {}: {}", path, what, std::strerror(error)));
}

std::string FolderOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// Opens a regular file (or what can be read like one) and tells what it is.
Result<int> OpenToRead(const std::string& path, struct stat& about) {
  Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.value() < 0) return SystemError("cannot open", path, errno);
  if (fstat(file.value(), &about) != 0) return SystemError("cannot stat", path, errno);
  if (S_ISDIR(about.st_mode)) return SystemError("cannot read", path, EISDIR);
  return file.Release();
}

// Removes what writers that died (killed, power lost) left beside `path`. A writer holds a lock on its file
// for as long as it lives, so a file that can be locked has no writer.
void RemoveLeftovers(const std::string& path) {
  const std::string folder = FolderOf(path);
  const std::string prefix = path.substr(path.rfind('/') + 1) + ".part-";  // npos + 1 is 0
  DIR* entries = opendir(folder.c_str());
  if (entries == nullptr) return;
  while (const dirent* entry = readdir(entries)) {
    const std::string_view name = entry->d_name;
    if (!name.starts_with(prefix)) continue;
    if (name.find_first_not_of("0123456789", prefix.size()) != std::string_view::npos) continue;
    const Descriptor file(
        openat(dirfd(entries), entry->d_name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (file.value() >= 0 && flock(file.value(), LOCK_EX | LOCK_NB) == 0) {
      unlinkat(dirfd(entries), entry->d_name, 0);
    }
  }
  closedir(entries);
}

}  // namespace

Result<std::string> ReadFile(const std::string& path, std::size_t limit) {
  struct stat about{};
  TURNOUT_ASSIGN(const int opened, OpenToRead(path, about));
  const Descriptor file(opened);
  const auto too_large = [&] {
    return Fail(Code::kInvalidArgument, fmt::format("{}: larger than the limit of {} bytes", path, limit));
  };
  const auto expected = static_cast<std::size_t>(about.st_size);
  if (S_ISREG(about.st_mode) && expected > limit) return too_large();

  std::string text;
  std::size_t used = 0;
  text.resize(expected < limit ? expected + 1 : limit + 1);  // one more than the file: its end shows at once
  while (true) {
    const ssize_t count = read(file.value(), text.data() + used, text.size() - used);
    if (count < 0) {
      if (errno == EINTR) continue;
      return SystemError("cannot read", path, errno);
    }
    if (count == 0) break;
    used += static_cast<std::size_t>(count);
    if (used > limit) return too_large();
    if (used == text.size()) text.resize(limit / 2 < used ? limit + 1 : used * 2);
  }
  text.resize(used);
  return text;
}

Status SyncFolder(const std::string& path) {
  const std::string folder = path.empty() ? "." : path;
  const Descriptor entries(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // Some file systems refuse to sync a folder (EINVAL); there is nothing better to do on them.
  if (entries.value() >= 0 && fsync(entries.value()) != 0 && errno != EINVAL) {
    return SystemError("cannot sync the folder", folder, errno);
  }
  return {};
}

Status MakeFolder(const std::string& path) {
  std::vector<std::string> missing;  // the deepest first
  for (std::string folder = path;; folder = FolderOf(folder)) {
    while (folder.size() > 1 && folder.back() == '/') folder.pop_back();
    struct stat about{};
    if (stat(folder.c_str(), &about) == 0) {
      if (S_ISDIR(about.st_mode)) break;
      return SystemError("cannot make the folder", folder, ENOTDIR);
    }
    if (errno != ENOENT || folder == "." || folder == "/" || folder.empty()) {
      return SystemError("cannot make the folder", path, errno);
    }
    missing.push_back(folder);
  }
  for (std::size_t i = missing.size(); i-- > 0;) {
    // Another process may be making it too.
    if (mkdir(missing[i].c_str(), 0777) != 0 && errno != EEXIST) {
      return SystemError("cannot make the folder", missing[i], errno);
    }
    TURNOUT_TRY(SyncFolder(FolderOf(missing[i])));
  }
  return {};
}

Result<MappedFile> MappedFile::Open(const std::string& path) {
  struct stat about{};
  TURNOUT_ASSIGN(const int opened, OpenToRead(path, about));
  const Descriptor file(opened);
  if (!S_ISREG(about.st_mode)) {
    return Fail(Code::kInvalidArgument, fmt::format("{}: not a regular file, so it can't be mapped", path));
  }
  MappedFile mapped;
  if (about.st_size == 0) return mapped;
  const auto size = static_cast<std::size_t>(about.st_size);
  void* data = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.value(), 0);
  if (data == MAP_FAILED) return SystemError("cannot map", path, errno);
  mapped.data_ = static_cast<const uint8_t*>(data);
  mapped.size_ = size;
  return mapped;
}

MappedFile::MappedFile(MappedFile&& other) noexcept { *this = std::move(other); }

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(forgotten_, other.forgotten_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) munmap(const_cast<uint8_t*>(data_), size_);
}

void MappedFile::Forget(std::size_t offset) {
  static const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::size_t end = (offset < size_ ? offset : size_) / page * page;
  if (end <= forgotten_) return;
  madvise(const_cast<uint8_t*>(data_) + forgotten_, end - forgotten_, MADV_DONTNEED);
  forgotten_ = end;
}

Result<AtomicFile> AtomicFile::Create(std::string path) {
  AtomicFile file;
  struct stat about{};
  const bool exists = stat(path.c_str(), &about) == 0;
  if (exists && S_ISDIR(about.st_mode)) return SystemError("cannot write", path, EISDIR);
  if (exists && !S_ISREG(about.st_mode)) {  // a pipe or a device: written directly
    const int descriptor = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor < 0) return SystemError("cannot open for writing", path, errno);
    file.path_ = std::move(path);
    file.descriptor_ = descriptor;
    return file;
  }
  if (exists) {  // through a symbolic link, its target is replaced and not the link
    char* real = realpath(path.c_str(), nullptr);
    if (real != nullptr) path = real;
    std::free(real);
  }

  RemoveLeftovers(path);
  std::string temporary = fmt::format("{}.part-{}", path, getpid());
  for (int attempt = 0; attempt < 10; ++attempt) {
    Descriptor made(open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (made.value() < 0) {
      if (errno != EEXIST) return SystemError("cannot create", temporary, errno);
      break;
    }
    // Another process that looks for leftovers may see the file before it is locked, and remove it.
    struct stat own{};
    if (flock(made.value(), LOCK_EX | LOCK_NB) != 0) continue;
    if (fstat(made.value(), &own) != 0 || own.st_nlink == 0) continue;
    if (exists) static_cast<void>(fchmod(made.value(), about.st_mode & 07777));
    file.path_ = std::move(path);
    file.temporary_ = std::move(temporary);
    file.descriptor_ = made.Release();
    return file;
  }
  return Fail(Code::kUnavailable,
              fmt::format("{}: another writer is at it ({} is locked); wait for it or choose another path",
                          path, temporary));
}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept { *this = std::move(other); }

AtomicFile& AtomicFile::operator=(AtomicFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(temporary_, other.temporary_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(written_, other.written_);
  return *this;
}

AtomicFile::~AtomicFile() {
  // Removed before it is closed: the lock keeps other writers off the name until then.
  if (!temporary_.empty()) unlink(temporary_.c_str());
  if (descriptor_ >= 0) close(descriptor_);
}

Status AtomicFile::Append(std::string_view bytes) {
  const uint64_t before = written_;
  while (!bytes.empty()) {
    const ssize_t count = write(descriptor_, bytes.data(), bytes.size());
    if (count < 0) {
      if (errno == EINTR) continue;
      return SystemError("cannot write", path_, errno);
    }
    written_ += static_cast<uint64_t>(count);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  if (written_ / kWriteBack != before / kWriteBack && !temporary_.empty()) {
    sync_file_range(descriptor_, 0, 0, SYNC_FILE_RANGE_WRITE);
  }
  return {};
}

Status AtomicFile::Commit(bool durable) {
  if (temporary_.empty()) {
    const int descriptor = std::exchange(descriptor_, -1);
    if (close(descriptor) != 0) return SystemError("cannot write", path_, errno);
    return {};
  }
  if (durable && fsync(descriptor_) != 0) return SystemError("cannot write", path_, errno);
  if (rename(temporary_.c_str(), path_.c_str()) != 0)
    return SystemError("cannot rename into place", path_, errno);
  temporary_.clear();
  close(std::exchange(descriptor_, -1));
  return durable ? SyncFolder(FolderOf(path_)) : Status();
}

}  // namespace turnout
