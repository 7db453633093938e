// A route: which version of an endpoint answers a row.
//
// The row's key is hashed to one of a million buckets; slices of the buckets belong to versions. So a key
// stays with its version for as long as the route does, and the next route moves as few keys as its shares
// allow: a version whose share grows keeps every key it had, one whose share shrinks gets none
// (`rollouts.md` 1.7; the shares that rows realise are random: with a million keys and 5 %, a standard
// deviation of 218).
//
// The alternative is a round robin with exact counts (round_robin.h): a key then has no version of its own,
// and a row's is not random.
//
// A Route is a value that never changes: any number of threads may read it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace turnout {

// Shares are in parts per million and sum to exactly this.
inline constexpr uint32_t kWhole = 1'000'000;

struct TrafficShare {
  std::string version;
  uint32_t ppm = 0;

  bool operator==(const TrafficShare&) const = default;
};

// "80", "12.5" (percent, at most four decimals) or "125000ppm" to parts per million.
Result<uint32_t> ParsePpm(std::string_view text);
// 800000: "80", 125000: "12.5".
std::string PpmText(uint32_t ppm);

enum class Split : uint8_t { kHash, kRoundRobin };
std::string_view Name(Split split);  // "hash", "round_robin"
Result<Split> ParseSplit(std::string_view text);

class Route {
 public:
  // Everything to one version: what a bare model file is served with.
  explicit Route(std::string version);
  // Generation 1. Refuses: no version, a name twice, shares that do not sum to kWhole.
  static Result<Route> Make(std::vector<TrafficShare> shares, uint64_t salt, Split split = Split::kHash);
  // The next generation, with as few buckets moved as can be. Versions may come and go.
  Result<Route> Next(std::vector<TrafficShare> shares) const;

  // Buckets [the end before, end) belong to `version`, an index into shares().
  struct Slice {
    uint32_t end = 0;
    uint32_t version = 0;

    bool operator==(const Slice&) const = default;
  };
  // The route that was, from what was kept of it: generation(), salt(), split(), shares() and slices().
  // Refuses what no Route had: slices that do not cover the whole, or not by the shares.
  static Result<Route> Restore(uint64_t generation, uint64_t salt, Split split,
                               std::vector<TrafficShare> shares, std::vector<Slice> slices);

  uint64_t generation() const { return generation_; }
  uint64_t salt() const { return salt_; }
  Split split() const { return split_; }
  // In the order given; a version with a share of 0 is part of the route (it can be asked for by name).
  std::span<const TrafficShare> shares() const { return shares_; }
  // The version with the largest share, the first of equals: an index into shares().
  std::size_t largest() const;
  // -1: not in this route.
  int32_t Find(std::string_view version) const;

  // The version of a row where the split is by hash: an index into shares().
  std::size_t Pick(std::string_view key) const;
  std::size_t PickBucket(uint32_t bucket) const;

  std::span<const Slice> slices() const { return slices_; }

 private:
  Route() = default;

  uint64_t generation_ = 1;
  uint64_t salt_ = 0;
  Split split_ = Split::kHash;
  std::vector<TrafficShare> shares_;
  std::vector<Slice> slices_;  // ascending, not empty, the last ends at kWhole
};

// The bucket of a key: 0..kWhole-1.
uint32_t BucketOf(std::string_view key, uint64_t salt);

}  // namespace turnout
