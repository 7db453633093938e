#include "server/serve.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "net/http_client.h"
#include "net/http_server.h"
#include "server/test_folder.h"

namespace turnout {
namespace {

using testing::ChurnModelPath;
using testing::TestFolder;

constexpr std::string_view kRow =
    R"({"customer_id":"C-1042","age":42,"income":55000.5,"tenure_months":18,"monthly_charges":79.5,"plan":"premium"})";

// Serve() on a thread of its own, from ready to stopped.
class Serving {
 public:
  explicit Serving(const std::string& target) {
    std::promise<int> ready;
    std::future<int> port = ready.get_future();
    thread_ = std::thread([this, target, ready = std::move(ready)]() mutable {
      ServeOptions options{.config_or_model = target, .listen = "127.0.0.1:0", .ready = {}};
      options.ready = [&](const std::string& url, const Snapshots& snapshots) {
        endpoints_ = snapshots.size();
        ready.set_value(std::stoi(url.substr(url.rfind(':') + 1)));
      };
      status_ = Serve(options, stop_);
      if (!status_) stopped_ = status_.error().message;
    });
    // A future whose promise is gone without a value throws; a server that does not start fails the test.
    try {
      port_ = port.get();
    } catch (const std::future_error&) {
    }
  }
  ~Serving() { Stop(); }

  void Stop() {
    stop_.Stop();
    if (thread_.joinable()) thread_.join();
  }
  HttpClient Client() { return *HttpClient::Connect("127.0.0.1", port_); }
  int port() const { return port_; }
  std::size_t endpoints() const { return endpoints_; }
  const Status& status() const { return status_; }
  const std::string& stopped() const { return stopped_; }

 private:
  StopSignal stop_;
  std::thread thread_;
  int port_ = 0;
  std::size_t endpoints_ = 0;
  Status status_;
  std::string stopped_;
};

TEST(ServeTest, AnswersFromReadyToDrained) {
  Serving serving("examples/churn/server.yaml");
  ASSERT_GT(serving.port(), 0) << serving.stopped();
  EXPECT_EQ(serving.endpoints(), 1u);
  HttpClient client = serving.Client();
  EXPECT_EQ(client.Call("GET", "/health")->body, R"({"status":"healthy","model_version":"v2.1.0"})");
  EXPECT_EQ(client.Call("GET", "/health/ready")->status, 200);
  const auto answer = client.Call("POST", "/predict", kRow);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  EXPECT_TRUE(answer->body.starts_with(R"({"customer_id":"C-1042","prediction":)")) << answer->body;
  const std::string metrics = client.Call("GET", "/metrics")->body;
  EXPECT_NE(
      metrics.find("prediction_latency_seconds_bucket{endpoint=\"churn\",version=\"v2.1.0\",le=\"0.5\"}"),
      std::string::npos);
  EXPECT_NE(metrics.find("model_load_seconds{endpoint=\"churn\",version=\"v2.1.0\"}"), std::string::npos);

  // A request that is on its way when the stop comes is answered.
  ASSERT_TRUE(
      client.SendRaw("POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                     "Content-Length: " +
                     std::to_string(kRow.size()) + "\r\n\r\n"));
  ASSERT_TRUE(client.SendRaw(kRow.substr(0, 10)));
  std::thread stopping([&] { serving.Stop(); });
  ASSERT_TRUE(client.SendRaw(kRow.substr(10)));
  const auto last = client.Receive();
  stopping.join();
  ASSERT_TRUE(last) << last.error().message;
  EXPECT_EQ(last->status, 200);
  EXPECT_TRUE(serving.status()) << serving.stopped();
  EXPECT_FALSE(HttpClient::Connect("127.0.0.1", serving.port()));
}

TEST(ServeTest, ABareModelIsEnough) {
  Serving serving(ChurnModelPath());
  ASSERT_GT(serving.port(), 0) << serving.stopped();
  HttpClient client = serving.Client();
  const auto answer =
      client.Call("POST", "/endpoints/churn-v2.1.0/predict",
                  R"({"age":42,"income":55000.5,"tenure_months":18,"monthly_charges":79.5,"plan":2})");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200) << answer->body;
  EXPECT_TRUE(answer->body.starts_with(R"({"prediction":1,"probabilities":{"0":0.47)")) << answer->body;
  EXPECT_NE(answer->body.find(R"("model_version":"v1")"), std::string::npos) << answer->body;
}

TEST(ServeTest, LimitsAreTheConfigurations) {
  const TestFolder folder;
  Serving serving(folder.WriteConfig(ChurnModelPath(), "limits: {body: 1KiB, rows: 2}\n"));
  ASSERT_GT(serving.port(), 0) << serving.stopped();
  EXPECT_EQ(serving.Client().Call("POST", "/predict", std::string(2000, ' '))->status, 413);
  const std::string row(kRow);
  EXPECT_EQ(serving.Client().Call("POST", "/predict/batch", "[" + row + "," + row + "]")->status, 200);
  EXPECT_EQ(serving.Client().Call("POST", "/predict/batch", "[" + row + "," + row + "," + row + "]")->status,
            422);
}

std::string Error(const std::string& target, const std::string& listen = "127.0.0.1:0") {
  StopSignal stop;
  const Status served = Serve({.config_or_model = target, .listen = listen, .ready = {}}, stop);
  return served ? "" : served.error().message;
}

TEST(ServeTest, ABadModelEndsTheServerWithOneError) {
  const TestFolder folder;
  const std::string model = folder.Write("broken.pkl", "not a model");
  const std::string message = Error(folder.WriteConfig(model));
  EXPECT_TRUE(message.starts_with("endpoint 'churn': " + model + ": ")) << message;
  EXPECT_EQ(Error(folder.WriteConfig("absent.pkl")),
            "endpoint 'churn': " + folder.Path("absent.pkl") + ": cannot open: No such file or directory");
  EXPECT_TRUE(Error(model).starts_with("endpoint 'broken': " + model + ": ")) << Error(model);
}

TEST(ServeTest, AnAddressInUseIsTold) {
  const auto first = HttpServer::Start({.loops = 1}, [](EventLoop&, int) -> HttpHandler {
    return [](HttpExchange& exchange) { exchange.Send(204, {}); };
  });
  ASSERT_TRUE(first);
  const int port = (*first)->port();
  StopSignal stop;
  const Status served = Serve({.config_or_model = "examples/churn/server.yaml",
                               .listen = "127.0.0.1:" + std::to_string(port),
                               .ready = {}},
                              stop);
  ASSERT_FALSE(served);
  EXPECT_EQ(served.error().code, Code::kUnavailable);
  EXPECT_EQ(served.error().message,
            "cannot listen on 127.0.0.1 port " + std::to_string(port) +
                ": bind: Address already in use; --listen or `listen.http` chooses another");
}

TEST(ServeTest, BadConfigurations) {
  const TestFolder folder;
  const std::string path = folder.Write("s.yaml", "threads: many\n");
  EXPECT_EQ(Error(path), path + ":1: threads: 'many' is not a whole number\n" + path +
                             ":1: endpoints: at least one is needed");
  EXPECT_EQ(Error("examples/churn/server.yaml", "nowhere"),
            "'nowhere' is not address:port, such as 0.0.0.0:8080");
  EXPECT_EQ(Error("examples/churn/server.yaml", "nowhere:0"),
            "cannot listen on \"nowhere\": it is not an IPv4 or IPv6 address");
}

// A request that never ends keeps the drain waiting until its time is over, and no longer.
TEST(ServeTest, ADrainThatTakesTooLongCutsOff) {
  const TestFolder folder;
  Serving serving(folder.WriteConfig(ChurnModelPath(), "drain: 100ms\n"));
  ASSERT_GT(serving.port(), 0) << serving.stopped();
  HttpClient client = serving.Client();
  ASSERT_TRUE(client.SendRaw("POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"));
  // The server has seen it once it answers another connection that came later.
  EXPECT_EQ(serving.Client().Call("GET", "/health/live")->status, 200);
  serving.Stop();
  EXPECT_EQ(serving.stopped(), "requests were still in work after the drain of 0.1 s; raise `drain`");
}

}  // namespace
}  // namespace turnout
