// A transition: what follows from it, in the journal and the audit log before it is visible.
#include "control/controller.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <set>

#include "base/log.h"
#include "control/status.h"

namespace turnout {
namespace {

constexpr std::size_t kSnapshotEvery = 1000;  // records

// What must stay loaded: what the configuration names, what is served, what may be gone back or on to.
std::set<std::string, std::less<>> Kept(const EndpointState& state) {
  std::set<std::string, std::less<>> kept = {state.stable, state.previous};
  for (const KnownVersion& version : state.versions) {
    if (version.configured) kept.insert(version.name);
  }
  if (state.busy()) kept.insert({state.rollout->stable, state.rollout->candidate});
  if (state.next) kept.insert(state.next->candidate);
  return kept;
}

bool Rolling(const EndpointState& state) { return state.busy() && Ask(*state.rollout).rolling; }

void AppendShares(JsonBuilder& json, const Route& route) {
  json.Object();
  for (const TrafficShare& share : route.shares()) json.Key(share.version).Raw(PpmText(share.ppm));
  json.End();
}

}  // namespace

// What the rollout's end means for the endpoint, and what waited for it.
void Controller::Ended(Slot& slot, EndpointState& state) const {
  while (state.rollout && IsEnd(state.rollout->phase)) {
    const Rollout& r = *state.rollout;
    const bool told = !state.history.empty() && state.history.back().uid == r.uid;
    if (!told) {
      state.history.push_back(
          {r.uid, r.stable, r.candidate, StrategyText(r.strategy), std::string(Name(r.phase)), r.why});
      if (state.history.size() > kMostHistory) state.history.erase(state.history.begin());
      if (r.phase == Phase::kSucceeded) {
        state.previous = r.strategy.rollback_window > 0 ? r.stable : "";
        state.previous_seconds = 0;
        state.previous_window = r.strategy.rollback_window;
      }
      slot.unkept = 0;
    }
    if (!state.next) return;
    state.rollout = std::move(state.next);
    state.next.reset();
  }
}

// What nothing asks for any more is forgotten; the last candidate's file is not, `retry` needs it.
void Controller::Forget(Slot& slot, EndpointState& state) const {
  const auto kept = Kept(state);
  std::erase_if(state.versions, [&](const KnownVersion& version) {
    return !kept.contains(version.name) && !(state.rollout && state.rollout->candidate == version.name);
  });
  std::erase_if(slot.served, [&](const auto& served) { return !kept.contains(served.first); });
}

// The shares that the state asks for, as the next generation where they differ.
void Controller::ChooseRoute(const Slot& slot, EndpointState& next) const {
  const auto kept = Kept(next);
  const Asked asked = next.busy() ? Ask(*next.rollout) : Asked{};
  std::vector<TrafficShare> shares;
  for (const KnownVersion& version : next.versions) {
    if (!slot.served.contains(version.name) || !kept.contains(version.name)) continue;
    const int32_t at = next.route.Find(version.name);
    uint32_t ppm = at < 0 ? 0 : next.route.shares()[static_cast<std::size_t>(at)].ppm;
    if (next.busy()) {
      const bool candidate = version.name == next.rollout->candidate;
      const bool stable = version.name == next.rollout->stable;
      ppm = candidate ? asked.candidate_ppm : stable ? kWhole - asked.candidate_ppm : 0;
    }
    shares.push_back({version.name, ppm});
  }
  const bool same =
      std::equal(shares.begin(), shares.end(), next.route.shares().begin(), next.route.shares().end());
  // A rolling change showed the number after this one to callers, with other shares.
  const bool rolled = Rolling(slot.state) && !Rolling(next) && !next.rollout->promoted;
  if (same && !rolled) return;
  for (int i = 0; i < (rolled ? 2 : 1); ++i) {
    auto route = next.route.Next(shares);
    assert(route);
    next.route = *std::move(route);
  }
}

std::string Controller::AuditMembers(const Slot& slot, const EndpointState& next, const Act& act) const {
  const EndpointState& before = slot.state;
  JsonBuilder json;
  json.Object().Key("boot").Text(boot_).Key("actor").Object();
  json.Key("name").Text(act.who == nullptr ? "turnout" : act.who->name);
  json.Key("address").Text(act.who == nullptr ? "" : act.who->address).End();
  json.Key("verb").Text(act.verb).Key("endpoint").Text(next.name).Key("result").Text(act.result);
  if (act.who != nullptr) json.Key("reason").Text(act.who->reason).Key("idem_key").Text(act.who->key);
  json.Key("revision").Raw(fmt::format("{}", next.revision));
  json.Key("generation").Raw(fmt::format("{}", next.route.generation()));
  json.Key("stable").Text(next.stable).Key("shares_before");
  AppendShares(json, before.route);
  json.Key("shares_after");
  AppendShares(json, next.route);
  json.Key("digests").Object();
  for (const KnownVersion& version : next.versions) json.Key(version.name).Text(version.sha256);
  json.End();
  if (next.rollout) {
    const Rollout& r = *next.rollout;
    const bool same = before.rollout && before.rollout->uid == r.uid;
    json.Key("rollout").Text(r.uid).Key("from").Text(same ? Name(before.rollout->phase) : "");
    json.Key("to").Text(Name(r.phase)).Key("step").Number(r.step).Key("why").Text(r.why);
    json.Key("gates").Array();
    for (const Gate& gate : r.strategy.gates) {
      json.Object();
      AppendGate(json, gate);
      json.Key("verdict").Text(Name(Judge(gate, r.evidence).verdict)).End();
    }
    json.End().Key("evidence");
    AppendEvidence(json, r.evidence);
  }
  const std::string text = json.End().Take();
  return text.substr(1, text.size() - 2);
}

Status Controller::Keep(const Slot& slot, const EndpointState& next, const std::string& audit) {
  if (!journal_) return {};
  JsonBuilder json;
  json.Object().Key("state").Raw(StateJson(next));
  if (!audit.empty()) json.Key("audit").Text(audit);
  const std::string payload = json.End().Take();
  TURNOUT_ASSIGN(const uint64_t number, journal_->Append(payload));
  if (!audit.empty() && audit_) {
    // The transition is durable by now; a restart finds what the audit lacks in the journal.
    if (const Status told = audit_->Append(audit, number); !told) {
      Log(Level::kError, "audit", {{"why", told.error().message}});
    }
  }
  if (journal_->records_since_snapshot() < kSnapshotEvery) return {};
  JsonBuilder all;
  all.Object().Key("endpoints").Array();
  for (const auto& other : slots_) all.Raw(StateJson(other.get() == &slot ? next : other->state));
  for (const EndpointState& other : others_) all.Raw(StateJson(other));
  if (const Status made = journal_->Snapshot(all.End().End().Take()); !made) {
    Log(Level::kError, "journal", {{"why", made.error().message}});
  }
  return {};
}

void Controller::AuditRefused(const std::string& endpoint, const Command& command, const Error& error) {
  if (!audit_ || !journal_) return;
  JsonBuilder json;
  json.Object().Key("boot").Text(boot_).Key("actor").Object().Key("name").Text(command.who.name);
  json.Key("address").Text(command.who.address).End().Key("verb").Text(command.verb);
  json.Key("endpoint").Text(endpoint).Key("result").Text("refused: " + error.message);
  json.Key("reason").Text(command.who.reason).Key("idem_key").Text(command.who.key);
  const std::string text = json.End().Take();
  const uint64_t journal = std::max(journal_->last(), audit_->last_journal());
  if (const Status told = audit_->Append(std::string_view(text).substr(1, text.size() - 2), journal); !told) {
    Log(Level::kError, "audit", {{"why", told.error().message}});
  }
}

Status Controller::Commit(Slot& slot, EndpointState next, const Act& act) {
  const bool had = slot.state.rollout.has_value(), has = next.rollout.has_value();
  const bool same_rollout = had && has && slot.state.rollout->uid == next.rollout->uid;
  if (same_rollout) {
    if (const std::string broken = Violation(*slot.state.rollout, *next.rollout); !broken.empty()) {
      Log(Level::kError, "a transition that must not be", {{"endpoint", next.name}, {"what", broken}});
      assert(false);
      return Fail(Code::kInternal, broken);
    }
  }
  const bool turning = has && (next.busy() || (same_rollout && slot.state.busy()));
  if (turning) next.stable = StableVersion(*next.rollout);
  const EndpointState as_decided = next;
  Ended(slot, next);
  // I3: only what is loaded gets rows.
  if (next.busy() && !(Ask(*next.rollout) == Asked{}) && !slot.served.contains(next.rollout->candidate)) {
    return Fail(Code::kInternal, fmt::format("version {} is not loaded", next.rollout->candidate));
  }
  ChooseRoute(slot, next);
  next.revision = slot.state.revision + 1;
  std::string audit;
  {
    EndpointState told = as_decided;  // the rollout that ended, not the one that begins
    told.revision = next.revision;
    told.route = next.route;
    audit = AuditMembers(slot, told, act);
  }
  if (const Status kept = Keep(slot, next, audit); !kept) {
    // Towards the stable version the way is open even if nothing can be written any more.
    const bool back = next.busy() && next.rollout->phase == Phase::kAborting;
    if (!back) return kept;
    Log(Level::kError, "not durable, and done all the same: it goes back",
        {{"endpoint", next.name}, {"why", kept.error().message}});
  }
  const auto phase = [](const EndpointState& state) {
    return state.rollout ? fmt::format("{}:{}", state.rollout->uid, Name(state.rollout->phase))
                         : std::string("none");
  };
  Log(Level::kInfo, act.verb == "route_set" ? "route" : "rollout",
      {{"endpoint", next.name},
       {"verb", act.verb},
       {"before", act.verb == "route_set" ? SharesText(slot.state.route) : phase(slot.state)},
       {"after", act.verb == "route_set" ? SharesText(next.route) : phase(next)},
       {"why", as_decided.rollout ? as_decided.rollout->why : ""},
       {"generation", fmt::format("{}", next.route.generation())},
       {"stable", next.stable}});
  // Another rollout counts from here on; so does a shadow that is promoted, by what it answers.
  const bool anew = next.rollout && !(had && slot.state.rollout->uid == next.rollout->uid &&
                                      slot.state.rollout->promoted == next.rollout->promoted);
  slot.state = std::move(next);
  if (anew) {
    slot.candidate_seen = CountCandidate(slot);
    slot.stable_seen = Count(slot, slot.state.rollout->stable);
  }
  slot.unkept = 0;
  MarkLive();
  Forget(slot, slot.state);
  MakeSnapshots(slot);
  if (const Status published = Publish(); !published) {
    Log(Level::kError, "publish", {{"endpoint", slot.config.name}, {"why", published.error().message}});
    return published;
  }
  return {};
}

}  // namespace turnout
