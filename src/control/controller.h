// Controller: the one writer of what the endpoints serve.
//
//   Controller controller(metrics, {.folder = "./state", .loops = 2}, outside);
//   TURNOUT_TRY(controller.Start(endpoints));   // recovers, loads what the journal names, publishes
//   controller.Run();                           // ticks and loads, on threads of its own
//   controller.Do({.verb = "apply", .endpoint = "churn", .version = "v2"});
//   ...
//   controller.End();
//
// Every transition is checked, in the journal and in the audit log before it is visible (I4). A version stays
// loaded for as long as a route, a rollout or the rollback window may ask for it, so that going back is
// publishing another table. Without a folder nothing outlives the process, and only SetShares changes
// anything.
//
// Thread-safe; no call waits for a model to load.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/result.h"
#include "control/audit.h"
#include "control/crash_loop.h"
#include "control/journal.h"
#include "control/state.h"
#include "predict/predict.h"
#include "predict/shadow.h"
#include "registry/version.h"

namespace turnout {

using Snapshots = std::vector<std::shared_ptr<const Snapshot>>;

// An endpoint as the configuration has it, its models loaded.
struct ConfiguredEndpoint {
  std::string name;
  std::shared_ptr<const Contract> contract;
  Route route{""};                                       // the first; later ones are the journal's
  std::vector<std::shared_ptr<const Version>> versions;  // as route.shares()
  std::vector<std::string> engines;                      // pinned, as versions
  std::vector<std::string> shadows;                      // versions that score copies
  std::string override_header;
  std::vector<double> latency_bounds;
  Strategy strategy;  // of an apply that names none
};

// What is done to the world, and asked of it.
struct Outside {
  // What every loop serves from now on; the loops [0, moved) serve `ahead` instead.
  std::function<Status(Snapshots now, Snapshots ahead, std::size_t moved)> publish;
  std::function<bool()> settled;  // every loop serves what was published last
  std::function<void()> reclaim;  // frees what no loop serves any more
  std::function<Result<ModelFile>(const std::string& path)> read = LoadModelFile;
};

// Who asks, and why.
struct Who {
  std::string name, address, reason;
  std::string key;                      // of idempotency; empty: none
  std::optional<uint64_t> if_revision;  // SetShares: the route's generation; verbs: the endpoint's revision
};

struct Command {
  std::string verb;  // apply pause resume promote promote_full abort rollback retry freeze unfreeze
  std::string endpoint;
  Who who = {};
  std::string version = {};   // apply
  std::string model = {};     // apply: its file; empty: a version that is known
  std::string strategy = {};  // apply: JSON that differs from the endpoint's; empty: it does not
};

class Controller {
 public:
  struct Options {
    std::string folder;  // empty: nothing is kept
    uint32_t loops = 1;
    Shadow::Options shadow = {};                   // of every shadow
    std::shared_ptr<PredictionLog> log = nullptr;  // of what is answered; nullptr: none
  };
  Controller(Metrics& metrics, Options options, Outside outside);
  ~Controller();  // joins its threads
  Controller(const Controller&) = delete;
  Controller& operator=(const Controller&) = delete;

  Status Start(std::vector<ConfiguredEndpoint> endpoints);
  void Run();
  // An orderly end: what happens to the process after it is not the candidates' fault.
  void End();

  // nullptr: no such endpoint, or nothing is loaded yet.
  std::shared_ptr<const Snapshot> Find(std::string_view endpoint) const;

  // The direct split; versions that `shares` does not name get none. Refuses, and changes nothing: no such
  // endpoint (kNotFound), an unknown version or shares that do not sum to all (kInvalidArgument), a rollout
  // in work, a freeze, another generation (kUnavailable).
  Result<std::shared_ptr<const Snapshot>> SetShares(std::string_view endpoint,
                                                    const std::vector<TrafficShare>& shares, const Who& who);
  // A verb of rollouts; the endpoint's status after it, as JSON. Errors are as above.
  Result<std::string> Do(const Command& command);
  // What apply would do, as JSON; the model file is not read.
  Result<std::string> Plan(const Command& command) const;
  Result<std::string> StatusOf(std::string_view endpoint) const;
  Result<std::string> HistoryOf(std::string_view endpoint) const;
  uint64_t RevisionOf(std::string_view endpoint) const;

  // One look at everything, after so many seconds of serving. Run() does it; tests call it instead.
  void Tick(double seconds);
  // Loads what waits to be loaded; false: nothing does. As Tick.
  bool LoadNext();

 private:
  struct Slot {
    ConfiguredEndpoint config;
    EndpointState state;
    std::shared_ptr<const Contract> contract;                // bound to every version that was loaded
    std::map<std::string, Served> served;                    // loaded, by name
    std::map<std::string, std::shared_ptr<Shadow>> shadows;  // by version
    std::shared_ptr<const Snapshot> now, ahead;
    Evidence candidate_seen, stable_seen;  // counters at the last look
    double unkept = 0;                     // seconds since the last checkpoint
  };
  // Of the audit.
  struct Act {
    std::string verb;
    const Who* who = nullptr;  // nullptr: the controller itself
    std::string result = "done";
  };

  Status StartAll(std::vector<ConfiguredEndpoint> endpoints);
  Status Recover(std::vector<EndpointState>& states);
  Status StartEndpoint(ConfiguredEndpoint endpoint, std::vector<EndpointState>& states);
  Status LoadKnown(Slot& slot, const KnownVersion& version);
  void ResumeRollout(Slot& slot, std::string& why);
  Slot* SlotOf(std::string_view endpoint);
  const Slot* SlotOf(std::string_view endpoint) const;
  Result<EndpointState> Decide(const Slot& slot, const Command& command) const;
  Result<Rollout> NewRollout(const Slot& slot, EndpointState& state, const Command& command) const;
  Status Commit(Slot& slot, EndpointState next, const Act& act);
  Status Keep(const Slot& slot, const EndpointState& next, const std::string& audit);
  std::string AuditMembers(const Slot& slot, const EndpointState& next, const Act& act) const;
  void AuditRefused(const std::string& endpoint, const Command& command, const Error& error);
  Status Publish();
  void MakeSnapshots(Slot& slot);
  void MakeShadows(Slot& slot);
  void Observed(Slot& slot, double seconds);
  void Ended(Slot& slot, EndpointState& state) const;
  void Forget(Slot& slot, EndpointState& state) const;
  void ChooseRoute(const Slot& slot, EndpointState& next) const;
  void MarkLive();
  void Work(const std::stop_token& stop);
  void Load(const std::stop_token& stop);
  Evidence Count(const Slot& slot, const std::string& version, bool as_shadow = false) const;
  Evidence CountCandidate(const Slot& slot) const;

  Metrics& metrics_;
  const Options options_;
  const Outside outside_;
  const std::string boot_;

  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  std::vector<std::unique_ptr<Slot>> slots_;  // guarded by mutex_, as everything below
  std::vector<EndpointState> others_;         // in the journal, not in the configuration
  std::optional<Journal> journal_;
  std::optional<AuditLog> audit_;
  std::optional<CrashLoop> crash_loop_;
  std::jthread worker_, loader_;
};

}  // namespace turnout
