#include "codec/json_rows.h"

#include "codec/test_contract.h"

namespace turnout {
namespace {

constexpr std::string_view kGood =
    R"({"customer_id":"C-1042","age":42,"income":55000.5,"tenure_months":18,"monthly_charges":79.5,"plan":"premium"})";

class JsonRowsTest : public testing::Test {
 protected:
  Contract contract_ = ChurnContract();
  Batch batch_{contract_.layout()};
  RowReader reader_{contract_, batch_};
  JsonTokenizer json_;
};

TEST_F(JsonRowsTest, ReadsEachCase) {
  const auto cases = ReadCases("tests/codec/json_rows.txt", false);
  ASSERT_GE(cases.size(), 8u);
  for (const TextCase& test : cases) {
    SCOPED_TRACE("tests/codec/json_rows.txt:" + std::to_string(test.line));
    reader_.Clear();
    const Status read = ReadJsonRows(json_, test.input, 5, reader_);
    EXPECT_EQ(read ? Show(reader_) : "error: " + read.error().message + "\n", test.expected);
  }
}

TEST_F(JsonRowsTest, OneObjectIsARowWithItsBytes) {
  ASSERT_TRUE(ReadJsonRow(json_, kGood, reader_));
  EXPECT_EQ(Show(reader_), "0: \"C-1042\" 42 55000.5 18 79.5 2 -\n");
  EXPECT_EQ(batch_.sources()[0].data(), kGood.data());
  EXPECT_EQ(batch_.sources()[0], kGood);
}

TEST_F(JsonRowsTest, ElementsKeepTheirBytes) {
  const std::string body = "[ " + std::string(kGood) + " ,\n" + std::string(kGood) + "]";
  ASSERT_TRUE(ReadJsonRows(json_, body, 5, reader_));
  ASSERT_EQ(batch_.rows(), 2u);
  EXPECT_EQ(batch_.sources()[0], kGood);
  EXPECT_EQ(batch_.sources()[1], kGood);
}

TEST_F(JsonRowsTest, WhatIsNoObjectIsAnError) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"[]", "Input should be an object, found an array"},
      {"17", "Input should be an object, found a number"},
      {"true", "Input should be an object, found a boolean"},
      {"null", "Input should be an object, found null"}};
  for (const auto& [body, message] : cases) {
    const Status read = ReadJsonRow(json_, body, reader_);
    ASSERT_FALSE(read) << body;
    EXPECT_EQ(read.error().code, Code::kInvalidArgument);
    EXPECT_EQ(read.error().message, message);
  }
  EXPECT_EQ(Show(reader_), "");
}

// A prefix is never read as a row, and never as more rows than it has.
TEST_F(JsonRowsTest, EveryTruncationIsAnError) {
  const std::string array = "[" + std::string(kGood) + ",{\"note\":\"\\u00e9\\n\"},[1,[2]]]";
  for (std::size_t size = 0; size < kGood.size(); ++size) {
    reader_.Clear();
    const std::string body(kGood.substr(0, size));
    EXPECT_FALSE(ReadJsonRow(json_, body, reader_)) << body;
    EXPECT_EQ(batch_.rows(), 0u);
  }
  for (std::size_t size = 0; size < array.size(); ++size) {
    reader_.Clear();
    const std::string body = array.substr(0, size);
    EXPECT_FALSE(ReadJsonRows(json_, body, 5, reader_)) << body;
    EXPECT_LE(batch_.rows(), 1u);
  }
  reader_.Clear();
  EXPECT_TRUE(ReadJsonRows(json_, array, 5, reader_));
  EXPECT_EQ(batch_.rows(), 1u);
  EXPECT_EQ(reader_.refusals().size(), 2u);
}

TEST_F(JsonRowsTest, TheLimitItselfIsAllowed) {
  EXPECT_TRUE(ReadJsonRows(json_, "[{},{}]", 2, reader_));
  reader_.Clear();
  EXPECT_FALSE(ReadJsonRows(json_, "[{},{},{}]", 2, reader_));
}

}  // namespace
}  // namespace turnout
