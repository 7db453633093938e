#include "bytes/decoder.h"

#include <bzlib.h>
#include <fmt/format.h>
#include <lz4frame.h>
#include <lzma.h>
#include <zlib.h>

#include <algorithm>

namespace turnout {
namespace {

using State = Decoder::State;

// zlib and bzip2 count in 32 bits.
template <class T>
unsigned Most(std::span<T> bytes) {
  return static_cast<unsigned>(std::min<std::size_t>(bytes.size(), std::size_t{1} << 30));
}

class ZlibDecoder : public Decoder {
 public:
  // `window`: inflateInit2's windowBits.
  explicit ZlibDecoder(int window) { ready_ = inflateInit2(&stream_, window) == Z_OK; }
  ~ZlibDecoder() override { inflateEnd(&stream_); }
  bool ready() const { return ready_; }

  Step Decode(std::span<const uint8_t> in, std::span<uint8_t> out) override {
    stream_.next_in = const_cast<Bytef*>(in.data());
    stream_.avail_in = Most(in);
    stream_.next_out = out.data();
    stream_.avail_out = Most(out);
    const int result = inflate(&stream_, Z_NO_FLUSH);
    Step step{.read = Most(in) - stream_.avail_in, .written = Most(out) - stream_.avail_out};
    switch (result) {
      case Z_OK:
      case Z_BUF_ERROR: break;
      case Z_STREAM_END: step.state = State::kEnd; break;
      case Z_NEED_DICT:
        step.state = State::kDamaged;
        step.reason = "it asks for a dictionary that is not in it";
        break;
      default:
        step.state = State::kDamaged;
        step.reason = stream_.msg != nullptr ? stream_.msg : "out of memory";
    }
    return step;
  }
  bool Restart() override { return inflateReset(&stream_) == Z_OK; }

 private:
  z_stream stream_ = {};
  bool ready_ = false;
};

class Bzip2Decoder : public Decoder {
 public:
  Bzip2Decoder() { ready_ = BZ2_bzDecompressInit(&stream_, 0, 0) == BZ_OK; }
  ~Bzip2Decoder() override { BZ2_bzDecompressEnd(&stream_); }
  bool ready() const { return ready_; }

  Step Decode(std::span<const uint8_t> in, std::span<uint8_t> out) override {
    stream_.next_in = reinterpret_cast<char*>(const_cast<uint8_t*>(in.data()));
    stream_.avail_in = Most(in);
    stream_.next_out = reinterpret_cast<char*>(out.data());
    stream_.avail_out = Most(out);
    const int result = BZ2_bzDecompress(&stream_);
    Step step{.read = Most(in) - stream_.avail_in, .written = Most(out) - stream_.avail_out};
    switch (result) {
      case BZ_OK: break;
      case BZ_STREAM_END: step.state = State::kEnd; break;
      case BZ_DATA_ERROR:
        step.state = State::kDamaged;
        step.reason = "a block or its checksum is wrong";
        break;
      case BZ_DATA_ERROR_MAGIC:
        step.state = State::kDamaged;
        step.reason = "its header is wrong";
        break;
      default:
        step.state = State::kDamaged;
        step.reason = result == BZ_MEM_ERROR ? "out of memory" : "a wrong sequence";
    }
    return step;
  }
  bool Restart() override {
    BZ2_bzDecompressEnd(&stream_);
    stream_ = {};
    return BZ2_bzDecompressInit(&stream_, 0, 0) == BZ_OK;
  }

 private:
  bz_stream stream_ = {};
  bool ready_ = false;
};

class LzmaDecoder : public Decoder {
 public:
  LzmaDecoder(bool alone, uint64_t memory) : alone_(alone), memory_(memory) { ready_ = Start(); }
  ~LzmaDecoder() override { lzma_end(&stream_); }
  bool ready() const { return ready_; }

  Step Decode(std::span<const uint8_t> in, std::span<uint8_t> out) override {
    stream_.next_in = in.data();
    stream_.avail_in = in.size();
    stream_.next_out = out.data();
    stream_.avail_out = out.size();
    const lzma_ret result = lzma_code(&stream_, LZMA_RUN);
    Step step{.read = in.size() - stream_.avail_in, .written = out.size() - stream_.avail_out};
    switch (result) {
      case LZMA_OK:
      case LZMA_BUF_ERROR: break;
      case LZMA_STREAM_END: step.state = State::kEnd; break;
      case LZMA_MEMLIMIT_ERROR: step.state = State::kTooHungry; break;
      default:
        step.state = State::kDamaged;
        step.reason = result == LZMA_DATA_ERROR      ? "a block or its checksum is wrong"
                      : result == LZMA_FORMAT_ERROR  ? "its header is wrong"
                      : result == LZMA_OPTIONS_ERROR ? "it uses a filter that is not known"
                                                     : "out of memory";
    }
    return step;
  }
  // liblzma reuses what an earlier stream allocated.
  bool Restart() override { return Start(); }
  uint64_t MemoryWanted() const override { return lzma_memusage(&stream_); }

 private:
  bool Start() {
    return (alone_ ? lzma_alone_decoder(&stream_, memory_) : lzma_stream_decoder(&stream_, memory_, 0)) ==
           LZMA_OK;
  }

  lzma_stream stream_ = LZMA_STREAM_INIT;
  bool alone_;
  uint64_t memory_;
  bool ready_ = false;
};

class Lz4Decoder : public Decoder {
 public:
  Lz4Decoder() { ready_ = LZ4F_createDecompressionContext(&context_, LZ4F_VERSION) == 0; }
  ~Lz4Decoder() override { LZ4F_freeDecompressionContext(context_); }
  bool ready() const { return ready_; }

  Step Decode(std::span<const uint8_t> in, std::span<uint8_t> out) override {
    std::size_t read = in.size(), written = out.size();
    const std::size_t result = LZ4F_decompress(context_, out.data(), &written, in.data(), &read, nullptr);
    if (LZ4F_isError(result)) return {State::kDamaged, 0, 0, LZ4F_getErrorName(result)};
    // 0 also answers an empty `in` before the first byte of a frame.
    return {result == 0 && read > 0 ? State::kEnd : State::kMore, read, written, {}};
  }
  bool Restart() override {
    LZ4F_resetDecompressionContext(context_);
    return true;
  }

 private:
  LZ4F_dctx* context_ = nullptr;
  bool ready_ = false;
};

template <class T, class... Args>
Result<std::unique_ptr<Decoder>> Make(Args... args) {
  auto decoder = std::make_unique<T>(args...);
  if (!decoder->ready()) return Fail(Code::kUnavailable, "no memory for a decoder");
  return decoder;
}

}  // namespace

Result<std::unique_ptr<Decoder>> MakeDecoder(Compression compression, uint64_t memory) {
  switch (compression) {
    case Compression::kZlib: return Make<ZlibDecoder>(MAX_WBITS);
    case Compression::kGzip: return Make<ZlibDecoder>(MAX_WBITS + 16);
    case Compression::kDeflate: return Make<ZlibDecoder>(-MAX_WBITS);
    case Compression::kBzip2: return Make<Bzip2Decoder>();
    case Compression::kXz: return Make<LzmaDecoder>(false, memory);
    case Compression::kLzma: return Make<LzmaDecoder>(true, memory);
    case Compression::kLz4: return Make<Lz4Decoder>();
  }
  return Fail(Code::kInternal, "no such compression");
}

}  // namespace turnout
