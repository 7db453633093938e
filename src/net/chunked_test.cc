#include "net/chunked.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace turnout {
namespace {

using Status = ChunkDecoder::Status;

struct Decoded {
  Status status = Status::kMore;
  std::string body;
  std::size_t consumed = 0;
};

// In pieces of `step` bytes.
Decoded Decode(std::string_view coded, std::size_t step, std::size_t max_body = 1000) {
  ChunkDecoder decoder;
  Decoded result;
  while (result.status == Status::kMore && result.consumed < coded.size()) {
    std::string piece(coded.substr(result.consumed, step));
    std::size_t consumed = 0;
    std::size_t payload = 0;
    result.status = decoder.Decode(piece.data(), piece.size(), piece.data(), max_body, consumed, payload);
    result.body.append(piece, 0, payload);
    result.consumed += consumed;
  }
  return result;
}

TEST(ChunkDecoder, TheBodyIsTheSameHoweverItIsCut) {
  const std::string coded =
      "4\r\nwiki\r\n00A\r\n0123456789\r\n1\r\n\r\r\n0\r\nTrailer: x\r\nx-2:\t\xc3\xa4\r\n\r\n";
  for (std::size_t step = 1; step <= coded.size() + 9; ++step) {
    const Decoded result = Decode(coded + "GET / HT", step);
    EXPECT_EQ(result.status, Status::kDone) << step;
    EXPECT_EQ(result.body, "wiki0123456789\r") << step;
    EXPECT_EQ(result.consumed, coded.size()) << step;
  }
}

TEST(ChunkDecoder, ALastChunkInPiecesIsStillALastChunk) {
  for (std::size_t step = 1; step <= 5; ++step)
    EXPECT_EQ(Decode("0\r\n\r\n", step).status, Status::kDone) << step;
}

TEST(ChunkDecoder, MalformedBodiesAreRefusedHoweverTheyAreCut) {
  constexpr std::string_view kMalformed[] = {
      "\r\n",
      "x\r\n",
      " 1\r\na\r\n0\r\n\r\n",
      "1 \r\na\r\n0\r\n\r\n",
      "-1\r\na\r\n0\r\n\r\n",
      "+1\r\na\r\n0\r\n\r\n",
      "0x1\r\na\r\n0\r\n\r\n",
      "1\na\r\n0\r\n\r\n",
      "1\r\ra\r\n0\r\n\r\n",
      "1;ext\r\na\r\n0\r\n\r\n",
      "1;ext=\"v\"\r\na\r\n0\r\n\r\n",
      "1;\na\r\n0\r\n\r\n",
      "1\r\nab\r\n0\r\n\r\n",
      "1\r\na\n0\r\n\r\n",
      "1\r\na\r0\r\n\r\n",
      "00000000000000001\r\na\r\n0\r\n\r\n",
      "10000000000000000\r\na\r\n0\r\n\r\n",
      "0\r\n\n",
      "0\r\n\rx",
      "0\r\n folded: x\r\n\r\n",
      "0\r\nname\r\n\r\n",
      "0\r\nna me: x\r\n\r\n",
      "0\r\nname: x\n\r\n",
      "0\r\nname: x\r\n y\r\n\r\n",
  };
  for (const std::string_view coded : kMalformed)
    for (std::size_t step = 1; step <= coded.size(); ++step)
      EXPECT_EQ(Decode(coded, step).status, Status::kMalformed) << coded << " by " << step;
  using namespace std::string_view_literals;
  EXPECT_EQ(Decode("0\r\nname: \0\r\n\r\n"sv, 3).status, Status::kMalformed);
  EXPECT_EQ(Decode("0\r\n\0: x\r\n\r\n"sv, 3).status, Status::kMalformed);
  EXPECT_EQ(Decode("0\r\na:" + std::string(10'000, 'b') + "\r\n\r\n", 100).status, Status::kMalformed);
}

TEST(ChunkDecoder, TheLimitHoldsBeforeTheBytesCome) {
  EXPECT_EQ(Decode("5\r\n", 3, 4).status, Status::kTooLarge);
  EXPECT_EQ(Decode("FFFFFFFFFFFFFFFF\r\n", 30, 4).status, Status::kTooLarge);
  EXPECT_EQ(Decode("3\r\nabc\r\n2\r\n", 30, 4).status, Status::kTooLarge);
  EXPECT_EQ(Decode("3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n", 30, 4).status, Status::kDone);
}

}  // namespace
}  // namespace turnout
