#include "rollout/rollout.h"

#include <gtest/gtest.h>

#include <random>

#include "rollout/route.h"

namespace turnout {
namespace {

Strategy Canary(std::string_view steps) {
  Strategy strategy;
  strategy.kind = StrategyKind::kCanary;
  strategy.steps = ParseSteps(steps).value();
  strategy.post_promote_watch = 60;
  strategy.gates = {{GateKind::kInvalid}, {GateKind::kErrors, 0.1, 10}};
  return strategy;
}

Rollout Begin(Strategy strategy, uint32_t loops = 2) {
  const auto rollout = StartRollout("churn-1", "v1", "v2", std::move(strategy), loops);
  EXPECT_TRUE(rollout) << rollout.error().message;
  return Loaded(Loaded(Loaded(*rollout, Load::kReading), Load::kCompiling), Load::kLoaded);
}

// `seconds` of serving with so many requests of the candidate.
Observation Seen(double seconds, uint64_t requests = 0, uint64_t errors = 0, uint64_t invalid = 0) {
  Observation seen;
  seen.seconds = seconds;
  seen.published = true;
  seen.candidate.requests = seen.candidate.rows = requests;
  seen.candidate.errors = errors;
  seen.candidate.invalid = invalid;
  return seen;
}

// As many observations as it takes, each of which is checked, to reach `phase`.
Rollout Until(Rollout rollout, Phase phase, const Observation& seen, int most = 1000) {
  for (int i = 0; i < most && rollout.phase != phase; ++i) {
    const Rollout next = Observe(rollout, seen);
    EXPECT_EQ(Violation(rollout, next), "");
    rollout = next;
  }
  EXPECT_EQ(Name(rollout.phase), Name(phase)) << rollout.why;
  return rollout;
}

Rollout Do(const Rollout& rollout, Verb verb, std::string_view reason = "") {
  const auto next = Apply(rollout, verb, reason);
  if (!next) {
    ADD_FAILURE() << next.error().message;
    return rollout;
  }
  EXPECT_EQ(Violation(rollout, *next), "");
  return *next;
}

TEST(Rollout, CanaryStepByStep) {
  Rollout r = Begin(Canary("10% for 10s after 50 then 50% for 10s then 100%"));
  EXPECT_EQ(Ask(r), Asked{});
  r = Until(r, Phase::kBaking, Seen(1, 10));
  EXPECT_EQ(Ask(r).candidate_ppm, 100'000u);
  EXPECT_EQ(StableVersion(r), "v1");
  EXPECT_EQ(r.why, "step 1 of 2 (10 %) is served");
  for (int i = 0; i < 9; ++i) r = Observe(r, Seen(1, 10));
  EXPECT_EQ(r.phase, Phase::kBaking);
  r = Observe(r, Seen(1, 10));
  EXPECT_EQ(r.phase, Phase::kShifting);
  EXPECT_EQ(r.why, "step 1 of 2 (10 %) passed");
  EXPECT_EQ(Ask(r).candidate_ppm, 500'000u);
  EXPECT_EQ(r.step_requests, 0u);
  r = Until(r, Phase::kPromoting, Seen(1, 10));
  EXPECT_EQ(r.why, "step 2 of 2 (50 %) passed, the last");
  EXPECT_EQ(Ask(r).candidate_ppm, kWhole);
  EXPECT_EQ(StableVersion(r), "v2");
  r = Until(r, Phase::kSucceeded, Seen(1, 10));
  EXPECT_EQ(r.why, "watched for 1m without harm");
  EXPECT_EQ(Observe(r, Seen(1, 10, 10, 10)), r);
}

TEST(Rollout, ABakeLastsItsServingTimeAndItsRequests) {
  Rollout r = Until(Begin(Canary("10% for 10s after 1000 then 100%")), Phase::kBaking, Seen(1));
  r = Observe(r, Seen(3600, 999));
  EXPECT_EQ(r.phase, Phase::kPaused);  // six minutes at most: the bake is below a minute
  r = Until(Begin(Canary("10% for 10s after 1000 then 100%")), Phase::kBaking, Seen(1));
  for (int i = 0; i < 100; ++i) r = Observe(r, Seen(1, 9));
  EXPECT_EQ(r.phase, Phase::kBaking);
  EXPECT_EQ(Observe(r, Seen(1, 100)).phase, Phase::kPromoting);
}

TEST(Rollout, WithoutTrafficNothingIsPromoted) {
  Strategy strategy = Canary("10% for 10s then 100%");
  strategy.gates.clear();
  Rollout r = Until(Begin(strategy), Phase::kPaused, Seen(10));
  EXPECT_EQ(r.why, "inconclusive after 6m: gate step requests: 0 requests in this step, 1 needed");
  EXPECT_EQ(Ask(r).candidate_ppm, 100'000u);
  // Resumed, it gets its whole time again.
  r = Do(r, Verb::kResume);
  EXPECT_EQ(r.phase, Phase::kBaking);
  EXPECT_EQ(r.seconds, 0);
  strategy.on_inconclusive = OnInconclusive::kAbort;
  r = Until(Begin(strategy), Phase::kRolledBack, Seen(10));
  EXPECT_EQ(r.evidence.requests, 0u);
}

TEST(Rollout, HarmRollsBackWhereverItIsFound) {
  const Strategy strategy = Canary("10% for 10s then 100%");
  const Rollout baking = Until(Begin(strategy), Phase::kBaking, Seen(1, 10));
  const Rollout paused = Do(baking, Verb::kPause, "lunch");
  const Rollout watching = Until(baking, Phase::kWatching, Seen(1, 10));
  for (const Rollout& at : {baking, paused, watching}) {
    for (const bool frozen : {false, true}) {
      Observation seen = Seen(1, 1, 0, 1);
      seen.frozen = frozen;
      const Rollout r = Observe(at, seen);
      EXPECT_EQ(r.phase, Phase::kAborting) << Name(at.phase);
      EXPECT_EQ(Violation(at, r), "");
      EXPECT_EQ(Ask(r), Asked{});
      EXPECT_EQ(StableVersion(r), "v1");
      const Rollout end = Observe(r, Seen(1));
      EXPECT_EQ(end.phase, Phase::kRolledBack);
      EXPECT_TRUE(end.why.starts_with("gate invalid_outputs: 1 of ")) << end.why;
    }
  }
}

TEST(Rollout, ErrorsInARowPause) {
  Strategy strategy = Canary("10% for 10s then 100%");
  strategy.gates = {{GateKind::kP99, 0.05, 1}};
  Rollout r = Until(Begin(strategy), Phase::kBaking, Seen(1, 10));  // requests, but no buckets
  for (int i = 0; i < 4; ++i) {
    r = Observe(r, Seen(1, 10));
    EXPECT_EQ(r.phase, Phase::kBaking);
  }
  r = Observe(r, Seen(1, 10));
  EXPECT_EQ(r.phase, Phase::kPaused);
  EXPECT_EQ(r.why, "gate p99 cannot be judged: 0 buckets of latency for 0 bounds");
}

TEST(Rollout, BlueGreenIsOnePublication) {
  Strategy strategy;
  strategy.kind = StrategyKind::kBlueGreen;
  strategy.auto_promote = false;
  Rollout r = Until(Begin(strategy), Phase::kPaused, Seen(1));
  EXPECT_EQ(r.why, "loaded and warm; waits for `promote`");
  EXPECT_EQ(Ask(r), Asked{});
  r = Do(r, Verb::kPromote, "green looks good");
  EXPECT_EQ(r.phase, Phase::kPromoting);
  EXPECT_EQ(r.why, "promoted: green looks good");
  r = Observe(r, Seen(1));
  EXPECT_EQ(r.phase, Phase::kWatching);
  r = Do(r, Verb::kAbort);
  EXPECT_EQ(Ask(r), Asked{});
  EXPECT_EQ(Observe(r, Seen(1)).phase, Phase::kRolledBack);
}

TEST(Rollout, RollingMovesLoopByLoop) {
  Strategy strategy;
  strategy.kind = StrategyKind::kRolling;
  strategy.post_promote_watch = 0;
  Rollout r = Begin(strategy, 3);
  std::vector<uint32_t> moved;
  while (r.phase != Phase::kPromoting) {
    const Rollout next = Observe(r, Seen(1));
    ASSERT_EQ(Violation(r, next), "");
    r = next;
    if (r.phase == Phase::kBaking) moved.push_back(Ask(r).loops_moved);
  }
  EXPECT_EQ(moved, (std::vector<uint32_t>{1, 2, 3}));
  EXPECT_EQ(Until(r, Phase::kSucceeded, Seen(1)).why, "watched for 0ms without harm");
}

TEST(Rollout, RecreateIsDownBetweenTheTwo) {
  Strategy strategy;
  strategy.kind = StrategyKind::kRecreate;
  strategy.post_promote_watch = 0;
  Rollout r = Observe(Begin(strategy), Seen(1));
  EXPECT_EQ(r.phase, Phase::kShifting);
  EXPECT_TRUE(Ask(r).down);
  EXPECT_FALSE(Apply(r, Verb::kPause, ""));
  Observation waiting = Seen(0.5);
  waiting.published = false;
  r = Observe(r, waiting);
  EXPECT_EQ(r.phase, Phase::kShifting);
  r = Observe(r, Seen(0.25));
  EXPECT_EQ(r.phase, Phase::kPromoting);
  EXPECT_EQ(Ask(r), (Asked{.candidate_ppm = kWhole}));
  r = Until(r, Phase::kSucceeded, Seen(0.25));
  EXPECT_EQ(r.down_seconds, 1.0);
}

TEST(Rollout, AShadowOnlyRecommends) {
  Strategy strategy;
  strategy.kind = StrategyKind::kShadow;
  strategy.steps = {{0, 10, 100}};
  strategy.gates = {{GateKind::kInvalid}};
  Rollout r = Until(Begin(strategy), Phase::kBaking, Seen(1, 50));
  EXPECT_EQ(Ask(r), (Asked{.mirror = true}));
  r = Until(r, Phase::kPaused, Seen(1, 50));
  EXPECT_EQ(r.why, "the shadow passed its gates, the last; it may be promoted (`promote --full`) or aborted");
  EXPECT_EQ(Ask(r), (Asked{.mirror = true}));
  EXPECT_EQ(Do(r, Verb::kPromoteFull).phase, Phase::kPromoting);
}

TEST(Rollout, FrozenNothingMovesButAnAbort) {
  Observation frozen = Seen(10, 100);
  frozen.frozen = true;
  Rollout r = Until(Begin(Canary("10% for 10s then 100%")), Phase::kBaking, Seen(1, 10));
  for (int i = 0; i < 5; ++i) r = Observe(r, frozen);
  EXPECT_EQ(r.phase, Phase::kBaking);
  EXPECT_EQ(Observe(r, Seen(1)).phase, Phase::kPromoting);
  EXPECT_EQ(Observe(Do(r, Verb::kAbort), frozen).phase, Phase::kRolledBack);
}

TEST(Rollout, Refusals) {
  const auto why = [](const Rollout& r, Verb verb) { return Apply(r, verb, "").error().message; };
  const Rollout ready = Begin(Canary("10% for 10s then 100%"));
  EXPECT_EQ(why(ready, Verb::kResume),
            "rollout churn-1 is Ready: there is nothing to resume; it goes on by itself");
  const Rollout ended = Until(Do(ready, Verb::kAbort), Phase::kRolledBack, Seen(1));
  for (const Verb verb : {Verb::kPause, Verb::kResume, Verb::kPromote, Verb::kPromoteFull, Verb::kAbort}) {
    EXPECT_EQ(why(ended, verb), "rollout churn-1 is RolledBack: there is nothing to " +
                                    std::string(Name(verb)) + "; `apply` or `retry` starts another");
  }
  // A candidate that does harm is promoted by no verb, before the next observation sees it.
  Rollout harmed = Until(ready, Phase::kBaking, Seen(1, 10));
  harmed.evidence.invalid = 1;
  EXPECT_EQ(why(harmed, Verb::kPromoteFull),
            "rollout churn-1: gate invalid_outputs: 1 of 20 rows got an answer that is no number");
  EXPECT_EQ(StartRollout("u", "v1", "v1", Strategy(), 1).error().message,
            "version v1 is the stable one already");
  EXPECT_EQ(RetryRollout(ready, "u", "v1").error().message,
            "rollout churn-1 is Ready: there is nothing to retry");
  const Rollout retried = RetryRollout(ended, "churn-2", "v1").value();
  EXPECT_EQ(retried.evidence, Evidence());
  EXPECT_EQ(retried.phase, Phase::kPending);
}

TEST(Rollout, NamesOfPhases) {
  for (int phase = 0; phase <= static_cast<int>(Phase::kSuperseded); ++phase) {
    EXPECT_EQ(ParsePhase(Name(static_cast<Phase>(phase))).value(), static_cast<Phase>(phase));
  }
}

// What the machine promises, on walks over verbs and observations that nobody chose; I1, I2, I5, I6 and I7
// are checked here in words of their own, not by Violation alone.
TEST(Rollout, RandomWalksKeepTheInvariants) {
  std::mt19937_64 random(11);
  const auto below = [&](uint64_t n) { return random() % n; };
  std::vector<int> ends(14);
  for (int walk = 0; walk < 4000; ++walk) {
    Strategy strategy = Canary("1% for 3s after 5 then 40% for 3s then 100%");
    strategy.kind = static_cast<StrategyKind>(below(5));
    strategy.auto_promote = below(2) == 0;
    strategy.on_inconclusive = below(2) == 0 ? OnInconclusive::kPause : OnInconclusive::kAbort;
    strategy.max_bake_factor = 1;
    strategy.post_promote_watch = static_cast<double>(below(20));
    Rollout r = StartRollout("u", "v1", "v2", strategy, 3).value();
    std::string stable = "v1";
    uint64_t counted = 0;  // the candidate's requests since its step began
    for (int i = 0; i < 120; ++i) {
      const Rollout before = r;
      const bool aborting = below(40) == 0;
      if (r.phase < Phase::kReady && below(3) > 0) {
        r = Loaded(r, static_cast<Load>(below(20) == 0 ? 3 : static_cast<uint64_t>(r.phase)));
      } else if (aborting || below(8) == 0) {
        const Verb verb = aborting ? Verb::kAbort : static_cast<Verb>(below(4));
        const auto next = Apply(r, verb, "walk");
        if (next) r = *next;
        if (aborting && !IsEnd(before.phase) && before.phase != Phase::kAborting) {
          ASSERT_TRUE(next);
          ASSERT_EQ(Ask(r), Asked{});  // I5: at once
        }
      } else {
        Observation seen = Seen(static_cast<double>(below(30)) / 10, Ask(r) == Asked{} ? 0 : below(9), 0,
                                below(400) == 0 && !(Ask(r) == Asked{}) ? 1 : 0);
        seen.published = below(3) > 0;
        seen.frozen = below(10) == 0;
        r = Observe(r, seen);
        counted = r.phase == Phase::kBaking && before.phase == Phase::kBaking
                      ? counted + seen.candidate.requests
                      : counted;
        const bool on =
            before.phase == Phase::kBaking &&
            (r.phase == Phase::kPromoting || (r.phase == Phase::kShifting && r.step > before.step));
        if (on && (strategy.kind == StrategyKind::kCanary)) {
          ASSERT_GT(counted + seen.candidate.requests, 0u);  // I6
        }
        if (r.phase == Phase::kShifting) counted = 0;
      }
      ASSERT_EQ(Violation(before, r), "") << Name(before.phase) << " to " << Name(r.phase);
      if (IsEnd(before.phase)) {
        ASSERT_EQ(before, r);  // I7
      }
      if (StableVersion(r) != stable) {  // I1
        ASSERT_TRUE(r.phase == Phase::kPromoting || r.phase == Phase::kAborting) << Name(r.phase);
        stable = StableVersion(r);
      }
      const Asked asked = Ask(r);
      if (asked.candidate_ppm > 0 || asked.loops_moved > 0) {  // I2
        ASSERT_TRUE(r.phase == Phase::kShifting || r.phase == Phase::kBaking || r.phase == Phase::kPaused ||
                    r.phase == Phase::kPromoting || r.phase == Phase::kWatching ||
                    r.phase == Phase::kSucceeded)
            << Name(r.phase);
      }
      if (r.phase == Phase::kRolledBack || r.phase == Phase::kFailed) {
        ASSERT_EQ(StableVersion(r), "v1");
      }
    }
    ++ends[static_cast<std::size_t>(r.phase)];
  }
  // The walks got everywhere that they should.
  for (const Phase end : {Phase::kSucceeded, Phase::kRolledBack, Phase::kFailed}) {
    EXPECT_GT(ends[static_cast<std::size_t>(end)], 100) << Name(end);
  }
}

}  // namespace
}  // namespace turnout
