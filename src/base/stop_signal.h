// StopSignal: SIGINT and SIGTERM as a flag and as something to wait for.
//
//   int main() { StopSignal stop; ... start threads ...; stop.Wait(); ... drain ... }
//
// Made first, before any other thread, since it blocks the two signals for all threads that follow. The first
// signal asks for an orderly end; a second one ends the process at once (128 + its number).
#pragma once

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

 private:
  void Watch();

  std::atomic<bool> stopped_ = false;
  int signals_ = -1;  // signalfd
  int wake_ = -1;     // eventfd: the destructor's
  std::thread watcher_;
};

}  // namespace turnout
