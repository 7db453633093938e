#include "bytes/json_events.h"

#include <gtest/gtest.h>

#include <random>

#include "bytes/json_error.h"

namespace turnout {
namespace {

std::string Shown(const JsonToken& token) {
  return std::to_string(static_cast<int>(token.kind)) + (token.unescaped ? "e" : "") + "@" +
         std::to_string(token.byte) + ":" + std::string(token.text) + "\n";
}

std::string ByTokenizer(std::string_view text) {
  JsonTokenizer json;
  const auto tokens = json.Document(text);
  if (!tokens) return tokens.error().message;
  std::string out;
  for (const JsonToken& token : *tokens) out += Shown(token);
  return out;
}

std::string ByEvents(std::string_view text, std::size_t levels = kJsonDepth) {
  std::string out;
  const Status read = ForEachJsonToken(text, levels, [&](const JsonToken& token) -> Status {
    out += Shown(token);
    return {};
  });
  return read ? out : read.error().message;
}

constexpr std::string_view kDocuments[] = {
    "1", " \t\r\n-1.50e3 \n", "\"a\"", "null", "[]", "{}", "[[],{}]", "[true , false,null]",
    R"({"a":{"b":[1,2]},"c":""})", R"({"a":1,"a":2})",
    R"(["\"\\\/\b\f\n\r\t\u0041\u00e9\u20AC\ud83d\ude00", "é€😀", "\\", "a\\"])",
    R"({"customer_id":"C-1042","age":42,"income":55000.5,"plan":"premium","rows":[{"x":[[]]},{}]})",
    // malformed
    "", " ", "[", "]", "{", "{]", "[1,]", "[,1]", "{,}", R"({"a"})", R"({"a":})", R"({"a":1,})", "[1 2]",
    "1 2", "01", "+1", "1.", ".5", "1e", "nul", "nullx", "truefalse", "NaN", "'a'", R"(")", R"("\)", R"("\")",
    R"("\x")", R"("\u12")", R"("\ud800")", R"("\udc00")", "\"\x01\"", "\"\xff\"", "\"\xc3\"",
    "\xef\xbb\xbf[]", "[1]x", R"({1:2})", "\"a", "[\"a", "--1", "1-2", "{\"a\" 1}"};

TEST(JsonEventsTest, GivesTheTokensAndErrorsOfTheTokenizer) {
  for (const std::string_view text : kDocuments) EXPECT_EQ(ByEvents(text), ByTokenizer(text)) << text;
}

TEST(JsonEventsTest, AgreesAboutDamagedDocuments) {
  std::mt19937 random(5);
  constexpr std::string_view kBytes = "{}[]\",:\\ue0123.-+ \n\x80\xc3tfn";
  std::size_t valid = 0;
  for (const std::string_view document : kDocuments) {
    for (int i = 0; i < 500; ++i) {
      std::string text(document);
      for (int changes = 0; changes <= i % 3 && !text.empty(); ++changes) {
        text[random() % text.size()] = kBytes[random() % kBytes.size()];
      }
      const std::string expected = ByTokenizer(text);
      ASSERT_EQ(ByEvents(text), expected) << text;
      valid += !expected.starts_with("byte");
    }
  }
  EXPECT_GT(valid, 500u);
}

TEST(JsonEventsTest, LevelsAreTheCallers) {
  const std::string deep = std::string(1000, '[') + std::string(1000, ']');
  EXPECT_EQ(ByEvents(deep), "byte 64: more than 64 levels of arrays and objects");
  EXPECT_EQ(ByEvents(deep, 999), "byte 999: more than 999 levels of arrays and objects");
  EXPECT_TRUE(ByEvents(deep, 1000).starts_with("2@0:\n2@1:"));
  EXPECT_EQ(ByEvents("[]", 0), "byte 0: more than 0 levels of arrays and objects");
  EXPECT_EQ(ByEvents("7", 0), "6@0:7\n");
}

TEST(JsonEventsTest, TheCalleeCanEndIt) {
  int tokens = 0;
  const Status read = ForEachJsonToken("[1,2,3", 64, [&](const JsonToken&) -> Status {
    if (++tokens == 2) return Fail(Code::kUnsupported, "enough");
    return {};
  });
  EXPECT_EQ(tokens, 2);
  EXPECT_EQ(read.error().message, "enough");
}

}  // namespace
}  // namespace turnout
