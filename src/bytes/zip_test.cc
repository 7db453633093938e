// What is refused, and with which message, is in tests/hostile/model (formats/read_model_test.cc).
#include "bytes/zip.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <random>
#include <string>

namespace turnout {
namespace {

using Bytes = std::vector<uint8_t>;

template <class T>
void Put(Bytes& out, T value) {
  for (std::size_t i = 0; i < sizeof value; ++i) out.push_back(static_cast<uint8_t>(value >> (8 * i)));
}

struct Source {
  std::string name, contents;
  bool deflated = false;
};

// An archive as zipfile writes it; `wide`: with the 64-bit records that large archives have.
Bytes Zip(const std::vector<Source>& sources, bool wide = false, const std::string& comment = "") {
  Bytes out, directory;
  for (const Source& source : sources) {
    const auto* contents = reinterpret_cast<const uint8_t*>(source.contents.data());
    Bytes packed(contents, contents + source.contents.size());
    if (source.deflated) {
      z_stream stream = {};
      EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
      packed.resize(deflateBound(&stream, source.contents.size()));
      stream.next_in = const_cast<Bytef*>(contents);
      stream.avail_in = static_cast<uInt>(source.contents.size());
      stream.next_out = packed.data();
      stream.avail_out = static_cast<uInt>(packed.size());
      EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
      packed.resize(stream.total_out);
      deflateEnd(&stream);
    }
    const auto offset = static_cast<uint32_t>(out.size());
    const auto sum = static_cast<uint32_t>(crc32_z(0, contents, source.contents.size()));
    Bytes both;  // what the local header and the directory's entry share, from "flags" on
    Put<uint16_t>(both, 0);
    Put<uint16_t>(both, source.deflated ? 8 : 0);
    Put<uint32_t>(both, 0);
    Put<uint32_t>(both, sum);
    Put<uint32_t>(both, wide ? 0xffffffff : static_cast<uint32_t>(packed.size()));
    Put<uint32_t>(both, wide ? 0xffffffff : static_cast<uint32_t>(source.contents.size()));
    Put<uint16_t>(both, static_cast<uint16_t>(source.name.size()));
    Bytes extra;
    if (wide) {
      Put<uint16_t>(extra, 1);
      Put<uint16_t>(extra, 24);
      Put<uint64_t>(extra, source.contents.size());
      Put<uint64_t>(extra, packed.size());
      Put<uint64_t>(extra, offset);
    }
    Put<uint16_t>(both, static_cast<uint16_t>(extra.size()));
    Put<uint32_t>(out, 0x04034b50);
    Put<uint16_t>(out, 20);
    out.insert(out.end(), both.begin(), both.end());
    out.insert(out.end(), source.name.begin(), source.name.end());
    out.insert(out.end(), extra.begin(), extra.end());
    out.insert(out.end(), packed.begin(), packed.end());
    Put<uint32_t>(directory, 0x02014b50);
    Put<uint16_t>(directory, 20);
    Put<uint16_t>(directory, 20);
    directory.insert(directory.end(), both.begin(), both.end());
    Put<uint64_t>(directory, 0);  // comment, disk, internal and half of the external attributes
    Put<uint16_t>(directory, 0);
    Put<uint32_t>(directory, wide ? 0xffffffff : offset);
    directory.insert(directory.end(), source.name.begin(), source.name.end());
    directory.insert(directory.end(), extra.begin(), extra.end());
  }
  const uint64_t start = out.size(), count = sources.size();
  out.insert(out.end(), directory.begin(), directory.end());
  if (wide) {
    const uint64_t record = out.size();
    Put<uint32_t>(out, 0x06064b50);
    Put<uint64_t>(out, 44);
    Put<uint32_t>(out, 45 | 45 << 16);
    Put<uint64_t>(out, 0);
    Put<uint64_t>(out, count);
    Put<uint64_t>(out, count);
    Put<uint64_t>(out, directory.size());
    Put<uint64_t>(out, start);
    Put<uint32_t>(out, 0x07064b50);
    Put<uint32_t>(out, 0);
    Put<uint64_t>(out, record);
    Put<uint32_t>(out, 1);
  }
  Put<uint32_t>(out, 0x06054b50);
  Put<uint32_t>(out, 0);
  Put<uint16_t>(out, wide ? 0xffff : static_cast<uint16_t>(count));
  Put<uint16_t>(out, wide ? 0xffff : static_cast<uint16_t>(count));
  Put<uint32_t>(out, wide ? 0xffffffff : static_cast<uint32_t>(directory.size()));
  Put<uint32_t>(out, wide ? 0xffffffff : static_cast<uint32_t>(start));
  Put<uint16_t>(out, static_cast<uint16_t>(comment.size()));
  out.insert(out.end(), comment.begin(), comment.end());
  return out;
}

std::string Contents(const ZipMember* member) {
  if (member == nullptr) return "no such member";
  Bytes out(static_cast<std::size_t>(member->size));
  const Status read = ReadMember(*member, out);
  return read ? std::string(out.begin(), out.end()) : read.error().message;
}

const std::vector<Source> kSources = {{"a", "alpha"},
                                      {"folder/b", std::string(5000, 'b'), true},
                                      {"empty", ""},
                                      {"empty and deflated", "", true}};

TEST(ZipTest, ReadsMembersByName) {
  for (const bool wide : {false, true}) {
    const Bytes bytes = Zip(kSources, wide, "a comment");
    const auto zip = ZipArchive::Open(bytes);
    ASSERT_TRUE(zip) << zip.error().message;
    EXPECT_EQ(zip->content_bytes(), 5005u);
    EXPECT_EQ(zip->members().size(), 4u);
    for (const Source& source : kSources)
      EXPECT_EQ(Contents(zip->Find(source.name)), source.contents) << source.name;
    EXPECT_EQ(zip->Find("c"), nullptr);
    EXPECT_TRUE(CheckStored(*zip->Find("a")));
    EXPECT_EQ(zip->Find("a")->data.data(), bytes.data() + 31 + (wide ? 28 : 0)) << "a view of the file";
  }
  EXPECT_TRUE(ZipArchive::Open(Zip({})));
}

TEST(ZipTest, ManyMembers) {
  std::vector<Source> sources;
  for (int i = 0; i < 70'000; ++i) sources.push_back({std::to_string(i) + ".npy", "x"});
  const auto zip = ZipArchive::Open(Zip(sources, true));
  ASSERT_TRUE(zip) << zip.error().message;
  EXPECT_EQ(zip->members().size(), 70'000u);
}

TEST(ZipTest, TruncatedAtEveryByteAndFlipped) {
  for (const bool wide : {false, true}) {
    Bytes bytes = Zip(kSources, wide);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_FALSE(ZipArchive::Open(Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size))));
    }
    std::mt19937 random(3);
    std::size_t errors = 0;
    for (uint8_t& byte : bytes) {
      const uint8_t original = byte;
      byte = static_cast<uint8_t>(byte ^ (1 + random() % 255));
      const auto zip = ZipArchive::Open(bytes);
      errors += !zip;
      if (zip) {
        for (const ZipMember& member : zip->members()) {
          const std::string contents = Contents(&member);
          bool known = contents.starts_with("member '");
          for (const Source& source : kSources) known |= contents == source.contents;
          EXPECT_TRUE(known) << contents;
        }
      }
      byte = original;
    }
    EXPECT_GT(errors, 100u);
  }
}

TEST(ZipTest, LimitsAreTheCallers) {
  const Bytes bytes = Zip(kSources);
  EXPECT_EQ(ZipArchive::Open(bytes, {.members = 3}).error().message,
            "a zip archive of 4 members, more than 3 are not accepted");
  EXPECT_EQ(ZipArchive::Open(bytes, {.bytes = 5004}).error().message,
            "a zip archive of " + std::to_string(bytes.size()) +
                " bytes that holds 5005 bytes, more than 5004 in all or 1000 times its size are not "
                "accepted; it is made "
                "to fill the memory");
  EXPECT_FALSE(ZipArchive::Open(bytes, {.ratio = 5, .ratio_from = 1000}));
  EXPECT_TRUE(ZipArchive::Open(bytes, {.ratio = 5}));
}

}  // namespace
}  // namespace turnout
