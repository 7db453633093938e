// ScoreFile: a CSV file in, the same rows with the contract's columns out; bad rows to a file of their own.
//
// The input is read in chunks of whole records, each scored by whichever thread is free and written in the
// order of the input. Memory depends on the number of threads and the chunk size, not on the file.
//
// The output and the rejects appear when the job has succeeded, the rejects first; after an error, a stop or
// a crash nothing of the job is visible, and files of an earlier run are as they were. An earlier run's
// rejects are removed by a job that has none.
//
// The bytes written depend only on the input, the contract, the model and `job_time`: not on threads, chunk
// size or time.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "monitor/metrics.h"
#include "predict/predict.h"

namespace turnout {

struct ScoreProgress {
  uint64_t bytes = 0;        // of the input, done
  uint64_t bytes_total = 0;  // 0: not known (a pipe)
  uint64_t rows = 0;         // scored and rejected
  uint64_t rejected = 0;
  double seconds = 0;
  double rows_per_second() const { return seconds > 0 ? static_cast<double>(rows) / seconds : 0; }
};

struct ScoreOptions {
  std::string input;    // a file or a pipe; "-": standard input
  std::string output;   // a file; a pipe or a device is written as the rows come
  std::string rejects;  // empty: "<output>.rejects.jsonl"; created only if a row is rejected

  // The contract's job_time: what a resumed run must give to write the same bytes. Empty: now.
  std::string job_time;  // RFC 3339 UTC: "2026-11-22T10:00:00Z"

  // Above either, the job fails and writes nothing. A job whose rows are all rejected fails in any case:
  // that is a wrong file or a wrong contract, not bad rows.
  std::optional<uint64_t> max_rejects;
  double max_reject_share = 1;  // of all rows, checked at the end

  // Wait until the disk has the files before they appear, so that a power failure can't leave them short. On
  // a slow disk that takes longer than the scoring.
  bool durable = true;

  std::size_t threads = 0;              // 0: one per core
  std::size_t chunk_bytes = 256 << 10;  // see README.md for how it was chosen

  std::function<void(const ScoreProgress&)> progress;  // on a scoring thread, never two at once
  double progress_seconds = 0.1;                       // at most that often, and once at the end

  const std::atomic<bool>* stop = nullptr;  // set (by a signal handler): end soon and write nothing
};

struct ScoreSummary {
  std::string endpoint;
  std::string model_version;  // several that share the rows: "v1, v2"
  std::string model_sha256;
  std::string input;
  std::string output;
  std::string rejects;  // empty: no row was rejected
  std::string job_time;
  uint64_t rows = 0;  // scored + rejected
  uint64_t scored = 0;
  uint64_t rejected = 0;
  uint64_t bytes_read = 0;
  uint64_t bytes_written = 0;  // of the output
  double seconds = 0;
  double rows_per_second = 0;
};

// One line, without a line end: {"status":"ok","endpoint":"churn","model_version":...}.
std::string ToJson(const ScoreSummary& summary);

// Scores with the version that `snapshot` pins. Counts in shards of `metrics` that it makes.
// Errors: of files (not found, full disk), of the header (a missing column), too many rejects, a stop
// (kUnavailable, "stopped after ..."). Memory for a record: kCsvRecordLimit.
Result<ScoreSummary> ScoreFile(const Snapshot& snapshot, Metrics& metrics, const ScoreOptions& options);

}  // namespace turnout
