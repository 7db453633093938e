// OffsetWindow: which messages of a partition are finished, so that only a gapless run of them is committed.
//
//   const uint64_t ticket = window.Add(offset);   // when a message is taken, in order of offsets
//   window.Finish(ticket);                        // when all that it caused is delivered, in any order
//   window.position()                             // everything below is finished
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <deque>

namespace turnout {

class OffsetWindow {
 public:
  uint64_t Add(int64_t offset) {
    if (position_ < 0) position_ = offset;
    open_.push_back({offset, false});
    return first_ + open_.size() - 1;
  }

  // Once per ticket.
  void Finish(uint64_t ticket) {
    assert(ticket >= first_ && ticket - first_ < open_.size() && !open_[ticket - first_].finished);
    open_[ticket - first_].finished = true;
    while (!open_.empty() && open_.front().finished) {
      position_ = open_.front().offset + 1;  // offsets may have gaps: the next message's is not known
      open_.pop_front();
      ++first_;
    }
  }

  // Gives up what is not finished: it will be taken again from position() on. Tickets stay unique.
  void Restart() {
    position_ = position();
    first_ += open_.size();
    open_.clear();
  }

  // Offset of the first message that is not finished, or after the last that is; -1: none was added.
  int64_t position() const { return open_.empty() ? position_ : open_.front().offset; }
  int64_t offset_of(uint64_t ticket) const { return open_[ticket - first_].offset; }  // of an unfinished one
  bool empty() const { return open_.empty(); }
  std::size_t size() const { return open_.size(); }

 private:
  struct Open {
    int64_t offset;
    bool finished;
  };
  std::deque<Open> open_;
  uint64_t first_ = 0;  // ticket of open_.front()
  int64_t position_ = -1;
};

}  // namespace turnout
