// The OpenAPI document's parts, example rows, and the docs page's policy.
#include <gtest/gtest.h>

#include <string>

#include "bytes/json.h"
#include "bytes/json_builder.h"
#include "protocol/rest/content_type.h"
#include "protocol/rest/docs_page.h"
#include "protocol/rest/example_row.h"
#include "protocol/rest/openapi.h"
#include "protocol/rest/openapi_schema.h"
#include "protocol/rest/test_server.h"

namespace turnout {
namespace {

class Documents : public ::testing::Test {
 protected:
  Metrics metrics_;
  std::shared_ptr<const Snapshot> churn_ = testing::MakeTestSnapshot(metrics_, "churn", "v1");
  std::shared_ptr<const Snapshot> house_ = testing::MakeTestSnapshot(metrics_, "house", "v1");
};

TEST_F(Documents, AreJson) {
  JsonTokenizer json;
  for (const auto& endpoints : {std::vector{churn_}, std::vector{churn_, house_}}) {
    const std::string text = OpenApiDocument(endpoints, "1.0", 100);
    EXPECT_TRUE(json.Document(text)) << text;
  }
}

TEST_F(Documents, StateTheContractsFields) {
  const std::string churn = RowSchema(*churn_);
  const auto has = [](const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
  };
  EXPECT_TRUE(has(churn, R"("age":{"type":"integer","minimum":18,"maximum":120,"description":)")) << churn;
  EXPECT_TRUE(has(churn, R"("income":{"type":"number","minimum":-3.4028234663852886e+38,)")) << churn;
  EXPECT_TRUE(has(churn, R"("plan":{"type":"string","enum":["basic","standard","premium"],)")) << churn;
  EXPECT_TRUE(has(churn, "Its code is accepted as `plan_encoded`.")) << churn;
  EXPECT_TRUE(
      has(churn, R"("required":["customer_id","age","income","tenure_months","monthly_charges","plan"],)"))
      << churn;
  EXPECT_TRUE(has(churn, R"("additionalProperties":true)"));

  const std::string house = RowSchema(*house_);
  EXPECT_TRUE(has(house, R"("rooms":{"type":["integer","null"],"minimum":1,"maximum":50,"default":5,)"))
      << house;
  EXPECT_TRUE(has(house, R"("garden":{"type":"boolean",)")) << house;
  EXPECT_TRUE(has(house, R"("street":{"type":["string","null"],)")) << house;
  EXPECT_TRUE(has(house, R"("required":["area","garden"],"additionalProperties":false)")) << house;
  EXPECT_TRUE(has(house, R"x("x-turnout-derived":{"area_per_room":"area / (rooms - 1)"})x")) << house;
}

TEST_F(Documents, StateTheReply) {
  const std::string churn = ReplySchema(*churn_);
  const auto has = [](const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
  };
  EXPECT_TRUE(has(churn, R"("prediction":{"type":"integer","enum":[0,1],)")) << churn;
  EXPECT_TRUE(has(churn, R"("will_churn":{"type":"boolean",)")) << churn;
  EXPECT_TRUE(has(churn,
                  R"("required":["customer_id","prediction","will_churn","confidence","model_version",)"
                  R"("latency_ms"])"))
      << churn;
}

TEST_F(Documents, ExampleRowsPassTheirContract) {
  for (const auto& snapshot : {churn_, house_}) {
    for (int variant = 0; variant < 4; ++variant) {
      const std::string row = ExampleRow(*snapshot->contract, snapshot->stable->model, variant);
      Batch batch(snapshot->contract->layout());
      RowReader reader(*snapshot->contract, batch);
      JsonTokenizer json;
      const auto tokens = json.Document(row);
      ASSERT_TRUE(tokens) << row;
      reader.Begin(0, row);
      for (std::size_t i = 1; i + 1 < tokens->size(); i += 2) {
        const JsonToken& value = (*tokens)[i + 1];
        Cell cell{Cell::Kind::kText, value.text};
        if (value.kind == JsonToken::Kind::kTrue) cell.kind = Cell::Kind::kTrue;
        if (value.kind == JsonToken::Kind::kFalse) cell.kind = Cell::Kind::kFalse;
        reader.Set(snapshot->contract->Find((*tokens)[i].text), (*tokens)[i].text, cell);
      }
      EXPECT_TRUE(reader.End()) << row;
    }
  }
}

TEST_F(Documents, TypicalInputsComeFromTheModel) {
  Model model = testing::ChurnModel();
  EXPECT_EQ(TypicalInput(model, 0), 40);
  EXPECT_EQ(TypicalInput(model, 1), std::nullopt);  // no split on it
  Scale scale;
  scale.mean = {41.2345, 55123.4, 0, -0.0123456, std::nan("")};
  model.steps = {scale};
  EXPECT_EQ(TypicalInput(model, 0), 41.2);
  EXPECT_EQ(TypicalInput(model, 1), 55100);
  EXPECT_EQ(TypicalInput(model, 2), 0);
  EXPECT_EQ(TypicalInput(model, 3), -0.0123);
  EXPECT_EQ(TypicalInput(model, 4), std::nullopt);
}

TEST(JsonBuilder, SetsCommas) {
  JsonBuilder json;
  json.Object().Key("a").Array().Number(1).Text(",").Bool(false).End().Key("b").Object().End();
  json.Raw(R"("c":null,"d":1)").Key("e\"").Array().Object().End().Object().End().End().End();
  EXPECT_EQ(json.text(), R"({"a":[1,",",false],"b":{},"c":null,"d":1,"e\"":[{},{}]})");
}

TEST(ContentType, JsonInUtf8) {
  for (const char* type :
       {"application/json", "APPLICATION/JSON", "application/json;charset=utf-8",
        "application/json ; charset=\"UTF-8\"", "application/problem+json", "application/json; v=1"}) {
    EXPECT_TRUE(IsJsonType(type)) << type;
  }
  for (const char* type :
       {"", "text/json", "application/jsonp", "application/json, text/csv", "application/+xml",
        "application/json; charset=utf-16", "application/x-www-form-urlencoded"}) {
    EXPECT_FALSE(IsJsonType(type)) << type;
  }
}

TEST(DocsPage, RunsUnderItsPolicyAlone) {
  EXPECT_EQ(ContentSecurityPolicy("<style>a{}</style><script type=\"module\">alert(1)</script>"),
            "default-src 'none'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
            "frame-ancestors 'none'; script-src 'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='; "
            "style-src 'sha256-X1RutGBrXCt9KkSaXMK7tHftWiRscFHOhxsS8tv8hBk='");
  const std::string_view page = DocsPage();
  EXPECT_TRUE(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"));
  // The policy would block each of these.
  for (const char* blocked :
       {" style=\"", " onclick=\"", " src=\"http", "<link rel=\"stylesheet", "@import", "url(http"}) {
    EXPECT_EQ(page.find(blocked), std::string_view::npos) << blocked;
  }
}

}  // namespace
}  // namespace turnout
