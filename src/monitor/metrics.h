// Counters and histograms that cost a few cycles: every thread counts in a shard of its own, without lock or
// shared cache line; a scrape adds the shards up.
//
// Series are made when a version or a server is set up (any thread, under a lock); the ids are then used on
// the request path. Nothing is ever removed: a version that is gone keeps its last values, as Prometheus
// expects of a counter.
//
// Threads: Add and Observe from the shard's owner only; everything else from any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace turnout {

using MetricLabels = std::vector<std::pair<std::string, std::string>>;

struct CounterId {
  uint32_t cell = 0;
};
struct HistogramId {
  uint32_t cell = 0;               // first of bounds.size() + 1 buckets, then the sum
  std::span<const double> bounds;  // ascending upper bounds; owned by Metrics
};

// One thread's values. Cells are 64-bit words in blocks that are added as series are made.
class MetricsShard {
 public:
  void Add(CounterId id, uint64_t n = 1) {
    std::atomic<uint64_t>& cell = Cell(id.cell);
    cell.store(cell.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  // NaN and infinities count above every bound and are left out of the sum.
  void Observe(HistogramId id, double value);

 private:
  friend class Metrics;
  static constexpr uint32_t kBlock = 4096;  // cells
  static constexpr uint32_t kBlocks = 256;  // a million cells: some 10,000 versions with their histograms
  using Block = std::array<std::atomic<uint64_t>, kBlock>;

  std::atomic<uint64_t>& Cell(uint32_t i) const {
    return (*blocks_[i / kBlock].load(std::memory_order_acquire))[i % kBlock];
  }
  std::array<std::atomic<Block*>, kBlocks> blocks_{};  // owned; set once each, under Metrics' lock
};

class Metrics {
 public:
  Metrics();
  ~Metrics();

  // The same name and labels give the same id.
  CounterId Counter(std::string_view name, std::string_view help, MetricLabels labels);
  HistogramId Histogram(std::string_view name, std::string_view help, MetricLabels labels,
                        std::vector<double> bounds);
  // Read at each scrape, on the scraping thread, under the lock: it must not call Metrics. The same name and
  // labels replace the callback.
  void Gauge(std::string_view name, std::string_view help, MetricLabels labels,
             std::function<double()> value);
  // As Gauge, for totals that somebody else counts (processor time, for one).
  void CounterFrom(std::string_view name, std::string_view help, MetricLabels labels,
                   std::function<double()> value);

  // A shard for the calling thread; lives as long as Metrics.
  MetricsShard& NewShard();

  // Everything in the Prometheus text format 0.0.4.
  std::string Text() const;
  // The sum over all shards; for tests and for `status`.
  uint64_t Total(CounterId id) const;
  // As Total, of each bucket (not cumulated): bounds.size() + 1, the last above every bound.
  std::vector<uint64_t> Buckets(const HistogramId& id) const;

 private:
  enum class Kind : uint8_t { kCounter, kHistogram, kCallback };
  struct Series {
    MetricLabels labels;
    Kind kind;
    uint32_t cell = 0;              // kCounter, kHistogram
    std::vector<double> bounds;     // kHistogram
    std::function<double()> value;  // kCallback
  };
  struct Family {
    std::string help;
    std::string_view type;  // "counter", "histogram", "gauge"
    std::vector<std::unique_ptr<Series>> series;
  };
  Family& FamilyOf(std::string_view name, std::string_view help, std::string_view type);
  static void SetCallback(Family& family, MetricLabels labels, std::function<double()> value);
  uint32_t NewCells(uint32_t count);
  uint64_t Sum(uint32_t cell) const;
  double SumDouble(uint32_t cell) const;

  mutable std::mutex mutex_;
  std::map<std::string, Family, std::less<>> families_;  // guarded by mutex_
  std::vector<std::unique_ptr<MetricsShard>> shards_;    // guarded by mutex_
  uint32_t cells_ = 0;                                   // guarded by mutex_
};

// Seconds: 50 us to 10 s, and a bound at each objective.
std::vector<double> LatencyBounds(std::span<const double> objectives);

}  // namespace turnout
