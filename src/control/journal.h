// The journal: records on the disk before what they say has an effect.
//
//   JournalContents found;
//   TURNOUT_ASSIGN(Journal journal, Journal::Open(folder, found));     // replay found, then go on
//   TURNOUT_ASSIGN(const uint64_t number, journal.Append(payload));    // written and synced
//
// README.md has the format. One process may have it open (a lock on the file); one thread at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace turnout {

struct JournalRecord {
  uint64_t number = 0;
  std::string payload;
};

// What a journal and its snapshot hold.
struct JournalContents {
  std::string snapshot;          // the payload; empty: there is none
  uint64_t snapshot_number = 0;  // of the last record in it
  std::vector<JournalRecord>
      records;               // those after the snapshot, in order, up to the first that is not valid
  uint64_t valid_bytes = 0;  // of the journal's file
  uint64_t torn_bytes = 0;   // after them, of a record that was being written
  std::string damage;        // bytes were changed: what and where; empty: none
  uint64_t last() const { return records.empty() ? snapshot_number : records.back().number; }
};

inline constexpr std::size_t kLargestRecord = 16 << 20;

// Reads the two files' bytes; never fails, whatever they are.
JournalContents ReadJournal(std::string_view journal, std::string_view snapshot);

class Journal {
 public:
  // Makes the folder and an empty journal where there is none, cuts off a torn tail. Errors: the folder can't
  // be made or written, another process has the journal open. With damage it opens, and every Append fails.
  static Result<Journal> Open(const std::string& folder, JournalContents& found);
  Journal(Journal&& other) noexcept;
  Journal& operator=(Journal&& other) noexcept;
  ~Journal();

  // Durable when it returns; the number of the record. An error leaves the journal as it was.
  Result<uint64_t> Append(std::string_view payload);
  // Everything up to the last record, in one; the journal begins anew.
  Status Snapshot(std::string_view payload);

  uint64_t last() const { return last_; }
  std::size_t records_since_snapshot() const { return records_; }
  // Why nothing can be appended any more; empty: it can.
  const std::string& refusal() const { return refusal_; }
  void Refuse(std::string why) { refusal_ = std::move(why); }

 private:
  Journal() = default;
  std::string folder_;
  int lock_ = -1;
  int file_ = -1;
  uint64_t size_ = 0;
  uint64_t last_ = 0;
  std::size_t records_ = 0;
  std::string refusal_;
};

// One record in the journal's format; for tests and fuzzing.
std::string JournalRecordBytes(uint64_t number, std::string_view payload);
inline constexpr std::string_view kJournalMagic = "TOJRNL1\n";

}  // namespace turnout
