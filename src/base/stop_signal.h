// StopSignal: SIGINT and SIGTERM as a flag and as something to wait for.
//
//   int main() { StopSignal stop; ... start threads ...; stop.Wait(); ... drain ... }
//
// Made first, before any other thread, since it blocks the two signals for all threads that follow; destroyed
// on the thread that made it, which then has them as before. The first signal asks for an orderly end; one
// that comes after it, or after Stop(), ends the process at once (128 + its number).
#pragma once

#include <signal.h>

#include <atomic>
#include <thread>

namespace turnout {

class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  // Until the first signal, or Stop(). Any thread.
  void Wait() const;
  // As if a signal had come. Any thread.
  void Stop();
  // Whether one has come; for loops that look now and then.
  const std::atomic<bool>& flag() const { return stopped_; }
  // The signal that came; 0: none. 128 + this is what a shell expects of a process that it ended.
  int number() const { return number_.load(); }

 private:
  void Watch();

  std::atomic<bool> stopped_ = false;
  std::atomic<int> number_ = 0;
  sigset_t before_;   // the maker's mask
  int signals_ = -1;  // signalfd
  int wake_ = -1;     // eventfd: the destructor's
  std::thread watcher_;
};

}  // namespace turnout
