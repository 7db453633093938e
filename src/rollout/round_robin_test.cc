#include "rollout/round_robin.h"

#include <gtest/gtest.h>

#include <cmath>

namespace turnout {
namespace {

TEST(RoundRobin, EveryPrefixKeepsToTheShares) {
  for (const std::vector<uint32_t>& ppms : {std::vector<uint32_t>{950'000, 50'000},
                                            {500'000, 300'000, 200'000},
                                            {999'900, 100},
                                            {0, 1, 999'999},
                                            {0, kWhole}}) {
    std::vector<TrafficShare> shares;
    for (const uint32_t ppm : ppms) shares.push_back({"v" + std::to_string(shares.size()), ppm});
    RoundRobin turns;
    std::vector<int> counts(shares.size());
    for (int n = 1; n <= 200'000; ++n) {
      ++counts[turns.Next(shares)];
      for (std::size_t i = 0; i < shares.size(); ++i) {
        ASSERT_LE(std::abs(counts[i] - 1e-6 * shares[i].ppm * n), 1.0) << n;
      }
    }
    for (std::size_t i = 0; i < shares.size(); ++i) {
      if (shares[i].ppm == 0) {
        EXPECT_EQ(counts[i], 0);
      }
    }
  }
}

}  // namespace
}  // namespace turnout
