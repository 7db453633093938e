// Published<T>: one value that many threads read and one owner replaces.
//
// Readers take a snapshot and keep it for the length of one unit of work; a snapshot never changes.
// Publish() makes the next value visible to new snapshots and returns at once: it waits for nobody. The
// value it replaced is kept aside and destroyed by Reclaim(), on the owner's thread, once the last reader
// has let go, so no request ever pays for freeing a model.
//
// Thread-safe: Get() from any thread. Publish() and Reclaim() from the owner's thread only, which must
// outlive the readers. (A mutex, because std::atomic<std::shared_ptr> of g++ 12 is neither lock-free nor
// clean under ThreadSanitizer.)
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace turnout {

template <class T>
class Published {
 public:
  using Snapshot = std::shared_ptr<const T>;

  explicit Published(Snapshot initial) : current_(std::move(initial)) {}

  Snapshot Get() const {
    std::lock_guard lock(mutex_);
    return current_;
  }

  void Publish(Snapshot next) {
    {
      std::lock_guard lock(mutex_);
      current_.swap(next);
    }
    retired_.push_back(std::move(next));
  }

  // Destroys the replaced values that nobody reads any more; returns how many are still read.
  std::size_t Reclaim() {
    // A retired value is unreachable, so its count only falls: 1 means that ours is the last reference.
    std::erase_if(retired_, [](const Snapshot& old) { return old.use_count() == 1; });
    return retired_.size();
  }

 private:
  mutable std::mutex mutex_;
  Snapshot current_;               // guarded by mutex_
  std::vector<Snapshot> retired_;  // owner's thread only
};

}  // namespace turnout
