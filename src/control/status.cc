#include "control/status.h"

#include <fmt/format.h>

#include "bytes/json_builder.h"

namespace turnout {
namespace {

void AppendWhole(JsonBuilder& json, std::string_view name, uint64_t value) {
  json.Key(name).Raw(fmt::format("{}", value));
}

void AppendRollout(JsonBuilder& json, const Rollout& r) {
  json.Object().Key("uid").Text(r.uid).Key("phase").Text(Name(r.phase)).Key("why").Text(r.why);
  json.Key("ended").Bool(IsEnd(r.phase));
  if (r.phase == Phase::kPaused) json.Key("paused_in").Text(Name(r.paused_in));
  json.Key("strategy").Text(Name(r.strategy.kind)).Key("plan").Text(StrategyText(r.strategy));
  json.Key("from").Text(r.stable).Key("to").Text(r.candidate);
  const Asked asked = Ask(r);
  json.Key("candidate_share").Raw(PpmText(asked.candidate_ppm));
  const Phase at = r.phase == Phase::kPaused ? r.paused_in : r.phase;
  AppendWhole(json, "step", StepCount(r) == 0 || at < Phase::kShifting ? 0 : r.step + 1);
  AppendWhole(json, "steps", StepCount(r));
  if (asked.rolling) AppendWhole(json, "loops_moved", asked.loops_moved);
  if (asked.down) json.Key("down").Bool(true);
  if (r.strategy.kind == StrategyKind::kRecreate) json.Key("down_seconds").Number(r.down_seconds);
  json.Key("seconds").Number(r.seconds);
  if (at == Phase::kWatching) json.Key("of_seconds").Number(r.strategy.post_promote_watch);
  if (at == Phase::kBaking && !r.strategy.steps.empty()) {
    const auto& steps = r.strategy.steps;
    const RolloutStep& step = steps[std::min<std::size_t>(r.step, steps.size() - 1)];
    json.Key("of_seconds").Number(step.bake_seconds);
    AppendWhole(json, "step_requests", r.step_requests);
    AppendWhole(json, "of_requests", step.min_requests);
  }
  json.Key("gates").Array();
  for (const Finding& finding : Findings(r)) {
    json.Object().Key("gate").Text(finding.gate).Key("verdict").Text(Name(finding.verdict));
    json.Key("why").Text(finding.why).End();
  }
  json.End();
  for (const auto& [name, evidence] : {std::pair("candidate", &r.evidence), {"stable", &r.stable_evidence}}) {
    json.Key(name).Object();
    AppendWhole(json, "requests", evidence->requests);
    AppendWhole(json, "rows", evidence->rows);
    AppendWhole(json, "errors", evidence->errors);
    AppendWhole(json, "refused", evidence->refused);
    AppendWhole(json, "invalid", evidence->invalid);
    json.End();
  }
  json.End();
}

}  // namespace

std::string StrategyText(const Strategy& strategy) {
  std::string text(Name(strategy.kind));
  if (strategy.kind == StrategyKind::kCanary) return text + " " + StepsText(strategy.steps);
  if (!strategy.steps.empty() && strategy.steps[0].bake_seconds > 0) {
    text += " for " + DurationText(strategy.steps[0].bake_seconds);
  }
  if (!strategy.steps.empty() && strategy.steps[0].min_requests > 0) {
    text += fmt::format(" after {}", strategy.steps[0].min_requests);
  }
  return text;
}

std::string StatusJson(const EndpointState& state, std::string_view refusal) {
  JsonBuilder json;
  json.Object().Key("endpoint").Text(state.name);
  AppendWhole(json, "revision", state.revision);
  AppendWhole(json, "generation", state.route.generation());
  json.Key("stable").Text(state.stable).Key("shares").Object();
  for (const TrafficShare& share : state.route.shares()) json.Key(share.version).Raw(PpmText(share.ppm));
  json.End().Key("split").Text(Name(state.route.split()));
  json.Key("frozen").Bool(state.frozen);
  if (state.frozen) json.Key("frozen_why").Text(state.frozen_why);
  if (!refusal.empty()) json.Key("refusal").Text(refusal);
  if (!state.previous.empty()) {
    json.Key("previous").Object().Key("version").Text(state.previous);
    json.Key("warm_seconds").Number(std::max(0.0, state.previous_window - state.previous_seconds)).End();
  }
  json.Key("versions").Object();
  for (const KnownVersion& version : state.versions) {
    json.Key(version.name).Object().Key("model").Text(version.path).Key("sha256").Text(version.sha256).End();
  }
  json.End();
  if (state.rollout) {
    json.Key("rollout");
    AppendRollout(json, *state.rollout);
  }
  if (state.next)
    json.Key("next").Object().Key("uid").Text(state.next->uid).Key("to").Text(state.next->candidate).End();
  return json.End().Take();
}

std::string HistoryJson(const EndpointState& state) {
  JsonBuilder json;
  json.Object().Key("endpoint").Text(state.name).Key("rollouts").Array();
  for (const EndedRollout& ended : state.history) {
    json.Object().Key("uid").Text(ended.uid).Key("from").Text(ended.from).Key("to").Text(ended.to);
    json.Key("strategy").Text(ended.strategy).Key("phase").Text(ended.phase).Key("why").Text(ended.why).End();
  }
  return json.End().End().Take();
}

std::string PlanJson(const EndpointState& state, const Rollout& r, bool superseding) {
  JsonBuilder json;
  json.Object().Key("endpoint").Text(state.name);
  AppendWhole(json, "revision", state.revision);
  json.Key("from").Text(r.stable).Key("to").Text(r.candidate);
  json.Key("strategy").Text(Name(r.strategy.kind)).Key("plan").Text(StrategyText(r.strategy));
  if (superseding) json.Key("supersedes").Text(state.rollout->uid);
  double bake = 0;
  json.Key("steps").Array();
  for (uint32_t i = 0; i < StepCount(r) && !r.strategy.steps.empty(); ++i) {
    const RolloutStep& step = r.strategy.steps[std::min<std::size_t>(i, r.strategy.steps.size() - 1)];
    json.Object();
    if (r.strategy.kind == StrategyKind::kCanary) json.Key("share").Raw(PpmText(step.ppm));
    if (r.strategy.kind == StrategyKind::kRolling) AppendWhole(json, "loop", i + 1);
    json.Key("bake_seconds").Number(step.bake_seconds);
    AppendWhole(json, "min_requests", step.min_requests);
    json.End();
    bake += step.bake_seconds;
  }
  json.End().Key("bake_seconds").Number(bake);
  json.Key("watch_seconds").Number(r.strategy.post_promote_watch);
  json.Key("auto_promote").Bool(r.strategy.auto_promote).Key("gates").Array();
  for (const Gate& gate : r.strategy.gates) {
    json.Object();
    AppendGate(json, gate);
    json.End();
  }
  return json.End().End().Take();
}

std::string SharesText(const Route& route) {
  std::string text;
  for (const TrafficShare& share : route.shares()) {
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", share.version, PpmText(share.ppm));
  }
  return text;
}

}  // namespace turnout
