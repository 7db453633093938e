// ReadPickle: the bytes of a pickle (protocols 0 to 5, or an uncompressed joblib dump) -> inert values.
//
// Opcodes are interpreted, nothing is imported and nothing is called. What Python would call becomes a
// kObject that says so. Only pure data is resolved while reading: numpy arrays, dtypes and scalars, bytes,
// sets, complex, slice, range, OrderedDict, defaultdict, copyreg's reconstructors. A name that only occurs
// in attacks (os.system and its like) is refused at once with its byte offset.
//
// Hostile bytes cost bounded memory (Limits::memory_*) and time linear in their length; the answer is then
// one error whose message starts with "byte N: ". `bytes` must outlive the Graph (see object.h).
// Thread-safe: no shared state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.h"
#include "formats/pickle/object.h"

namespace turnout::pickle {

struct Limits {
  uint64_t file_bytes = uint64_t{4} << 30;
  // The deepest operand stack seen in a real model file is 284 entries.
  std::size_t stack = 1'000'000;
  std::size_t marks = 10'000;
  // A forest of 1000 trees memoises 1e5 to 1e6 objects.
  std::size_t memo = 50'000'000;
  // PUT may name an index at most this far beyond the number of PUTs before it; Python counts up by one.
  std::size_t memo_gap = 1024;
  // Everything that reading builds, the operand stack included: memory_factor * file + memory_base bytes.
  std::size_t memory_factor = 4;
  std::size_t memory_base = std::size_t{64} << 20;
  // Bytes copied or converted on behalf of the file (one text may be converted many times):
  // work_factor * file + work_base.
  std::size_t work_factor = 32;
  std::size_t work_base = std::size_t{256} << 20;
  // Integers: numpy's random generators keep 128 bits; beyond this many bytes it is not a model's number.
  std::size_t integer_bytes = 1024;
  // "module.name" of a global, bytes.
  std::size_t name_bytes = 1024;
  // numpy 2 allows 64 dimensions.
  std::size_t dimensions = 64;
  // joblib writes an array of objects as a pickle inside the pickle; real files nest one level.
  std::size_t nested_pickles = 8;
};

Result<Graph> ReadPickle(std::span<const uint8_t> bytes, const Limits& limits = {});

}  // namespace turnout::pickle
