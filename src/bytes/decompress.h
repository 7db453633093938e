// Compressed bytes -> bytes, over the formats' own libraries (zlib, bzip2, liblzma, lz4).
//
// What is compressed may be hostile: limits hold while it is inflated, not after, so memory follows what was
// really written, never what a header promises. Every error is one line: the byte of the compressed data, the
// format, what was found, what to do. Thread-safe: no shared state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "bytes/byte_buffer.h"

namespace turnout {

enum class Compression : uint8_t {
  kZlib,
  kGzip,     // one or more members
  kDeflate,  // without a header or a checksum, as in zip archives
  kBzip2,    // one or more streams
  kXz,       // one or more streams
  kLzma,     // the older "lzma-alone" format; has no checksum
  kLz4,      // one or more frames
};
// "zlib", "gzip", ...
std::string_view Name(Compression compression);

struct DecompressLimits {
  uint64_t bytes = uint64_t{8} << 30;
  // At most `ratio` bytes for each compressed one, counted once more than `ratio_from` bytes are written.
  uint64_t ratio = 1000;
  uint64_t ratio_from = uint64_t{16} << 20;
  // What a decoder itself may take. xz -9 needs 65 MiB.
  uint64_t decoder_bytes = uint64_t{128} << 20;
};

// The whole of `compressed`. Behind the last stream only zeros may follow (gzip and xz, which allow them).
Result<ByteBuffer> Decompress(std::span<const uint8_t> compressed, Compression compression,
                              const DecompressLimits& limits = {});

// The same for data whose size is known: fills `out` to its end, no more and no less.
Status DecompressInto(std::span<const uint8_t> compressed, Compression compression, std::span<uint8_t> out,
                      const DecompressLimits& limits = {});

}  // namespace turnout
