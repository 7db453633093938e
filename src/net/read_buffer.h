// ReadBuffer: the bytes of a connection that were read and not yet used, in one piece. Internal to net.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

#include "net/http_request.h"

namespace turnout {

class ReadBuffer {
 public:
  char* data() { return memory_.get() + begin_; }
  std::size_t size() const { return end_ - begin_; }
  bool empty() const { return begin_ == end_; }
  std::string_view view() { return {data(), size()}; }

  // Where the next bytes go, and how many fit without moving any.
  char* tail() { return memory_.get() + end_; }
  std::size_t room() const { return capacity_ - end_; }
  void Commit(std::size_t n) { end_ += n; }

  // Makes room for `n` bytes or more; may move the others. Grows by doubling, so that the memory follows what
  // was received and not what was announced.
  void Prepare(std::size_t n) {
    if (room() >= n) return;
    if (begin_ != 0 && capacity_ - size() >= n && size() <= capacity_ / 2) {
      std::memmove(memory_.get(), data(), size());
    } else {
      const std::size_t capacity = std::max(capacity_ * 2, size() + n);
      // The padding is initialised: readers may load it, though not use it.
      std::unique_ptr<char[]> memory(new char[capacity + kBodyPadding]);
      std::memset(memory.get() + capacity, 0, kBodyPadding);
      if (size() != 0) std::memcpy(memory.get(), data(), size());
      memory_ = std::move(memory);
      capacity_ = capacity;
    }
    end_ -= begin_;
    begin_ = 0;
  }

  void Consume(std::size_t n) { begin_ += n; }
  // Forgets the last bytes.
  void Truncate(std::size_t size) { end_ = begin_ + size; }

  // When empty: starts at the front again, and gives memory back that a large request took.
  void Rewind() {
    begin_ = end_ = 0;
    if (capacity_ > kKeep) Free();
  }
  void Free() {
    memory_.reset();
    begin_ = end_ = capacity_ = 0;
  }

 private:
  static constexpr std::size_t kKeep = 64 << 10;

  std::unique_ptr<char[]> memory_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t capacity_ = 0;  // without the padding
};

}  // namespace turnout
