// Background<T>: a thread that handles what other threads hand to it without ever waiting for it.
//
//   Background<Item> log("log", 1024, Priority::kNormal, [](Item& item) { ... });
//   if (!log.TryPush(item)) ++dropped;                          // any thread; the queue was full
//
// The queue is a ring of slots with turn numbers (D. Vyukov's bounded queue): a pusher that the system puts
// to sleep holds up nobody but those who need its slot, and the handler being asleep holds up nobody at all.
// A push costs two atomic operations, and a wake-up (a system call) only if the handler has been idle for
// long.
//
// Priority::kIdle runs under SCHED_IDLE: on a machine that is full it gets next to nothing, and the queue
// fills.
// Threads: TryPush and waiting from any; Stop and the destructor from the owner's, once nobody pushes.
#pragma once

#include <pthread.h>
#include <sched.h>

#include <atomic>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>

namespace turnout {

enum class Priority : uint8_t { kNormal, kIdle };

// The two ends of the ring have cache lines of their own.
// NOLINTBEGIN(clang-analyzer-optin.performance.Padding)
template <class T>
class Background {
 public:
  using Handle = std::function<void(T&)>;

  // `capacity` items, rounded up to a power of two. `name`: of the thread, at most 15 characters.
  Background(const std::string& name, std::size_t capacity, Priority priority, Handle handle)
      : mask_(std::bit_ceil(capacity < 2 ? std::size_t{2} : capacity) - 1),
        slots_(std::make_unique<Slot[]>(mask_ + 1)),
        handle_(std::move(handle)) {
    for (std::size_t i = 0; i <= mask_; ++i) slots_[i].turn.store(i, std::memory_order_relaxed);
    thread_ = std::thread([this] { Run(); });
    if (priority == Priority::kIdle) {
      const sched_param none{};
      pthread_setschedparam(thread_.native_handle(), SCHED_IDLE, &none);  // best effort
    }
    pthread_setname_np(thread_.native_handle(), name.substr(0, 15).c_str());
  }
  ~Background() { Stop(); }
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  // Moves from `item` only if there was room.
  bool TryPush(T& item) {
    std::size_t at = tail_.load(std::memory_order_relaxed);
    for (;;) {
      Slot& slot = slots_[at & mask_];
      const std::size_t turn = slot.turn.load(std::memory_order_acquire);
      if (turn == at) {
        if (!tail_.compare_exchange_weak(at, at + 1, std::memory_order_relaxed)) continue;
        slot.item = std::move(item);
        slot.turn.store(at + 1);  // sequentially consistent: Wake() looks at asleep_ after it
        Wake();
        return true;
      }
      if (static_cast<std::ptrdiff_t>(turn - at) < 0) return false;  // full
      at = tail_.load(std::memory_order_relaxed);
    }
  }

  // Handles what was pushed, then ends the thread. Nothing may be pushed from now on.
  void Stop() {
    if (!thread_.joinable()) return;
    stopping_.store(true);
    const sched_param none{};
    pthread_setschedparam(thread_.native_handle(), SCHED_OTHER, &none);  // best effort: somebody waits now
    Wake();
    thread_.join();
  }
  // Whether it has been idle for so long that the next push has to wake it.
  bool asleep() const { return asleep_.load() != 0; }
  // Whether Stop has begun: a handler that would rather drop than work asks.
  bool stopping() const { return stopping_.load(std::memory_order_relaxed); }

 private:
  struct Slot {
    std::atomic<std::size_t> turn = 0;
    T item;
  };

  bool HandleOne() {
    Slot& slot = slots_[head_ & mask_];
    if (slot.turn.load(std::memory_order_acquire) != head_ + 1) return false;
    T item = std::move(slot.item);
    slot.item = T();
    slot.turn.store(head_ + mask_ + 1, std::memory_order_release);
    ++head_;
    handle_(item);
    return true;
  }

  void Run() {
    // Looks now and then while there is traffic, so that a push wakes nobody; asleep after that.
    constexpr auto kLook = std::chrono::milliseconds(2);
    constexpr int kLooks = 100;
    for (int idle = 0;;) {
      if (HandleOne()) {
        idle = 0;
        continue;
      }
      if (stopping_.load()) {
        while (HandleOne()) continue;
        return;
      }
      if (++idle < kLooks) {
        std::this_thread::sleep_for(kLook);
        continue;
      }
      asleep_.store(1);
      if (slots_[head_ & mask_].turn.load() != head_ + 1 && !stopping_.load()) asleep_.wait(1);
      asleep_.store(0);
      idle = 0;
    }
  }

  void Wake() {
    if (asleep_.load() == 0) return;
    asleep_.store(0);
    asleep_.notify_one();
  }

  const std::size_t mask_;
  const std::unique_ptr<Slot[]> slots_;
  const Handle handle_;
  alignas(64) std::atomic<std::size_t> tail_ = 0;
  alignas(64) std::size_t head_ = 0;  // the thread's
  std::atomic<uint32_t> asleep_ = 0;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};
// NOLINTEND(clang-analyzer-optin.performance.Padding)

}  // namespace turnout
