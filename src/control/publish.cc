// What the loops serve and the shadows score, made from the states.
#include "control/controller.h"

#include <algorithm>
#include <set>

#include "base/log.h"

namespace turnout {
// Those of the configuration, and the candidate of a rollout that asks for copies. One that stays is not made
// anew: it goes on counting.
void Controller::MakeShadows(Slot& slot) {
  std::set<std::string> wanted(slot.config.shadows.begin(), slot.config.shadows.end());
  wanted.erase(slot.state.stable);
  if (slot.state.busy() && Ask(*slot.state.rollout).mirror) wanted.insert(slot.state.rollout->candidate);
  std::erase_if(slot.shadows, [&](const auto& shadow) { return !wanted.contains(shadow.first); });
  for (const std::string& name : wanted) {
    std::shared_ptr<Shadow>& shadow = slot.shadows[name];
    if (shadow != nullptr) continue;
    shadow = std::make_shared<Shadow>(metrics_, slot.config.name, slot.contract, slot.served.at(name).version,
                                      slot.config.latency_bounds, options_.shadow, options_.log);
    // Its series may have counted in an earlier rollout.
    if (slot.state.busy() && slot.state.rollout->candidate == name)
      slot.candidate_seen = CountCandidate(slot);
  }
}

void Controller::MakeSnapshots(Slot& slot) {
  MakeShadows(slot);
  const auto make = [&](const Route& route, std::string_view stable) {
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->endpoint = slot.config.name;
    snapshot->contract = slot.contract;
    snapshot->override_header = slot.config.override_header;
    snapshot->down = slot.state.busy() && Ask(*slot.state.rollout).down;
    for (const auto& [name, shadow] : slot.shadows) snapshot->shadows.push_back(shadow);
    snapshot->log = options_.log;
    std::vector<Served> served;
    for (const TrafficShare& share : route.shares()) served.push_back(slot.served.at(share.version));
    SetRoute(*snapshot, route, std::move(served), stable);
    return snapshot;
  };
  slot.now = make(slot.state.route, slot.state.stable);
  slot.ahead = nullptr;
  if (!slot.state.busy() || !Ask(*slot.state.rollout).rolling) return;
  std::vector<TrafficShare> shares(slot.state.route.shares().begin(), slot.state.route.shares().end());
  for (TrafficShare& share : shares) share.ppm = share.version == slot.state.rollout->candidate ? kWhole : 0;
  const auto route = slot.state.route.Next(std::move(shares));
  assert(route);
  slot.ahead = make(*route, slot.state.rollout->candidate);
}

Status Controller::Publish() {
  Snapshots now, ahead;
  std::size_t moved = 0;
  for (const auto& slot : slots_) {
    if (slot->now == nullptr) return {};  // still starting
    now.push_back(slot->now);
    ahead.push_back(slot->ahead == nullptr ? slot->now : slot->ahead);
    if (slot->ahead != nullptr) moved = Ask(*slot->state.rollout).loops_moved;
  }
  return outside_.publish(std::move(now), std::move(ahead), moved);
}

void Controller::MarkLive() {
  if (!crash_loop_) return;
  std::vector<std::string> live;
  for (const auto& slot : slots_) {
    if (!slot->state.busy()) continue;
    const KnownVersion* const candidate = slot->state.Find(slot->state.rollout->candidate);
    if (candidate != nullptr && !candidate->sha256.empty()) live.push_back(candidate->sha256);
  }
  if (const Status marked = crash_loop_->Live(std::move(live)); !marked) {
    Log(Level::kError, "cannot mark what is live", {{"why", marked.error().message}});
  }
}

}  // namespace turnout
