// What was counted, and what follows from it.
#include "control/controller.h"

#include <algorithm>

#include "base/log.h"

namespace turnout {
namespace {

constexpr double kCheckpointSeconds = 1;  // of what a rollout has counted

constexpr double kWindowCheckpointSeconds = 60;  // of a rollback window

}  // namespace

Evidence Controller::CountCandidate(const Slot& slot) const {
  const Rollout& rollout = *slot.state.rollout;
  return Count(slot, rollout.candidate, rollout.strategy.kind == StrategyKind::kShadow && !rollout.promoted);
}

Evidence Controller::Count(const Slot& slot, const std::string& version, bool as_shadow) const {
  Evidence evidence;
  const auto found = slot.served.find(version);
  const auto shadow = slot.shadows.find(version);
  if (as_shadow ? shadow == slot.shadows.end() : found == slot.served.end()) return evidence;
  const VersionSeries& series = as_shadow ? shadow->second->series() : found->second.series;
  evidence.bounds.assign(series.latency.bounds.begin(), series.latency.bounds.end());
  evidence.latency = metrics_.Buckets(series.latency);
  for (const uint64_t count : evidence.latency) evidence.requests += count;
  for (const CounterId result : series.results) evidence.rows += metrics_.Total(result);
  evidence.refused = metrics_.Total(series.refused);
  evidence.rows += evidence.refused;
  evidence.invalid = metrics_.Total(series.invalid);
  evidence.errors = evidence.invalid;  // what is scored in this process fails in no other way
  return evidence;
}

void Controller::Tick(double seconds) {
  const std::lock_guard lock(mutex_);
  outside_.reclaim();
  for (const auto& slot : slots_) Observed(*slot, seconds);
}

void Controller::Observed(Slot& slot, double seconds) {
  EndpointState& state = slot.state;
  slot.unkept += seconds;
  if (!state.busy()) {
    if (state.previous.empty()) return;
    state.previous_seconds += seconds;
    if (state.previous_seconds >= state.previous_window) {
      EndpointState next = state;
      next.previous.clear();
      if (const Status done = Commit(slot, std::move(next), {.verb = "rollback_window_over"}); !done) {
        Log(Level::kError, "rollout", {{"endpoint", slot.config.name}, {"why", done.error().message}});
      }
    } else if (slot.unkept >= kWindowCheckpointSeconds) {
      slot.unkept = 0;
      static_cast<void>(Keep(slot, state, {}));
    }
    return;
  }
  const Rollout& before = *state.rollout;
  if (before.phase < Phase::kReady) return;
  Observation seen;
  seen.seconds = seconds;
  seen.published = outside_.settled();
  seen.frozen = state.frozen;
  Evidence candidate = CountCandidate(slot), stable = Count(slot, before.stable);
  seen.candidate = Since(candidate, slot.candidate_seen);
  seen.stable = Since(stable, slot.stable_seen);
  slot.candidate_seen = std::move(candidate);
  slot.stable_seen = std::move(stable);
  Rollout after = Observe(before, seen);
  if (after.phase == before.phase && after.step == before.step) {
    state.rollout = std::move(after);
    if (slot.unkept < kCheckpointSeconds) return;
    slot.unkept = 0;
    if (const Status kept = Keep(slot, state, {}); !kept) {
      Log(Level::kError, "checkpoint", {{"endpoint", slot.config.name}, {"why", kept.error().message}});
    }
    return;
  }
  EndpointState next = state;
  next.rollout = after;
  if (const Status done = Commit(slot, std::move(next), {.verb = "decide"}); !done) {
    // What was counted is not counted again; the decision comes with the next look.
    state.rollout->evidence = std::move(after.evidence);
    state.rollout->stable_evidence = std::move(after.stable_evidence);
    Log(Level::kError, "rollout", {{"endpoint", slot.config.name}, {"why", done.error().message}});
  }
}

}  // namespace turnout
