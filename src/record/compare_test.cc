#include "record/compare.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace turnout {
namespace {

std::string Shadow(std::string_view id, std::string_view answered, double p, std::string_view shadow,
                   double q, std::string_view plan = "basic", double us = 10) {
  const auto given = [](std::string_view label, double yes) {
    return fmt::format(R"("prediction":"{}","scores":{{"no":{},"yes":{}}})", label, 1 - yes, yes);
  };
  return fmt::format(
      R"({{"kind":"shadow","id":"{}","time":"2026-11-22T10:00:0{}Z","endpoint":"churn","version":"v3",)"
      R"("generation":1,"fields":{{"plan":"{}"}},{},"latency_us":{},"primary":{{"version":"v1",{}}}}})",
      id, id.back(), plan, given(shadow, q), us, given(answered, p));
}

TEST(Comparer, SumsUpAgreementFlipsAndShift) {
  Comparer comparer({.by = "plan"});
  comparer.Add(Shadow("p1", "no", 0.25, "no", 0.25));
  comparer.Add(Shadow("p2", "no", 0.25, "yes", 0.75, "premium"));
  comparer.Add(Shadow("p3", "yes", 0.75, "yes", 0.5));
  comparer.Add(
      R"({"kind":"shadow","id":"p4","endpoint":"churn","version":"v3","refused":true,"latency_us":1,)"
      R"("primary":{"version":"v1","prediction":"no","scores":{"no":1,"yes":0}}})");
  ASSERT_EQ(comparer.comparisons().size(), 1u);
  const auto& [key, c] = *comparer.comparisons().begin();
  EXPECT_EQ(key.endpoint + key.shadow + key.primary, "churnv3v1");
  EXPECT_EQ(c.all.rows, 4u);
  EXPECT_EQ(c.all.agree, 2u);
  EXPECT_EQ(c.all.refused, 1u);
  EXPECT_EQ(c.all.compared, 3u);
  EXPECT_DOUBLE_EQ(c.all.difference, 0 - 0.5 - 0.25);
  EXPECT_DOUBLE_EQ(c.all.absolute, 0.75);
  EXPECT_DOUBLE_EQ(c.all.largest, 0.5);
  ASSERT_EQ(c.flips.size(), 1u);
  EXPECT_EQ(c.flips.at({"no", "yes"}), 1u);
  ASSERT_EQ(c.segments.size(), 3u);
  EXPECT_EQ(c.segments.at("basic").agree, 2u);
  EXPECT_EQ(c.segments.at("premium").agree, 0u);
  EXPECT_EQ(c.segments.at("(missing)").refused, 1u);
  EXPECT_EQ(c.answered_scores[15], 3u);  // 0.75 of the class that was answered
  EXPECT_EQ(c.shadow_scores[15] + c.shadow_scores[5] + c.shadow_scores[10], 3u);
  EXPECT_EQ(c.last, "2026-11-22T10:00:03Z");
}

TEST(Comparer, RegressionsAreComparedByValue) {
  Comparer comparer({});
  for (const char* value : {"1.5", "2.5"}) {
    comparer.Add(fmt::format(R"({{"kind":"shadow","id":"p","endpoint":"e","version":"b","prediction":{},)"
                             R"("latency_us":1,"primary":{{"version":"a","prediction":1.5}}}})",
                             value));
  }
  const Comparison& c = comparer.comparisons().begin()->second;
  EXPECT_EQ(c.all.agree, 1u);
  EXPECT_DOUBLE_EQ(c.all.absolute, 1.0);
  EXPECT_TRUE(c.flips.empty());
}

TEST(Comparer, CountsWhatItCannotRead) {
  Comparer comparer({.endpoint = "churn", .shadow = "v4"});
  comparer.Add("");
  comparer.Add(R"({"kind":"shadow","endpoint":"churn","version":"v4","prim)");  // cut short by a crash
  comparer.Add(Shadow("p1", "no", 0.25, "no", 0.25));                           // another shadow
  EXPECT_EQ(comparer.lines(), 2u);
  EXPECT_EQ(comparer.unread(), 1u);
  EXPECT_TRUE(comparer.comparisons().empty());
}

TEST(Comparer, LatencyOfAnswers) {
  Comparer comparer({});
  EXPECT_EQ(comparer.Latency("churn", "v1"), nullptr);
  for (int i = 1; i <= 1000; ++i) {
    comparer.Add(fmt::format(R"({{"kind":"prediction","endpoint":"churn","version":"v1","prediction":"no",)"
                             R"("latency_us":{}}})",
                             i));
  }
  const LogHistogram* latency = comparer.Latency("churn", "v1");
  ASSERT_NE(latency, nullptr);
  EXPECT_NEAR(latency->Quantile(0.5), 500, 5);
  EXPECT_NEAR(latency->Quantile(0.99), 990, 10);
  EXPECT_NEAR(latency->Quantile(1), 1000, 10);
}

TEST(Comparer, SegmentsAreBounded) {
  Comparer comparer({.by = "plan"});
  for (std::size_t i = 0; i < kMostSegments + 10; ++i) {
    comparer.Add(Shadow("p1", "no", 0.25, "no", 0.25, std::to_string(i)));
  }
  const Comparison& c = comparer.comparisons().begin()->second;
  EXPECT_EQ(c.segments.size(), kMostSegments);
  EXPECT_EQ(c.other_segments, 10u);
}

}  // namespace
}  // namespace turnout
