#include "monitor/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>

#include "bytes/number.h"

namespace turnout {
namespace {

// Label values may hold anything; names are ours.
void AppendLabels(std::string& out, const MetricLabels& labels, std::string_view le = {}) {
  if (labels.empty() && le.empty()) return;
  out += '{';
  bool first = true;
  auto add = [&](std::string_view name, std::string_view value) {
    if (!first) out += ',';
    first = false;
    out.append(name).append("=\"");
    for (char c : value) {
      if (c == '\\')
        out += "\\\\";
      else if (c == '"')
        out += "\\\"";
      else if (c == '\n')
        out += "\\n";
      else
        out += c;
    }
    out += '"';
  };
  for (const auto& [name, value] : labels) add(name, value);
  if (!le.empty()) add("le", le);
  out += '}';
}

std::string Sample(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  std::string text;
  AppendNumber(text, value);
  return text;
}

}  // namespace

void MetricsShard::Observe(HistogramId id, double value) {
  // One NaN or infinity would make the sum useless for ever: it is counted, above every bound.
  if (!std::isfinite(value)) return Add(CounterId{id.cell + static_cast<uint32_t>(id.bounds.size())});
  // PERF: counted instead of searched. Some twenty comparisons without a branch cost less than the two or
  // three branches of a binary search that nobody can predict.
  uint32_t bucket = 0;
  for (const double bound : id.bounds) bucket += bound < value ? 1 : 0;
  Add(CounterId{id.cell + bucket});
  std::atomic<uint64_t>& sum = Cell(id.cell + static_cast<uint32_t>(id.bounds.size()) + 1);
  const double total = std::bit_cast<double>(sum.load(std::memory_order_relaxed)) + value;
  sum.store(std::bit_cast<uint64_t>(total), std::memory_order_relaxed);
}

Metrics::Metrics() = default;

Metrics::~Metrics() {
  for (const auto& shard : shards_) {
    for (auto& block : shard->blocks_) delete block.load(std::memory_order_relaxed);
  }
}

// Guarded by mutex_. A series never straddles two blocks, so its cells are consecutive in one.
uint32_t Metrics::NewCells(uint32_t count) {
  assert(count <= MetricsShard::kBlock);
  if (cells_ / MetricsShard::kBlock != (cells_ + count - 1) / MetricsShard::kBlock) {
    cells_ = (cells_ / MetricsShard::kBlock + 1) * MetricsShard::kBlock;
  }
  const uint32_t first = cells_;
  const uint32_t block = first / MetricsShard::kBlock;
  assert(block < MetricsShard::kBlocks);
  cells_ += count;
  for (const auto& shard : shards_) {
    if (shard->blocks_[block].load(std::memory_order_relaxed) == nullptr) {
      shard->blocks_[block].store(new MetricsShard::Block{}, std::memory_order_release);
    }
  }
  return first;
}

Metrics::Family& Metrics::FamilyOf(std::string_view name, std::string_view help, std::string_view type) {
  auto found = families_.find(name);
  if (found == families_.end()) {
    found = families_.emplace(std::string(name), Family{}).first;
    found->second.help = help;
    found->second.type = type;
  }
  assert(found->second.type == type);
  return found->second;
}

CounterId Metrics::Counter(std::string_view name, std::string_view help, MetricLabels labels) {
  std::lock_guard lock(mutex_);
  Family& family = FamilyOf(name, help, "counter");
  for (const auto& series : family.series) {
    if (series->labels == labels) return {series->cell};
  }
  auto series = std::make_unique<Series>();
  series->labels = std::move(labels);
  series->kind = Kind::kCounter;
  series->cell = NewCells(1);
  family.series.push_back(std::move(series));
  return {family.series.back()->cell};
}

HistogramId Metrics::Histogram(std::string_view name, std::string_view help, MetricLabels labels,
                               std::vector<double> bounds) {
  assert(std::is_sorted(bounds.begin(), bounds.end()));
  std::lock_guard lock(mutex_);
  Family& family = FamilyOf(name, help, "histogram");
  for (const auto& series : family.series) {
    if (series->labels == labels) return {series->cell, series->bounds};
  }
  auto series = std::make_unique<Series>();
  series->labels = std::move(labels);
  series->kind = Kind::kHistogram;
  series->bounds = std::move(bounds);
  series->cell = NewCells(static_cast<uint32_t>(series->bounds.size()) + 2);
  family.series.push_back(std::move(series));
  return {family.series.back()->cell, family.series.back()->bounds};
}

void Metrics::SetCallback(Family& family, MetricLabels labels, std::function<double()> value) {
  for (const auto& series : family.series) {
    if (series->labels != labels) continue;
    assert(series->kind == Kind::kCallback);
    series->value = std::move(value);
    return;
  }
  family.series.push_back(std::make_unique<Series>(std::move(labels), Kind::kCallback, 0u,
                                                   std::vector<double>{}, std::move(value)));
}

void Metrics::Gauge(std::string_view name, std::string_view help, MetricLabels labels,
                    std::function<double()> value) {
  std::lock_guard lock(mutex_);
  SetCallback(FamilyOf(name, help, "gauge"), std::move(labels), std::move(value));
}

void Metrics::CounterFrom(std::string_view name, std::string_view help, MetricLabels labels,
                          std::function<double()> value) {
  std::lock_guard lock(mutex_);
  SetCallback(FamilyOf(name, help, "counter"), std::move(labels), std::move(value));
}

MetricsShard& Metrics::NewShard() {
  std::lock_guard lock(mutex_);
  auto shard = std::make_unique<MetricsShard>();
  for (uint32_t block = 0; block * MetricsShard::kBlock < cells_; ++block) {
    shard->blocks_[block].store(new MetricsShard::Block{}, std::memory_order_release);
  }
  shards_.push_back(std::move(shard));
  return *shards_.back();
}

uint64_t Metrics::Sum(uint32_t cell) const {
  uint64_t sum = 0;
  for (const auto& shard : shards_) sum += shard->Cell(cell).load(std::memory_order_relaxed);
  return sum;
}

double Metrics::SumDouble(uint32_t cell) const {
  double sum = 0;
  for (const auto& shard : shards_) {
    sum += std::bit_cast<double>(shard->Cell(cell).load(std::memory_order_relaxed));
  }
  return sum;
}

uint64_t Metrics::Total(CounterId id) const {
  std::lock_guard lock(mutex_);
  return Sum(id.cell);
}

std::vector<uint64_t> Metrics::Buckets(const HistogramId& id) const {
  std::lock_guard lock(mutex_);
  std::vector<uint64_t> buckets;
  for (uint32_t i = 0; i <= id.bounds.size(); ++i) buckets.push_back(Sum(id.cell + i));
  return buckets;
}

std::string Metrics::Text() const {
  std::lock_guard lock(mutex_);
  std::string out;
  for (const auto& [name, family] : families_) {
    out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, family.help, name, family.type);
    for (const auto& series : family.series) {
      auto line = [&](std::string_view suffix, std::string_view le, const std::string& value) {
        out.append(name).append(suffix);
        AppendLabels(out, series->labels, le);
        out.append(" ").append(value).append("\n");
      };
      switch (series->kind) {
        case Kind::kCounter: line("", {}, fmt::format("{}", Sum(series->cell))); break;
        case Kind::kCallback: line("", {}, Sample(series->value())); break;
        case Kind::kHistogram: {
          uint64_t count = 0;
          const auto buckets = static_cast<uint32_t>(series->bounds.size());
          for (uint32_t i = 0; i < buckets; ++i) {
            count += Sum(series->cell + i);
            line("_bucket", Sample(series->bounds[i]), fmt::format("{}", count));
          }
          count += Sum(series->cell + buckets);
          line("_bucket", "+Inf", fmt::format("{}", count));
          line("_sum", {}, Sample(SumDouble(series->cell + buckets + 1)));
          line("_count", {}, fmt::format("{}", count));
        }
      }
    }
  }
  return out;
}

std::vector<double> LatencyBounds(std::span<const double> objectives) {
  std::vector<double> bounds = {50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3,
                                50e-3, 100e-3, 250e-3, 500e-3, 1,    2.5,    5,    10};
  bounds.insert(bounds.end(), objectives.begin(), objectives.end());
  std::sort(bounds.begin(), bounds.end());
  bounds.erase(std::unique(bounds.begin(), bounds.end()), bounds.end());
  return bounds;
}

}  // namespace turnout
