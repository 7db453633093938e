// The one path: every mode scores through Predict. It checks that the version's model can take the rows,
// scores them, and counts.
//
// An Endpoint's Snapshot is immutable; a request takes one and keeps it to its end. A Predictor belongs to
// one thread and holds its scratch memory and its metrics shard.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "contract/answers.h"
#include "data/batch.h"
#include "engine/engine.h"
#include "monitor/metrics.h"
#include "registry/version.h"

namespace turnout {

using SteadyTime = std::chrono::steady_clock::time_point;

// What is counted of a version of an endpoint; made once, when the version is set up.
struct VersionSeries {
  std::vector<CounterId>
      results;             // predictions_total{endpoint,version,result}, one per class; regression: one
  CounterId refused;       // predictions_refused_total: rows that the model could not take
  HistogramId latency;     // prediction_latency_seconds
  HistogramId confidence;  // prediction_confidence; classification with probabilities only
};

// `latency_bounds` from LatencyBounds().
VersionSeries MakeVersionSeries(Metrics& metrics, const std::string& endpoint, const Version& version,
                                const std::vector<double>& latency_bounds);

// The route of an endpoint at one moment.
struct Snapshot {
  std::string endpoint;
  uint64_t generation = 0;
  std::shared_ptr<const Contract> contract;
  std::shared_ptr<const Version> stable;  // answers every row
  VersionSeries series;
};

class Predictor {
 public:
  explicit Predictor(MetricsShard& shard) : shard_(shard) {}

  // Fills `answers` (cleared first): one Answer per row of the batch, in order. Rows that the model refuses
  // (missing or out-of-range values in a derived feature, an unknown category) get a Refusal that names the
  // fields. `received` starts the latency; a batch without rows is not counted as one. Never blocks.
  void Predict(const Snapshot& snapshot, const Batch& batch, SteadyTime received, Answers& answers);

  MetricsShard& shard() { return shard_; }

 private:
  bool CheckInputs(const Version& version, const Contract& contract, const Batch& batch, Answers& answers);
  Refusal& RefusalOf(std::size_t row, const Contract& contract, const Batch& batch, Answers& answers);

  MetricsShard& shard_;
  Workspace workspace_;
  Scores scores_;
  std::vector<ColumnView> inputs_;
  std::vector<int32_t> refusal_;  // per row of the batch, -1 or an index into Answers::refusals
};

}  // namespace turnout
