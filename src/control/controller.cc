#include "control/controller.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <chrono>
#include <random>
#include <set>

#include "base/log.h"
#include "control/status.h"

namespace turnout {
namespace {

constexpr double kCheckpointSeconds = 1;         // of what a rollout has counted
constexpr double kWindowCheckpointSeconds = 60;  // of a rollback window
constexpr std::size_t kSnapshotEvery = 1000;     // records
constexpr std::size_t kLongestName = 100;

std::unexpected<Error> Bad(std::string message) { return Fail(Code::kInvalidArgument, std::move(message)); }
std::unexpected<Error> NotNow(std::string message) { return Fail(Code::kUnavailable, std::move(message)); }

std::string Text(const Route& route) {
  std::string text;
  for (const TrafficShare& share : route.shares()) {
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", share.version, PpmText(share.ppm));
  }
  return text;
}

std::string RandomName() {
  std::random_device random;
  return fmt::format("{:08x}", random());
}

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

// What a verb under a key was, so that another is told from the same again.
std::string Fingerprint(const Command& command) {
  return fmt::format("{} {} {} {}", command.verb, command.version, command.model, command.strategy);
}

void AppendShares(JsonBuilder& json, const Route& route) {
  json.Object();
  for (const TrafficShare& share : route.shares()) json.Key(share.version).Raw(PpmText(share.ppm));
  json.End();
}

}  // namespace

Controller::Controller(Metrics& metrics, Options options, Outside outside)
    : metrics_(metrics), options_(std::move(options)), outside_(std::move(outside)), boot_(RandomName()) {}

Controller::~Controller() {
  worker_.request_stop();
  loader_.request_stop();
  wake_.notify_all();
}

void Controller::Run() {
  worker_ = std::jthread([this](const std::stop_token& stop) { Work(stop); });
  loader_ = std::jthread([this](const std::stop_token& stop) { Load(stop); });
}

// What is about to change is looked at often; evidence is not.
void Controller::Work(const std::stop_token& stop) {
  auto last = std::chrono::steady_clock::now();
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      const bool soon = std::any_of(slots_.begin(), slots_.end(), [](const auto& slot) {
        if (!slot->state.busy()) return false;
        const Phase phase = slot->state.rollout->phase;
        return phase != Phase::kBaking && phase != Phase::kWatching && phase != Phase::kPaused;
      });
      wake_.wait_for(lock, stop, std::chrono::milliseconds(soon ? 5 : 100), [] { return false; });
    }
    const auto now = std::chrono::steady_clock::now();
    Tick(std::chrono::duration<double>(now - last).count());
    last = now;
  }
}

void Controller::Load(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    if (LoadNext()) continue;
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, stop, std::chrono::milliseconds(100), [] { return false; });
  }
}

void Controller::End() {
  worker_ = {};
  loader_ = {};
  const std::lock_guard lock(mutex_);
  if (!crash_loop_) return;
  if (const Status ended = crash_loop_->End(); !ended) {
    Log(Level::kError, "cannot say that this was an orderly end", {{"why", ended.error().message}});
  }
}

Controller::Slot* Controller::SlotOf(std::string_view endpoint) {
  for (const auto& slot : slots_) {
    if (slot->config.name == endpoint) return slot.get();
  }
  return nullptr;
}

const Controller::Slot* Controller::SlotOf(std::string_view endpoint) const {
  return const_cast<Controller*>(this)->SlotOf(endpoint);
}

std::shared_ptr<const Snapshot> Controller::Find(std::string_view endpoint) const {
  const std::lock_guard lock(mutex_);
  const Slot* const slot = SlotOf(endpoint);
  return slot == nullptr ? nullptr : slot->now;
}

uint64_t Controller::RevisionOf(std::string_view endpoint) const {
  const std::lock_guard lock(mutex_);
  const Slot* const slot = SlotOf(endpoint);
  return slot == nullptr ? 0 : slot->state.revision;
}

namespace {

std::unexpected<Error> NoEndpoint(std::string_view name) {
  return Fail(Code::kNotFound, fmt::format("there is no endpoint '{}'", name));
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
        return Bad(
            fmt::format("endpoint {} has no version '{}'; it has {}", endpoint, share.version, Text(now)));
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
                    state.name, name, Text(state.route)));
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
                              Text(state.route), state.name, stable));
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
       {"before", act.verb == "route_set" ? Text(slot.state.route) : phase(slot.state)},
       {"after", act.verb == "route_set" ? Text(next.route) : phase(next)},
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
  if (!Rolling(slot.state)) return;
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

bool Controller::LoadNext() {
  std::unique_lock lock(mutex_);
  Slot* slot = nullptr;
  for (const auto& one : slots_) {
    if (one->state.busy() && one->state.rollout->phase == Phase::kPending) slot = one.get();
  }
  if (slot == nullptr) return false;
  const std::string uid = slot->state.rollout->uid, name = slot->state.rollout->candidate;
  // False: somebody aborted meanwhile, or nothing can be written.
  const auto step = [&](turnout::Load load, std::string_view problem = {}, const ModelFile* read = nullptr) {
    if (!slot->state.busy() || slot->state.rollout->uid != uid ||
        slot->state.rollout->phase >= Phase::kReady) {
      return false;
    }
    EndpointState next = slot->state;
    next.rollout = Loaded(*next.rollout, load, problem);
    for (KnownVersion& version : next.versions) {
      if (version.name != name || read == nullptr) continue;
      version.sha256 = read->sha256;
      version.path = read->path;  // of a registry's alias: the version that it stood for
    }
    const Status done = Commit(*slot, std::move(next), {.verb = "load"});
    if (!done)
      Log(Level::kError, "rollout", {{"endpoint", slot->config.name}, {"why", done.error().message}});
    wake_.notify_all();
    return done.has_value();
  };
  if (slot->served.contains(name)) return step(turnout::Load::kLoaded);
  const KnownVersion known = *slot->state.Find(name);
  if (!step(turnout::Load::kReading)) return false;

  lock.unlock();
  auto file = outside_.read(known.path);
  if (file && !known.sha256.empty() && file->sha256 != known.sha256) {
    file = Bad(
        fmt::format("{}: the file has changed since version {} was made of it (sha256 {}, now {}): a changed "
                    "model is a new version",
                    known.path, name, known.sha256.substr(0, 12), file->sha256.substr(0, 12)));
  }
  lock.lock();
  if (!file) return step(turnout::Load::kFailed, file.error().message), true;
  if (!step(turnout::Load::kCompiling, {}, &*file)) return true;
  Contract contract = *slot->contract;

  lock.unlock();
  auto version = MakeVersion(name, *std::move(file), contract, known.engine);
  lock.lock();
  if (!version) return step(turnout::Load::kFailed, version.error().message), true;
  if (!slot->state.busy() || slot->state.rollout->uid != uid ||
      slot->state.rollout->phase != Phase::kLoading) {
    return true;
  }
  slot->contract = std::make_shared<const Contract>(std::move(contract));
  slot->served[name] = {
      *version, MakeVersionSeries(metrics_, slot->config.name, **version, slot->config.latency_bounds)};
  slot->candidate_seen = CountCandidate(*slot);
  step(turnout::Load::kLoaded);
  return true;
}

}  // namespace turnout
