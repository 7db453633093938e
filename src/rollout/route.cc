#include "rollout/route.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "rollout/key_hash.h"

namespace turnout {
namespace {

constexpr uint32_t kPercent = kWhole / 100;

Status Check(std::span<const TrafficShare> shares) {
  if (shares.empty()) return Fail(Code::kInvalidArgument, "no version takes a share");
  uint64_t sum = 0;
  std::string listed;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    const TrafficShare& share = shares[i];
    if (share.version.empty()) return Fail(Code::kInvalidArgument, "a share without the name of a version");
    const auto same = [&](const TrafficShare& other) { return other.version == share.version; };
    if (std::any_of(shares.begin(), shares.begin() + static_cast<std::ptrdiff_t>(i), same)) {
      return Fail(Code::kInvalidArgument, fmt::format("version {} has two shares", share.version));
    }
    sum += share.ppm;
    listed += fmt::format("{}{} {}", i == 0 ? "" : ", ", share.version, PpmText(share.ppm));
  }
  if (sum == kWhole) return {};
  const std::string total = sum < 10 * uint64_t{kWhole} ? PpmText(static_cast<uint32_t>(sum)) : "far more";
  return Fail(Code::kInvalidArgument, fmt::format("the shares ({}) sum to {}, not 100", listed, total));
}

// Neighbours of one version become one slice, empty ones go.
void Append(std::vector<Route::Slice>& slices, uint32_t begin, uint32_t end, uint32_t version) {
  if (begin == end) return;
  if (!slices.empty() && slices.back().version == version) {
    slices.back().end = end;
  } else {
    slices.push_back({end, version});
  }
}

}  // namespace

Result<uint32_t> ParsePpm(std::string_view text) {
  const auto wrong = [&](std::string_view why) {
    return Fail(Code::kInvalidArgument, fmt::format("'{}' is not a share: {}", text, why));
  };
  constexpr std::string_view kPpm = "ppm";
  const bool ppm = text.ends_with(kPpm);
  const std::string_view number = text.substr(0, text.size() - (ppm                   ? kPpm.size()
                                                                : text.ends_with('%') ? 1
                                                                                      : 0));
  const std::size_t point = number.find('.');
  const std::string_view whole = number.substr(0, point);
  uint32_t value = 0;
  const auto parsed = std::from_chars(whole.data(), whole.data() + whole.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != whole.data() + whole.size()) {
    return wrong("percent such as 80 or 12.5 expected, or parts per million such as 125000ppm");
  }
  if (value > (ppm ? kWhole : 100)) return wrong("it is more than the whole");
  if (ppm) return point == number.npos ? Result<uint32_t>(value) : wrong("parts per million are whole");
  uint32_t share = value * kPercent;
  if (point != number.npos) {
    const std::string_view decimals = number.substr(point + 1);
    uint32_t unit = kPercent;
    if (decimals.empty()) return wrong("digits expected behind the point");
    for (const char c : decimals) {
      if (c < '0' || c > '9') return wrong("digits expected behind the point");
      if (unit == 1) return wrong("at most four decimals, parts per million");
      unit /= 10;
      share += static_cast<uint32_t>(c - '0') * unit;
    }
  }
  if (share > kWhole) return wrong("it is more than the whole");
  return share;
}

std::string PpmText(uint32_t ppm) {
  std::string text = fmt::format("{}.{:04}", ppm / kPercent, ppm % kPercent);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

std::string_view Name(Split split) { return split == Split::kHash ? "hash" : "round_robin"; }

Result<Split> ParseSplit(std::string_view text) {
  for (const Split split : {Split::kHash, Split::kRoundRobin}) {
    if (text == Name(split)) return split;
  }
  return Fail(Code::kInvalidArgument, fmt::format("'{}' is not hash or round_robin", text));
}

Route::Route(std::string version) : shares_{{std::move(version), kWhole}}, slices_{{kWhole, 0}} {}

Result<Route> Route::Make(std::vector<TrafficShare> shares, uint64_t salt, Split split) {
  TURNOUT_TRY(Check(shares));
  Route route;
  route.salt_ = salt;
  route.split_ = split;
  uint32_t at = 0;
  for (uint32_t i = 0; i < shares.size(); ++i) {
    Append(route.slices_, at, at + shares[i].ppm, i);
    at += shares[i].ppm;
  }
  route.shares_ = std::move(shares);
  return route;
}

Result<Route> Route::Restore(uint64_t generation, uint64_t salt, Split split,
                             std::vector<TrafficShare> shares, std::vector<Slice> slices) {
  TURNOUT_TRY(Check(shares));
  std::vector<uint64_t> sums(shares.size());
  uint32_t begin = 0;
  for (const Slice& slice : slices) {
    if (slice.end <= begin || slice.version >= shares.size()) {
      return Fail(Code::kCorrupt, fmt::format("a slice ends at {} of version {}", slice.end, slice.version));
    }
    sums[slice.version] += slice.end - begin;
    begin = slice.end;
  }
  for (std::size_t i = 0; i < shares.size(); ++i) {
    if (sums[i] == shares[i].ppm) continue;
    return Fail(Code::kCorrupt, fmt::format("the slices of version {} sum to {}, its share is {}",
                                            shares[i].version, sums[i], shares[i].ppm));
  }
  Route route;
  route.generation_ = generation;
  route.salt_ = salt;
  route.split_ = split;
  route.shares_ = std::move(shares);
  route.slices_ = std::move(slices);
  return route;
}

// Every version first keeps of its own slices, from the lowest bucket on, as much as its new share allows;
// what that frees goes, from the lowest bucket on, to the versions that still lack, in their order.
Result<Route> Route::Next(std::vector<TrafficShare> shares) const {
  TURNOUT_TRY(Check(shares));
  Route next;
  next.generation_ = generation_ + 1;
  next.salt_ = salt_;
  next.split_ = split_;
  next.shares_ = std::move(shares);

  constexpr uint32_t kNobody = ~uint32_t{0};
  std::vector<uint32_t> lacks;
  for (const TrafficShare& share : next.shares_) lacks.push_back(share.ppm);
  std::vector<Slice> kept;
  uint32_t begin = 0;
  for (const Slice& slice : slices_) {
    const int32_t version = next.Find(shares_[slice.version].version);
    uint32_t keep = 0;
    if (version >= 0) {
      uint32_t& lack = lacks[static_cast<std::size_t>(version)];
      keep = std::min(lack, slice.end - begin);
      lack -= keep;
      Append(kept, begin, begin + keep, static_cast<uint32_t>(version));
    }
    Append(kept, begin + keep, slice.end, kNobody);
    begin = slice.end;
  }
  begin = 0;
  uint32_t taker = 0;
  for (const Slice& slice : kept) {
    if (slice.version != kNobody) {
      Append(next.slices_, begin, slice.end, slice.version);
      begin = slice.end;
    }
    while (begin < slice.end) {
      while (lacks[taker] == 0) ++taker;
      const uint32_t take = std::min(lacks[taker], slice.end - begin);
      lacks[taker] -= take;
      Append(next.slices_, begin, begin + take, taker);
      begin += take;
    }
  }
  return next;
}

std::size_t Route::largest() const {
  const auto smaller = [](const TrafficShare& a, const TrafficShare& b) { return a.ppm < b.ppm; };
  return static_cast<std::size_t>(std::max_element(shares_.begin(), shares_.end(), smaller) -
                                  shares_.begin());
}

int32_t Route::Find(std::string_view version) const {
  for (std::size_t i = 0; i < shares_.size(); ++i) {
    if (shares_[i].version == version) return static_cast<int32_t>(i);
  }
  return -1;
}

std::size_t Route::Pick(std::string_view key) const {
  if (slices_.size() == 1) return slices_[0].version;
  return PickBucket(BucketOf(key, salt_));
}

std::size_t Route::PickBucket(uint32_t bucket) const {
  const auto ends_before = [](const Slice& slice, uint32_t b) { return slice.end <= b; };
  return std::lower_bound(slices_.begin(), slices_.end(), bucket, ends_before)->version;
}

uint32_t BucketOf(std::string_view key, uint64_t salt) {
  return static_cast<uint32_t>((static_cast<unsigned __int128>(HashKey(key, salt)) * kWhole) >> 64);
}

}  // namespace turnout
