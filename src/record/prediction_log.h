// PredictionLog: what an endpoint answered, as lines in files; written by a thread of its own.
//
// Offer never waits: where the writer does not keep up, or the disk is full, rows are dropped and counted.
//   rows offered == written + dropped (every reason) + queued, exactly, once nothing is in work
//
// Threads: Offer and counts() from any.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/background.h"
#include "base/result.h"
#include "record/line_files.h"
#include "record/log_line.h"
#include "record/sample.h"

namespace turnout {

class PredictionLog {
 public:
  struct Options {
    LineFiles::Options files;
    LogOptions lines;
    uint32_t sample_ppm = 1'000'000;      // of the requests, by their prediction ids
    std::size_t queue_bytes = 32u << 20;  // of samples that wait
  };
  struct Counts {
    uint64_t offered = 0, written = 0, queued = 0;                           // rows
    uint64_t dropped_sampled = 0, dropped_queue_full = 0, dropped_disk = 0;  // rows
  };

  static Result<std::unique_ptr<PredictionLog>> Open(Options options);
  // Writes what is queued.
  ~PredictionLog();

  const LogOptions& lines() const { return lines_; }
  // Whether a request with this id is among those that are logged.
  bool Wants(std::string_view id) const;
  // The lines of the answers.
  void Offer(std::shared_ptr<const Sample> sample);
  // Lines that somebody else wrote, each with its end; `rows` of them.
  void Offer(std::string lines, std::size_t rows);
  Counts counts() const;

 private:
  struct Item {
    std::shared_ptr<const Sample> sample;
    std::string lines;
    std::size_t rows = 0, bytes = 0;
  };
  PredictionLog(Options options, LineFiles files);
  void Push(Item item);
  void Write(Item& item);

  const LogOptions lines_;
  const uint32_t sample_ppm_;
  const std::size_t queue_bytes_;
  LineFiles files_;           // the writer's
  std::string text_;          // the writer's
  bool disk_failed_ = false;  // the writer's: a failure is told once
  std::atomic<std::size_t> queued_bytes_ = 0;
  std::atomic<uint64_t> offered_ = 0, written_ = 0, queued_ = 0, sampled_ = 0, queue_full_ = 0, disk_ = 0;
  Background<Item> background_;  // last: its thread uses the others
};

}  // namespace turnout
