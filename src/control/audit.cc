#include "control/audit.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "bytes/digest.h"
#include "bytes/json_view.h"
#include "control/state.h"

namespace turnout {
namespace {

constexpr std::size_t kLongestLine = 1 << 20;
constexpr std::string_view kHashMember = ",\"hash\":\"";
constexpr std::size_t kHashDigits = 64;
constexpr std::size_t kTail = kHashMember.size() + kHashDigits + 2;  // the member, its quote, the brace

std::unexpected<Error> SystemError(std::string_view path, std::string_view what, int error) {
  return Fail(Code::kUnavailable, fmt::format("{}: {}: {}", path, what, std::strerror(error)));
}

std::string HashOf(std::string_view before, std::string_view line_without_hash) {
  const std::string text = std::string(before) + std::string(line_without_hash);
  return Sha256({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

std::string Now() {
  const auto now = std::chrono::system_clock::now();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(static_cast<std::time_t>(ms / 1000)),
                     ms % 1000);
}

// "...,"hash":"<64>"}": the two parts; false: the line does not end so.
bool SplitHash(std::string_view line, std::string& without, std::string_view& hash) {
  if (line.size() < kTail || !line.ends_with("\"}")) return false;
  const std::size_t at = line.size() - kTail;
  if (line.substr(at, kHashMember.size()) != kHashMember) return false;
  hash = line.substr(at + kHashMember.size(), kHashDigits);
  without = std::string(line.substr(0, at)) + "}";
  return true;
}

}  // namespace

Result<AuditLog> AuditLog::Open(std::string path) {
  AuditLog log;
  log.hash_ = std::string(kHashDigits, '0');
  log.file_ = open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (log.file_ < 0) return SystemError(path, "cannot open", errno);
  struct stat about{};
  if (fstat(log.file_, &about) != 0) return SystemError(path, "cannot stat", errno);
  const auto size = static_cast<std::size_t>(about.st_size);
  log.path_ = std::move(path);
  // The last whole line says where the chain goes on; a line has at most kLongestLine bytes.
  std::string tail(std::min(size, 2 * kLongestLine), '\0');
  const ssize_t read = pread(log.file_, tail.data(), tail.size(), static_cast<off_t>(size - tail.size()));
  if (read != static_cast<ssize_t>(tail.size())) return SystemError(log.path_, "cannot read", errno);
  const std::size_t end = tail.rfind('\n');
  log.cut_ = end == tail.npos ? tail.size() : tail.size() - end - 1;
  log.size_ = size - log.cut_;
  if (log.cut_ > 0 && ftruncate(log.file_, static_cast<off_t>(log.size_)) != 0) {
    return SystemError(log.path_, "cannot cut off the torn line", errno);
  }
  if (end == tail.npos) return log;
  const std::size_t begin = end == 0 ? tail.npos : tail.rfind('\n', end - 1);
  const std::string_view line = std::string_view(tail).substr(begin == tail.npos ? 0 : begin + 1,
                                                              end - (begin == tail.npos ? 0 : begin + 1));
  std::string without;
  std::string_view hash;
  JsonTokenizer json;
  const auto tokens = json.Document(line);
  if (!tokens || !SplitHash(line, without, hash)) {
    return Fail(Code::kCorrupt,
                fmt::format("{}: the last line is no line of an audit log; `turnout audit verify` "
                            "says where it breaks",
                            log.path_));
  }
  log.hash_ = hash;
  log.seq_ = JsonView(*tokens)["seq"].Whole().value_or(0);
  log.journal_ = JsonView(*tokens)["journal"].Whole().value_or(0);
  return log;
}

AuditLog::AuditLog(AuditLog&& other) noexcept { *this = std::move(other); }

AuditLog& AuditLog::operator=(AuditLog&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(file_, other.file_);
  std::swap(size_, other.size_);
  std::swap(seq_, other.seq_);
  std::swap(journal_, other.journal_);
  std::swap(cut_, other.cut_);
  std::swap(hash_, other.hash_);
  return *this;
}

AuditLog::~AuditLog() {
  if (file_ >= 0) close(file_);
}

Status AuditLog::Append(std::string_view members, uint64_t journal) {
  const std::string line = fmt::format("{{\"seq\":{},\"ts\":\"{}\",{},\"journal\":{},\"prev_hash\":\"{}\"}}",
                                       seq_ + 1, Now(), members, journal, hash_);
  const std::string hash = HashOf(hash_, line);
  std::string bytes = line.substr(0, line.size() - 1);
  bytes.append(kHashMember).append(hash).append("\"}\n");
  std::string_view left = bytes;
  while (!left.empty()) {
    const ssize_t count = write(file_, left.data(), left.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const int why = errno;
      if (ftruncate(file_, static_cast<off_t>(size_)) != 0)
        return SystemError(path_, "cannot cut off a torn line", errno);
      return SystemError(path_, "cannot write", why);
    }
    left.remove_prefix(static_cast<std::size_t>(count));
  }
  if (fdatasync(file_) != 0) return SystemError(path_, "cannot sync", errno);
  size_ += bytes.size();
  ++seq_;
  journal_ = journal;
  hash_ = hash;
  return {};
}

Result<AuditReport> AuditVerify(std::string_view text) {
  AuditReport report;
  report.last_hash = std::string(kHashDigits, '0');
  JsonTokenizer json;
  uint64_t journal = 0;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == text.npos) {
      report.torn_bytes = text.size();
      break;
    }
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    const uint64_t number = report.lines + 1;
    const auto bad = [&](std::string what) {
      return Fail(Code::kCorrupt, fmt::format("line {}: {}", number, what));
    };
    std::string without;
    std::string_view hash;
    if (!SplitHash(line, without, hash)) return bad("it does not end with its hash");
    const auto tokens = json.Document(line);
    if (!tokens) return bad(tokens.error().message);
    const JsonView view(*tokens);
    if (view["prev_hash"].Text() != report.last_hash)
      return bad("its prev_hash is not the hash of the line before");
    if (HashOf(report.last_hash, without) != hash) return bad("its hash is not that of its text");
    if (view["seq"].Whole() != number) return bad(fmt::format("its seq is not {}", number));
    if (view["journal"].Whole().value_or(0) < journal)
      return bad("it speaks of an earlier record than the line before");
    journal = view["journal"].Whole().value_or(0);
    const Evidence evidence = ReadEvidence(view["evidence"]);
    for (const JsonView& gate : view["gates"].Items()) {
      const auto read = ReadGate(gate);
      if (!read) return bad(read.error().message);
      const Finding again = Judge(*read, evidence);
      if (Name(again.verdict) != gate["verdict"].Text()) {
        return bad(fmt::format("gate {} is said to be {}, but what was recorded makes it {}", again.gate,
                               gate["verdict"].Text(), Name(again.verdict)));
      }
      ++report.verdicts;
    }
    report.last_hash = hash;
    ++report.lines;
  }
  return report;
}

}  // namespace turnout
