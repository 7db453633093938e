#include "batch/score.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <ctime>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "batch/chunk_reader.h"
#include "bytes/json_writer.h"
#include "codec/csv_reply.h"
#include "codec/csv_rows.h"
#include "codec/reject_line.h"
#include "storage/file.h"

namespace turnout {
namespace {

using Clock = std::chrono::steady_clock;

// Reasons named in the message of a job that fails for its rejects.
constexpr std::size_t kReasons = 3;

// A chunk on its way: filled by the reader, scored by a thread, written in the order of tickets.
struct Chunk {
  uint64_t ticket = 0;
  uint64_t bytes_read = 0;  // of the whole input, when this was cut
  InputChunk input;
  std::string output;
  std::string rejects;
  uint64_t scored = 0;
  uint64_t rejected = 0;
  std::vector<std::string> reasons;  // the first kReasons
};

std::string Now() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc)};
}

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// What one thread needs to score chunks.
class Scorer {
 public:
  Scorer(const Snapshot& snapshot, const CsvHeader& header, const CsvReply& reply, MetricsShard& shard,
         const std::string& job_time)
      : snapshot_(snapshot),
        contract_(*snapshot.contract),
        reply_(reply),
        layout_(contract_.layout()),
        batch_(layout_),
        reader_(contract_, batch_),
        rows_(header, contract_),
        predictor_(shard) {
    answers_.job_time = job_time;
  }

  void Score(Chunk& chunk) {
    const auto received = Clock::now();
    chunk.output.clear();
    chunk.rejects.clear();
    chunk.reasons.clear();
    chunk.scored = chunk.rejected = 0;
    reader_.Clear();
    rows_.Read(chunk.input.records, reader_);
    predictor_.Predict(snapshot_, batch_, received, answers_);

    // Rejects in the order of the input: those of the contract and those of the model are each in order.
    const std::vector<Refusal>& refusals = reader_.refusals();
    std::size_t next = 0;
    for (std::size_t row = 0; row < batch_.rows(); ++row) {
      while (next < refusals.size() && refusals[next].position < batch_.positions()[row]) {
        Reject(chunk, refusals[next++]);
      }
      const Answer& answer = answers_.rows[row];
      if (answer.refusal >= 0) {
        Reject(chunk, answers_.refusals[static_cast<std::size_t>(answer.refusal)]);
      } else {
        reply_.AppendRow(chunk.output, batch_, row, answers_);
        ++chunk.scored;
      }
    }
    while (next < refusals.size()) Reject(chunk, refusals[next++]);
  }

 private:
  void Reject(Chunk& chunk, const Refusal& refusal) {
    const uint64_t line = rows_.LineOf(refusal.position);
    AppendRejectLine(chunk.rejects, contract_, refusal, refusal.position + 1, line);
    ++chunk.rejected;
    if (chunk.reasons.size() < kReasons && !refusal.errors.empty()) {
      const FieldError& error = refusal.errors.front();
      chunk.reasons.push_back(error.field.empty()
                                  ? fmt::format("line {}: {}", line, error.message)
                                  : fmt::format("line {}: {}: {}", line, error.field, error.message));
    }
  }

  const Snapshot& snapshot_;
  const Contract& contract_;
  const CsvReply& reply_;
  std::vector<ColumnType> layout_;
  Batch batch_;
  RowReader reader_;
  CsvRows rows_;
  Predictor predictor_;
  Answers answers_;
};

// The threads of a job, what they share, and its files.
class Job {
 public:
  Job(const Snapshot& snapshot, const ScoreOptions& options, ChunkReader input, CsvHeader header,
      AtomicFile output, ScoreSummary& summary)
      : snapshot_(snapshot),
        options_(options),
        summary_(summary),
        header_(std::move(header)),
        splitter_(header_),
        input_(std::move(input)),
        output_(std::move(output)) {}

  Status Run(Metrics& metrics, Clock::time_point start) {
    start_ = start;
    TURNOUT_ASSIGN(const CsvReply reply, CsvReply::Make(*snapshot_.contract, header_));
    std::string line;
    reply.AppendHeader(line);
    TURNOUT_TRY(output_.Append(line));

    const std::size_t threads =
        options_.threads > 0 ? options_.threads : std::max(1u, std::thread::hardware_concurrency());
    // Two for each thread: one in work, one done and waiting for its turn.
    chunks_.resize(2 * threads);
    for (Chunk& chunk : chunks_) free_.push_back(&chunk);
    {
      std::vector<std::jthread> helpers;
      auto work = [&] {
        Scorer scorer(snapshot_, header_, reply, metrics.NewShard(), summary_.job_time);
        while (Chunk* chunk = Read()) {
          scorer.Score(*chunk);
          Write(chunk);
        }
      };
      for (std::size_t i = 1; i < threads; ++i) helpers.emplace_back(work);
      work();
    }
    if (error_) return std::unexpected(*error_);
    if (stopped()) {
      return Fail(Code::kUnavailable,
                  fmt::format("stopped after {} rows; nothing was written", summary_.rows));
    }
    TURNOUT_TRY(CheckRejects());
    Report();
    return Commit();
  }

 private:
  bool stopped() const { return options_.stop != nullptr && options_.stop->load(std::memory_order_relaxed); }

  // The next chunk of the input; null: there is none, or the job has failed.
  Chunk* Read() {
    std::lock_guard reading(read_mutex_);
    Chunk* chunk = nullptr;
    {
      // A free chunk comes back: those in work belong to threads that wait for nothing before Write.
      std::unique_lock lock(mutex_);
      freed_.wait(lock, [&] { return error_ || !free_.empty(); });
      if (error_) return nullptr;
      chunk = free_.back();
      free_.pop_back();
    }
    auto more = input_.Next(splitter_, chunk->input);
    const bool chunk_filled = more && *more;
    if (!more) SetError(std::move(more).error());
    if (!chunk_filled) {
      std::lock_guard lock(mutex_);
      free_.push_back(chunk);
      return nullptr;
    }
    chunk->ticket = next_ticket_++;
    chunk->bytes_read = input_.bytes_read();
    return chunk;
  }

  // Hands a scored chunk over. Whoever completes the next in order writes it, and all that waited for it,
  // without the lock: the others only leave theirs and go on reading.
  void Write(Chunk* scored) {
    std::unique_lock lock(mutex_);
    done_.emplace(scored->ticket, scored);
    if (writing_) return;
    writing_ = true;
    while (!error_ && !done_.empty() && done_.begin()->first == next_written_) {
      Chunk* chunk = done_.begin()->second;
      done_.erase(done_.begin());
      lock.unlock();
      Status written = WriteFiles(*chunk);
      lock.lock();
      if (!written && !error_) error_ = std::move(written).error();
      ++next_written_;
      free_.push_back(chunk);
      freed_.notify_all();
    }
    writing_ = false;
    if (error_) freed_.notify_all();
  }

  Status WriteFiles(Chunk& chunk) {
    TURNOUT_TRY(output_.Append(chunk.output));
    if (!chunk.rejects.empty()) {
      if (!rejects_) {
        TURNOUT_ASSIGN(rejects_, AtomicFile::Create(rejects_path()));
      }
      TURNOUT_TRY(rejects_->Append(chunk.rejects));
    }
    summary_.scored += chunk.scored;
    summary_.rejected += chunk.rejected;
    summary_.rows = summary_.scored + summary_.rejected;
    bytes_done_ = chunk.bytes_read;
    for (std::string& reason : chunk.reasons) {
      if (reasons_.size() < kReasons) reasons_.push_back(std::move(reason));
    }
    if (options_.max_rejects && summary_.rejected > *options_.max_rejects) return TooMany();
    if (options_.progress && SecondsSince(reported_) >= options_.progress_seconds) Report();
    return {};
  }

  void Report() {
    if (!options_.progress) return;
    reported_ = Clock::now();
    options_.progress(
        {bytes_done_, input_.bytes_total(), summary_.rows, summary_.rejected, SecondsSince(start_)});
  }

  std::unexpected<Error> TooMany() const {
    return Fail(Code::kInvalidArgument,
                fmt::format("{} of {} rows were rejected, so nothing was written; the first: {}",
                            summary_.rejected, summary_.rows, fmt::join(reasons_, "; ")));
  }

  Status CheckRejects() const {
    if (summary_.rejected == 0) return {};
    const double share = static_cast<double>(summary_.rejected) / static_cast<double>(summary_.rows);
    if (summary_.scored == 0 || share > options_.max_reject_share) return TooMany();
    return {};
  }

  std::string rejects_path() const {
    return options_.rejects.empty() ? options_.output + ".rejects.jsonl" : options_.rejects;
  }

  // The rejects first: who sees the output finds its rejects beside it.
  Status Commit() {
    const std::string rejects = rejects_path();
    if (rejects_) {
      TURNOUT_TRY(rejects_->Commit(options_.durable));
      summary_.rejects = rejects;
    }
    Status committed = output_.Commit(options_.durable);
    if (!committed) {
      if (rejects_) unlink(rejects.c_str());
      return committed;
    }
    struct stat about{};
    if (!rejects_ && lstat(rejects.c_str(), &about) == 0 && S_ISREG(about.st_mode)) unlink(rejects.c_str());
    summary_.bytes_read = input_.bytes_read();
    summary_.bytes_written = output_.written();
    return {};
  }

  void SetError(Error error) {
    std::lock_guard lock(mutex_);
    if (!error_) error_ = std::move(error);
    freed_.notify_all();
  }

  const Snapshot& snapshot_;
  const ScoreOptions& options_;
  ScoreSummary& summary_;  // counts: of whoever is writing
  const CsvHeader header_;
  Clock::time_point start_;

  std::mutex read_mutex_;
  CsvSplitter splitter_;      // guarded by read_mutex_
  ChunkReader input_;         // guarded by read_mutex_
  uint64_t next_ticket_ = 0;  // guarded by read_mutex_

  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<Chunk> chunks_;        // each belongs to who took it
  std::vector<Chunk*> free_;         // guarded by mutex_
  std::map<uint64_t, Chunk*> done_;  // guarded by mutex_
  uint64_t next_written_ = 0;        // guarded by mutex_
  bool writing_ = false;             // guarded by mutex_
  std::optional<Error> error_;       // guarded by mutex_

  // Of whoever is writing.
  AtomicFile output_;
  std::optional<AtomicFile> rejects_;
  std::vector<std::string> reasons_;
  uint64_t bytes_done_ = 0;
  Clock::time_point reported_;
};

}  // namespace

std::string ToJson(const ScoreSummary& summary) {
  std::string out = R"({"status":"ok")";
  auto text = [&](std::string_view name, const std::string& value) {
    fmt::format_to(std::back_inserter(out), R"(,"{}":)", name);
    AppendJsonString(out, value);
  };
  text("endpoint", summary.endpoint);
  text("model_version", summary.model_version);
  text("model_sha256", summary.model_sha256);
  text("input", summary.input);
  text("output", summary.output);
  if (summary.rejects.empty()) {
    out += R"(,"rejects":null)";
  } else {
    text("rejects", summary.rejects);
  }
  text("job_time", summary.job_time);
  fmt::format_to(
      std::back_inserter(out),
      R"(,"rows":{},"scored":{},"rejected":{},"bytes_read":{},"bytes_written":{},"seconds":{:.3f},"rows_per_second":{:.0f}}})",
      summary.rows, summary.scored, summary.rejected, summary.bytes_read, summary.bytes_written,
      summary.seconds, summary.rows_per_second);
  return out;
}

Result<ScoreSummary> ScoreFile(const Snapshot& snapshot, Metrics& metrics, const ScoreOptions& options) {
  const auto start = Clock::now();
  ScoreSummary summary;
  summary.endpoint = snapshot.endpoint;
  for (const TrafficShare& share : snapshot.route.shares()) {
    if (share.ppm == 0) continue;
    summary.model_version += (summary.model_version.empty() ? "" : ", ") + share.version;
  }
  summary.model_sha256 = snapshot.stable->sha256;
  summary.input = options.input;
  summary.output = options.output;
  summary.job_time = options.job_time.empty() ? Now() : options.job_time;

  struct stat about{};
  if (options.rejects.empty() && stat(options.output.c_str(), &about) == 0 && !S_ISREG(about.st_mode) &&
      !S_ISDIR(about.st_mode)) {
    return Fail(
        Code::kInvalidArgument,
        fmt::format("{}: not a regular file, so there is no place beside it for rejected rows; name a "
                    "file for them",
                    options.output));
  }
  TURNOUT_ASSIGN(
      ChunkReader input,
      ChunkReader::Open(options.input, std::max<std::size_t>(options.chunk_bytes, 1), options.stop));
  TURNOUT_ASSIGN(CsvHeader header, input.Header(*snapshot.contract));
  TURNOUT_ASSIGN(AtomicFile output, AtomicFile::Create(options.output));
  Job job(snapshot, options, std::move(input), std::move(header), std::move(output), summary);
  TURNOUT_TRY(job.Run(metrics, start));
  summary.seconds = SecondsSince(start);
  summary.rows_per_second = summary.seconds > 0 ? static_cast<double>(summary.rows) / summary.seconds : 0;
  return summary;
}

}  // namespace turnout
