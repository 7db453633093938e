// What is kept of an endpoint, and its JSON: the payload of the journal's records.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "bytes/json_builder.h"
#include "bytes/json_view.h"
#include "rollout/rollout.h"
#include "rollout/route.h"

namespace turnout {

// A version that the endpoint may serve: which file it is, to the byte.
struct KnownVersion {
  std::string name;
  std::string path;
  std::string sha256;
  std::string engine;       // pinned; empty: the best that fits
  bool configured = false;  // the configuration names it, too

  bool operator==(const KnownVersion&) const = default;
};

struct EndedRollout {
  std::string uid, from, to, strategy, phase, why;

  bool operator==(const EndedRollout&) const = default;
};

// A verb that was done under a key: doing it again gives the same answer and nothing else.
struct DoneVerb {
  std::string key, what;  // `what`: the verb and its arguments, so that another under the same key is refused

  bool operator==(const DoneVerb&) const = default;
};

struct EndpointState {
  std::string name;
  uint64_t revision = 0;  // grows with every verb and every decision; what If-Match compares
  uint64_t rollouts = 0;  // that there have been: names the next
  std::string stable;
  std::string previous;  // the stable version before: loaded and warm while its window lasts; empty: none
  double previous_seconds = 0;  // of the window, served
  double previous_window = 0;
  bool frozen = false;
  std::string frozen_why;
  Route route{""};
  std::vector<KnownVersion> versions;
  std::optional<Rollout> rollout;  // the current one, or the last
  std::optional<Rollout> next;     // waits for the current one to end
  std::vector<EndedRollout> history;
  std::vector<DoneVerb> done;

  const KnownVersion* Find(std::string_view version) const;
  // A rollout that has not ended.
  bool busy() const { return rollout && !IsEnd(rollout->phase); }
};

inline constexpr std::size_t kMostHistory = 100;
inline constexpr std::size_t kMostDone = 100;

std::string StateJson(const EndpointState& state);
Result<EndpointState> ReadState(const JsonView& json);

// Parts of it, which requests and the audit have too.
void AppendStrategy(JsonBuilder& json, const Strategy& strategy);
// What `json` does not name stays as in `base`. `steps` may be text ("fast"), too.
Result<Strategy> ReadStrategy(const JsonView& json, Strategy base);
void AppendGate(JsonBuilder& json, const Gate& gate);  // the members of an object
Result<Gate> ReadGate(const JsonView& json);
void AppendEvidence(JsonBuilder& json, const Evidence& evidence);
Evidence ReadEvidence(const JsonView& json);

}  // namespace turnout
