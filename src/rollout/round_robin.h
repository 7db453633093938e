// Smooth weighted round robin (nginx's): whose turn it is, so that counts keep to the shares exactly.
//
// After n turns every version has had its share of n to within one turn, and turns of one version are spread
// evenly. State belongs to one thread: each event loop counts its own turns, so over k loops the counts keep
// to within k.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "rollout/route.h"

namespace turnout {

class RoundRobin {
 public:
  // The next turn: an index into `shares`, of a share above 0. `shares` is the same in every call.
  std::size_t Next(std::span<const TrafficShare> shares) {
    credit_.resize(shares.size());
    std::size_t best = 0;
    int64_t most = 0;  // credits sum to 0 before a turn, so somebody with a share is above it now
    for (std::size_t i = 0; i < shares.size(); ++i) {
      credit_[i] += shares[i].ppm;
      if (credit_[i] <= most) continue;
      most = credit_[i];
      best = i;
    }
    credit_[best] -= kWhole;
    return best;
  }

 private:
  std::vector<int64_t> credit_;
};

}  // namespace turnout
