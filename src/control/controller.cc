#include "control/controller.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <random>

#include "base/log.h"

namespace turnout {
namespace {

std::string RandomName() {
  std::random_device random;
  return fmt::format("{:08x}", random());
}

}  // namespace

Controller::Controller(Metrics& metrics, Options options, Outside outside)
    : metrics_(metrics), options_(std::move(options)), outside_(std::move(outside)), boot_(RandomName()) {}

Controller::~Controller() {
  worker_.request_stop();
  loader_.request_stop();
  wake_.notify_all();
}

void Controller::Run() {
  worker_ = std::jthread([this](const std::stop_token& stop) { Work(stop); });
  loader_ = std::jthread([this](const std::stop_token& stop) { Load(stop); });
}

// What is about to change is looked at often; evidence is not.
void Controller::Work(const std::stop_token& stop) {
  auto last = std::chrono::steady_clock::now();
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      const bool soon = std::any_of(slots_.begin(), slots_.end(), [](const auto& slot) {
        if (!slot->state.busy()) return false;
        const Phase phase = slot->state.rollout->phase;
        return phase != Phase::kBaking && phase != Phase::kWatching && phase != Phase::kPaused;
      });
      wake_.wait_for(lock, stop, std::chrono::milliseconds(soon ? 5 : 100), [] { return false; });
    }
    const auto now = std::chrono::steady_clock::now();
    Tick(std::chrono::duration<double>(now - last).count());
    last = now;
  }
}

void Controller::Load(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    if (LoadNext()) continue;
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, stop, std::chrono::milliseconds(100), [] { return false; });
  }
}

void Controller::End() {
  worker_ = {};
  loader_ = {};
  const std::lock_guard lock(mutex_);
  if (!crash_loop_) return;
  if (const Status ended = crash_loop_->End(); !ended) {
    Log(Level::kError, "cannot say that this was an orderly end", {{"why", ended.error().message}});
  }
}

Controller::Slot* Controller::SlotOf(std::string_view endpoint) {
  for (const auto& slot : slots_) {
    if (slot->config.name == endpoint) return slot.get();
  }
  return nullptr;
}

const Controller::Slot* Controller::SlotOf(std::string_view endpoint) const {
  return const_cast<Controller*>(this)->SlotOf(endpoint);
}

std::shared_ptr<const Snapshot> Controller::Find(std::string_view endpoint) const {
  const std::lock_guard lock(mutex_);
  const Slot* const slot = SlotOf(endpoint);
  return slot == nullptr ? nullptr : slot->now;
}

uint64_t Controller::RevisionOf(std::string_view endpoint) const {
  const std::lock_guard lock(mutex_);
  const Slot* const slot = SlotOf(endpoint);
  return slot == nullptr ? 0 : slot->state.revision;
}

}  // namespace turnout
