#include "bytes/decompress.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "bytes/decoder.h"

namespace turnout {
namespace {

using namespace std::string_view_literals;

// Contents are written in pieces, so that the limits are looked at while they grow.
constexpr std::size_t kPiece = std::size_t{1} << 20;
constexpr std::size_t kFirstRoom = std::size_t{64} << 10;

// What a further stream of the same file starts with; empty: there is only one.
std::string_view Magic(Compression compression) {
  switch (compression) {
    case Compression::kGzip: return "\x1f\x8b"sv;
    case Compression::kBzip2: return "BZh"sv;
    case Compression::kXz: return "\xfd\x37\x7a\x58\x5a\x00"sv;
    case Compression::kLz4: return "\x04\x22\x4d\x18"sv;
    default: return {};
  }
}

bool MayBePadded(Compression compression) {
  return compression == Compression::kGzip || compression == Compression::kXz;
}

std::string Count(uint64_t bytes) { return fmt::format("{} byte{}", bytes, bytes == 1 ? "" : "s"); }

std::string Memory(uint64_t bytes) {
  return bytes < (1 << 20) ? Count(bytes) : fmt::format("{} MiB", (bytes + (1 << 20) - 1) >> 20);
}

// Where the contents go: `fixed` bytes, or a buffer that grows up to `most`.
class Output {
 public:
  explicit Output(std::span<uint8_t> fixed) : fixed_(fixed), most_(fixed.size()) {}
  Output(ByteBuffer* growing, uint64_t most) : growing_(growing), most_(most) {}

  uint64_t written() const { return written_; }
  uint64_t most() const { return most_; }
  bool is_fixed() const { return growing_ == nullptr; }

  // At most kPiece bytes; empty when there may be no more. False: no memory.
  bool Room(std::span<uint8_t>& room) {
    room = {};
    if (written_ == most_) return true;
    if (growing_ == nullptr) {
      room = fixed_.subspan(static_cast<std::size_t>(written_));
    } else {
      const uint64_t wanted = std::min<uint64_t>(most_, std::max<uint64_t>(kFirstRoom, 2 * written_));
      if (growing_->capacity() == growing_->size() && !growing_->Reserve(wanted)) return false;
      room = growing_->Room();
    }
    room = room.first(std::min(room.size(), kPiece));
    return true;
  }
  void Commit(std::size_t bytes) {
    written_ += bytes;
    if (growing_ != nullptr) growing_->Commit(bytes);
  }

 private:
  std::span<uint8_t> fixed_;
  ByteBuffer* growing_ = nullptr;
  uint64_t most_;
  uint64_t written_ = 0;
};

class Reader {
 public:
  Reader(std::span<const uint8_t> in, Compression compression, const DecompressLimits& limits, Output& out)
      : in_(in), compression_(compression), limits_(limits), out_(out) {}

  Status Read() {
    TURNOUT_ASSIGN(const auto decoder, MakeDecoder(compression_, limits_.decoder_bytes));
    for (;;) {
      TURNOUT_TRY(Stream(*decoder));
      const std::size_t end = at_;
      if (MayBePadded(compression_)) {
        while (at_ < in_.size() && in_[at_] == 0) ++at_;
      }
      if (at_ == in_.size()) return {};
      const std::string_view magic = Magic(compression_);
      if (magic.empty() || in_.size() - at_ < magic.size() ||
          std::memcmp(in_.data() + at_, magic.data(), magic.size()) != 0) {
        at_ = end;
        return Wrong(Code::kCorrupt,
                     fmt::format("{} behind the end of the {} data; the file is damaged or something was "
                                 "appended to it",
                                 Count(in_.size() - end), Name(compression_)));
      }
      if (!decoder->Restart()) return Wrong(Code::kUnavailable, "no memory for a decoder");
    }
  }

 private:
  std::unexpected<Error> Wrong(Code code, std::string_view what) const {
    return Fail(code, fmt::format("byte {}: {}", at_, what));
  }

  // From the start of a stream to its end.
  Status Stream(Decoder& decoder) {
    for (;;) {
      // When no more contents are allowed, a decoder may still have a checksum to read.
      uint8_t one_more = 0;
      std::span<uint8_t> room;
      if (!out_.Room(room)) {
        return Wrong(Code::kUnavailable,
                     fmt::format("no memory for more than {} of contents", Memory(out_.written())));
      }
      const bool full = room.empty();
      if (full) room = {&one_more, 1};
      Decoder::Step step = decoder.Decode(in_.subspan(at_), room);
      at_ += step.read;
      if (full && step.written > 0) return TooLarge();
      out_.Commit(step.written);
      if (step.state == Decoder::State::kEnd) return {};
      if (step.state != Decoder::State::kMore) return Refused(decoder, step);
      if (out_.written() > limits_.ratio_from && out_.written() / limits_.ratio >= at_) {
        return Wrong(Code::kUnsupported,
                     fmt::format("the {} data has grown to {} by here, {} times its size; it is made to fill "
                                 "the memory",
                                 Name(compression_), Count(out_.written()), limits_.ratio));
      }
      if (step.read == 0 && step.written == 0) {
        return Wrong(Code::kCorrupt,
                     fmt::format("the {} data stops in the middle, after {} of contents; the file looks "
                                 "truncated",
                                 Name(compression_), Count(out_.written())));
      }
    }
  }

  std::unexpected<Error> TooLarge() const {
    return out_.is_fixed()
               ? Wrong(Code::kCorrupt, fmt::format("the {} data holds more than the {} that were announced; "
                                                   "the file is damaged",
                                                   Name(compression_), Count(out_.most())))
               : Wrong(Code::kUnsupported,
                       fmt::format("the {} data holds more than {}, which no model needs; it is made to fill "
                                   "the memory",
                                   Name(compression_), Memory(out_.most())));
  }

  std::unexpected<Error> Refused(const Decoder& decoder, const Decoder::Step& step) const {
    if (step.state == Decoder::State::kDamaged) {
      return Wrong(Code::kCorrupt,
                   fmt::format("the {} data is damaged ({}); copy the file again or write it anew",
                               Name(compression_), step.reason));
    }
    return Wrong(
        Code::kUnsupported,
        fmt::format("the {} data needs {} of memory to be read, {} are given; compress it with a "
                    "smaller dictionary",
                    Name(compression_), Memory(decoder.MemoryWanted()), Memory(limits_.decoder_bytes)));
  }

  std::span<const uint8_t> in_;
  const Compression compression_;
  const DecompressLimits& limits_;
  Output& out_;
  std::size_t at_ = 0;  // bytes of in_ that are read
};

}  // namespace

std::string_view Name(Compression compression) {
  switch (compression) {
    case Compression::kZlib: return "zlib";
    case Compression::kGzip: return "gzip";
    case Compression::kDeflate: return "deflate";
    case Compression::kBzip2: return "bzip2";
    case Compression::kXz: return "xz";
    case Compression::kLzma: return "lzma";
    case Compression::kLz4: return "lz4";
  }
  return "?";
}

Result<ByteBuffer> Decompress(std::span<const uint8_t> compressed, Compression compression,
                              const DecompressLimits& limits) {
  ByteBuffer contents;
  Output out(&contents, limits.bytes);
  TURNOUT_TRY(Reader(compressed, compression, limits, out).Read());
  if (!contents.Reserve(contents.size())) return Fail(Code::kUnavailable, "no memory");
  return contents;
}

Status DecompressInto(std::span<const uint8_t> compressed, Compression compression, std::span<uint8_t> out,
                      const DecompressLimits& limits) {
  Output fixed(out);
  TURNOUT_TRY(Reader(compressed, compression, limits, fixed).Read());
  if (fixed.written() < out.size()) {
    return Fail(
        Code::kCorrupt,
        fmt::format("byte {}: the {} data holds {}, not the {} that were announced; the file is damaged",
                    compressed.size(), Name(compression), Count(fixed.written()), out.size()));
  }
  return {};
}

}  // namespace turnout
