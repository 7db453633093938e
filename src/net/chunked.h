// ChunkDecoder: the chunked coding of RFC 9112 7.1, strictly, byte by byte and in place. Internal to net.
//
// Not Beast's: its parser takes chunk extensions and folded trailers, and asserts when a last chunk arrives
// in pieces ("0\r\n", then "\r": basic_parser.ipp of Boost 1.81).
#pragma once

#include <cstddef>
#include <cstdint>

namespace turnout {

class ChunkDecoder {
 public:
  enum class Status { kMore, kDone, kMalformed, kTooLarge };

  // Decodes the next `size` coded bytes at `in` and moves their payload to `out`, which may be at or before
  // `in` in the same memory. `payload` is how much it moved, `consumed` how much it read: all, unless the
  // body ended (kDone) or is refused. No extensions; trailers are checked and dropped.
  Status Decode(const char* in, std::size_t size, char* out, std::size_t max_body, std::size_t& consumed,
                std::size_t& payload);

  std::uint64_t body_size() const { return total_; }

 private:
  enum class State {
    kSize,
    kSizeDigits,
    kSizeLf,
    kData,
    kDataCr,
    kDataLf,
    kTrailer,
    kName,
    kValue,
    kTrailerLf,
    kEndLf
  };

  State state_ = State::kSize;
  std::uint64_t remaining_ = 0;  // of the chunk
  std::uint64_t total_ = 0;
  int digits_ = 0;
  std::size_t trailer_bytes_ = 0;
};

}  // namespace turnout
