#include "base/byte_reader.h"

#include <gtest/gtest.h>

#include <limits>

namespace turnout {
namespace {

constexpr uint8_t kBytes[] = {1, 2, 3, 4, 'a', '\n', 'b', 0, 'c', '\n', 9};

TEST(ByteReaderTest, ReadsBothByteOrdersAtAnyPlace) {
  ByteReader in(kBytes, 1);
  uint16_t little = 0, big = 0;
  EXPECT_TRUE(in.ReadLittle(little));
  EXPECT_EQ(little, 0x0302);
  in = ByteReader(kBytes, 1);
  EXPECT_TRUE(in.ReadBig(big));
  EXPECT_EQ(big, 0x0203);
  EXPECT_EQ(in.offset(), 3u);
}

TEST(ByteReaderTest, NeitherMovesNorWritesBeyondTheEnd) {
  ByteReader in(kBytes, 8);
  uint32_t value = 77;
  EXPECT_FALSE(in.ReadLittle(value));
  EXPECT_FALSE(in.ReadBig(value));
  EXPECT_EQ(value, 77u);
  std::span<const uint8_t> view(kBytes, 1);
  EXPECT_FALSE(in.ReadBytes(4, view));
  EXPECT_FALSE(in.ReadBytes(std::numeric_limits<uint64_t>::max(), view));
  EXPECT_EQ(view.size(), 1u);
  EXPECT_EQ(in.offset(), 8u);
  EXPECT_TRUE(in.ReadBytes(3, view));
  EXPECT_EQ(view.data(), kBytes + 8);
  EXPECT_EQ(in.remaining(), 0u);
  EXPECT_TRUE(in.ReadBytes(0, view));
  EXPECT_EQ(ByteReader(kBytes, 999).remaining(), 0u);
}

TEST(ByteReaderTest, LinesAreUpToTheirEnd) {
  ByteReader in(kBytes, 4);
  std::string_view line;
  EXPECT_TRUE(in.ReadLine(line));
  EXPECT_EQ(line, "a");
  EXPECT_TRUE(in.ReadLine(line));
  EXPECT_EQ(line, std::string_view("b\0c", 3));
  EXPECT_FALSE(in.ReadLine(line)) << "no end of line";
  EXPECT_EQ(in.remaining(), 1u);
  EXPECT_FALSE(ByteReader(std::span<const uint8_t>()).ReadLine(line));
}

}  // namespace
}  // namespace turnout
