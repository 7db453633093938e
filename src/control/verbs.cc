// What admins ask for, and what of it is allowed now.
#include "control/controller.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

#include "control/status.h"

namespace turnout {
namespace {

constexpr std::size_t kLongestName = 100;

std::unexpected<Error> Bad(std::string message) { return Fail(Code::kInvalidArgument, std::move(message)); }

std::unexpected<Error> NotNow(std::string message) { return Fail(Code::kUnavailable, std::move(message)); }

std::unexpected<Error> NoEndpoint(std::string_view name) {
  return Fail(Code::kNotFound, fmt::format("there is no endpoint '{}'", name));
}

// What a verb under a key was, so that another is told from the same again.
std::string Fingerprint(const Command& command) {
  return fmt::format("{} {} {} {}", command.verb, command.version, command.model, command.strategy);
}

}  // namespace

Result<std::string> Controller::StatusOf(std::string_view endpoint) const {
  const std::lock_guard lock(mutex_);
  const Slot* const slot = SlotOf(endpoint);
  if (slot == nullptr) return NoEndpoint(endpoint);
  return StatusJson(slot->state, journal_ ? std::string_view(journal_->refusal()) : std::string_view());
}

Result<std::string> Controller::HistoryOf(std::string_view endpoint) const {
  const std::lock_guard lock(mutex_);
  const Slot* const slot = SlotOf(endpoint);
  if (slot == nullptr) return NoEndpoint(endpoint);
  return HistoryJson(slot->state);
}

Result<std::string> Controller::Plan(const Command& command) const {
  const std::lock_guard lock(mutex_);
  const Slot* const slot = SlotOf(command.endpoint);
  if (slot == nullptr) return NoEndpoint(command.endpoint);
  EndpointState state = slot->state;
  TURNOUT_ASSIGN(const Rollout rollout, NewRollout(*slot, state, command));
  return PlanJson(slot->state, rollout, slot->state.busy());
}

Result<std::shared_ptr<const Snapshot>> Controller::SetShares(std::string_view endpoint,
                                                              const std::vector<TrafficShare>& shares,
                                                              const Who& who) {
  const std::lock_guard lock(mutex_);
  Slot* const slot = SlotOf(endpoint);
  if (slot == nullptr) return NoEndpoint(endpoint);
  const Route& now = slot->state.route;
  const auto next = [&]() -> Result<EndpointState> {
    if (journal_ && !journal_->refusal().empty()) return Fail(Code::kCorrupt, journal_->refusal());
    if (who.if_revision && *who.if_revision != now.generation()) {
      return NotNow(fmt::format("the route is at generation {}, not {}: look at it again", now.generation(),
                                *who.if_revision));
    }
    if (slot->state.busy()) {
      return NotNow(fmt::format("rollout {} owns the route: `turnout rollout abort {}` first",
                                slot->state.rollout->uid, endpoint));
    }
    if (slot->state.frozen)
      return NotNow(fmt::format("endpoint {} is frozen: {}", endpoint, slot->state.frozen_why));
    // In the order of the versions, whatever the caller's.
    std::vector<TrafficShare> ordered(now.shares().begin(), now.shares().end());
    for (TrafficShare& share : ordered) share.ppm = 0;
    std::vector<bool> named(ordered.size());
    for (const TrafficShare& share : shares) {
      const int32_t at = now.Find(share.version);
      if (at < 0) {
        return Bad(fmt::format("endpoint {} has no version '{}'; it has {}", endpoint, share.version,
                               SharesText(now)));
      }
      if (named[static_cast<std::size_t>(at)])
        return Bad(fmt::format("version {} has two shares", share.version));
      named[static_cast<std::size_t>(at)] = true;
      ordered[static_cast<std::size_t>(at)].ppm = share.ppm;
    }
    EndpointState state = slot->state;
    TURNOUT_ASSIGN(state.route, now.Next(std::move(ordered)));
    state.stable = state.route.shares()[state.route.largest()].version;
    if (state.stable == state.previous) state.previous.clear();
    return state;
  }();
  const Act act{.verb = "route_set", .who = &who};
  const Status done = next ? Commit(*slot, *next, act) : Status(std::unexpected(next.error()));
  if (!done) {
    AuditRefused(std::string(endpoint), {.verb = "route_set", .endpoint = std::string(endpoint), .who = who},
                 done.error());
    return std::unexpected(done.error());
  }
  return slot->now;
}

Result<std::string> Controller::Do(const Command& command) {
  const std::lock_guard lock(mutex_);
  Slot* const slot = SlotOf(command.endpoint);
  if (slot == nullptr) return NoEndpoint(command.endpoint);
  const auto status = [&] { return StatusJson(slot->state, journal_->refusal()); };
  if (!journal_) {
    return Fail(Code::kUnsupported, "rollouts need `state` in the configuration: a folder for their journal");
  }
  if (!command.who.key.empty()) {
    for (const DoneVerb& done : slot->state.done) {
      if (done.key != command.who.key) continue;
      if (done.what == Fingerprint(command)) return status();
      return Bad(fmt::format("the idempotency key '{}' was used for another verb ({})", done.key, done.what));
    }
  }
  auto next = Decide(*slot, command);
  Status done = next ? Status() : Status(std::unexpected(next.error()));
  if (next) {
    if (!command.who.key.empty()) {
      next->done.push_back({command.who.key, Fingerprint(command)});
      if (next->done.size() > kMostDone) next->done.erase(next->done.begin());
    }
    done = Commit(*slot, *std::move(next), {.verb = command.verb, .who = &command.who});
  }
  if (!done) {
    AuditRefused(command.endpoint, command, done.error());
    return std::unexpected(done.error());
  }
  wake_.notify_all();
  return status();
}

Result<Rollout> Controller::NewRollout(const Slot& slot, EndpointState& state, const Command& command) const {
  const std::string& name = command.version;
  const bool plain = !name.empty() && name.size() <= kLongestName &&
                     std::none_of(name.begin(), name.end(),
                                  [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  if (!plain)
    return Bad(
        fmt::format("a version's name has 1 to {} bytes, none of them a control character", kLongestName));
  const KnownVersion* const known = state.Find(name);
  if (known == nullptr && command.model.empty()) {
    return Bad(
        fmt::format("endpoint {} has no version '{}'; it has {}; `--model` names the file of a new one",
                    state.name, name, SharesText(state.route)));
  }
  if (known != nullptr && !command.model.empty() && known->path != command.model) {
    return Bad(fmt::format("version {} is {}: another file is another version, give it another name", name,
                           known->path));
  }
  if (known == nullptr) state.versions.push_back({.name = name, .path = command.model});
  Strategy strategy = slot.config.strategy;
  if (!command.strategy.empty()) {
    JsonTokenizer json;
    TURNOUT_ASSIGN(const auto tokens, json.Document(command.strategy));
    TURNOUT_ASSIGN(strategy, ReadStrategy(JsonView(tokens), std::move(strategy)));
  }
  if (strategy.kind == StrategyKind::kRolling) {
    for (const auto& other : slots_) {
      if (other->config.name == state.name || !other->state.busy()) continue;
      if (other->state.rollout->strategy.kind != StrategyKind::kRolling) continue;
      return NotNow(fmt::format("endpoint {} is being rolled ({}): one at a time", other->config.name,
                                other->state.rollout->uid));
    }
  }
  const std::string& stable = state.busy() ? state.rollout->stable : state.stable;
  const int32_t at = state.route.Find(stable);
  if (!state.busy() && state.route.shares()[static_cast<std::size_t>(at)].ppm != kWhole) {
    return NotNow(fmt::format("the route is split ({}): `turnout route set {} {}=100` first",
                              SharesText(state.route), state.name, stable));
  }
  return StartRollout(fmt::format("{}-{}", state.name, ++state.rollouts), stable, name, std::move(strategy),
                      options_.loops);
}

Result<EndpointState> Controller::Decide(const Slot& slot, const Command& command) const {
  EndpointState state = slot.state;
  const std::string& verb = command.verb;
  const std::string& reason = command.who.reason;
  if (!journal_->refusal().empty() && verb != "abort") return Fail(Code::kCorrupt, journal_->refusal());
  if (command.who.if_revision && *command.who.if_revision != state.revision) {
    return NotNow(fmt::format("endpoint {} is at revision {}, not {}: look at it again", state.name,
                              state.revision, *command.who.if_revision));
  }
  if (verb == "freeze" || verb == "unfreeze") {
    const bool freeze = verb == "freeze";
    if (freeze == state.frozen)
      return NotNow(fmt::format("endpoint {} is {}frozen", state.name, freeze ? "" : "not "));
    state.frozen = freeze;
    state.frozen_why = freeze ? (reason.empty() ? "no reason given" : reason) : "";
    return state;
  }
  if (state.frozen && verb != "abort") {
    return NotNow(fmt::format("endpoint {} is frozen ({}): only abort and unfreeze are left", state.name,
                              state.frozen_why));
  }
  if (verb == "apply") {
    TURNOUT_ASSIGN(Rollout rollout, NewRollout(slot, state, command));
    if (!reason.empty()) rollout.why += ": " + reason;
    if (!state.busy()) {
      state.rollout = std::move(rollout);
      return state;
    }
    // What goes back already needs no second push.
    if (state.rollout->phase != Phase::kAborting) {
      TURNOUT_ASSIGN(state.rollout, Apply(*state.rollout, Verb::kSupersede, "by " + rollout.uid));
    }
    state.next = std::move(rollout);
    return state;
  }
  if (verb == "retry") {
    if (!state.rollout) return NotNow(fmt::format("endpoint {} has had no rollout", state.name));
    if (state.Find(state.rollout->candidate) == nullptr) {
      return NotNow(
          fmt::format("version {} is not known any more; `apply` names its file", state.rollout->candidate));
    }
    TURNOUT_ASSIGN(
        state.rollout,
        RetryRollout(*state.rollout, fmt::format("{}-{}", state.name, state.rollouts + 1), state.stable));
    ++state.rollouts;
    return state;
  }
  if (verb == "rollback" && !state.busy()) {
    if (state.previous.empty() || !slot.served.contains(state.previous)) {
      return NotNow(fmt::format(
          "endpoint {} has no previous version that is still loaded; `apply` brings one back", state.name));
    }
    Strategy at_once;
    at_once.auto_promote = true;
    at_once.post_promote_watch = 0;
    at_once.rollback_window = state.previous_window;
    TURNOUT_ASSIGN(const Rollout rollout,
                   StartRollout(fmt::format("{}-{}", state.name, ++state.rollouts), state.stable,
                                state.previous, at_once, options_.loops));
    TURNOUT_ASSIGN(state.rollout,
                   Apply(Loaded(rollout, Load::kLoaded), Verb::kPromoteFull,
                         reason.empty() ? std::string("rolled back") : "rolled back: " + reason));
    return state;
  }
  if (!state.busy()) {
    return NotNow(fmt::format("endpoint {} has no rollout in work; `apply` starts one", state.name));
  }
  constexpr std::pair<std::string_view, Verb> kVerbs[] = {
      {"pause", Verb::kPause},     {"resume", Verb::kResume},
      {"promote", Verb::kPromote}, {"promote_full", Verb::kPromoteFull},
      {"abort", Verb::kAbort},     {"rollback", Verb::kAbort}};
  for (const auto& [name, rule] : kVerbs) {
    if (verb != name) continue;
    TURNOUT_ASSIGN(state.rollout, Apply(*state.rollout, rule, reason));
    if (rule == Verb::kAbort) state.next.reset();
    return state;
  }
  return Bad(fmt::format("there is no verb '{}'", verb));
}

}  // namespace turnout
