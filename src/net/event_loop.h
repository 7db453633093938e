// EventLoop: one thread's queue of work: sockets, timers and posted tasks, run one after the other.
//
// Everything that belongs to a loop is touched on its thread only, so it needs no lock. Other threads reach
// it with Post(). EventLoops is a fixed set of loops, each with a thread of its own.
//
//   EventLoops loops(2);
//   loops[0].Post([] { ... });        // from any thread
//   loops.Call(1, [&] { ... });       // runs there and waits; not from a loop's own thread
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "base/function_ref.h"

namespace turnout {

class EventLoop {
 public:
  using Task = std::move_only_function<void()>;
  using TimerId = std::uint64_t;

  EventLoop();
  ~EventLoop();  // after Run() has returned; tasks that did not run are destroyed
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Thread-safe. Tasks of one thread run in the order in which it posted them.
  void Post(Task task);

  // On the loop's thread. Runs `task` once after `delay`, unless Cancel() comes first.
  TimerId After(std::chrono::nanoseconds delay, Task task);
  void Cancel(TimerId id);

  // Serves until Stop(); the calling thread is the loop's thread.
  void Run();
  // Thread-safe. Run() returns after the task in work.
  void Stop();

  // Thread-safe: whether the caller is inside Run() of this loop.
  bool OnThread() const;

  struct Details;
  Details& details() { return *details_; }

 private:
  std::unique_ptr<Details> details_;
};

class EventLoops {
 public:
  explicit EventLoops(int count);  // at least 1
  ~EventLoops();                   // stops and joins all

  int size() const { return static_cast<int>(loops_.size()); }
  EventLoop& operator[](int index) { return *loops_[static_cast<std::size_t>(index)]; }

  // Runs `task` on a loop's thread and waits for it.
  void Call(int index, FunctionRef<void()> task);

 private:
  std::vector<std::unique_ptr<EventLoop>> loops_;
  std::vector<std::jthread> threads_;
};

// Nanoseconds of the steady clock; the time base of every stamp and deadline in net.
inline std::int64_t SteadyNanos() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace turnout
