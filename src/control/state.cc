#include "control/state.h"

#include <fmt/format.h>

#include <algorithm>

namespace turnout {
namespace {

std::unexpected<Error> Bad(std::string message) { return Fail(Code::kInvalidArgument, std::move(message)); }

void AppendWhole(JsonBuilder& json, std::string_view name, uint64_t value) {
  json.Key(name).Raw(fmt::format("{}", value));
}

void AppendRollout(JsonBuilder& json, const Rollout& r) {
  json.Object().Key("uid").Text(r.uid).Key("stable").Text(r.stable).Key("candidate").Text(r.candidate);
  json.Key("strategy");
  AppendStrategy(json, r.strategy);
  AppendWhole(json, "loops", r.loops);
  json.Key("phase").Text(Name(r.phase)).Key("paused_in").Text(Name(r.paused_in));
  json.Key("ending_superseded").Bool(r.ending_superseded).Key("promoted").Bool(r.promoted);
  AppendWhole(json, "step", r.step);
  json.Key("why").Text(r.why).Key("seconds").Number(r.seconds).Key("down_seconds").Number(r.down_seconds);
  AppendWhole(json, "step_requests", r.step_requests);
  AppendWhole(json, "errors_in_row", r.errors_in_row);
  json.Key("evidence");
  AppendEvidence(json, r.evidence);
  json.Key("stable_evidence");
  AppendEvidence(json, r.stable_evidence);
  json.End();
}

Result<Rollout> ReadRollout(const JsonView& json) {
  Rollout r;
  r.uid = json["uid"].Text();
  r.stable = json["stable"].Text();
  r.candidate = json["candidate"].Text();
  TURNOUT_ASSIGN(r.strategy, ReadStrategy(json["strategy"], {}));
  r.loops = static_cast<uint32_t>(std::clamp<uint64_t>(json["loops"].Whole().value_or(1), 1, 4096));
  TURNOUT_ASSIGN(r.phase, ParsePhase(json["phase"].Text()));
  TURNOUT_ASSIGN(r.paused_in, ParsePhase(json["paused_in"].Text()));
  r.ending_superseded = json["ending_superseded"].True();
  r.promoted = json["promoted"].True();
  r.step = static_cast<uint32_t>(std::min<uint64_t>(json["step"].Whole().value_or(0), 4096));
  r.why = json["why"].Text();
  r.seconds = json["seconds"].Number().value_or(0);
  r.down_seconds = json["down_seconds"].Number().value_or(0);
  r.step_requests = json["step_requests"].Whole().value_or(0);
  r.errors_in_row = static_cast<uint32_t>(json["errors_in_row"].Whole().value_or(0));
  r.evidence = ReadEvidence(json["evidence"]);
  r.stable_evidence = ReadEvidence(json["stable_evidence"]);
  if (r.uid.empty() || r.candidate.empty() || r.candidate == r.stable)
    return Bad("a rollout without its versions");
  return r;
}

void AppendRoute(JsonBuilder& json, const Route& route) {
  json.Object();
  AppendWhole(json, "generation", route.generation());
  AppendWhole(json, "salt", route.salt());
  json.Key("split").Text(Name(route.split())).Key("shares").Array();
  for (const TrafficShare& share : route.shares()) {
    json.Object().Key("version").Text(share.version);
    AppendWhole(json, "ppm", share.ppm);
    json.End();
  }
  json.End().Key("slices").Array();
  for (const Route::Slice& slice : route.slices()) {
    json.Array().Number(slice.end).Number(slice.version).End();
  }
  json.End().End();
}

Result<Route> ReadRoute(const JsonView& json) {
  TURNOUT_ASSIGN(const Split split, ParseSplit(json["split"].Text()));
  const auto small = [](const JsonView& number) {
    return static_cast<uint32_t>(std::min<uint64_t>(number.Whole().value_or(~0u), ~0u));
  };
  std::vector<TrafficShare> shares;
  for (const JsonView& share : json["shares"].Items()) {
    shares.push_back({std::string(share["version"].Text()), small(share["ppm"])});
  }
  std::vector<Route::Slice> slices;
  for (const JsonView& slice : json["slices"].Items()) {
    const auto numbers = slice.Items();
    if (numbers.size() != 2) return Bad("a slice of a route without its two numbers");
    slices.push_back({small(numbers[0]), small(numbers[1])});
  }
  return Route::Restore(json["generation"].Whole().value_or(0), json["salt"].Whole().value_or(0), split,
                        std::move(shares), std::move(slices));
}

constexpr GateKind kGateKinds[] = {GateKind::kErrors, GateKind::kRefused, GateKind::kInvalid, GateKind::kP99,
                                   GateKind::kRequests};

}  // namespace

const KnownVersion* EndpointState::Find(std::string_view version) const {
  for (const KnownVersion& known : versions) {
    if (known.name == version) return &known;
  }
  return nullptr;
}

void AppendGate(JsonBuilder& json, const Gate& gate) {
  json.Key("kind").Text(Name(gate.kind)).Key("limit").Number(gate.limit);
  AppendWhole(json, "min_requests", gate.min_requests);
}

Result<Gate> ReadGate(const JsonView& json) {
  Gate gate;
  gate.limit = json["limit"].Number().value_or(0);
  gate.min_requests = json["min_requests"].Whole().value_or(0);
  for (const GateKind kind : kGateKinds) {
    if (json["kind"].Text() != Name(kind)) continue;
    gate.kind = kind;
    return gate;
  }
  return Bad(fmt::format("'{}' is not a gate; there are errors, refused, invalid_outputs, p99, requests",
                         json["kind"].Text()));
}

void AppendStrategy(JsonBuilder& json, const Strategy& strategy) {
  json.Object().Key("kind").Text(Name(strategy.kind)).Key("steps").Array();
  for (const RolloutStep& step : strategy.steps) {
    json.Object();
    AppendWhole(json, "ppm", step.ppm);
    json.Key("bake").Number(step.bake_seconds);
    AppendWhole(json, "min_requests", step.min_requests);
    json.End();
  }
  json.End().Key("max_bake_factor").Number(strategy.max_bake_factor);
  json.Key("on_inconclusive").Text(strategy.on_inconclusive == OnInconclusive::kPause ? "pause" : "abort");
  json.Key("auto_promote").Bool(strategy.auto_promote);
  json.Key("post_promote_watch").Number(strategy.post_promote_watch);
  json.Key("rollback_window").Number(strategy.rollback_window).Key("gates").Array();
  for (const Gate& gate : strategy.gates) {
    json.Object();
    AppendGate(json, gate);
    json.End();
  }
  json.End().End();
}

Result<Strategy> ReadStrategy(const JsonView& json, Strategy base) {
  constexpr std::string_view kKnown[] = {"kind",
                                         "steps",
                                         "max_bake_factor",
                                         "on_inconclusive",
                                         "auto_promote",
                                         "post_promote_watch",
                                         "rollback_window",
                                         "gates"};
  for (const auto& [name, value] : json.Members()) {
    if (std::find(std::begin(kKnown), std::end(kKnown), name) == std::end(kKnown)) {
      return Bad(fmt::format("strategy.{}: there is no such thing", name));
    }
  }
  if (const JsonView kind = json["kind"]) {
    TURNOUT_ASSIGN(base.kind, ParseStrategyKind(kind.Text()));
  }
  if (const JsonView steps = json["steps"]; steps.Is(JsonToken::Kind::kString)) {
    TURNOUT_ASSIGN(base.steps, ParseSteps(steps.Text()));
  } else if (steps) {
    base.steps.clear();
    for (const JsonView& step : steps.Items()) {
      const uint64_t ppm = step["ppm"].Whole().value_or(kWhole);
      base.steps.push_back({static_cast<uint32_t>(std::min<uint64_t>(ppm, kWhole)),
                            step["bake"].Number().value_or(0), step["min_requests"].Whole().value_or(0)});
    }
  }
  base.max_bake_factor = json["max_bake_factor"].Number().value_or(base.max_bake_factor);
  if (const JsonView on = json["on_inconclusive"]) {
    if (on.Text() != "pause" && on.Text() != "abort") {
      return Bad(fmt::format("on_inconclusive: '{}' is not pause or abort", on.Text()));
    }
    base.on_inconclusive = on.Text() == "pause" ? OnInconclusive::kPause : OnInconclusive::kAbort;
  }
  if (const JsonView promote = json["auto_promote"]) base.auto_promote = promote.True();
  base.post_promote_watch = json["post_promote_watch"].Number().value_or(base.post_promote_watch);
  base.rollback_window = json["rollback_window"].Number().value_or(base.rollback_window);
  if (const JsonView gates = json["gates"]) {
    base.gates.clear();
    for (const JsonView& gate : gates.Items()) {
      TURNOUT_ASSIGN(Gate read, ReadGate(gate));
      base.gates.push_back(read);
    }
  }
  return base;
}

void AppendEvidence(JsonBuilder& json, const Evidence& evidence) {
  json.Object();
  AppendWhole(json, "requests", evidence.requests);
  AppendWhole(json, "rows", evidence.rows);
  AppendWhole(json, "errors", evidence.errors);
  AppendWhole(json, "refused", evidence.refused);
  AppendWhole(json, "invalid", evidence.invalid);
  json.Key("bounds").Array();
  for (const double bound : evidence.bounds) json.Number(bound);
  json.End().Key("latency").Array();
  for (const uint64_t count : evidence.latency) json.Raw(fmt::format("{}", count));
  json.End().End();
}

Evidence ReadEvidence(const JsonView& json) {
  Evidence evidence;
  evidence.requests = json["requests"].Whole().value_or(0);
  evidence.rows = json["rows"].Whole().value_or(0);
  evidence.errors = json["errors"].Whole().value_or(0);
  evidence.refused = json["refused"].Whole().value_or(0);
  evidence.invalid = json["invalid"].Whole().value_or(0);
  for (const JsonView& bound : json["bounds"].Items()) evidence.bounds.push_back(bound.Number().value_or(0));
  for (const JsonView& count : json["latency"].Items()) evidence.latency.push_back(count.Whole().value_or(0));
  return evidence;
}

std::string StateJson(const EndpointState& state) {
  JsonBuilder json;
  json.Object().Key("name").Text(state.name);
  AppendWhole(json, "revision", state.revision);
  AppendWhole(json, "rollouts", state.rollouts);
  json.Key("stable").Text(state.stable).Key("previous").Text(state.previous);
  json.Key("previous_seconds")
      .Number(state.previous_seconds)
      .Key("previous_window")
      .Number(state.previous_window);
  json.Key("frozen").Bool(state.frozen).Key("frozen_why").Text(state.frozen_why).Key("route");
  AppendRoute(json, state.route);
  json.Key("versions").Array();
  for (const KnownVersion& version : state.versions) {
    json.Object().Key("name").Text(version.name).Key("path").Text(version.path);
    json.Key("sha256").Text(version.sha256).Key("engine").Text(version.engine);
    json.Key("configured").Bool(version.configured).End();
  }
  json.End();
  if (state.rollout) {
    json.Key("rollout");
    AppendRollout(json, *state.rollout);
  }
  if (state.next) {
    json.Key("next");
    AppendRollout(json, *state.next);
  }
  json.Key("history").Array();
  for (const EndedRollout& ended : state.history) {
    json.Object().Key("uid").Text(ended.uid).Key("from").Text(ended.from).Key("to").Text(ended.to);
    json.Key("strategy").Text(ended.strategy).Key("phase").Text(ended.phase).Key("why").Text(ended.why).End();
  }
  json.End().Key("done").Array();
  for (const DoneVerb& done : state.done) {
    json.Object().Key("key").Text(done.key).Key("what").Text(done.what).End();
  }
  return json.End().End().Take();
}

Result<EndpointState> ReadState(const JsonView& json) {
  EndpointState state;
  const auto text = [](const JsonView& of, std::string_view name) { return std::string(of[name].Text()); };
  state.name = text(json, "name");
  state.revision = json["revision"].Whole().value_or(0);
  state.rollouts = json["rollouts"].Whole().value_or(0);
  state.stable = text(json, "stable");
  state.previous = text(json, "previous");
  state.previous_seconds = json["previous_seconds"].Number().value_or(0);
  state.previous_window = json["previous_window"].Number().value_or(0);
  state.frozen = json["frozen"].True();
  state.frozen_why = text(json, "frozen_why");
  TURNOUT_ASSIGN(state.route, ReadRoute(json["route"]));
  for (const JsonView& version : json["versions"].Items()) {
    state.versions.push_back({text(version, "name"), text(version, "path"), text(version, "sha256"),
                              text(version, "engine"), version["configured"].True()});
  }
  if (json["rollout"]) {
    TURNOUT_ASSIGN(state.rollout, ReadRollout(json["rollout"]));
  }
  if (json["next"]) {
    TURNOUT_ASSIGN(state.next, ReadRollout(json["next"]));
  }
  for (const JsonView& ended : json["history"].Items()) {
    state.history.push_back({text(ended, "uid"), text(ended, "from"), text(ended, "to"),
                             text(ended, "strategy"), text(ended, "phase"), text(ended, "why")});
  }
  for (const JsonView& done : json["done"].Items()) {
    state.done.push_back({text(done, "key"), text(done, "what")});
  }
  if (state.name.empty()) return Bad("a state without an endpoint");
  if (state.route.Find(state.stable) < 0) return Bad("a state whose route has no stable version");
  return state;
}

}  // namespace turnout
