// ByteBuffer: bytes on the heap that grow cheaply. Unlike a vector it neither copies large contents (realloc
// moves their pages) nor writes to room that is not used yet, so memory that was asked for and not filled
// costs nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <utility>

namespace turnout {

class ByteBuffer {
 public:
  ByteBuffer() = default;
  ByteBuffer(ByteBuffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  ByteBuffer& operator=(ByteBuffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }
  ~ByteBuffer() { std::free(data_); }

  std::span<const uint8_t> bytes() const { return {data_, size_}; }
  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }

  // Changes the room to `capacity` bytes, at least size(). False: there is no such memory, nothing changed.
  [[nodiscard]] bool Reserve(std::size_t capacity) {
    if (capacity < size_) capacity = size_;
    void* moved = std::realloc(data_, capacity > 0 ? capacity : 1);
    if (moved == nullptr) return false;
    data_ = static_cast<uint8_t*>(moved);
    capacity_ = capacity;
    return true;
  }
  // The room behind the contents; what is written there becomes contents by Commit.
  std::span<uint8_t> Room() { return {data_ + size_, capacity_ - size_}; }
  void Commit(std::size_t written) { size_ += written; }

 private:
  uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace turnout
