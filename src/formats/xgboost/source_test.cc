// JSON and UBJSON as events: what is read, and what is refused where.
#include "formats/xgboost/source.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "formats/xgboost/read.h"

namespace turnout::xgboost {
namespace {

using Kind = Source::Kind;

// "{ a: 1 'text' [ ... ] }", or the error.
std::string Events(Source& source) {
  std::string events;
  for (;;) {
    if (auto next = source.Next(); !next) return events + next.error().message;
    switch (source.kind()) {
      case Kind::kObject: events += "{ "; break;
      case Kind::kArray: events += "[ "; break;
      case Kind::kEnd: events += "end "; break;
      case Kind::kKey: events += fmt::format("{}: ", source.text()); break;
      case Kind::kText: events += fmt::format("'{}' ", source.text()); break;
      case Kind::kBool: events += source.truth() ? "true " : "false "; break;
      case Kind::kNull: events += "null "; break;
      case Kind::kNumber: {
        int64_t whole = 0;
        events += source.AsInt(whole) ? fmt::format("{} ", whole) : fmt::format("{}f ", source.AsFloat());
        break;
      }
      case Kind::kNumbers:
        events += fmt::format("{} of", source.count());
        for (std::size_t n = 0; n < source.count(); ++n) events += fmt::format(" {}", source.Double(n));
        events += ' ';
        break;
      case Kind::kFinish: return events + "finish";
    }
  }
}

std::string OfJson(std::string_view text) { return Events(*OpenJson(text)); }
std::string OfUbjson(std::string_view bytes) {
  return Events(*OpenUbjson({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}));
}

TEST(XgboostSource, Json) {
  EXPECT_EQ(OfJson(R"( {"a" : [1, -2.5, 3.0,"x\né",true,false,null,[],{}] ,"b":"" } )"),
            "{ a: [ 1 -2.5f 3 'x\né' true false null [ end { end end b: '' end finish");
  EXPECT_EQ(OfJson("[NaN,Infinity,-Infinity]"), "[ nanf inff -inff end finish");
  EXPECT_EQ(OfJson("7"), "7 finish");
  EXPECT_EQ(OfJson("[1.4e-45,1e-50,3.4e38,1e39,-1e999]"),
            fmt::format("[ {}f 0f {}f inff -inff end finish", 1.4e-45f, 3.4e38f));
}

TEST(XgboostSource, JsonThatIsNone) {
  EXPECT_EQ(OfJson(""), "byte 0: the JSON ends here, a value expected; the file looks truncated");
  EXPECT_EQ(OfJson("[1 2]"), "[ 1 byte 3: found '2', ',' or ']' expected");
  EXPECT_EQ(OfJson("[1,]"), "[ 1 byte 3: found ']', a value expected");
  EXPECT_EQ(OfJson("{,}"), "{ byte 1: found ',', a name in '\"' expected");
  EXPECT_EQ(OfJson("{\"a\"}"), "{ byte 4: found '}', ':' expected");
  EXPECT_EQ(OfJson("[1}"), "[ 1 byte 2: found '}', ',' or ']' expected");
  EXPECT_EQ(OfJson("[01]"), "[ byte 1: '01' is not a number");
  EXPECT_EQ(OfJson("[nan]"), "[ byte 1: found 'n', a value expected");
  EXPECT_EQ(OfJson("[\"\t\"]"), "[ byte 2: found the byte 09, UTF-8 text expected");
  EXPECT_EQ(OfJson("[\"\\u12\"]"), "[ byte 1: a bad escape in this text");
  EXPECT_EQ(OfJson("[\"\\"),
            "[ byte 3: the JSON ends here, the end of a text expected; the file looks truncated");
  EXPECT_EQ(OfJson("1 1"), "1 byte 2: found '1', the end of the file expected");
}

TEST(XgboostSource, Ubjson) {
  using namespace std::string_view_literals;
  EXPECT_EQ(OfUbjson("{i\1a[$I#i\2\0\1\xff\xfe}"sv), "{ a: 2 of 1 -2 end finish");
  EXPECT_EQ(OfUbjson("{#i\1U\1aTN"sv), "{ a: true end byte 8: 1 bytes behind the end of the model");
  EXPECT_EQ(OfUbjson("[#I\0\3i\x85U\x85SU\2hi"sv), "[ -123 133 'hi' end finish");
  EXPECT_EQ(OfUbjson("[Nl\xff\xff\xff\xff"
                     "FZN]"sv),
            "[ -1 false null end finish");
  EXPECT_EQ(OfUbjson("[d\x3f\xc0\0\0D\x3f\xf8\0\0\0\0\0\0d\x40\0\0\0]"sv), "[ 1.5f 1.5f 2 end finish");
  EXPECT_EQ(OfUbjson("[$U#i\0[$d#i\1\x40\0\0\0"sv), "0 of byte 6: 10 bytes behind the end of the model");
  EXPECT_EQ(OfUbjson("[$L#i\1\0\0\0\0\0\0\1\0"sv), "1 of 256 finish");
}

TEST(XgboostSource, UbjsonThatIsNone) {
  using namespace std::string_view_literals;
  EXPECT_EQ(OfUbjson(""), "byte 0: a marker of 1 bytes, but 0 are left; the file looks truncated");
  EXPECT_EQ(OfUbjson("[H"sv), "[ byte 1: a value of the UBJSON type 'H', which XGBoost does not write");
  EXPECT_EQ(OfUbjson("[\1"sv), "[ byte 1: found the byte 01, a value expected");
  EXPECT_EQ(OfUbjson("{S"sv), "{ byte 1: found the marker 'S', a length expected");
  EXPECT_EQ(OfUbjson("{i\xff"sv), "{ byte 1: the length -1");
  EXPECT_EQ(OfUbjson("[L\0\0"sv), "[ byte 2: a number of 8 bytes, but 2 are left; the file looks truncated");
}

TEST(XgboostSource, NumbersOfParameters) {
  std::vector<float> values;
  EXPECT_TRUE(ParseFloats("5E-1", values));
  EXPECT_TRUE(ParseFloats("[1E0,-2.5, 3e-45]", values));
  EXPECT_EQ(values, (std::vector<float>{0.5f, 1, -2.5f, 3e-45f}));
  for (const char* bad : {"", "[", "[]", "[1", "1,2", "1]", "[1,]", "x", "0x1p3 ", "1 "}) {
    EXPECT_FALSE(ParseFloats(bad, values)) << bad;
  }
}

}  // namespace
}  // namespace turnout::xgboost
