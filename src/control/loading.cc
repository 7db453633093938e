// Models are loaded beside the serving, one at a time.
#include "control/controller.h"

#include <fmt/format.h>

#include "base/log.h"

namespace turnout {
namespace {

std::unexpected<Error> Bad(std::string message) { return Fail(Code::kInvalidArgument, std::move(message)); }

}  // namespace

bool Controller::LoadNext() {
  std::unique_lock lock(mutex_);
  Slot* slot = nullptr;
  for (const auto& one : slots_) {
    if (one->state.busy() && one->state.rollout->phase == Phase::kPending) slot = one.get();
  }
  if (slot == nullptr) return false;
  const std::string uid = slot->state.rollout->uid, name = slot->state.rollout->candidate;
  // False: somebody aborted meanwhile, or nothing can be written.
  const auto step = [&](turnout::Load load, std::string_view problem = {}, const ModelFile* read = nullptr) {
    if (!slot->state.busy() || slot->state.rollout->uid != uid ||
        slot->state.rollout->phase >= Phase::kReady) {
      return false;
    }
    EndpointState next = slot->state;
    next.rollout = Loaded(*next.rollout, load, problem);
    for (KnownVersion& version : next.versions) {
      if (version.name != name || read == nullptr) continue;
      version.sha256 = read->sha256;
      version.path = read->path;  // of a registry's alias: the version that it stood for
    }
    const Status done = Commit(*slot, std::move(next), {.verb = "load"});
    if (!done)
      Log(Level::kError, "rollout", {{"endpoint", slot->config.name}, {"why", done.error().message}});
    wake_.notify_all();
    return done.has_value();
  };
  if (slot->served.contains(name)) return step(turnout::Load::kLoaded);
  const KnownVersion known = *slot->state.Find(name);
  if (!step(turnout::Load::kReading)) return false;

  lock.unlock();
  auto file = outside_.read(known.path);
  if (file && !known.sha256.empty() && file->sha256 != known.sha256) {
    file = Bad(
        fmt::format("{}: the file has changed since version {} was made of it (sha256 {}, now {}): a changed "
                    "model is a new version",
                    known.path, name, known.sha256.substr(0, 12), file->sha256.substr(0, 12)));
  }
  lock.lock();
  if (!file) return step(turnout::Load::kFailed, file.error().message), true;
  if (!step(turnout::Load::kCompiling, {}, &*file)) return true;
  Contract contract = *slot->contract;

  lock.unlock();
  auto version = MakeVersion(name, *std::move(file), contract, known.engine);
  lock.lock();
  if (!version) return step(turnout::Load::kFailed, version.error().message), true;
  if (!slot->state.busy() || slot->state.rollout->uid != uid ||
      slot->state.rollout->phase != Phase::kLoading) {
    return true;
  }
  slot->contract = std::make_shared<const Contract>(std::move(contract));
  slot->served[name] = {
      *version, MakeVersionSeries(metrics_, slot->config.name, **version, slot->config.latency_bounds)};
  slot->candidate_seen = CountCandidate(*slot);
  step(turnout::Load::kLoaded);
  return true;
}

}  // namespace turnout
