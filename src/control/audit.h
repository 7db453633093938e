// The audit log: one line of JSON for every verb and every decision, refused ones too.
//
// A line is {"seq":7,"ts":"2026-11-22T10:00:00.123Z",...,"journal":41,"prev_hash":"...","hash":"..."}: `hash`
// is SHA-256 of the hash before (64 digits; 64 zeros before the first) and the line without its
// `,"hash":"..."`. `journal` is the last record of the journal that was durable. Who changes, drops or adds a
// line in the middle breaks the chain; AuditVerify says where. No feature values, no secrets.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace turnout {

class AuditLog {
 public:
  // Goes on with the file; a last line that was being written is cut off.
  static Result<AuditLog> Open(std::string path);
  AuditLog(AuditLog&& other) noexcept;
  AuditLog& operator=(AuditLog&& other) noexcept;
  ~AuditLog();

  // `members` of the line ("verb":"promote","endpoint":...). On the disk when it returns.
  Status Append(std::string_view members, uint64_t journal);

  uint64_t last_journal() const { return journal_; }  // of the last line; 0: there is none
  uint64_t cut_bytes() const { return cut_; }

 private:
  AuditLog() = default;
  std::string path_;
  int file_ = -1;
  uint64_t size_ = 0;
  uint64_t seq_ = 0, journal_ = 0, cut_ = 0;
  std::string hash_;
};

struct AuditReport {
  uint64_t lines = 0;
  uint64_t verdicts = 0;    // of gates, given again from what was recorded
  uint64_t torn_bytes = 0;  // a last line without its end
  std::string last_hash;  // to be kept elsewhere: whoever cuts off whole lines at the end can't hide from it
};
// Errors (kCorrupt) name the line and what is wrong with it.
Result<AuditReport> AuditVerify(std::string_view text);

}  // namespace turnout
