// Counts after known traffic, exactly.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "net/http_client.h"
#include "protocol/process_metrics.h"
#include "protocol/rest/test_server.h"

namespace turnout {
namespace {

constexpr const char* kGood =
    R"({"customer_id":"C-1","age":30,"income":1,"tenure_months":1,"monthly_charges":1,"plan":"premium"})";

// The value of a series, as text; empty if there is no such series.
std::string Value(std::string_view metrics, const std::string& series) {
  const std::string start = "\n" + series + " ";
  const std::size_t at = metrics.find(start);
  if (at == std::string_view::npos) return {};
  const std::size_t begin = at + start.size();
  return std::string(metrics.substr(begin, metrics.find('\n', begin) - begin));
}

TEST(RestMetrics, CountWhatHappened) {
  testing::TestServer server({"churn"});
  ASSERT_TRUE(server.ready());
  auto client = HttpClient::Connect("127.0.0.1", server.port());
  ASSERT_TRUE(client);
  const auto post = [&](const char* path, const std::string& body) {
    const auto reply = client->Call("POST", path, body);
    return reply ? reply->status : 0;
  };
  for (int i = 0; i < 3; ++i) EXPECT_EQ(post("/predict", kGood), 200);
  EXPECT_EQ(post("/endpoints/churn/predict", kGood), 200);
  EXPECT_EQ(
      post("/predict", R"({"customer_id":"C-1","age":17,"income":1,"tenure_months":1,"monthly_charges":1,)"
                       R"("plan_encoded":7,"other":1})"),
      422);
  EXPECT_EQ(post("/predict", "{"), 422);
  EXPECT_EQ(post("/predict", R"({"customer_id":"C-1","age":30,"income":1e300,"tenure_months":1,)"
                             R"("monthly_charges":1,"plan":"basic"})"),
            422);
  EXPECT_EQ(post("/predict/batch", std::string("[") + kGood + "," + kGood + ",7,{\"customer_id\":true}]"),
            200);
  EXPECT_EQ(post("/nowhere", "{}"), 404);
  EXPECT_EQ(client->Call("GET", "/predict")->status, 405);
  EXPECT_EQ(client->Call("GET", "/health")->status, 200);
  auto rude = HttpClient::Connect("127.0.0.1", server.port());
  ASSERT_TRUE(rude && rude->SendRaw("NOT HTTP AT ALL\r\n\r\n"));
  ASSERT_EQ(rude->Receive()->status, 400);

  const auto reply = client->Call("GET", "/metrics");
  ASSERT_TRUE(reply);
  const std::string& text = reply->body;
  const auto value = [&](const std::string& series) { return Value(text, series); };
  EXPECT_EQ(value(R"(http_requests_total{endpoint="churn",route="predict",status="200"})"), "4");
  EXPECT_EQ(value(R"(http_requests_total{endpoint="churn",route="predict",status="422"})"), "3");
  EXPECT_EQ(value(R"(http_requests_total{endpoint="churn",route="predict",status="405"})"), "1");
  EXPECT_EQ(value(R"(http_requests_total{endpoint="churn",route="batch",status="200"})"), "1");
  EXPECT_EQ(value(R"(http_requests_total{endpoint="churn",route="batch",status="422"})"), "0");
  EXPECT_EQ(value(R"(http_requests_total{route="unknown",status="404"})"), "1");
  EXPECT_EQ(value(R"(http_requests_total{route="health",status="200"})"), "1");
  EXPECT_EQ(value(R"(http_requests_total{route="malformed",status="400"})"), "1");
  EXPECT_EQ(value(R"(rows_rejected_total{endpoint="churn",type="greater_than_equal"})"), "1");
  EXPECT_EQ(value(R"(rows_rejected_total{endpoint="churn",type="dict_type"})"), "1");
  EXPECT_EQ(value(R"(rows_rejected_total{endpoint="churn",type="string_type"})"), "1");
  EXPECT_EQ(value(R"(field_errors_total{endpoint="churn",field="age",type="greater_than_equal"})"), "1");
  EXPECT_EQ(value(R"(field_errors_total{endpoint="churn",field="plan",type="enum"})"), "1");
  EXPECT_EQ(value(R"(field_errors_total{endpoint="churn",field="",type="dict_type"})"), "1");
  EXPECT_EQ(value(R"(field_errors_total{endpoint="churn",field="income",type="missing"})"), "1");
  EXPECT_EQ(value(R"(predictions_total{endpoint="churn",version="v2.1.0",result="1"})"), "6");
  EXPECT_EQ(value(R"(predictions_total{endpoint="churn",version="v2.1.0",result="0"})"), "0");
  EXPECT_EQ(value(R"(predictions_refused_total{endpoint="churn",version="v2.1.0"})"), "1");
  EXPECT_EQ(value(R"(prediction_confidence_count{endpoint="churn",version="v2.1.0"})"), "6");
  EXPECT_EQ(value(R"(prediction_confidence_sum{endpoint="churn",version="v2.1.0"})"), "5.25");
  EXPECT_EQ(value("http_requests_in_flight"), "1");
  EXPECT_FALSE(value("process_cpu_seconds_total").empty());
  EXPECT_EQ(value(R"(turnout_build_info{version="0.1.0",compiler="g++ )" __VERSION__ R"("})"), "1");
  EXPECT_FALSE(value(R"(model_load_seconds{endpoint="churn",version="v2.1.0"})").empty());
}

TEST(ProcessMetrics, AreThoseOfThisProcess) {
  Metrics metrics;
  AddProcessMetrics(metrics);
  AddBuildInfo(metrics, "1.2.3");
  const std::string text = metrics.Text();
  const auto number = [&](const char* series) { return std::atof(Value(text, series).c_str()); };
  EXPECT_GT(number("process_cpu_seconds_total"), 0);
  EXPECT_GT(number("process_resident_memory_bytes"), 1 << 20);
  EXPECT_GE(number("process_virtual_memory_bytes"), number("process_resident_memory_bytes"));
  EXPECT_GE(number("process_open_fds"), 3);
  EXPECT_GE(number("process_max_fds"), number("process_open_fds"));
  // Ticks of a hundredth of a second, and the boot time is in whole ones.
  EXPECT_NEAR(number("process_start_time_seconds"), static_cast<double>(time(nullptr)), 3600);
  EXPECT_EQ(Value(text, R"(turnout_build_info{version="1.2.3",compiler="g++ )" __VERSION__ R"("})"), "1");
}

}  // namespace
}  // namespace turnout
