#include "rollout/gate.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace turnout {
namespace {

// A gate that asks for no number of its own still needs so many to say anything of one in a hundred.
constexpr uint64_t kFewestForP99 = 100;

std::string Percent(double share) { return fmt::format("{:.4g} %", 100 * share); }

std::string Milliseconds(double seconds) { return fmt::format("{:.4g} ms", 1e3 * seconds); }

struct Judgement {
  Verdict verdict;
  std::string why;
};

Judgement TooFew(uint64_t found, uint64_t needed) {
  return {Verdict::kInconclusive, fmt::format("{} requests, {} needed", found, needed)};
}

Judgement JudgeShare(const Gate& gate, const Evidence& e, uint64_t events, std::string_view what) {
  if (events > e.rows) {
    return {Verdict::kError, fmt::format("{} rows {}, but only {} rows were counted", events, what, e.rows)};
  }
  const uint64_t needed = std::max<uint64_t>(gate.min_requests, 1);
  if (e.requests < needed || e.rows == 0) return TooFew(e.requests, needed);
  const double share = static_cast<double>(events) / static_cast<double>(e.rows);
  const bool within = share <= gate.limit;
  return {within ? Verdict::kPass : Verdict::kFail,
          fmt::format("{} of {} rows {} ({}), the limit is {}", events, e.rows, what, Percent(share),
                      Percent(gate.limit))};
}

Judgement JudgeInvalid(const Evidence& e) {
  if (e.invalid > 0) {
    return {Verdict::kFail, fmt::format("{} of {} rows got an answer that is no number", e.invalid, e.rows)};
  }
  if (e.rows == 0) return TooFew(0, 1);
  return {Verdict::kPass, fmt::format("every answer of {} rows is a number", e.rows)};
}

// A bucket says of a request only that it lies between two bounds: those surely above the limit can fail the
// gate, those possibly above it keep it from passing.
Judgement JudgeP99(const Gate& gate, const Evidence& e) {
  const uint64_t counted = std::accumulate(e.latency.begin(), e.latency.end(), uint64_t{0});
  if (e.latency.size() != e.bounds.size() + 1 || !std::is_sorted(e.bounds.begin(), e.bounds.end())) {
    if (e.requests == 0) return TooFew(0, std::max(gate.min_requests, kFewestForP99));
    return {Verdict::kError,
            fmt::format("{} buckets of latency for {} bounds", e.latency.size(), e.bounds.size())};
  }
  const uint64_t needed = std::max(gate.min_requests, kFewestForP99);
  if (counted < needed) return TooFew(counted, needed);
  uint64_t maybe = 0, surely = 0;
  for (std::size_t i = 0; i < e.latency.size(); ++i) {
    const double low = i == 0 ? 0 : e.bounds[i - 1];
    if (low >= gate.limit) surely += e.latency[i];
    if (i == e.bounds.size() || e.bounds[i] > gate.limit) maybe += e.latency[i];
  }
  const auto share = [&](uint64_t slow) { return static_cast<double>(slow) / static_cast<double>(counted); };
  if (share(surely) > 0.01) {
    return {Verdict::kFail, fmt::format("{} of {} requests took more than {} ({}), at most 1 % may", surely,
                                        counted, Milliseconds(gate.limit), Percent(share(surely)))};
  }
  if (share(maybe) > 0.01) {
    return {Verdict::kInconclusive,
            fmt::format("between {} and {} of {} requests took more than {}: no bucket ends there", surely,
                        maybe, counted, Milliseconds(gate.limit))};
  }
  return {Verdict::kPass, fmt::format("{} of {} requests took more than {}, at most 1 % may", maybe, counted,
                                      Milliseconds(gate.limit))};
}

Judgement JudgeOne(const Gate& gate, const Evidence& e) {
  switch (gate.kind) {
    case GateKind::kErrors: return JudgeShare(gate, e, e.errors, "failed");
    case GateKind::kRefused: return JudgeShare(gate, e, e.refused, "were refused by the model");
    case GateKind::kInvalid: return JudgeInvalid(e);
    case GateKind::kP99: return JudgeP99(gate, e);
    case GateKind::kRequests:
      if (e.requests < std::max<uint64_t>(gate.min_requests, 1)) {
        return TooFew(e.requests, std::max<uint64_t>(gate.min_requests, 1));
      }
      return {Verdict::kPass, fmt::format("{} requests, {} needed", e.requests, gate.min_requests)};
  }
  return {Verdict::kError, "a gate of no known kind"};
}

}  // namespace

void Evidence::Add(const Evidence& more) {
  requests += more.requests;
  rows += more.rows;
  errors += more.errors;
  refused += more.refused;
  invalid += more.invalid;
  if (latency.empty() && bounds.empty()) {
    bounds = more.bounds;
    latency = more.latency;
  } else if (bounds == more.bounds && latency.size() == more.latency.size()) {
    for (std::size_t i = 0; i < latency.size(); ++i) latency[i] += more.latency[i];
  }
}

Evidence Since(const Evidence& now, const Evidence& before) {
  const auto difference = [](uint64_t a, uint64_t b) { return a >= b ? a - b : a; };
  Evidence since;
  since.requests = difference(now.requests, before.requests);
  since.rows = difference(now.rows, before.rows);
  since.errors = difference(now.errors, before.errors);
  since.refused = difference(now.refused, before.refused);
  since.invalid = difference(now.invalid, before.invalid);
  since.bounds = now.bounds;
  since.latency = now.latency;
  if (now.bounds == before.bounds && now.latency.size() == before.latency.size()) {
    for (std::size_t i = 0; i < since.latency.size(); ++i) {
      since.latency[i] = difference(now.latency[i], before.latency[i]);
    }
  }
  return since;
}

std::string_view Name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPass: return "PASS";
    case Verdict::kFail: return "FAIL";
    case Verdict::kInconclusive: return "INCONCLUSIVE";
    case Verdict::kError: return "ERROR";
  }
  return "?";
}

std::string_view Name(GateKind kind) {
  switch (kind) {
    case GateKind::kErrors: return "errors";
    case GateKind::kRefused: return "refused";
    case GateKind::kInvalid: return "invalid_outputs";
    case GateKind::kP99: return "p99";
    case GateKind::kRequests: return "requests";
  }
  return "?";
}

Finding Judge(const Gate& gate, const Evidence& candidate) {
  Judgement judged = JudgeOne(gate, candidate);
  return {std::string(Name(gate.kind)), judged.verdict, std::move(judged.why)};
}

Verdict Worst(std::span<const Finding> findings) {
  const auto any = [&](Verdict verdict) {
    return std::any_of(findings.begin(), findings.end(),
                       [&](const Finding& finding) { return finding.verdict == verdict; });
  };
  for (const Verdict verdict : {Verdict::kFail, Verdict::kError, Verdict::kInconclusive}) {
    if (any(verdict)) return verdict;
  }
  return findings.empty() ? Verdict::kInconclusive : Verdict::kPass;
}

}  // namespace turnout
