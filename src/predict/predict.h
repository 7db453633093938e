// The one path: every mode scores through Predict. It checks that the version's model can take the rows,
// scores them, and counts.
//
// An endpoint's Snapshot is immutable; a request takes one and keeps it to its end. A Predictor belongs to
// one thread and holds its scratch memory and its metrics shard.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "contract/answers.h"
#include "data/batch.h"
#include "engine/engine.h"
#include "monitor/metrics.h"
#include "registry/version.h"
#include "rollout/round_robin.h"
#include "rollout/route.h"

namespace turnout {

class PredictionLog;
class Shadow;

using SteadyTime = std::chrono::steady_clock::time_point;

// What is counted of a version of an endpoint; made once, when the version is set up.
struct VersionSeries {
  std::vector<CounterId>
      results;             // predictions_total{endpoint,version,result}, one per class; regression: one
  CounterId refused;       // predictions_refused_total: rows that the model could not take
  CounterId invalid;       // predictions_invalid_total: answers that are NaN or infinite
  HistogramId latency;     // prediction_latency_seconds
  HistogramId confidence;  // prediction_confidence; classification with probabilities only
};

// `latency_bounds` from LatencyBounds(). `prefix`: of the names ("shadow_predictions_total").
VersionSeries MakeVersionSeries(Metrics& metrics, const std::string& endpoint, const Version& version,
                                const std::vector<double>& latency_bounds, const std::string& prefix = {});

// A version as an endpoint serves it.
struct Served {
  std::shared_ptr<const Version> version;
  VersionSeries series;
};

// What an endpoint serves at one moment, by which route.
struct Snapshot {
  std::string endpoint;
  std::shared_ptr<const Contract> contract;
  std::shared_ptr<const Version> stable;  // documents and health speak of it
  Route route{""};
  std::vector<Served> served;   // as route.shares()
  std::string override_header;  // the request's field that names its version; empty: none does
  bool down = false;            // nobody is answered: one version has gone and the next is not there yet
  // Who is shown the rows after they were answered (shadow.h).
  std::vector<std::shared_ptr<Shadow>> shadows;
  std::shared_ptr<PredictionLog> log;  // nullptr: none
};

// Makes the snapshot serve by `route`; `served` has the versions of its shares, in their order. `stable` is
// one of them; empty: the one with the largest share.
void SetRoute(Snapshot& snapshot, Route route, std::vector<Served> served, std::string_view stable = {});

class Predictor {
 public:
  explicit Predictor(MetricsShard& shard) : shard_(shard) {}

  // Fills `answers` (cleared first): one Answer per row of the batch, in order. Each row's version is that of
  // its key: the contract's key field, or else the row's own bytes; or, where the route says so, whose turn
  // it is among those that this Predictor gave. `forced`, an index into the snapshot's versions, answers
  // every row instead; -1: none. Rows that their model refuses (missing or out-of-range values in a derived
  // feature, an unknown category) get a Refusal that names the fields. `received` starts the latency; a batch
  // without rows is not counted as one. Never blocks.
  void Predict(const Snapshot& snapshot, const Batch& batch, SteadyTime received, Answers& answers,
               int32_t forced = -1);

  MetricsShard& shard() { return shard_; }

 private:
  // Rows of the batch that one version answers: all of it, or those listed.
  struct Rows {
    std::span<const uint32_t> listed;
    std::size_t count = 0;
    std::size_t operator[](std::size_t i) const { return listed.empty() ? i : listed[i]; }
  };
  // An endpoint's turns, which begin anew with every route.
  struct Turns {
    std::string endpoint;
    uint64_t generation = 0;
    RoundRobin robin;
  };
  RoundRobin& TurnsOf(const Snapshot& snapshot);
  void PickVersions(const Snapshot& snapshot, const Batch& batch);
  void Gather(const Version& version, const Batch& batch, std::span<const uint32_t> rows);
  void Score(const Served& served, const Contract& contract, const Batch& batch, Rows rows, Answers& answers);
  bool CheckInputs(const Version& version, const Contract& contract, const Batch& batch, Rows rows,
                   Answers& answers);
  Refusal& RefusalOf(std::size_t row, const Contract& contract, const Batch& batch, Answers& answers);

  MetricsShard& shard_;
  Workspace workspace_;
  Scores scores_;
  std::vector<ColumnView> inputs_;
  std::vector<int32_t> refusal_;  // per row of the batch, -1 or an index into Answers::refusals
  // Of a batch whose rows go to several versions.
  std::vector<std::vector<uint32_t>> picked_;  // rows by version
  std::vector<std::vector<double>> numbers_;   // by feature: the rows of one version
  std::vector<std::vector<std::string_view>> texts_;
  std::string key_;
  std::vector<Turns> turns_;
};

}  // namespace turnout
