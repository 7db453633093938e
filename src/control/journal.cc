#include "control/journal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <utility>

#include "base/byte_reader.h"
#include "bytes/digest.h"
#include "storage/file.h"

namespace turnout {
namespace {

constexpr std::size_t kHead = 16;
constexpr std::size_t kLargestJournal = std::size_t{1} << 30;

std::unexpected<Error> SystemError(std::string_view path, std::string_view what, int error) {
  return Fail(Code::kUnavailable, fmt::format("{}: {}: {}", path, what, std::strerror(error)));
}

const uint8_t* Bytes(std::string_view text) { return reinterpret_cast<const uint8_t*>(text.data()); }

template <class T>
void AppendLittle(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

// The record at the beginning of `bytes`; nothing: there is no valid one.
std::optional<std::pair<uint64_t, std::string_view>> RecordAt(std::string_view bytes) {
  if (bytes.size() < kHead) return std::nullopt;
  const auto length = LoadLittle<uint32_t>(Bytes(bytes));
  if (length > kLargestRecord || length > bytes.size() - kHead) return std::nullopt;
  const auto sum = LoadLittle<uint32_t>(Bytes(bytes) + 4);
  if (Crc32c({Bytes(bytes) + 8, 8 + std::size_t{length}}) != sum) return std::nullopt;
  return std::pair(LoadLittle<uint64_t>(Bytes(bytes) + 8), bytes.substr(kHead, length));
}

// Whether a valid record of a number that may come after `last` lies anywhere in `bytes`. The number is
// looked at before the sum is made, so that this is one pass over what is usually a few bytes.
std::optional<std::size_t> LaterRecord(std::string_view bytes, uint64_t last) {
  constexpr uint64_t kFurthest = 1'000'000;
  for (std::size_t at = 0; at + kHead <= bytes.size(); ++at) {
    const auto number = LoadLittle<uint64_t>(Bytes(bytes) + at + 8);
    if (number <= last || number > last + kFurthest) continue;
    if (RecordAt(bytes.substr(at))) return at;
  }
  return std::nullopt;
}

Status WriteAll(int file, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t count = write(file, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return SystemError(path, "cannot write", errno);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

Result<std::string> ReadIfThere(const std::string& path) {
  auto text = ReadFile(path, kLargestJournal);
  if (!text && text.error().code == Code::kNotFound) return std::string();
  return text;
}

}  // namespace

std::string JournalRecordBytes(uint64_t number, std::string_view payload) {
  std::string covered;
  AppendLittle(covered, number);
  covered += payload;
  std::string bytes;
  AppendLittle(bytes, static_cast<uint32_t>(payload.size()));
  AppendLittle(bytes, Crc32c({Bytes(covered), covered.size()}));
  return bytes + covered;
}

JournalContents ReadJournal(std::string_view journal, std::string_view snapshot) {
  JournalContents found;
  if (!snapshot.empty()) {
    // It is renamed into place when it is complete, so whatever is wrong with it is damage.
    const auto record =
        snapshot.starts_with(kJournalMagic) ? RecordAt(snapshot.substr(kJournalMagic.size())) : std::nullopt;
    if (record) {
      found.snapshot_number = record->first;
      found.snapshot = record->second;
    } else {
      found.damage = "the snapshot's record is not valid";
    }
  }
  if (journal.empty()) return found;
  if (!journal.starts_with(kJournalMagic)) {
    // Made and cut short before it had a record, or something else altogether.
    if (kJournalMagic.starts_with(journal)) {
      found.torn_bytes = journal.size();
    } else {
      found.damage = "the journal does not begin as one";
    }
    return found;
  }
  std::size_t at = kJournalMagic.size();
  uint64_t last = 0;  // in the file: 0: none
  while (at < journal.size()) {
    const auto record = RecordAt(journal.substr(at));
    if (!record || (last != 0 && record->first != last + 1)) {
      const auto later = LaterRecord(journal.substr(at), std::max(last, found.snapshot_number));
      if (later || record) {
        found.damage =
            fmt::format("the journal's bytes from {} on are no record {}, but one of a later number follows",
                        at, last + 1);
      } else {
        found.torn_bytes = journal.size() - at;
      }
      break;
    }
    last = record->first;
    if (last > found.snapshot_number) {
      if (found.records.empty() && last != found.snapshot_number + 1) {
        found.damage = fmt::format("the journal begins with record {}, the snapshot ends with {}", last,
                                   found.snapshot_number);
        break;
      }
      found.records.push_back({last, std::string(record->second)});
    }
    at += kHead + record->second.size();
  }
  found.valid_bytes = at;
  return found;
}

Result<Journal> Journal::Open(const std::string& folder, JournalContents& found) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error)
    return Fail(Code::kUnavailable, fmt::format("{}: cannot make the folder: {}", folder, error.message()));
  Journal journal;
  journal.folder_ = folder;
  const std::string lock = folder + "/lock", path = folder + "/journal";
  journal.lock_ = open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (journal.lock_ < 0) return SystemError(lock, "cannot open", errno);
  if (flock(journal.lock_, LOCK_EX | LOCK_NB) != 0) {
    return Fail(Code::kUnavailable,
                fmt::format("{}: another server works in this folder; give each its own `state`", folder));
  }
  journal.file_ = open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (journal.file_ < 0) return SystemError(path, "cannot open", errno);
  TURNOUT_ASSIGN(const std::string bytes, ReadIfThere(path));
  TURNOUT_ASSIGN(const std::string snapshot, ReadIfThere(folder + "/snapshot"));
  found = ReadJournal(bytes, snapshot);
  journal.last_ = found.last();
  journal.records_ = found.records.size();
  if (!found.damage.empty()) {
    journal.refusal_ = fmt::format("{}: {}", folder, found.damage);
    return journal;
  }
  journal.size_ = found.valid_bytes;
  if (found.torn_bytes > 0) {
    if (ftruncate(journal.file_, static_cast<off_t>(journal.size_)) != 0 || fdatasync(journal.file_) != 0) {
      return SystemError(path, "cannot cut off the torn record", errno);
    }
  }
  if (journal.size_ == 0) {
    TURNOUT_TRY(WriteAll(journal.file_, kJournalMagic, path));
    const int entries = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool synced =
        fdatasync(journal.file_) == 0 && entries >= 0 && (fsync(entries) == 0 || errno == EINVAL);
    const int why = errno;
    if (entries >= 0) close(entries);
    if (!synced) return SystemError(path, "cannot sync", why);
    journal.size_ = kJournalMagic.size();
  }
  return journal;
}

Journal::Journal(Journal&& other) noexcept { *this = std::move(other); }

Journal& Journal::operator=(Journal&& other) noexcept {
  std::swap(folder_, other.folder_);
  std::swap(lock_, other.lock_);
  std::swap(file_, other.file_);
  std::swap(size_, other.size_);
  std::swap(last_, other.last_);
  std::swap(records_, other.records_);
  std::swap(refusal_, other.refusal_);
  return *this;
}

Journal::~Journal() {
  if (file_ >= 0) close(file_);
  if (lock_ >= 0) close(lock_);
}

Result<uint64_t> Journal::Append(std::string_view payload) {
  if (!refusal_.empty()) return Fail(Code::kCorrupt, refusal_);
  const std::string path = folder_ + "/journal";
  if (payload.size() > kLargestRecord) {
    return Fail(Code::kInternal, fmt::format("{}: a record of {} bytes", path, payload.size()));
  }
  const std::string bytes = JournalRecordBytes(last_ + 1, payload);
  Status written = WriteAll(file_, bytes, path);
  if (written && fdatasync(file_) != 0) {
    // Which of its bytes are on the disk nobody knows (a second fdatasync would say "all"): the end of
    // writing.
    refusal_ = SystemError(path, "cannot sync", errno).error().message +
               "; restart the server when the disk is well";
    written = Fail(Code::kUnavailable, refusal_);
  }
  if (!written) {
    if (ftruncate(file_, static_cast<off_t>(size_)) != 0 && refusal_.empty()) {
      refusal_ =
          written.error().message + ", and what was written of it cannot be cut off; restart the server";
    }
    return std::unexpected(std::move(written).error());
  }
  size_ += bytes.size();
  ++records_;
  return ++last_;
}

Status Journal::Snapshot(std::string_view payload) {
  if (!refusal_.empty()) return Fail(Code::kCorrupt, refusal_);
  const auto write = [&](const std::string& name, std::string_view record) -> Status {
    TURNOUT_ASSIGN(AtomicFile file, AtomicFile::Create(folder_ + "/" + name));
    TURNOUT_TRY(file.Append(kJournalMagic));
    TURNOUT_TRY(file.Append(record));
    return file.Commit();
  };
  TURNOUT_TRY(write("snapshot", JournalRecordBytes(last_, payload)));
  TURNOUT_TRY(write("journal", {}));
  const std::string path = folder_ + "/journal";
  const int file = open(path.c_str(), O_RDWR | O_APPEND | O_CLOEXEC);
  if (file < 0) {
    refusal_ = SystemError(path, "cannot open", errno).error().message;
    return Fail(Code::kUnavailable, refusal_);
  }
  close(std::exchange(file_, file));
  size_ = kJournalMagic.size();
  records_ = 0;
  return {};
}

}  // namespace turnout
