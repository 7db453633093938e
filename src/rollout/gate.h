// A gate: a question about recorded evidence, answered PASS, FAIL, INCONCLUSIVE or ERROR with a sentence.
//
// A pure function of what was counted, so that a verdict can be given again from what was recorded. No data
// never passes: a gate that has seen too little is inconclusive. The limits here are plain thresholds on
// everything counted since the rollout began; a gate with a limit near what a healthy version does is
// misjudged by chance, the more often the less it has seen (`rollouts.md` 0, finding 1), so `min_requests` is
// part of each.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace turnout {

// What was counted of one version of an endpoint over some time.
struct Evidence {
  uint64_t requests = 0;          // that it had a part in: each has a latency
  uint64_t rows = 0;              // answered or refused
  uint64_t errors = 0;            // rows without an answer by a fault of ours or of the version
  uint64_t refused = 0;           // rows that the model could not take
  uint64_t invalid = 0;           // answers that are NaN or infinite
  std::vector<double> bounds;     // seconds, ascending: upper bounds of the latency's buckets
  std::vector<uint64_t> latency;  // requests by bucket; bounds.size() + 1, the last above every bound

  bool operator==(const Evidence&) const = default;
  // Adds what happened later. Buckets of other bounds replace empty ones only; else both keep their counts
  // and the latency is left as it is.
  void Add(const Evidence& more);
};
// What was counted since `before`, an earlier count of the same. A count that fell, a counter that began
// anew, counts from zero.
Evidence Since(const Evidence& now, const Evidence& before);

enum class Verdict : uint8_t { kPass, kFail, kInconclusive, kError };
std::string_view Name(Verdict verdict);  // "PASS", ...

enum class GateKind : uint8_t { kErrors, kRefused, kInvalid, kP99, kRequests };
std::string_view Name(GateKind kind);  // "errors", "refused", "invalid_outputs", "p99", "requests"

struct Gate {
  GateKind kind = GateKind::kErrors;
  double limit = 0;           // kErrors, kRefused: share of the rows; kP99: seconds; kInvalid: none
  uint64_t min_requests = 0;  // below: inconclusive

  bool operator==(const Gate&) const = default;
};

struct Finding {
  std::string gate;
  Verdict verdict = Verdict::kError;
  std::string why;

  bool operator==(const Finding&) const = default;
};

Finding Judge(const Gate& gate, const Evidence& candidate);
// Of all: FAIL before ERROR before INCONCLUSIVE before PASS; of none: INCONCLUSIVE.
Verdict Worst(std::span<const Finding> findings);

}  // namespace turnout
