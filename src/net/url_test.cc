#include "net/url.h"

#include <gtest/gtest.h>

namespace turnout {
namespace {

TEST(PercentDecode, DecodesOrRefuses) {
  EXPECT_EQ(PercentDecode("churn"), "churn");
  EXPECT_EQ(PercentDecode("a%20b%2Fc%C3%a4+d"), "a b/c\xC3\xA4+d");
  EXPECT_EQ(PercentDecode(""), "");
  for (const char* broken : {"%", "%2", "a%", "%zz", "%2g", "%-1", "% 1", "%00", "%%41"})
    EXPECT_EQ(PercentDecode(broken), std::nullopt) << broken;
}

TEST(QueryValue, FindsTheFirstOfThatName) {
  EXPECT_EQ(QueryValue("ids=true&strict=1", "ids"), "true");
  EXPECT_EQ(QueryValue("ids=true&strict=1", "strict"), "1");
  EXPECT_EQ(QueryValue("a=1&a=2", "a"), "1");
  EXPECT_EQ(QueryValue("a", "a"), "");
  EXPECT_EQ(QueryValue("a=", "a"), "");
  EXPECT_EQ(QueryValue("&&b=x+y%2Bz=w", "b"), "x y+z=w");
  EXPECT_EQ(QueryValue("%61=1", "a"), "1");
  EXPECT_EQ(QueryValue("a=%", "a"), std::nullopt);
  EXPECT_EQ(QueryValue("aa=1", "a"), std::nullopt);
  EXPECT_EQ(QueryValue("", "a"), std::nullopt);
}

}  // namespace
}  // namespace turnout
