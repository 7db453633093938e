// Shadow: a version that scores what others answer, after their replies have gone, and whose own answers are
// only counted, compared and logged.
//
// It has a thread of its own, of the lowest priority, and a bounded queue. A request hands over a copy of its
// rows and never waits; what does not fit is dropped and counted by reason. In rows, once nothing is in work:
//   eligible == scored + dropped (every reason) + queued, exactly
//
// shadow_eligible_total{endpoint,version}        rows that were answered
// shadow_scored_total{...}
// shadow_dropped_total{...,reason}               queue_full, oversize, timeout, sampled, shutdown
// shadow_queued_rows{...}                        rows that wait
// shadow_predictions_total{...,result} and its kin   what predictions_total and its kin are of a version that
//                                                answers
// shadow_compared_total{...,result}              of the scored: agree, disagree (another class, or a value
//                                                that differs), refused (its model cannot take the row),
//                                                invalid (NaN or infinite)
// shadow_difference{...}                         histogram: |score - the answer's score|, of the class that
//                                                was answered
//
// Threads: Wants, Offer and counts() from any; the destructor once nobody offers.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/background.h"
#include "monitor/metrics.h"
#include "predict/predict.h"
#include "record/prediction_log.h"
#include "record/sample.h"

namespace turnout {

class Shadow {
 public:
  struct Options {
    uint32_t sample_ppm = kWhole;  // of the requests, by their prediction ids
    std::size_t queue_rows = 4096;
    std::size_t queue_bytes = 16u << 20;
    std::chrono::milliseconds timeout{1000};  // what waited so long is not scored any more
    Priority priority = Priority::kIdle;      // a machine that is full has better to do
  };
  struct Counts {
    uint64_t eligible = 0, scored = 0, queued = 0;
    uint64_t queue_full = 0, oversize = 0, timeout = 0, sampled = 0, shutdown = 0;  // dropped
    uint64_t agree = 0, disagree = 0, refused = 0, invalid = 0;                     // of the scored
  };

  // The contract is that of the snapshots whose rows are offered. `latency_bounds`: of
  // shadow_prediction_latency_seconds. `log` may be nullptr.
  Shadow(Metrics& metrics, const std::string& endpoint, std::shared_ptr<const Contract> contract,
         std::shared_ptr<const Version> version, const std::vector<double>& latency_bounds, Options options,
         std::shared_ptr<PredictionLog> log);
  ~Shadow();
  Shadow(const Shadow&) = delete;
  Shadow& operator=(const Shadow&) = delete;

  const Version& version() const { return *snapshot_.stable; }
  const VersionSeries& series() const { return snapshot_.served[0].series; }
  // Whether a request with this id and so many eligible rows is to be offered; counts them if not. Asked
  // first, so that nothing is copied for nobody.
  bool Wants(std::string_view id, std::size_t rows);
  // `rows` of the sample were answered; those that the primary refused are not eligible.
  void Offer(std::shared_ptr<const Sample> sample, std::size_t rows);
  Counts counts() const;

 private:
  struct Item {
    std::shared_ptr<const Sample> sample;
    SteadyTime offered;
    std::size_t rows = 0;
  };
  struct Cells {
    std::atomic<uint64_t> eligible = 0, scored = 0, queued = 0, queued_bytes = 0;
    std::atomic<uint64_t> queue_full = 0, oversize = 0, timeout = 0, sampled = 0, shutdown = 0;
    std::atomic<uint64_t> agree = 0, disagree = 0, refused = 0, invalid = 0;
  };
  // Counts rows that are dropped before they are queued.
  void Drop(std::atomic<uint64_t>& reason, std::size_t rows);
  void Handle(Item& item);
  void Compare(const Sample& sample);
  void Show(const std::string& endpoint, Metrics& metrics);

  const Options options_;
  const std::shared_ptr<PredictionLog> log_;
  const std::shared_ptr<Cells> cells_;  // shared with the metrics' callbacks
  MetricsShard& shard_;                 // of the thread, as all that follows
  Predictor predictor_;
  Snapshot snapshot_;  // this version alone
  HistogramId difference_;
  Answers answers_;
  std::string lines_;
  Background<Item> background_;  // last: its thread uses the others
};

// Shows the rows of a request, which has been answered, to the endpoint's shadows and its prediction log.
// Copies them once, and only if somebody wants them.
void Mirror(const Snapshot& snapshot, const Batch& batch, const Answers& answers, std::string_view id,
            bool many);

}  // namespace turnout
