#include "monitor/metrics.h"

#include <gtest/gtest.h>

#include <thread>

namespace turnout {
namespace {

TEST(Metrics, AddsUpTheShardsOfAllThreads) {
  Metrics metrics;
  const CounterId id = metrics.Counter("predictions_total", "Predictions.", {{"result", "1"}});
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      MetricsShard& shard = metrics.NewShard();
      for (int n = 0; n < 1000; ++n) shard.Add(id);
    });
  }
  // A scrape and new series while threads count: neither stops the other.
  for (int i = 0; i < 100; ++i) {
    metrics.Counter("other_total", "Other.", {{"i", std::to_string(i)}});
    EXPECT_LE(metrics.Total(id), 4000u);
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(metrics.Total(id), 4000u);
}

TEST(Metrics, WritesThePrometheusText) {
  Metrics metrics;
  MetricsShard& shard = metrics.NewShard();
  const CounterId counter = metrics.Counter("a_total", "As.", {{"path", "q\"\\\n"}});
  const HistogramId histogram = metrics.Histogram("b_seconds", "Bs.", {}, {0.1, 1});
  metrics.Gauge("c", "Cs.", {}, [] { return 2.5; });
  shard.Add(counter, 3);
  shard.Observe(histogram, 0.1);  // a bound is inclusive
  shard.Observe(histogram, 0.5);
  shard.Observe(histogram, 7);
  EXPECT_EQ(metrics.Text(),
            "# HELP a_total As.\n# TYPE a_total counter\n"
            "a_total{path=\"q\\\"\\\\\\n\"} 3\n"
            "# HELP b_seconds Bs.\n# TYPE b_seconds histogram\n"
            "b_seconds_bucket{le=\"0.1\"} 1\nb_seconds_bucket{le=\"1\"} 2\nb_seconds_bucket{le=\"+Inf\"} 3\n"
            "b_seconds_sum 7.6\nb_seconds_count 3\n"
            "# HELP c Cs.\n# TYPE c gauge\nc 2.5\n");
}

TEST(Metrics, TheSameSeriesIsTheSameCell) {
  Metrics metrics;
  EXPECT_EQ(metrics.Counter("a", "", {{"x", "1"}}).cell, metrics.Counter("a", "", {{"x", "1"}}).cell);
  EXPECT_NE(metrics.Counter("a", "", {{"x", "1"}}).cell, metrics.Counter("a", "", {{"x", "2"}}).cell);
}

TEST(Metrics, ManySeriesSpanBlocks) {
  Metrics metrics;
  MetricsShard& shard = metrics.NewShard();
  std::vector<HistogramId> ids;
  for (int i = 0; i < 1000; ++i) {
    ids.push_back(metrics.Histogram("h", "", {{"i", std::to_string(i)}}, {1, 2, 3, 4, 5, 6, 7}));
    shard.Observe(ids.back(), 3.5);
  }
  EXPECT_NE(metrics.Text().find("h_bucket{i=\"999\",le=\"4\"} 1\n"), std::string::npos);
}

TEST(LatencyBounds, HaveABoundAtEachObjective) {
  const double objectives[] = {0.3, 0.5};
  const auto bounds = LatencyBounds(objectives);
  EXPECT_EQ(std::count(bounds.begin(), bounds.end(), 0.3), 1);
  EXPECT_EQ(std::count(bounds.begin(), bounds.end(), 0.5), 1);
  EXPECT_TRUE(std::is_sorted(bounds.begin(), bounds.end()));
}

}  // namespace
}  // namespace turnout
