// ByteReader: a cursor over bytes that belong to someone else. Every read is bounded: it returns false,
// and neither moves nor writes, when too few bytes are left. Unaligned and of either byte order.
//
//   ByteReader in(bytes);
//   uint32_t length;
//   std::span<const uint8_t> name;
//   if (!in.ReadLittle(length) || !in.ReadBytes(length, name)) return Fail(...in.offset()...);
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace turnout {

// The T (integer or float) stored at `data`, whose bytes run from low to high (little) or high to low.
template <class T>
T LoadLittle(const uint8_t* data) {
  static_assert(std::endian::native == std::endian::little);
  T value;
  std::memcpy(&value, data, sizeof value);
  return value;
}

template <class T>
T LoadBig(const uint8_t* data) {
  uint8_t swapped[sizeof(T)];
  for (std::size_t i = 0; i < sizeof(T); ++i) swapped[i] = data[sizeof(T) - 1 - i];
  return LoadLittle<T>(swapped);
}

class ByteReader {
 public:
  explicit ByteReader(std::span<const uint8_t> bytes, std::size_t offset = 0)
      : bytes_(bytes), offset_(offset < bytes.size() ? offset : bytes.size()) {}

  std::size_t offset() const { return offset_; }
  std::size_t size() const { return bytes_.size(); }
  std::size_t remaining() const { return bytes_.size() - offset_; }

  template <class T>
  bool ReadLittle(T& value) {
    if (remaining() < sizeof(T)) return false;
    value = LoadLittle<T>(bytes_.data() + offset_);
    offset_ += sizeof(T);
    return true;
  }

  template <class T>
  bool ReadBig(T& value) {
    if (remaining() < sizeof(T)) return false;
    value = LoadBig<T>(bytes_.data() + offset_);
    offset_ += sizeof(T);
    return true;
  }

  // A view of the next `count` bytes.
  bool ReadBytes(uint64_t count, std::span<const uint8_t>& view) {
    if (remaining() < count) return false;
    view = bytes_.subspan(offset_, static_cast<std::size_t>(count));
    offset_ += static_cast<std::size_t>(count);
    return true;
  }

  // The bytes before the next '\n', which is consumed and not part of `line`.
  bool ReadLine(std::string_view& line) {
    if (remaining() == 0) return false;
    const uint8_t* begin = bytes_.data() + offset_;
    const void* end = std::memchr(begin, '\n', remaining());
    if (end == nullptr) return false;
    const auto length = static_cast<std::size_t>(static_cast<const uint8_t*>(end) - begin);
    line = {reinterpret_cast<const char*>(begin), length};
    offset_ += length + 1;
    return true;
  }

 private:
  std::span<const uint8_t> bytes_;
  std::size_t offset_;
};

}  // namespace turnout
