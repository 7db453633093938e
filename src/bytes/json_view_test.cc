#include "bytes/json_view.h"

#include <gtest/gtest.h>

namespace turnout {
namespace {

TEST(JsonView, LooksByNames) {
  constexpr std::string_view kDocument =
      R"({"a":{"b":[1,{"c":"x\ty"},[],18446744073709551615]},"d":true,"e":null,"d":2.5})";
  JsonTokenizer json;
  const auto tokens = json.Document(kDocument);
  ASSERT_TRUE(tokens);
  const JsonView view(*tokens);
  EXPECT_EQ(view["a"]["b"].Items().size(), 4u);
  EXPECT_EQ(view["a"]["b"].Items()[1]["c"].Text(), "x\ty");
  EXPECT_EQ(view["a"]["b"].Items()[3].Whole(), 18446744073709551615u);
  EXPECT_EQ(view["d"].Number(), 2.5);
  EXPECT_EQ(view["d"].Whole(), std::nullopt);
  EXPECT_TRUE(view["e"]);
  EXPECT_TRUE(view["e"].IsNull());
  EXPECT_EQ(view.Members().size(), 4u);

  const JsonView none = view["x"]["y"];
  EXPECT_FALSE(none);
  EXPECT_TRUE(none.IsNull());
  EXPECT_EQ(none.Text(), "");
  EXPECT_EQ(none.Number(), std::nullopt);
  EXPECT_TRUE(none.Items().empty());
  EXPECT_TRUE(view["d"].Members().empty());
}

}  // namespace
}  // namespace turnout
