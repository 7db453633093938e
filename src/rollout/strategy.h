// A strategy: how an endpoint gets from its stable version to a candidate, and what must hold on the way.
//
//   recreate    requests are refused (503, Retry-After) until every loop has let go of the old version
//   rolling     event loop by event loop, each baked before the next
//   bluegreen   at once, when told to, back at once
//   canary      step by step: a share of the rows, baked, judged, then the next share
//   shadow      the candidate scores copies and answers nobody; the end is a recommendation
//
// Steps have a language of their own, which configurations and commands use:
//   "1% for 10m after 1000 then 50% for 20m then 100%"   a share, a bake in serving time, a number of
//   requests "fast"                                                5 %, 25 %, 50 % for two minutes each
// A last step of 100 % is the promotion itself and takes neither bake nor requests: `post_promote_watch` is
// what watches over it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "rollout/gate.h"

namespace turnout {

enum class StrategyKind : uint8_t { kRecreate, kRolling, kBlueGreen, kCanary, kShadow };
std::string_view Name(StrategyKind kind);  // "recreate", ...
Result<StrategyKind> ParseStrategyKind(std::string_view text);

struct RolloutStep {
  uint32_t ppm = 0;           // the candidate's share
  double bake_seconds = 0;    // of serving, at least
  uint64_t min_requests = 0;  // of the candidate's in this step, at least

  bool operator==(const RolloutStep&) const = default;
};
// In the language above, without the last 100 %; a preset's name stands for its steps.
Result<std::vector<RolloutStep>> ParseSteps(std::string_view text);
std::string StepsText(const std::vector<RolloutStep>& steps);  // ParseSteps reads it back

enum class OnInconclusive : uint8_t { kPause, kAbort };

struct Strategy {
  StrategyKind kind = StrategyKind::kBlueGreen;
  std::vector<RolloutStep>
      steps;  // canary: its steps. rolling, shadow: one, its bake and requests; ppm is not used
  // A bake without enough evidence goes on for this many times its length (a minute at least), then
  // `on_inconclusive`.
  double max_bake_factor = 6;
  OnInconclusive on_inconclusive = OnInconclusive::kPause;
  bool auto_promote = true;            // false: promotion waits for the verb
  double post_promote_watch = 3600;    // seconds of serving in which harm still rolls back
  double rollback_window = 24 * 3600;  // seconds for which the old stable stays loaded behind a success
  std::vector<Gate> gates;

  bool operator==(const Strategy&) const = default;
};

// What is wrong with it as a whole: no steps where there must be some, shares that do not grow, limits out of
// bounds.
Status Check(const Strategy& strategy);

// "3s", "1m30s", "24h": for messages; ParseSteps reads it.
std::string DurationText(double seconds);

}  // namespace turnout
