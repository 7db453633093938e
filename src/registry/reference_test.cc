#include "registry/reference.h"

#include <gtest/gtest.h>

namespace turnout {
namespace {

std::string Parsed(std::string_view text) {
  const auto reference = ParseReference(text);
  return reference ? reference->text() : "error: " + reference.error().message;
}

TEST(ReferenceTest, EachForm) {
  EXPECT_EQ(Parsed("churn:v2.1.0"), "churn:v2.1.0");
  EXPECT_EQ(Parsed("churn:v2.1.0+build.7"), "churn:v2.1.0+build.7");
  EXPECT_EQ(Parsed("churn@candidate"), "churn@candidate");
  EXPECT_EQ(Parsed("churn"), "churn@stable");
  EXPECT_EQ(Parsed("9"), "9@stable");
  EXPECT_EQ(Parsed("sha256:9f86d081884c"), "sha256:9f86d081884c");
  EXPECT_EQ(Parsed("sha256:" + std::string(64, 'a')), "sha256:" + std::string(64, 'a'));
  EXPECT_TRUE(IsRegistryReference("registry:churn"));
  EXPECT_FALSE(IsRegistryReference("models/registry:churn"));
  EXPECT_FALSE(IsRegistryReference("registry/churn.pkl"));
}

TEST(ReferenceTest, EveryOtherTextIsRefused) {
  const std::string long_name(10'000, 'a');
  for (const std::string& text : {std::string(""),
                                  std::string(":"),
                                  std::string("@"),
                                  std::string("churn:"),
                                  std::string("churn@"),
                                  std::string(":v1"),
                                  std::string("@stable"),
                                  std::string("../../etc/passwd"),
                                  std::string("churn:../v1"),
                                  std::string("churn@../x"),
                                  std::string("a/b"),
                                  std::string(".hidden"),
                                  std::string("-flag"),
                                  std::string("churn:v1\nv2"),
                                  std::string("ch urn"),
                                  std::string("churn:v1:v2"),
                                  std::string("churn@a@b"),
                                  std::string("churn:v1@stable"),
                                  std::string("churn\0x", 7),
                                  std::string("Ä"),
                                  long_name,
                                  "churn:" + long_name,
                                  "churn@" + long_name,
                                  std::string("sha256"),
                                  std::string("sha256:"),
                                  std::string("sha256:9f86d081884"),
                                  std::string("sha256:9F86D081884C"),
                                  "sha256:" + std::string(65, 'a'),
                                  std::string("sha256:../../../etc"),
                                  std::string("\xff\xfe")}) {
    const auto reference = ParseReference(text);
    ASSERT_FALSE(reference) << text.substr(0, 80);
    EXPECT_EQ(reference.error().code, Code::kInvalidArgument);
    EXPECT_LT(reference.error().message.size(), 600u) << reference.error().message;
    EXPECT_EQ(reference.error().message.find_first_of("\n\0\xff", 0, 3), std::string::npos);
  }
  EXPECT_EQ(
      Parsed("churn:v1\nv2"),
      "error: 'churn:v1?v2' names no version: 'v1?v2' is not the name of a version: 1 to 100 letters, "
      "digits, '.', '_', '-', '+', beginning with a letter or a digit; write churn:v2.1.0, churn@stable or "
      "sha256:<12 digits or more>");
  EXPECT_EQ(
      Parsed("sha256:12"),
      "error: 'sha256:12' names no version: '12' is not 12 to 64 digits of a SHA-256, 0-9 and a-f; write "
      "churn:v2.1.0, churn@stable or sha256:<12 digits or more>");
}

TEST(ReferenceTest, Metadata) {
  EXPECT_TRUE(CheckMetadata("team", "risk"));
  EXPECT_TRUE(CheckMetadata("git/commit", "0a1b"));
  EXPECT_TRUE(CheckMetadata("note", "Größe: 3 µm, \"quoted\""));
  EXPECT_TRUE(CheckMetadata("empty", ""));
  EXPECT_FALSE(CheckMetadata("", "x"));
  EXPECT_FALSE(CheckMetadata("a b", "x"));
  EXPECT_FALSE(CheckMetadata("note", "two\nlines"));
  EXPECT_FALSE(CheckMetadata("note", "\xff"));
  EXPECT_FALSE(CheckMetadata("note", std::string(4097, 'x')));
}

TEST(ReferenceTest, PrintableIsPlainAndShort) {
  EXPECT_EQ(Printable("churn"), "'churn'");
  EXPECT_EQ(Printable(std::string_view("a\0\x1b[31m\xff", 8)), "'a??[31m?'");
  EXPECT_EQ(Printable(std::string(10'000, 'x')), "'" + std::string(60, 'x') + "...' (10000 bytes)");
}

}  // namespace
}  // namespace turnout
