#include "server/routes.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"

namespace turnout {
namespace {

std::string Text(const Route& route) {
  std::string text;
  for (const TrafficShare& share : route.shares()) {
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", share.version, PpmText(share.ppm));
  }
  return text;
}

}  // namespace

Status Routes::Start(std::vector<std::shared_ptr<const Snapshot>> snapshots) {
  const std::lock_guard lock(mutex_);
  TURNOUT_TRY(publish_(snapshots));
  snapshots_ = std::move(snapshots);
  return {};
}

std::shared_ptr<const Snapshot> Routes::Find(std::string_view endpoint) const {
  const std::lock_guard lock(mutex_);
  for (const auto& snapshot : snapshots_) {
    if (snapshot->endpoint == endpoint) return snapshot;
  }
  return nullptr;
}

Result<std::shared_ptr<const Snapshot>> Routes::SetShares(std::string_view endpoint,
                                                          const std::vector<TrafficShare>& shares,
                                                          std::optional<uint64_t> if_generation) {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(snapshots_.begin(), snapshots_.end(),
                                  [&](const auto& snapshot) { return snapshot->endpoint == endpoint; });
  if (found == snapshots_.end()) {
    return Fail(Code::kNotFound, fmt::format("there is no endpoint '{}'", endpoint));
  }
  const Snapshot& now = **found;
  if (if_generation && *if_generation != now.route.generation()) {
    return Fail(Code::kUnavailable, fmt::format("the route is at generation {}, not {}: look at it again",
                                                now.route.generation(), *if_generation));
  }
  // In the order of the versions, whatever the caller's.
  std::vector<TrafficShare> ordered(now.route.shares().begin(), now.route.shares().end());
  for (TrafficShare& share : ordered) share.ppm = 0;
  std::vector<bool> named(ordered.size());
  for (const TrafficShare& share : shares) {
    const int32_t at = now.route.Find(share.version);
    if (at < 0) {
      return Fail(Code::kInvalidArgument, fmt::format("endpoint {} has no version '{}'; it has {}", endpoint,
                                                      share.version, Text(now.route)));
    }
    if (named[static_cast<std::size_t>(at)]) {
      return Fail(Code::kInvalidArgument, fmt::format("version {} has two shares", share.version));
    }
    named[static_cast<std::size_t>(at)] = true;
    ordered[static_cast<std::size_t>(at)].ppm = share.ppm;
  }
  TURNOUT_ASSIGN(Route route, now.route.Next(std::move(ordered)));

  auto next = std::make_shared<Snapshot>(now);
  SetRoute(*next, std::move(route), now.served);
  std::vector<std::shared_ptr<const Snapshot>> table = snapshots_;
  table[static_cast<std::size_t>(found - snapshots_.begin())] = next;
  TURNOUT_TRY(publish_(table));
  Log(Level::kInfo, "route",
      {{"endpoint", next->endpoint},
       {"generation", fmt::format("{}", next->route.generation())},
       {"before", Text(now.route)},
       {"after", Text(next->route)}});
  snapshots_ = std::move(table);
  return next;
}

}  // namespace turnout
