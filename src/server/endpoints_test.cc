#include "server/endpoints.h"

#include <gtest/gtest.h>

#include "server/test_folder.h"

namespace turnout {
namespace {

using testing::ChurnModelPath;
using testing::TestFolder;

std::string Problem(const EndpointConfig& config) {
  const auto endpoint = LoadEndpoint(config);
  return endpoint ? "" : endpoint.error().message;
}

TEST(EndpointsTest, LoadsWhatTheConfigurationNames) {
  const auto config = ReadConfigOrModel("examples/churn/server.yaml");
  ASSERT_TRUE(config) << config.error().message;
  const auto endpoint = LoadEndpoint(config->endpoints[0]);
  ASSERT_TRUE(endpoint) << endpoint.error().message;
  EXPECT_EQ(endpoint->name, "churn");
  EXPECT_EQ(endpoint->stable()->name, "v2.1.0");
  EXPECT_EQ(endpoint->contract->fields.size(), 6u);
  EXPECT_TRUE(endpoint->contract->bound);
  EXPECT_EQ(endpoint->objective_p99, 0.5);

  Metrics metrics;
  const auto snapshot = MakeSnapshot(*endpoint, metrics);
  EXPECT_EQ(snapshot->endpoint, "churn");
  EXPECT_EQ(snapshot->stable, endpoint->stable());
  EXPECT_EQ(snapshot->contract, endpoint->contract);
  EXPECT_EQ(snapshot->served[0].series.results.size(), 2u);
}

TEST(EndpointsTest, AModelFileAloneStandsForAConfiguration) {
  const auto config = ReadConfigOrModel("some/Model of Ours (v2).pkl");
  ASSERT_TRUE(config);
  ASSERT_EQ(config->endpoints.size(), 1u);
  EXPECT_EQ(config->endpoints[0].name, "Model-of-Ours--v2-");
  EXPECT_EQ(config->endpoints[0].versions[0].name, "v1");
  EXPECT_EQ(config->endpoints[0].versions[0].model, "some/Model of Ours (v2).pkl");
  EXPECT_EQ(ReadConfigOrModel(std::string(300, 'm'))->endpoints[0].name.size(), 100u);
  EXPECT_TRUE(IsConfig("a.yaml"));
  EXPECT_TRUE(IsConfig("a.yml"));
  EXPECT_FALSE(IsConfig("a.yaml.pkl"));
}

// A registry with the churn model as churn@stable, and with its contract.
std::string PushedChurn(const TestFolder& folder) {
  auto catalog = Catalog::OpenOrCreate(folder.Path("registry"));
  EXPECT_TRUE(catalog) << catalog.error().message;
  PushRequest request;
  request.name = "churn";
  request.version = "v2.1.0";
  request.model = ChurnModelPath();
  request.contract = "examples/churn/contract.yaml";
  const auto prepared = PrepareRelease(*catalog, request);
  EXPECT_TRUE(prepared) << prepared.error().message;
  EXPECT_TRUE(catalog->Add(prepared->release()));
  EXPECT_TRUE(catalog->SetAlias("churn", "stable", "v2.1.0"));
  return catalog->folder();
}

TEST(EndpointsTest, AVersionOfTheRegistryBringsItsContract) {
  const TestFolder folder;
  const std::string registry = PushedChurn(folder);
  auto config = ReadConfigOrModel("registry:churn", registry);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->endpoints[0].name, "churn");
  EXPECT_EQ(config->endpoints[0].versions[0].name, "v2.1.0");
  EXPECT_EQ(config->endpoints[0].versions[0].model, "registry:churn:v2.1.0");
  auto endpoint = LoadEndpoint(config->endpoints[0]);
  ASSERT_TRUE(endpoint) << endpoint.error().message;
  EXPECT_EQ(endpoint->stable()->path, "registry:churn:v2.1.0");
  EXPECT_EQ(endpoint->stable()->sha256.substr(0, 12), "8c9230c8ff75");
  EXPECT_EQ(endpoint->contract->fields.size(), 6u) << "customer_id too";

  // One that the endpoint names goes before it, and has to fit.
  config->endpoints[0].contract = folder.Write("c.yaml", "name: c\nfields:\n  - {name: age, type: int}\n");
  EXPECT_TRUE(
      Problem(config->endpoints[0])
          .starts_with(folder.Path("c.yaml") +
                       ": registry:churn:v2.1.0: contract c: 1 features, but the model takes 5 inputs\n"))
      << Problem(config->endpoints[0]);
  config->endpoints[0].contract = "";
  config->endpoints[0].versions[0].model = "registry:churn@blue";
  EXPECT_EQ(Problem(config->endpoints[0]),
            registry +
                ": churn has no alias @blue (it has @stable); `turnout registry "
                "tag churn:v2.1.0 blue` makes it");
  EXPECT_FALSE(ReadConfigOrModel("registry:../x", registry));
  EXPECT_EQ(ReadConfigOrModel("registry:sha256:8c9230c8ff75", registry)->endpoints[0].name, "churn");
  EXPECT_EQ(ReadConfigOrModel("registry:churn:v1.yaml", registry).error().message,
            registry + ": churn has no version 'v1.yaml'; it has v2.1.0")
      << "no configuration";
}

TEST(EndpointsTest, AReshapedContractIsBound) {
  const auto config = ReadConfigOrModel(ChurnModelPath());
  const auto endpoint =
      LoadEndpoint(config->endpoints[0], [](Contract& contract, const Signature& signature) {
        EXPECT_EQ(signature.inputs.size(), 5u);
        contract.reply.resize(1);
      });
  ASSERT_TRUE(endpoint) << endpoint.error().message;
  EXPECT_EQ(endpoint->contract->reply.size(), 1u);
  EXPECT_EQ(endpoint->stable()->answerer.reply_class.size(), 1u);
}

TEST(EndpointsTest, ErrorsNameTheFile) {
  const TestFolder folder;
  EndpointConfig config;
  config.name = "churn";
  config.versions.push_back({.name = "v1", .model = ChurnModelPath()});
  config.contract = "no/such.yaml";
  EXPECT_EQ(Problem(config), "no/such.yaml: cannot open: No such file or directory");
  config.contract = folder.Write("c.yaml", "name: c\nfields:\n  - {name: age, type: integer}\n");
  EXPECT_TRUE(Problem(config).starts_with(config.contract + ":3: ")) << Problem(config);
  config.contract = folder.Write("d.yaml", "name: c\nfields:\n  - {name: age, type: int}\n");
  EXPECT_TRUE(Problem(config).starts_with(config.contract + ": " + ChurnModelPath() +
                                          ": contract c: 1 features, but the model takes 5 inputs"))
      << Problem(config);
  config.contract.clear();
  config.versions[0].engine = "warp";
  EXPECT_EQ(Problem(config),
            ChurnModelPath() + ": no engine \"warp\"; there are portable, sparse, linear, rows, reference");
}

}  // namespace
}  // namespace turnout
