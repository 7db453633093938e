#include "rollout/rollout.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "rollout/route.h"

namespace turnout {
namespace {

// A bake without evidence goes on for at least so long, however short it was meant to be.
constexpr double kShortestPatience = 60;
constexpr uint32_t kMostErrorsInRow = 4;

constexpr std::array<std::pair<Phase, std::string_view>, 14> kPhases = {{
    {Phase::kPending, "Pending"},
    {Phase::kValidating, "Validating"},
    {Phase::kLoading, "Loading"},
    {Phase::kReady, "Ready"},
    {Phase::kShifting, "Shifting"},
    {Phase::kBaking, "Baking"},
    {Phase::kPaused, "Paused"},
    {Phase::kPromoting, "Promoting"},
    {Phase::kWatching, "Watching"},
    {Phase::kAborting, "Aborting"},
    {Phase::kSucceeded, "Succeeded"},
    {Phase::kRolledBack, "RolledBack"},
    {Phase::kFailed, "Failed"},
    {Phase::kSuperseded, "Superseded"},
}};

bool Takes(const Rollout& r) {
  const Phase phase = r.phase == Phase::kPaused ? r.paused_in : r.phase;
  return phase == Phase::kShifting || phase == Phase::kBaking || phase == Phase::kPromoting ||
         phase == Phase::kWatching;
}

// What the step asks for; canary's is its own, the others have one for all.
RolloutStep StepOf(const Rollout& r) {
  const auto& steps = r.strategy.steps;
  if (steps.empty() || r.strategy.kind == StrategyKind::kRecreate) return {};
  return steps[std::min<std::size_t>(r.step, steps.size() - 1)];
}

bool AsksNothing(const RolloutStep& step) { return step.bake_seconds == 0 && step.min_requests == 0; }

Rollout To(Rollout r, Phase phase, std::string why) {
  r.phase = phase;
  r.why = std::move(why);
  r.seconds = 0;
  r.errors_in_row = 0;
  return r;
}

Rollout Pause(Rollout r, std::string why) {
  const Phase from = r.phase;
  const double seconds = r.seconds;
  r = To(std::move(r), Phase::kPaused, std::move(why));
  r.paused_in = from;
  r.seconds = seconds;
  return r;
}

Rollout Abort(Rollout r, std::string why, bool superseded = false) {
  r.ending_superseded = superseded;
  r.promoted = false;
  return To(std::move(r), Phase::kAborting, std::move(why));
}

Rollout Shift(Rollout r, uint32_t step, std::string why) {
  r.step = step;
  r.step_requests = 0;
  return To(std::move(r), Phase::kShifting, std::move(why));
}

Rollout Promote(Rollout r, std::string why) {
  r.promoted = true;
  return To(std::move(r), Phase::kPromoting, std::move(why));
}

// On from the step that is done, or from Ready: the next one, or the promotion.
Rollout Next(Rollout r, bool started, const std::string& why, bool full = false) {
  const uint32_t next = started ? r.step + 1 : 0;
  if (!full && next < StepCount(r)) return Shift(std::move(r), next, why);
  const bool only_recommends = r.strategy.kind == StrategyKind::kShadow;
  if (!full && (!r.strategy.auto_promote || only_recommends)) {
    return Pause(std::move(r), only_recommends && started
                                   ? why + "; it may be promoted (`promote --full`) or aborted"
                                   : why + "; waits for `promote`");
  }
  return Promote(std::move(r), why);
}

std::string StepName(const Rollout& r) {
  switch (r.strategy.kind) {
    case StrategyKind::kCanary:
      return fmt::format("step {} of {} ({} %)", r.step + 1, StepCount(r), PpmText(StepOf(r).ppm));
    case StrategyKind::kRolling: return fmt::format("loop {} of {}", r.step + 1, r.loops);
    default: return std::string(Name(r.strategy.kind));
  }
}

// What the gates say of harm while the candidate gets rows; true: the rollout has to change now.
bool Harmed(const Rollout& r, std::string& why) {
  for (const Gate& gate : r.strategy.gates) {
    const Finding finding = Judge(gate, r.evidence);
    if (finding.verdict != Verdict::kFail) continue;
    why = fmt::format("gate {}: {}", finding.gate, finding.why);
    return true;
  }
  return false;
}

Rollout ObserveBake(Rollout r) {
  const RolloutStep step = StepOf(r);
  const auto findings = Findings(r);
  const Verdict verdict = AsksNothing(step) ? Verdict::kPass : Worst(findings);
  if (verdict == Verdict::kError) {
    if (++r.errors_in_row <= kMostErrorsInRow) return r;
    const auto error = std::find_if(findings.begin(), findings.end(),
                                    [](const Finding& f) { return f.verdict == Verdict::kError; });
    return Pause(std::move(r), fmt::format("gate {} cannot be judged: {}", error->gate, error->why));
  }
  r.errors_in_row = 0;
  if (r.seconds < step.bake_seconds) return r;
  if (verdict == Verdict::kPass) {
    const bool all_moved = r.step + 1 >= StepCount(r);
    std::string why = StepName(r) + (AsksNothing(step) ? " has moved" : " passed");
    if (r.strategy.kind == StrategyKind::kShadow) why = "the shadow passed its gates";
    return Next(std::move(r), true, all_moved ? why + ", the last" : why);
  }
  const double patience = std::max(step.bake_seconds, kShortestPatience) * r.strategy.max_bake_factor;
  if (r.seconds < patience) return r;
  const auto open = std::find_if(findings.begin(), findings.end(),
                                 [](const Finding& f) { return f.verdict != Verdict::kPass; });
  const std::string why =
      fmt::format("inconclusive after {}: gate {}: {}", DurationText(r.seconds), open->gate, open->why);
  if (r.strategy.on_inconclusive == OnInconclusive::kAbort) return Abort(std::move(r), why);
  return Pause(std::move(r), why);
}

std::unexpected<Error> NotNow(const Rollout& r, Verb verb, std::string_view instead) {
  return Fail(Code::kUnavailable, fmt::format("rollout {} is {}: there is nothing to {}; {}", r.uid,
                                              Name(r.phase), Name(verb), instead));
}

std::string Because(std::string_view done, std::string_view reason) {
  return reason.empty() ? std::string(done) : fmt::format("{}: {}", done, reason);
}

}  // namespace

std::string_view Name(Phase phase) {
  for (const auto& [known, name] : kPhases) {
    if (known == phase) return name;
  }
  return "?";
}

Result<Phase> ParsePhase(std::string_view name) {
  for (const auto& [phase, known] : kPhases) {
    if (known == name) return phase;
  }
  return Fail(Code::kInvalidArgument, fmt::format("'{}' is not a phase of a rollout", name));
}

bool IsEnd(Phase phase) {
  return phase == Phase::kSucceeded || phase == Phase::kRolledBack || phase == Phase::kFailed ||
         phase == Phase::kSuperseded;
}

std::string_view Name(Verb verb) {
  switch (verb) {
    case Verb::kPause: return "pause";
    case Verb::kResume: return "resume";
    case Verb::kPromote: return "promote";
    case Verb::kPromoteFull: return "promote --full";
    case Verb::kAbort: return "abort";
    case Verb::kSupersede: return "supersede";
  }
  return "?";
}

Result<Rollout> StartRollout(std::string uid, std::string stable, std::string candidate, Strategy strategy,
                             uint32_t loops) {
  TURNOUT_TRY(Check(strategy));
  if (candidate == stable) {
    return Fail(Code::kInvalidArgument, fmt::format("version {} is the stable one already", stable));
  }
  Rollout rollout;
  rollout.uid = std::move(uid);
  rollout.stable = std::move(stable);
  rollout.candidate = std::move(candidate);
  rollout.strategy = std::move(strategy);
  rollout.loops = std::max(loops, 1u);
  rollout.why = "applied";
  return rollout;
}

Result<Rollout> RetryRollout(const Rollout& ended, std::string uid, std::string stable) {
  if (!IsEnd(ended.phase) || ended.phase == Phase::kSucceeded) {
    return Fail(Code::kUnavailable,
                fmt::format("rollout {} is {}: there is nothing to retry", ended.uid, Name(ended.phase)));
  }
  return StartRollout(std::move(uid), std::move(stable), ended.candidate, ended.strategy, ended.loops);
}

uint32_t StepCount(const Rollout& r) {
  switch (r.strategy.kind) {
    case StrategyKind::kCanary: return static_cast<uint32_t>(r.strategy.steps.size());
    case StrategyKind::kRolling: return r.loops;
    case StrategyKind::kRecreate:
    case StrategyKind::kShadow: return 1;
    case StrategyKind::kBlueGreen: return 0;
  }
  return 0;
}

const std::string& StableVersion(const Rollout& r) { return r.promoted ? r.candidate : r.stable; }

Asked Ask(const Rollout& r) {
  if (r.promoted) return {.candidate_ppm = kWhole};
  if (!Takes(r)) return {};
  switch (r.strategy.kind) {
    case StrategyKind::kCanary: return {.candidate_ppm = StepOf(r).ppm};
    case StrategyKind::kRolling: return {.loops_moved = r.step + 1, .rolling = true};
    case StrategyKind::kRecreate: return {.down = true};
    case StrategyKind::kShadow: return {.mirror = true};
    case StrategyKind::kBlueGreen: break;
  }
  return {};
}

Result<Rollout> Apply(const Rollout& r, Verb verb, std::string_view reason) {
  constexpr std::string_view kEnded = "`apply` or `retry` starts another";
  if (IsEnd(r.phase)) return NotNow(r, verb, kEnded);
  if (r.phase == Phase::kAborting) return NotNow(r, verb, "it is on its way back");
  const bool began = r.phase >= Phase::kReady;
  switch (verb) {
    case Verb::kAbort:
      if (!began) return To(r, Phase::kFailed, Because("aborted before it was loaded", reason));
      return Abort(r, Because("aborted", reason));
    case Verb::kSupersede:
      if (!began) return To(r, Phase::kSuperseded, Because("superseded", reason));
      return Abort(r, Because("superseded", reason), true);
    case Verb::kPause:
      if (r.phase == Phase::kPaused) return NotNow(r, verb, "`resume` goes on");
      if (!began || r.phase == Phase::kPromoting || Ask(r).down) {
        return NotNow(r, verb, "wait for the next phase, or `abort`");
      }
      return Pause(r, Because("paused", reason));
    case Verb::kResume: {
      if (r.phase != Phase::kPaused) return NotNow(r, verb, "it goes on by itself");
      if (r.paused_in == Phase::kBaking || r.paused_in == Phase::kWatching) {
        const bool again = r.paused_in == Phase::kBaking;  // what was inconclusive gets its whole time again
        const double seconds = r.seconds;
        Rollout on = To(r, r.paused_in, Because("resumed", reason));
        if (!again) on.seconds = seconds;
        return on;
      }
      return To(r, r.paused_in, Because("resumed", reason));
    }
    case Verb::kPromote:
    case Verb::kPromoteFull: {
      const Phase at = r.phase == Phase::kPaused ? r.paused_in : r.phase;
      if (!began) return NotNow(r, verb, "wait until it is Ready");
      if (r.promoted) return NotNow(r, verb, "the candidate is promoted; `abort` goes back");
      std::string harm;
      if (Harmed(r, harm)) return Fail(Code::kUnavailable, fmt::format("rollout {}: {}", r.uid, harm));
      const bool started = at != Phase::kReady;
      const bool full = verb == Verb::kPromoteFull;
      Rollout from = r;
      from.phase = at;
      Rollout next = Next(from, started, Because(full ? "promoted in full" : "promoted", reason), full);
      // The last step is done, or there is none: the verb is what the promotion waited for.
      if (next.phase == Phase::kPaused && r.strategy.kind != StrategyKind::kShadow) {
        next = Next(from, started, Because("promoted", reason), true);
      }
      if (next.phase == Phase::kPaused)
        return NotNow(r, verb, "`promote --full` makes a shadow the stable version");
      return next;
    }
  }
  return NotNow(r, verb, kEnded);
}

Rollout Loaded(const Rollout& r, Load load, std::string_view problem) {
  if (r.phase >= Phase::kReady) return r;
  switch (load) {
    case Load::kReading: return To(r, Phase::kValidating, "reading the model file");
    case Load::kCompiling: return To(r, Phase::kLoading, "compiling and warming");
    case Load::kLoaded: return To(r, Phase::kReady, "loaded and warm");
    case Load::kFailed: return To(r, Phase::kFailed, std::string(problem));
  }
  return r;
}

Rollout Observe(const Rollout& before, const Observation& seen) {
  if (IsEnd(before.phase)) return before;
  Rollout r = before;
  r.evidence.Add(seen.candidate);
  r.stable_evidence.Add(seen.stable);
  const bool takes = Takes(r) && r.strategy.kind != StrategyKind::kRecreate;
  std::string harm;
  if (r.phase != Phase::kAborting && (takes || r.promoted) && Harmed(r, harm))
    return Abort(std::move(r), harm);

  switch (r.phase) {
    case Phase::kReady: return seen.frozen ? r : Next(std::move(r), false, "loaded and warm");
    case Phase::kShifting:
      if (r.strategy.kind == StrategyKind::kRecreate) {
        r.down_seconds += seen.seconds;
        if (!seen.published || seen.frozen) return r;
        return Promote(std::move(r), "every loop has let go of the old version");
      }
      if (!seen.published) return r;
      r.step_requests = 0;
      return To(std::move(r), Phase::kBaking, StepName(before) + " is served");
    case Phase::kBaking:
      r.seconds += seen.seconds;
      r.step_requests += seen.candidate.requests;
      return seen.frozen ? r : ObserveBake(std::move(r));
    case Phase::kPromoting:
      if (r.strategy.kind == StrategyKind::kRecreate) r.down_seconds += seen.seconds;
      if (!seen.published) return r;
      return To(std::move(r), Phase::kWatching, "promoted: every loop serves " + before.candidate);
    case Phase::kWatching: {
      r.seconds += seen.seconds;
      if (r.seconds < r.strategy.post_promote_watch || seen.frozen) return r;
      return To(std::move(r), Phase::kSucceeded,
                fmt::format("watched for {} without harm", DurationText(before.strategy.post_promote_watch)));
    }
    case Phase::kAborting: {
      if (!seen.published) return r;
      const std::string why = r.why;
      return To(std::move(r), before.ending_superseded ? Phase::kSuperseded : Phase::kRolledBack, why);
    }
    case Phase::kPaused:
    case Phase::kPending:
    case Phase::kValidating:
    case Phase::kLoading:
    default: return r;
  }
}

std::vector<Finding> Findings(const Rollout& r) {
  std::vector<Finding> findings;
  for (const Gate& gate : r.strategy.gates) findings.push_back(Judge(gate, r.evidence));
  const Phase at = r.phase == Phase::kPaused ? r.paused_in : r.phase;
  const RolloutStep step = StepOf(r);
  if ((at != Phase::kBaking && at != Phase::kShifting) || AsksNothing(step)) return findings;
  const uint64_t needed = std::max<uint64_t>(step.min_requests, 1);
  findings.push_back({"step requests", r.step_requests >= needed ? Verdict::kPass : Verdict::kInconclusive,
                      fmt::format("{} requests in this step, {} needed", r.step_requests, needed)});
  findings.push_back(
      {"bake", r.seconds >= step.bake_seconds ? Verdict::kPass : Verdict::kInconclusive,
       fmt::format("served for {} of {}", DurationText(r.seconds), DurationText(step.bake_seconds))});
  return findings;
}

std::string Violation(const Rollout& before, const Rollout& after) {
  if (IsEnd(before.phase) && !(after == before)) return "I7: an end was left";
  if (after.uid != before.uid || after.candidate != before.candidate || after.stable != before.stable) {
    return "a rollout changed what it is about";
  }
  if (after.promoted && !before.promoted && after.phase != Phase::kPromoting) {
    return "I1: the stable version changed outside Promoting";
  }
  if (!after.promoted && before.promoted && after.phase != Phase::kAborting) {
    return "I1: the stable version changed back without an abort";
  }
  const Asked asked = Ask(after);
  const bool rows = asked.candidate_ppm > 0 || asked.loops_moved > 0;
  const bool may = Takes(after) || after.phase == Phase::kSucceeded;
  if (rows && !may) return fmt::format("I2: the candidate gets rows in {}", Name(after.phase));
  if (after.phase == Phase::kAborting && !(asked == Asked{})) return "I5: Aborting asks for something";
  const bool passed = before.phase == Phase::kBaking &&
                      (after.phase == Phase::kShifting || after.phase == Phase::kPromoting) &&
                      (after.why.ends_with(" passed") || after.why.ends_with(" passed, the last"));
  if (passed && after.evidence.requests == 0) return "I6: a step passed without a request";
  return {};
}

}  // namespace turnout
