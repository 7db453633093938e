// As Python 3.11 answers.
#include "bytes/unicode.h"

#include <gtest/gtest.h>

namespace turnout {
namespace {

std::string Lower(std::string_view text) {
  std::string out;
  AppendLower(text, out);
  return out;
}

std::string WithoutAccents(std::string_view text) {
  std::string out;
  AppendWithoutAccents(text, out);
  return out;
}

std::string Ascii(std::string_view text) {
  std::string out;
  AppendAscii(text, out);
  return out;
}

TEST(Unicode, Lower) {
  EXPECT_EQ(Lower("ABC xyz_09"), "abc xyz_09");
  EXPECT_EQ(Lower("ÀÉÎ ŁÓDŹ"), "àéî łódź");
  EXPECT_EQ(Lower("İstanbul"), "i\u0307stanbul");
  EXPECT_EQ(Lower("ΑΣ ΣΑΣ Σ ΑΣ'Β ΑΣ'"), "ας σας σ ασ'β ας'");
  EXPECT_EQ(Lower("\u01C4\uFF21ß"), "\u01C6\uFF41ß");
  EXPECT_EQ(Lower("A\xff\xC3"), "a\xff\xC3");  // not UTF-8
}

TEST(Unicode, Accents) {
  EXPECT_EQ(WithoutAccents("São Łódź"), "Sao Łodz");
  EXPECT_EQ(WithoutAccents("plain"), "plain");
  EXPECT_EQ(WithoutAccents("ﬁ ① Ａ ½"), "fi 1 A 1\u20442");
  EXPECT_EQ(WithoutAccents("a\u0301"), "a");
  EXPECT_EQ(WithoutAccents("a\u0301\u00E9"), "ae");
  EXPECT_EQ(WithoutAccents("한"), "\u1112\u1161\u11AB");
  EXPECT_EQ(Ascii("São Łódź ﬁ ½"), "Sao odz fi 12");
  EXPECT_EQ(Ascii("한"), "");
  EXPECT_EQ(WithoutAccents("\xff\u00E9"),
            "\xff"
            "e");
}

TEST(Unicode, Kinds) {
  for (const uint32_t word : {0x61u, 0x5Fu, 0x39u, 0xE9u, 0x4E2Du, 0x661u, 0xBDu, 0x2160u})
    EXPECT_TRUE(IsWord(word)) << word;
  for (const uint32_t other : {0x20u, 0x2Du, 0x301u, 0x20ACu, 0x110000u})
    EXPECT_FALSE(IsWord(other)) << other;
  for (const uint32_t space : {0x20u, 0x0Au, 0x1Fu, 0x85u, 0xA0u, 0x3000u})
    EXPECT_TRUE(IsSpace(space)) << space;
  EXPECT_FALSE(IsSpace(0x200B));
}

}  // namespace
}  // namespace turnout
