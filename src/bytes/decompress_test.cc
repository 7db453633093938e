#include "bytes/decompress.h"

#include <bzlib.h>
#include <gtest/gtest.h>
#include <lz4frame.h>
#include <lzma.h>
#include <sys/resource.h>
#include <zlib.h>

#include <chrono>
#include <random>
#include <string>
#include <vector>

namespace turnout {
namespace {

using Bytes = std::vector<uint8_t>;

constexpr Compression kAll[] = {Compression::kZlib,  Compression::kGzip, Compression::kDeflate,
                                Compression::kBzip2, Compression::kXz,   Compression::kLzma,
                                Compression::kLz4};

Bytes Deflate(const Bytes& contents, int window) {
  z_stream stream = {};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
  Bytes out(deflateBound(&stream, contents.size()));
  stream.next_in = const_cast<Bytef*>(contents.data());
  stream.avail_in = static_cast<uInt>(contents.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

Bytes Lzma(const Bytes& contents, bool alone, uint32_t dictionary) {
  lzma_options_lzma options;
  lzma_lzma_preset(&options, 1);
  options.dict_size = dictionary;
  const lzma_filter filters[] = {{LZMA_FILTER_LZMA2, &options}, {LZMA_VLI_UNKNOWN, nullptr}};
  lzma_stream stream = LZMA_STREAM_INIT;
  EXPECT_EQ(
      alone ? lzma_alone_encoder(&stream, &options) : lzma_stream_encoder(&stream, filters, LZMA_CHECK_CRC64),
      LZMA_OK);
  Bytes out(contents.size() * 2 + 1024);
  stream.next_in = contents.data();
  stream.avail_in = contents.size();
  stream.next_out = out.data();
  stream.avail_out = out.size();
  EXPECT_EQ(lzma_code(&stream, LZMA_FINISH), LZMA_STREAM_END);
  out.resize(stream.total_out);
  lzma_end(&stream);
  return out;
}

Bytes Compress(const Bytes& contents, Compression compression) {
  switch (compression) {
    case Compression::kZlib: return Deflate(contents, MAX_WBITS);
    case Compression::kGzip: return Deflate(contents, MAX_WBITS + 16);
    case Compression::kDeflate: return Deflate(contents, -MAX_WBITS);
    case Compression::kBzip2: {
      char nothing = 0;
      char* from =
          contents.empty() ? &nothing : reinterpret_cast<char*>(const_cast<uint8_t*>(contents.data()));
      Bytes out(contents.size() * 2 + 1024);
      auto size = static_cast<unsigned>(out.size());
      EXPECT_EQ(BZ2_bzBuffToBuffCompress(reinterpret_cast<char*>(out.data()), &size, from,
                                         static_cast<unsigned>(contents.size()), 9, 0, 0),
                BZ_OK);
      out.resize(size);
      return out;
    }
    case Compression::kXz: return Lzma(contents, false, 1 << 20);
    case Compression::kLzma: return Lzma(contents, true, 1 << 20);
    case Compression::kLz4: {
      LZ4F_preferences_t preferences = {};
      preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
      Bytes out(LZ4F_compressFrameBound(contents.size(), &preferences));
      out.resize(LZ4F_compressFrame(out.data(), out.size(), contents.data(), contents.size(), &preferences));
      return out;
    }
  }
  return {};
}

// Numbers as models have them: half of the bytes are noise.
Bytes Contents(std::size_t size) {
  std::mt19937 random(7);
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>(i % 8 < 4 ? i / 64 : random());
  return bytes;
}

std::string Message(const Bytes& compressed, Compression compression, const DecompressLimits& limits = {}) {
  const auto result = Decompress(compressed, compression, limits);
  return result ? "no error" : result.error().message;
}

Bytes Joined(Bytes first, const Bytes& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

TEST(DecompressTest, GivesBackWhatWasCompressed) {
  for (const Compression compression : kAll) {
    for (const std::size_t size : {0, 1, 1000, 65536, 1'500'000}) {
      const Bytes contents = Contents(size), compressed = Compress(contents, compression);
      const auto result = Decompress(compressed, compression);
      ASSERT_TRUE(result) << Name(compression) << " " << size << ": " << result.error().message;
      EXPECT_TRUE(std::ranges::equal(result->bytes(), contents)) << Name(compression) << " " << size;
      Bytes into(size);
      EXPECT_TRUE(DecompressInto(compressed, compression, into)) << Name(compression) << " " << size;
      EXPECT_EQ(into, contents);
    }
  }
}

TEST(DecompressTest, SeveralStreamsAreOneContent) {
  const Bytes contents = Contents(5000), zeros(12);
  for (const Compression compression :
       {Compression::kGzip, Compression::kBzip2, Compression::kXz, Compression::kLz4}) {
    const Bytes one = Compress(contents, compression);
    const auto result = Decompress(Joined(one, Joined(one, one)), compression);
    ASSERT_TRUE(result) << Name(compression) << ": " << result.error().message;
    EXPECT_TRUE(std::ranges::equal(result->bytes(), Joined(contents, Joined(contents, contents))));
  }
  for (const Compression compression : {Compression::kGzip, Compression::kXz}) {
    const Bytes one = Compress(contents, compression);
    const auto result = Decompress(Joined(one, Joined(zeros, Joined(one, zeros))), compression);
    ASSERT_TRUE(result) << Name(compression) << ": " << result.error().message;
    EXPECT_EQ(result->size(), 2 * contents.size());
  }
}

TEST(DecompressTest, WhatFollowsIsNotIgnored) {
  const Bytes contents = Contents(1000);
  for (const Compression compression : kAll) {
    const Bytes one = Compress(contents, compression);
    EXPECT_EQ(Message(Joined(one, {'x'}), compression),
              "byte " + std::to_string(one.size()) + ": 1 byte behind the end of the " +
                  std::string(Name(compression)) +
                  " data; the file is damaged or something was appended to it");
  }
  const Bytes zlib = Compress(contents, Compression::kZlib);
  EXPECT_EQ(
      Message(Joined(zlib, zlib), Compression::kZlib),
      "byte " + std::to_string(zlib.size()) + ": " + std::to_string(zlib.size()) +
          " bytes behind the end of the zlib data; the file is damaged or something was appended to it");
}

TEST(DecompressTest, TruncatedAtEveryByte) {
  const Bytes contents = Contents(3000);
  for (const Compression compression : kAll) {
    const Bytes whole = Compress(contents, compression);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      const auto result = Decompress(cut, compression);
      ASSERT_FALSE(result) << Name(compression) << " cut at " << size;
      EXPECT_EQ(result.error().code, Code::kCorrupt);
      EXPECT_TRUE(result.error().message.starts_with("byte " + std::to_string(size) + ": the ") &&
                  result.error().message.ends_with("; the file looks truncated"))
          << result.error().message;
      Bytes into(contents.size());
      EXPECT_FALSE(DecompressInto(cut, compression, into));
    }
  }
}

TEST(DecompressTest, AFlipOfEachByteIsAnErrorOrOtherContents) {
  const Bytes contents = Contents(3000);
  std::mt19937 random(20261122);
  for (const Compression compression : kAll) {
    Bytes bytes = Compress(contents, compression);
    std::size_t errors = 0;
    for (uint8_t& byte : bytes) {
      const uint8_t original = byte;
      byte = static_cast<uint8_t>(byte ^ (1 + random() % 255));
      const auto result = Decompress(bytes, compression);
      if (!result) {
        ++errors;
        EXPECT_TRUE(result.error().message.starts_with("byte ")) << result.error().message;
      } else if (compression != Compression::kDeflate && compression != Compression::kLzma) {
        // What no checksum covers: parts of the header that say nothing of the contents.
        EXPECT_TRUE(std::ranges::equal(result->bytes(), contents)) << Name(compression);
      }
      byte = original;
    }
    EXPECT_GT(errors, compression == Compression::kDeflate || compression == Compression::kLzma
                          ? bytes.size() / 100
                          : bytes.size() - 32)
        << Name(compression);
  }
}

TEST(DecompressTest, SaysWhatIsWrong) {
  Bytes zlib = Compress(Contents(1000), Compression::kZlib);
  zlib.back() ^= 1;
  EXPECT_EQ(Message(zlib, Compression::kZlib),
            "byte " + std::to_string(zlib.size()) +
                ": the zlib data is damaged (incorrect data check); copy the file again or write it anew");
  EXPECT_EQ(
      Message({0x78, 0xbb, 0, 0, 0, 0, 0, 0}, Compression::kZlib),
      "byte 6: the zlib data is damaged (it asks for a dictionary that is not in it); copy the file again or "
      "write it anew");
  EXPECT_EQ(Message({'B', 'Z', 'h', '9', 'x'}, Compression::kBzip2),
            "byte 5: the bzip2 data is damaged (a block or its checksum is wrong); copy the file again or "
            "write it anew");
  EXPECT_EQ(Message(Bytes(24, 'x'), Compression::kXz),
            "byte 12: the xz data is damaged (its header is wrong); copy the file again or write it anew");
  EXPECT_EQ(
      Message({4, 0x22, 0x4d, 0x18, 0, 0, 0, 0}, Compression::kLz4),
      "byte 0: the lz4 data is damaged (ERROR_headerVersion_wrong); copy the file again or write it anew");
  EXPECT_EQ(Message({}, Compression::kGzip),
            "byte 0: the gzip data stops in the middle, after 0 bytes of contents; the file looks truncated");
}

TEST(DecompressTest, SizesThatWereAnnouncedAreKept) {
  const Bytes compressed = Compress(Contents(1000), Compression::kDeflate);
  Bytes small(999), large(1001);
  EXPECT_EQ(DecompressInto(compressed, Compression::kDeflate, small).error().message,
            "byte " + std::to_string(compressed.size()) +
                ": the deflate data holds more than the 999 bytes that were announced; the file is damaged");
  EXPECT_EQ(DecompressInto(compressed, Compression::kDeflate, large).error().message,
            "byte " + std::to_string(compressed.size()) +
                ": the deflate data holds 1000 bytes, not the 1001 that were announced; the file is damaged");
}

TEST(DecompressTest, ALargeDictionaryIsNotAllocated) {
  const Bytes contents = Contents(1000);
  EXPECT_EQ(Message(Lzma(contents, false, 1 << 30), Compression::kXz),
            "byte 24: the xz data needs 1025 MiB of memory to be read, 128 MiB are given; compress it with a "
            "smaller "
            "dictionary");
  EXPECT_EQ(
      Message(Lzma(contents, true, 1 << 30), Compression::kLzma),
      "byte 13: the lzma data needs 1025 MiB of memory to be read, 128 MiB are given; compress it with a "
      "smaller dictionary");
  EXPECT_EQ(Message(Lzma(contents, false, 64 << 20), Compression::kXz), "no error");  // xz -9
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;  // memory and time are the sanitizer's own
#else
constexpr bool kSanitized = false;
#endif

std::size_t PeakBytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::size_t>(usage.ru_maxrss) * 1024;
}

TEST(DecompressTest, BombsAreCheap) {
  std::vector<std::pair<Compression, Bytes>> bombs;
  {
    const Bytes zeros(std::size_t{20} << 20);
    for (const Compression compression : kAll) bombs.emplace_back(compression, Compress(zeros, compression));
  }
  for (const auto& [compression, bomb] : bombs) {
    const auto start = std::chrono::steady_clock::now();
    DecompressLimits limits;
    if (compression == Compression::kLz4) limits.ratio = 200;  // lz4 itself can do no more than 255
    const std::string message = Message(bomb, compression, limits);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    EXPECT_NE(message.find("times its size; it is made to fill the memory"), std::string::npos)
        << Name(compression) << ": " << message;
    const std::string grown = "grown to ";
    const std::size_t at = message.find(grown);
    ASSERT_NE(at, std::string::npos);
    EXPECT_LE(std::stoull(message.substr(at + grown.size())), (uint64_t{17} << 20)) << message;
    EXPECT_LT(took.count(), kSanitized ? 20.0 : 2.0) << Name(compression);
  }
  EXPECT_EQ(
      Message(bombs[0].second, Compression::kZlib, {.bytes = 1 << 20}),
      "byte 1032: the zlib data holds more than 1 MiB, which no model needs; it is made to fill the memory");
}

TEST(DecompressTest, LengthsInHeadersAreNotBelieved) {
  const std::size_t before = PeakBytes();
  // lzma-alone: 13 bytes of header, of which 8 say that 2^62 bytes follow.
  Bytes lzma = Compress(Contents(1000), Compression::kLzma);
  for (int i = 5; i < 12; ++i) lzma[static_cast<std::size_t>(i)] = 0;
  lzma[12] = 0x3f;
  EXPECT_FALSE(Decompress(lzma, Compression::kLzma));
  EXPECT_LT(PeakBytes() - before, std::size_t{16} << 20);
}

}  // namespace
}  // namespace turnout
