// Local files: folders, whole reads, mapped reads, and writes that become visible only when complete.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace turnout {

// The whole file. Errors: not found, a directory, unreadable, above `limit` bytes.
Result<std::string> ReadFile(const std::string& path, std::size_t limit);

// Makes the folder, and the folders above it that are missing; each survives a power failure.
Status MakeFolder(const std::string& path);
// fsync of a folder: the files made, renamed or removed in it stay so.
Status SyncFolder(const std::string& path);

// A file mapped for reading; its bytes live as long as this. An empty file has an empty span. A file that is
// cut short by somebody else while it is mapped ends the process (SIGBUS), as with every mmap.
class MappedFile {
 public:
  static Result<MappedFile> Open(const std::string& path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  std::span<const uint8_t> bytes() const { return {data_, size_}; }
  // Tells the system that bytes before `offset` are not needed again, so that a scan stays small in memory.
  void Forget(std::size_t offset);

 private:
  MappedFile() = default;
  const uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t forgotten_ = 0;
};

// Writes beside `path` ("path.part-<pid>") and renames at Commit(): a reader sees the old file or the
// complete new one. Dropped without Commit, it removes what it wrote; what a killed process left is removed
// by the next Create of the same path. Errors name the path and the reason ("No space left on device").
//
// A symbolic link keeps pointing where it does, a replaced file's permissions stay. A path that exists and is
// no regular file (a pipe, /dev/stdout) is written directly: there is nothing to rename.
class AtomicFile {
 public:
  static Result<AtomicFile> Create(std::string path);
  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&& other) noexcept;
  ~AtomicFile();

  Status Append(std::string_view bytes);
  // fsync, rename, fsync of the directory. Not `durable`: renamed at once; a reader sees the complete file
  // all the same, but a power failure soon after may leave it short.
  Status Commit(bool durable = true);
  uint64_t written() const { return written_; }

 private:
  AtomicFile() = default;
  std::string path_, temporary_;
  int descriptor_ = -1;
  uint64_t written_ = 0;
};

}  // namespace turnout
