#include "rollout/route.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "rollout/key_hash.h"

namespace turnout {
namespace {

Route Must(Result<Route> route) {
  EXPECT_TRUE(route) << route.error().message;
  return *std::move(route);
}

TEST(PpmText, BothWays) {
  for (const auto& [text, ppm] : {std::pair{"80", 800'000u},
                                  {"12.5", 125'000u},
                                  {"0", 0u},
                                  {"100", kWhole},
                                  {"0.0001", 1u},
                                  {"99.9999", 999'999u}}) {
    EXPECT_EQ(ParsePpm(text).value(), ppm) << text;
    EXPECT_EQ(PpmText(ppm), text);
  }
  EXPECT_EQ(ParsePpm("250000ppm").value(), 250'000u);
  EXPECT_EQ(ParsePpm("10%").value(), 100'000u);
  EXPECT_EQ(ParsePpm("12.50").value(), 125'000u);
}

TEST(PpmText, Refusals) {
  const auto why = [](std::string_view text) { return ParsePpm(text).error().message; };
  const std::string shape = "percent such as 80 or 12.5 expected, or parts per million such as 125000ppm";
  for (const char* text : {"", "x", "-1", "1e2", " 80", "80 ", ".5", "0x10", "99999999999", "ppm", "%"}) {
    EXPECT_EQ(why(text), "'" + std::string(text) + "' is not a share: " + shape);
  }
  EXPECT_EQ(why("101"), "'101' is not a share: it is more than the whole");
  EXPECT_EQ(why("100.0001"), "'100.0001' is not a share: it is more than the whole");
  EXPECT_EQ(why("1000001ppm"), "'1000001ppm' is not a share: it is more than the whole");
  EXPECT_EQ(why("0.00001"), "'0.00001' is not a share: at most four decimals, parts per million");
  EXPECT_EQ(why("5."), "'5.' is not a share: digits expected behind the point");
  EXPECT_EQ(why("5.x"), "'5.x' is not a share: digits expected behind the point");
  EXPECT_EQ(why("1.5ppm"), "'1.5ppm' is not a share: parts per million are whole");
}

TEST(Route, Refusals) {
  const auto why = [](std::vector<TrafficShare> shares) {
    return Route::Make(std::move(shares), 0).error().message;
  };
  EXPECT_EQ(why({}), "no version takes a share");
  EXPECT_EQ(why({{"v1", 800'000}, {"v2", 100'000}}), "the shares (v1 80, v2 10) sum to 90, not 100");
  EXPECT_EQ(why({{"v1", kWhole}, {"v1", 0}}), "version v1 has two shares");
  EXPECT_EQ(why({{"", kWhole}}), "a share without the name of a version");
  EXPECT_EQ(why({{"a", kWhole}, {"b", 1}}), "the shares (a 100, b 0.0001) sum to 100.0001, not 100");
}

TEST(Route, OneVersionTakesAll) {
  const Route route("v1");
  EXPECT_EQ(route.generation(), 1u);
  EXPECT_EQ(route.Pick("anything"), 0u);
  EXPECT_EQ(route.shares()[0], (TrafficShare{"v1", kWhole}));
}

// The hash is part of the interface: every mode, replica and release must agree.
TEST(Route, HashesAreWhatTheyAre) {
  EXPECT_EQ(HashKey("", 0), 0x2d06800538d394c2u);  // XXH3's own test vector for no bytes
  EXPECT_NE(HashKey("C-1042", 0), HashKey("C-1042", 1));
}

TEST(Route, SharesAreWithinFourStandardDeviations) {
  const Route route = Must(Route::Make({{"a", 50'000}, {"b", 200'000}, {"c", 0}, {"d", 750'000}}, 7));
  constexpr int kKeys = 1'000'000;
  std::vector<int> counts(4);
  for (int i = 0; i < kKeys; ++i) ++counts[route.Pick("C-" + std::to_string(i))];
  for (std::size_t v = 0; v < 4; ++v) {
    const double p = route.shares()[v].ppm / double{kWhole};
    EXPECT_LE(std::abs(counts[v] - p * kKeys), 4 * std::sqrt(kKeys * p * (1 - p))) << v;
  }
}

// Whole tables, bucket by bucket, against what Next promises.
TEST(Route, NextMovesNoMoreThanItMust) {
  std::mt19937_64 random(3);
  const auto shares = [&](const std::vector<std::string>& names) {
    std::vector<TrafficShare> out;
    uint32_t left = kWhole;
    for (std::size_t i = 0; i < names.size(); ++i) {
      const uint32_t ppm = i + 1 == names.size() ? left : static_cast<uint32_t>(random() % (left + 1));
      out.push_back({names[i], ppm});
      left -= ppm;
    }
    return out;
  };
  const std::vector<std::vector<std::string>> sets = {
      {"a", "b"}, {"b", "a"}, {"a", "b", "c"}, {"c", "a"}, {"d", "b"}, {"a"}, {"a", "b", "c", "d", "e"}};
  Route route = Must(Route::Make(shares(sets[0]), 1));
  for (int step = 0; step < 60; ++step) {
    const Route next = Must(route.Next(shares(sets[random() % sets.size()])));
    EXPECT_EQ(next.generation(), route.generation() + 1);
    EXPECT_EQ(next.slices().back().end, kWhole);
    std::vector<uint32_t> counts(next.shares().size());
    for (uint32_t bucket = 0; bucket < kWhole; bucket += 1) {
      const std::size_t now = next.PickBucket(bucket);
      ++counts[now];
      const TrafficShare& before = route.shares()[route.PickBucket(bucket)];
      const int32_t same = next.Find(before.version);
      if (same < 0 || static_cast<std::size_t>(same) == now) continue;
      // It moved: away from a version that shrank, to one that grew.
      ASSERT_LT(next.shares()[static_cast<std::size_t>(same)].ppm, before.ppm);
      const int32_t earlier = route.Find(next.shares()[now].version);
      ASSERT_TRUE(earlier < 0 ||
                  route.shares()[static_cast<std::size_t>(earlier)].ppm < next.shares()[now].ppm);
    }
    for (std::size_t v = 0; v < counts.size(); ++v) ASSERT_EQ(counts[v], next.shares()[v].ppm);
    route = next;
  }
}

TEST(Route, CanarySteps) {
  Route route = Must(Route::Make({{"v1", kWhole}, {"v2", 0}}, 9));
  std::vector<bool> had(kWhole);
  for (const uint32_t ppm : {10'000u, 50'000u, 250'000u, 1'000'000u}) {
    route = Must(route.Next({{"v1", kWhole - ppm}, {"v2", ppm}}));
    for (uint32_t bucket = 0; bucket < kWhole; ++bucket) {
      const bool has = route.PickBucket(bucket) == 1;
      ASSERT_TRUE(has || !had[bucket]);
      had[bucket] = has;
    }
  }
  EXPECT_EQ(route.largest(), 1u);
  EXPECT_EQ(route.Find("v3"), -1);
}

TEST(Route, RestoredItIsTheSame) {
  const Route route =
      Must(Must(Must(Route::Make({{"a", 700'000}, {"b", 300'000}}, 5)).Next({{"a", 900'000}, {"b", 100'000}}))
               .Next({{"a", 400'000}, {"b", 100'000}, {"c", 500'000}}));
  const std::vector<TrafficShare> shares(route.shares().begin(), route.shares().end());
  const std::vector<Route::Slice> slices(route.slices().begin(), route.slices().end());
  const Route again = Must(Route::Restore(route.generation(), route.salt(), route.split(), shares, slices));
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(again.Pick("K-" + std::to_string(i)), route.Pick("K-" + std::to_string(i)));
  }
  EXPECT_EQ(again.generation(), 3u);

  const auto why = [&](std::vector<Route::Slice> damaged) {
    return Route::Restore(3, 5, Split::kHash, {{"a", 400'000}, {"b", 600'000}}, std::move(damaged))
        .error()
        .message;
  };
  EXPECT_EQ(why({}), "the slices of version a sum to 0, its share is 400000");
  EXPECT_EQ(why({{400'000, 0}, {kWhole, 2}}), "a slice ends at 1000000 of version 2");
  EXPECT_EQ(why({{400'000, 0}, {400'000, 1}}), "a slice ends at 400000 of version 1");
  EXPECT_EQ(why({{400'001, 0}, {kWhole, 1}}), "the slices of version a sum to 400001, its share is 400000");
}

}  // namespace
}  // namespace turnout
