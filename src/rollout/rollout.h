// A rollout: the change of an endpoint from its stable version to a candidate, as a value, and the pure
// functions that lead from one value to the next (`rollouts.md` 1.4).
//
//   Pending > Validating > Loading > Ready > Step k: Shifting > Baking > next step ... > Promoting > Watching
//     > Succeeded | RolledBack | Failed | Superseded;   Paused from any of Ready to Watching
//
// A step is judged in the moment in which its bake ends, so there is no phase of judging. Time is serving
// time, given by the caller; nothing here reads a clock. What holds always (Violation checks it):
//   I1  the stable version changes only in Promoting, and back from there when harm is found while Watching
//   I2  the candidate gets rows only in Shifting, Baking, Paused, Promoting, Watching and, then stable,
//   Succeeded I5  abort leads from every phase before the end to a share of 0 in one publication I6  a step
//   that asks something passes only with requests of its own I7  an end is never left
// (I3, only loaded versions are published, and I4, durable before visible, are the controller's.)
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "rollout/gate.h"
#include "rollout/strategy.h"

namespace turnout {

enum class Phase : uint8_t {
  kPending,
  kValidating,
  kLoading,
  kReady,
  kShifting,
  kBaking,
  kPaused,
  kPromoting,
  kWatching,
  kAborting,
  kSucceeded,
  kRolledBack,
  kFailed,
  kSuperseded
};
std::string_view Name(Phase phase);  // "Pending", ...
Result<Phase> ParsePhase(std::string_view name);
bool IsEnd(Phase phase);

struct Rollout {
  std::string uid;
  std::string stable;     // when it began
  std::string candidate;  // another name than stable's
  Strategy strategy;
  uint32_t loops = 1;  // rolling: event loops to move

  Phase phase = Phase::kPending;
  Phase paused_in = Phase::kReady;  // kPaused: what `resume` goes back to
  bool ending_superseded = false;   // kAborting: a newer apply is the cause
  bool promoted = false;            // the candidate has become the stable version
  uint32_t step = 0;
  std::string why;  // of the last transition, a sentence

  double seconds = 0;  // served in this phase (Baking, Watching), or without an answer (recreate's Shifting)
  double down_seconds = 0;     // recreate: refused for so long
  uint64_t step_requests = 0;  // the candidate's in this step
  uint32_t errors_in_row = 0;  // gates that could not be judged, one observation after the other
  Evidence evidence;           // the candidate's since the rollout began
  Evidence stable_evidence;    // the stable version's in the same time

  bool operator==(const Rollout&) const = default;
};

// A new one, in Pending. Refuses a bad strategy, a candidate that is the stable version already.
Result<Rollout> StartRollout(std::string uid, std::string stable, std::string candidate, Strategy strategy,
                             uint32_t loops);
// One with the same aim as `ended`, from the beginning and with fresh evidence.
Result<Rollout> RetryRollout(const Rollout& ended, std::string uid, std::string stable);

// What a rollout asks to be served.
struct Asked {
  uint32_t candidate_ppm = 0;
  uint32_t loops_moved = 0;  // rolling: loops [0, loops_moved) answer by the candidate alone, the others not
  bool rolling = false;
  bool down = false;    // recreate: nobody is answered
  bool mirror = false;  // shadow: the candidate scores copies

  bool operator==(const Asked&) const = default;
};
Asked Ask(const Rollout& rollout);
// The endpoint's stable version as the rollout has it.
const std::string& StableVersion(const Rollout& rollout);

enum class Verb : uint8_t { kPause, kResume, kPromote, kPromoteFull, kAbort, kSupersede };
std::string_view Name(Verb verb);  // "pause", ..., "promote --full", "abort", "supersede"

// The rollout after the verb. Refuses what the phase does not allow (kUnavailable), with what it does.
Result<Rollout> Apply(const Rollout& rollout, Verb verb, std::string_view reason);

// What happened to the candidate's file.
enum class Load : uint8_t { kReading, kCompiling, kLoaded, kFailed };
Rollout Loaded(const Rollout& rollout, Load load, std::string_view problem = {});

struct Observation {
  double seconds = 0;          // served since the last one
  bool published = false;      // every loop answers by what was asked
  bool frozen = false;         // nothing moves but towards an abort
  Evidence candidate, stable;  // counted since the last one
};
// One look at the world: at most one transition.
Rollout Observe(const Rollout& rollout, const Observation& seen);

// Every gate on what was counted so far, then the step's own questions (bake, requests).
std::vector<Finding> Findings(const Rollout& rollout);
// Steps there are: a canary's, a rolling change's loops, one to be down or to watch a shadow in, none.
uint32_t StepCount(const Rollout& rollout);

// Which of the invariants the transition breaks; empty: none.
std::string Violation(const Rollout& before, const Rollout& after);

}  // namespace turnout
