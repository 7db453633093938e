// What a controller does before it serves: what the journal knows and what the configuration names become
// one.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "control/controller.h"

namespace turnout {
namespace {

int64_t WallSeconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// A state takes the place of the one before it.
void Put(std::vector<EndpointState>& states, EndpointState state) {
  for (EndpointState& known : states) {
    if (known.name != state.name) continue;
    known = std::move(state);
    return;
  }
  states.push_back(std::move(state));
}

Result<Route> Whole(const EndpointState& state) {
  std::vector<TrafficShare> shares(state.route.shares().begin(), state.route.shares().end());
  for (TrafficShare& share : shares) share.ppm = share.version == state.stable ? kWhole : 0;
  return state.route.Next(std::move(shares));
}

// Back to the stable version at once: nothing is published yet, so there is nothing to wait for.
Rollout GoneBack(const Rollout& rollout, const std::string& why) {
  const auto aborted = Apply(rollout, Verb::kAbort, why);
  Rollout gone = aborted ? *aborted : rollout;
  Observation seen;
  seen.published = true;
  return Observe(gone, seen);
}

}  // namespace

Status Controller::Start(std::vector<ConfiguredEndpoint> endpoints) {
  const std::lock_guard lock(mutex_);
  Status started = StartAll(std::move(endpoints));
  // A start that is refused is no death of the candidates.
  if (!started && crash_loop_) static_cast<void>(crash_loop_->End());
  return started;
}

Status Controller::StartAll(std::vector<ConfiguredEndpoint> endpoints) {
  std::vector<EndpointState> states;
  if (!options_.folder.empty()) TURNOUT_TRY(Recover(states));
  if (crash_loop_) {
    // Before a candidate runs, its digest is on the disk.
    std::vector<std::string> live;
    for (const EndpointState& state : states) {
      const KnownVersion* const candidate = state.busy() ? state.Find(state.rollout->candidate) : nullptr;
      if (candidate != nullptr && !candidate->sha256.empty() && !crash_loop_->looping(candidate->sha256)) {
        live.push_back(candidate->sha256);
      }
    }
    TURNOUT_TRY(crash_loop_->Live(std::move(live)));
  }
  for (ConfiguredEndpoint& endpoint : endpoints) {
    const std::string name = endpoint.name;
    if (Status started = StartEndpoint(std::move(endpoint), states); !started) {
      return Within("endpoint '" + name + "'", std::move(started).error());
    }
  }
  for (EndpointState& state : states) others_.push_back(std::move(state));
  MarkLive();
  return Publish();
}

Status Controller::Recover(std::vector<EndpointState>& states) {
  JournalContents found;
  TURNOUT_ASSIGN(journal_, Journal::Open(options_.folder, found));
  TURNOUT_ASSIGN(audit_, AuditLog::Open(options_.folder + "/audit.jsonl"));
  TURNOUT_ASSIGN(crash_loop_, CrashLoop::Open(options_.folder + "/running.json", WallSeconds()));
  if (found.torn_bytes > 0) {
    Log(Level::kWarning, "journal: a record that was being written was cut off",
        {{"folder", options_.folder}, {"bytes", fmt::format("{}", found.torn_bytes)}});
  }
  if (found.damage.empty() && audit_->last_journal() > found.last()) {
    found.damage = fmt::format("the audit log knows of record {}, the journal ends with {}",
                               audit_->last_journal(), found.last());
    journal_->Refuse(options_.folder + ": " + found.damage);
  }
  JsonTokenizer json;
  if (!found.snapshot.empty()) {
    TURNOUT_ASSIGN(const auto tokens, json.Document(found.snapshot));
    for (const JsonView& one : JsonView(tokens)["endpoints"].Items()) {
      TURNOUT_ASSIGN(EndpointState state, ReadState(one));
      Put(states, std::move(state));
    }
  }
  for (const JournalRecord& record : found.records) {
    TURNOUT_ASSIGN(const auto tokens, json.Document(record.payload));
    const JsonView view(tokens);
    auto state = ReadState(view["state"]);
    if (!state)
      return Within(fmt::format("{}/journal, record {}", options_.folder, record.number), state.error());
    Put(states, *std::move(state));
    const std::string_view audit = view["audit"].Text();
    // Durable in the journal, and the process died before the audit said so.
    if (!audit.empty() && record.number > audit_->last_journal())
      TURNOUT_TRY(audit_->Append(audit, record.number));
  }
  if (crash_loop_->unclean()) {
    Log(Level::kWarning, "the last run did not end in order", {{"state", options_.folder}});
  }
  if (found.damage.empty()) return {};
  Log(Level::kError, "the journal is damaged: every endpoint serves its stable version, and no verb is taken",
      {{"folder", options_.folder}, {"damage", found.damage}});
  for (EndpointState& state : states) {
    if (state.rollout && !IsEnd(state.rollout->phase)) state.stable = state.rollout->stable;
    state.rollout.reset();
    state.next.reset();
    TURNOUT_ASSIGN(state.route, Whole(state));
  }
  return {};
}

Status Controller::LoadKnown(Slot& slot, const KnownVersion& version) {
  TURNOUT_ASSIGN(ModelFile file, outside_.read(version.path));
  if (!version.sha256.empty() && file.sha256 != version.sha256) {
    return Fail(
        Code::kInvalidArgument,
        fmt::format("{}: the file has changed since version {} was made of it (sha256 {}, now {}): a changed "
                    "model is a new version",
                    version.path, version.name, version.sha256.substr(0, 12), file.sha256.substr(0, 12)));
  }
  Contract contract = *slot.contract;
  TURNOUT_ASSIGN(const auto made, MakeVersion(version.name, std::move(file), contract, version.engine));
  slot.contract = std::make_shared<const Contract>(std::move(contract));
  slot.served[version.name] = {
      made, MakeVersionSeries(metrics_, slot.config.name, *made, slot.config.latency_bounds)};
  return {};
}

// What the rollout was about to do when the process ended, and whether it may go on.
void Controller::ResumeRollout(Slot& slot, std::string& why) {
  EndpointState& state = slot.state;
  if (!state.busy()) return;
  Rollout& r = *state.rollout;
  const KnownVersion* const candidate = state.Find(r.candidate);
  r.loops = std::max(options_.loops, 1u);
  r.step = std::min(r.step, StepCount(r) == 0 ? 0 : StepCount(r) - 1);
  if (candidate == nullptr) {
    r = GoneBack(r, "the journal does not know the candidate's file");
  } else if (crash_loop_ && crash_loop_->looping(candidate->sha256)) {
    r = GoneBack(r, fmt::format("crash_loop: the process died {} times within {} minutes with it",
                                crash_loop_->deaths(candidate->sha256), CrashLoop::kWithinSeconds / 60));
  } else if (r.phase < Phase::kReady) {
    r.phase = Phase::kPending;
  } else if (!slot.served.contains(r.candidate)) {
    if (const Status loaded = LoadKnown(slot, *candidate); !loaded) r = GoneBack(r, loaded.error().message);
  }
  const bool unclean = crash_loop_ && crash_loop_->unclean();
  if (unclean &&
      (r.phase == Phase::kBaking || (r.phase == Phase::kPaused && r.paused_in == Phase::kBaking))) {
    // What was counted stays: losing what speaks against the candidate would speak for it.
    r.seconds = 0;
    r.step_requests = 0;
  }
  why = fmt::format("{}: {}", Name(r.phase), r.why);
}

Status Controller::StartEndpoint(ConfiguredEndpoint endpoint, std::vector<EndpointState>& states) {
  slots_.push_back(std::make_unique<Slot>());
  Slot& slot = *slots_.back();
  slot.config = std::move(endpoint);
  const ConfiguredEndpoint& config = slot.config;
  slot.contract = config.contract;
  for (const auto& version : config.versions) {
    slot.served[version->name] = {version,
                                  MakeVersionSeries(metrics_, config.name, *version, config.latency_bounds)};
  }
  const auto known = std::find_if(states.begin(), states.end(),
                                  [&](const EndpointState& state) { return state.name == config.name; });
  EndpointState& state = slot.state;
  if (known != states.end()) {
    state = std::move(*known);
    states.erase(known);
  } else {
    state.name = config.name;
    state.route = config.route;
    state.stable = config.route.shares()[config.route.largest()].version;
  }
  for (KnownVersion& version : state.versions) version.configured = false;
  for (std::size_t i = 0; i < config.versions.size(); ++i) {
    const Version& given = *config.versions[i];
    const auto same = std::find_if(state.versions.begin(), state.versions.end(),
                                   [&](const KnownVersion& version) { return version.name == given.name; });
    const KnownVersion now{given.name, given.path, given.sha256,
                           config.engines.empty() ? "" : config.engines[i], true};
    if (same == state.versions.end()) {
      state.versions.push_back(now);
    } else if (!same->sha256.empty() && same->sha256 != now.sha256) {
      return Fail(
          Code::kInvalidArgument,
          fmt::format("version {}: {} is not the file that it was (sha256 {}, now {}): a changed model is a "
                      "new version, give it another name",
                      given.name, given.path, same->sha256.substr(0, 12), now.sha256.substr(0, 12)));
    } else {
      *same = now;
    }
  }
  std::string why;
  const Route recovered = state.route;
  const bool was_busy = state.busy();
  ResumeRollout(slot, why);
  if (was_busy) state.stable = StableVersion(*state.rollout);
  if (was_busy && !state.busy()) {
    TURNOUT_ASSIGN(state.route, Whole(state));
  }
  // The stable version must be there; the one before it is a convenience.
  for (const std::string& name :
       {state.busy() ? state.rollout->stable : state.stable, state.stable, state.previous}) {
    if (name.empty() || slot.served.contains(name)) continue;
    const KnownVersion* const version = state.Find(name);
    const Status loaded = version == nullptr
                              ? Status(Fail(Code::kNotFound, fmt::format("version {} is not known", name)))
                              : LoadKnown(slot, *version);
    if (loaded) continue;
    if (name != state.previous || name == state.stable) return loaded;
    Log(Level::kWarning, "there is no going back to the version before",
        {{"endpoint", state.name}, {"version", name}, {"why", loaded.error().message}});
    state.previous.clear();
  }
  EndpointState next = state;
  if (!journal_ || !journal_->refusal().empty()) {
    ChooseRoute(slot, state);
    MakeSnapshots(slot);
    return {};
  }
  state.route = recovered;  // what the audit log shall say that there was before
  if (!why.empty()) Log(Level::kInfo, "rollout goes on", {{"endpoint", state.name}, {"where", why}});
  return Commit(slot, std::move(next),
                {.verb = "start", .result = crash_loop_->unclean() ? "after a crash" : "done"});
}

}  // namespace turnout
