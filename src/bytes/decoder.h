// Decoder: one compressed stream, a piece at a time; one class for each library behind decompress.h. Internal
// to bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"
#include "bytes/decompress.h"

namespace turnout {

class Decoder {
 public:
  enum class State : uint8_t {
    kMore,       // give it more to read or more room
    kEnd,        // the stream is complete, its checksums are right
    kDamaged,    // see Step::reason
    kTooHungry,  // it would take more memory than it may
  };
  struct Step {
    State state = State::kMore;
    std::size_t read = 0;
    std::size_t written = 0;
    std::string reason = {};
  };

  virtual ~Decoder() = default;
  // Reads some of `in` and writes some of `out`, which is not empty. Neither happens only when `in` is too
  // short.
  virtual Step Decode(std::span<const uint8_t> in, std::span<uint8_t> out) = 0;
  // After kEnd: ready for another stream of the same format. False: out of memory.
  virtual bool Restart() = 0;
  // After kTooHungry: how many bytes.
  virtual uint64_t MemoryWanted() const { return 0; }
};

// `memory` bounds what lzma streams may ask for; the other formats need less than 8 MiB.
Result<std::unique_ptr<Decoder>> MakeDecoder(Compression compression, uint64_t memory);

}  // namespace turnout
