// For tests: real HttpServers with small models made in memory, whose answers can be worked out by hand.
#pragma once

#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "contract/contract.h"
#include "monitor/metrics.h"
#include "net/http_server.h"
#include "predict/predict.h"
#include "protocol/rest/service.h"
#include "registry/version.h"
#include "storage/file.h"

namespace turnout::testing {

// The churn example's contract. Premium customers up to 40 churn with 0.875, older ones with 0.625, others
// with 0.25. Incomes beyond float32 are refused by the model.
inline Model ChurnModel() {
  Model model;
  model.origin = {"pickle", "scikit-learn", "1.9.1", "sklearn.tree._classes.DecisionTreeClassifier", {}};
  model.signature.task = Task::kClassification;
  for (const char* name : {"age", "income", "tenure_months", "monthly_charges", "plan"}) {
    Input input;
    input.name = name;
    input.largest = std::numeric_limits<float>::max();
    model.signature.inputs.push_back(input);
  }
  model.signature.named = true;
  model.signature.classes = {int64_t{0}, int64_t{1}};
  model.signature.probabilities = true;
  Forest forest;
  forest.features = 5;
  forest.outputs = 2;
  forest.leaf_width = 2;
  forest.float32 = true;
  forest.nodes = {
      {.threshold = 1.5, .feature = 4, .left = 1, .right = 2},
      {.left = 0},
      {.threshold = 40, .feature = 0, .left = 3, .right = 4},
      {.left = 1},
      {.left = 2},
  };
  forest.roots = {0};
  forest.targets = {0};
  forest.leaves = {0.75, 0.25, 0.125, 0.875, 0.375, 0.625};
  forest.base = {0, 0};
  model.predictor = forest;
  model.link = Link::kIdentity;
  model.decision = Decision::kLargest;
  return model;
}

// tests/protocol/rest/house.yaml: 1000 + 2 area + 8 rooms + 16 garden + 0.5 area / (rooms - 1).
inline Model HouseModel() {
  Model model;
  model.origin = {"pickle", "scikit-learn", "1.9.1", "sklearn.linear_model._base.LinearRegression", {}};
  model.signature.task = Task::kRegression;
  for (const char* name : {"area", "rooms", "garden", "area_per_room"}) {
    Input input;
    input.name = name;
    model.signature.inputs.push_back(input);
  }
  model.signature.named = true;
  Linear linear;
  linear.features = 4;
  linear.weights = {2, 8, 16, 0.5};
  linear.intercept = {1000};
  model.predictor = linear;
  return model;
}

// nullptr with a message on stderr: a test's own data is broken.
inline std::shared_ptr<const Snapshot> MakeTestSnapshot(Metrics& metrics, const std::string& endpoint,
                                                        const std::string& version, uint64_t generation = 1) {
  const bool churn = endpoint != "house";
  const std::string path = churn ? "examples/churn/contract.yaml" : "tests/protocol/rest/house.yaml";
  const auto fail = [](const Error& error) {
    std::fprintf(stderr, "%s\n", error.message.c_str());
    return nullptr;
  };
  const auto yaml = ReadFile(path, 1 << 20);
  if (!yaml) return fail(yaml.error());
  auto contract = ParseContract(*yaml, path);
  if (!contract) return fail(contract.error());
  ModelFile file;
  file.path = endpoint + ".pkl";
  file.sha256 = std::string(64, churn ? 'c' : 'd');
  file.model = churn ? ChurnModel() : HouseModel();
  auto made = MakeVersion(version, std::move(file), *contract);
  if (!made) return fail(made.error());
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->endpoint = endpoint;
  snapshot->contract = std::make_shared<const Contract>(*std::move(contract));
  Route route(version);
  while (route.generation() < generation) route = route.Next({{version, kWhole}}).value();
  SetRoute(*snapshot, std::move(route),
           {{*made, MakeVersionSeries(metrics, endpoint, **made, LatencyBounds({}))}});
  return snapshot;
}

// A server on a free port; `endpoints` empty: still loading.
class TestServer {
 public:
  explicit TestServer(const std::vector<std::string>& endpoints, RestOptions options = {},
                      HttpServer::Options http = {.loops = 1})
      : rest_(metrics_, std::move(options)) {
    http.on_protocol_error = [this](int loop, int status) { rest_.OnProtocolError(loop, status); };
    auto server = HttpServer::Start(http, rest_.Handlers());
    if (!server) return;
    server_ = *std::move(server);
    rest_.Attach(server_.get());
    ready_ = endpoints.empty() || Publish(endpoints, "v2.1.0");
  }
  ~TestServer() { rest_.Attach(nullptr); }

  bool Publish(const std::vector<std::string>& endpoints, const std::string& version,
               uint64_t generation = 1) {
    std::vector<std::shared_ptr<const Snapshot>> snapshots;
    for (const std::string& endpoint : endpoints) {
      snapshots.push_back(MakeTestSnapshot(metrics_, endpoint, version, generation));
      if (snapshots.back() == nullptr) return false;
    }
    return rest_.Publish(std::move(snapshots)).has_value();
  }

  bool ready() const { return ready_; }
  int port() const { return server_->port(); }
  Metrics& metrics() { return metrics_; }
  RestService& rest() { return rest_; }
  HttpServer& server() { return *server_; }

 private:
  Metrics metrics_;
  RestService rest_;
  std::unique_ptr<HttpServer> server_;
  bool ready_ = false;
};

}  // namespace turnout::testing
