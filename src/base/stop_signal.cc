#include "base/stop_signal.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace turnout {

StopSignal::StopSignal() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &set, &before_);
  signals_ = signalfd(-1, &set, SFD_CLOEXEC);
  wake_ = eventfd(0, EFD_CLOEXEC);
  watcher_ = std::thread([this] { Watch(); });
}

StopSignal::~StopSignal() {
  const uint64_t one = 1;
  [[maybe_unused]] const auto written = write(wake_, &one, sizeof one);
  watcher_.join();
  close(signals_);
  close(wake_);
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void StopSignal::Wait() const { stopped_.wait(false); }

void StopSignal::Stop() {
  stopped_.store(true);
  stopped_.notify_all();
}

void StopSignal::Watch() {
  for (;;) {
    pollfd ready[] = {{signals_, POLLIN, 0}, {wake_, POLLIN, 0}};
    if (poll(ready, 2, -1) < 0) continue;  // EINTR
    if (ready[1].revents != 0) return;
    signalfd_siginfo info{};
    if (read(signals_, &info, sizeof info) != sizeof info) continue;
    if (stopped_.load()) _exit(128 + static_cast<int>(info.ssi_signo));
    number_.store(static_cast<int>(info.ssi_signo));
    Stop();
  }
}

}  // namespace turnout
