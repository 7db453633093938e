#include "net/event_loop.h"

#include <pthread.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <latch>
#include <string>
#include <unordered_map>
#include <utility>

#include "net/asio.h"

namespace turnout {

// UNSAFE_IO: a loop's sockets and timers are touched on its thread only, so the reactor needs no lock for
// each descriptor; the queue of posted tasks keeps its own.
struct EventLoop::Details {
  boost::asio::io_context io{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO};
  boost::asio::executor_work_guard<Executor> work{io.get_executor()};
  std::unordered_map<TimerId, SteadyTimer> timers;
  TimerId last_timer = 0;
};

EventLoop::EventLoop() : details_(std::make_unique<Details>()) {}
EventLoop::~EventLoop() { details_->timers.clear(); }

void EventLoop::Post(Task task) { boost::asio::post(details_->io, std::move(task)); }

EventLoop::TimerId EventLoop::After(std::chrono::nanoseconds delay, Task task) {
  const TimerId id = ++details_->last_timer;
  SteadyTimer& timer = details_->timers.try_emplace(id, details_->io, delay).first->second;
  timer.async_wait([this, id, task = std::move(task)](ErrorCode) mutable {
    // Gone from the map: cancelled, perhaps after it had expired.
    if (details_->timers.erase(id) != 0) task();
  });
  return id;
}

void EventLoop::Cancel(TimerId id) { details_->timers.erase(id); }

void EventLoop::Run() { details_->io.run(); }
void EventLoop::Stop() { details_->io.stop(); }
bool EventLoop::OnThread() const { return details_->io.get_executor().running_in_this_thread(); }

boost::asio::io_context& IoContext(EventLoop& loop) { return loop.details().io; }

EventLoops::EventLoops(int count) {
  for (int i = 0; i < std::max(count, 1); ++i) {
    loops_.push_back(std::make_unique<EventLoop>());
    threads_.emplace_back([i, loop = loops_.back().get()] {
      pthread_setname_np(pthread_self(), ("loop-" + std::to_string(i)).c_str());
      loop->Run();
    });
  }
}

EventLoops::~EventLoops() {
  for (auto& loop : loops_) loop->Stop();
  threads_.clear();
}

void EventLoops::Call(int index, FunctionRef<void()> task) {
  std::latch done(1);
  (*this)[index].Post([&] {
    task();
    done.count_down();
  });
  done.wait();
}

}  // namespace turnout
