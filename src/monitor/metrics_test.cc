#include "monitor/metrics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
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

TEST(Metrics, AValueThatIsNoNumberDoesNotSpoilTheSum) {
  Metrics metrics;
  MetricsShard& shard = metrics.NewShard();
  const HistogramId id = metrics.Histogram("h", "Hs.", {}, {0.5, 1});
  shard.Observe(id, 0.25);
  shard.Observe(id, std::numeric_limits<double>::quiet_NaN());
  shard.Observe(id, std::numeric_limits<double>::infinity());
  EXPECT_EQ(metrics.Text(),
            "# HELP h Hs.\n# TYPE h histogram\n"
            "h_bucket{le=\"0.5\"} 1\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 3\nh_sum 0.25\nh_count 3\n");
}

TEST(Metrics, ACallbackIsReplaced) {
  Metrics metrics;
  metrics.Gauge("g", "Gs.", {{"a", "1"}}, [] { return 1.0; });
  metrics.Gauge("g", "Gs.", {{"a", "2"}}, [] { return 2.0; });
  metrics.Gauge("g", "Gs.", {{"a", "1"}}, [] { return 3.0; });
  metrics.CounterFrom("t_total", "Ts.", {}, [] { return 4.0; });
  metrics.CounterFrom("t_total", "Ts.", {}, [] { return 5.0; });
  EXPECT_EQ(metrics.Text(),
            "# HELP g Gs.\n# TYPE g gauge\ng{a=\"1\"} 3\ng{a=\"2\"} 2\n"
            "# HELP t_total Ts.\n# TYPE t_total counter\nt_total 5\n");
}

TEST(LatencyBounds, HaveABoundAtEachObjective) {
  const double objectives[] = {0.3, 0.5};
  const auto bounds = LatencyBounds(objectives);
  EXPECT_EQ(std::count(bounds.begin(), bounds.end(), 0.3), 1);
  EXPECT_EQ(std::count(bounds.begin(), bounds.end(), 0.5), 1);
  EXPECT_TRUE(std::is_sorted(bounds.begin(), bounds.end()));
}

TEST(Metrics, BucketsAreNotCumulated) {
  Metrics metrics;
  const HistogramId id = metrics.Histogram("h", "Help.", {}, {1, 2});
  for (MetricsShard* shard : {&metrics.NewShard(), &metrics.NewShard()}) {
    for (const double value : {0.5, 1.0, 1.5, 7.0}) shard->Observe(id, value);
  }
  EXPECT_EQ(metrics.Buckets(id), (std::vector<uint64_t>{4, 2, 2}));
}

}  // namespace
}  // namespace turnout
