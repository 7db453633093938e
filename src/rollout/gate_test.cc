#include "rollout/gate.h"

#include <gtest/gtest.h>

namespace turnout {
namespace {

Evidence Counted(uint64_t requests, uint64_t errors = 0, uint64_t refused = 0, uint64_t invalid = 0) {
  return {.requests = requests, .rows = requests, .errors = errors, .refused = refused, .invalid = invalid};
}

Evidence Latency(std::vector<uint64_t> buckets) {
  Evidence e;
  e.bounds = {0.01, 0.05, 0.1};
  e.latency = std::move(buckets);
  for (const uint64_t n : e.latency) e.requests += n;
  e.rows = e.requests;
  return e;
}

std::string Said(const Gate& gate, const Evidence& evidence) {
  const Finding finding = Judge(gate, evidence);
  return finding.gate + " " + std::string(Name(finding.verdict)) + ": " + finding.why;
}

TEST(Gate, NoDataNeverPasses) {
  for (const GateKind kind :
       {GateKind::kErrors, GateKind::kRefused, GateKind::kInvalid, GateKind::kP99, GateKind::kRequests}) {
    EXPECT_EQ(Judge({kind, 1, 0}, Evidence{}).verdict, Verdict::kInconclusive) << Name(kind);
  }
  EXPECT_EQ(Worst({}), Verdict::kInconclusive);
}

TEST(Gate, SharesOfTheRows) {
  const Gate gate{GateKind::kErrors, 0.01, 200};
  EXPECT_EQ(Said(gate, Counted(199, 199)), "errors INCONCLUSIVE: 199 requests, 200 needed");
  EXPECT_EQ(Said(gate, Counted(200, 2)), "errors PASS: 2 of 200 rows failed (1 %), the limit is 1 %");
  EXPECT_EQ(Said(gate, Counted(200, 3)), "errors FAIL: 3 of 200 rows failed (1.5 %), the limit is 1 %");
  EXPECT_EQ(Said(gate, Counted(200, 201)), "errors ERROR: 201 rows failed, but only 200 rows were counted");
  EXPECT_EQ(Said({GateKind::kRefused, 0, 1}, Counted(200, 0, 1)),
            "refused FAIL: 1 of 200 rows were refused by the model (0.5 %), the limit is 0 %");
}

TEST(Gate, TheFirstInvalidOutputFails) {
  EXPECT_EQ(Said({GateKind::kInvalid}, Counted(1000, 0, 0, 1)),
            "invalid_outputs FAIL: 1 of 1000 rows got an answer that is no number");
  EXPECT_EQ(Said({GateKind::kInvalid}, Counted(7)),
            "invalid_outputs PASS: every answer of 7 rows is a number");
}

TEST(Gate, P99OfBuckets) {
  const Gate gate{GateKind::kP99, 0.05, 100};
  EXPECT_EQ(Said(gate, Latency({50, 49, 0, 0})), "p99 INCONCLUSIVE: 99 requests, 100 needed");
  EXPECT_EQ(Said(gate, Latency({50, 149, 1, 1})),
            "p99 PASS: 2 of 201 requests took more than 50 ms, at most 1 % may");
  EXPECT_EQ(Said(gate, Latency({50, 147, 1, 2})),
            "p99 FAIL: 3 of 200 requests took more than 50 ms (1.5 %), at most 1 % may");
  // No bucket ends at 70 ms: what lies between 50 and 100 may be on either side.
  EXPECT_EQ(Said({GateKind::kP99, 0.07, 100}, Latency({50, 140, 10, 0})),
            "p99 INCONCLUSIVE: between 0 and 10 of 200 requests took more than 70 ms: no bucket ends there");
  Evidence damaged = Latency({500, 0, 0, 0});
  damaged.latency.pop_back();
  EXPECT_EQ(Said(gate, damaged), "p99 ERROR: 3 buckets of latency for 3 bounds");
}

TEST(Gate, TheWorstCounts) {
  const auto of = [](std::vector<Verdict> verdicts) {
    std::vector<Finding> findings;
    for (const Verdict verdict : verdicts) findings.push_back({"g", verdict, ""});
    return Worst(findings);
  };
  EXPECT_EQ(of({Verdict::kPass, Verdict::kPass}), Verdict::kPass);
  EXPECT_EQ(of({Verdict::kPass, Verdict::kInconclusive}), Verdict::kInconclusive);
  EXPECT_EQ(of({Verdict::kError, Verdict::kInconclusive}), Verdict::kError);
  EXPECT_EQ(of({Verdict::kError, Verdict::kFail, Verdict::kPass}), Verdict::kFail);
}

TEST(Evidence, SinceAndAddAreEachOthersInverse) {
  const Evidence before = Latency({1, 2, 3, 4}), now = Latency({5, 5, 5, 5});
  Evidence sum = before;
  sum.Add(Since(now, before));
  EXPECT_EQ(sum, now);
  // A counter that began anew, as after a restart.
  EXPECT_EQ(Since(Counted(3), Counted(10)).requests, 3u);
}

}  // namespace
}  // namespace turnout
