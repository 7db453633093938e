#include "server/config.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

namespace turnout {
namespace {

using std::chrono::milliseconds;

// A configuration that is good, for tests of one thing.
constexpr std::string_view kGood = "endpoints: {churn: {versions: {v1: {model: m.pkl}}}}\n";

std::string Problems(std::string_view yaml) {
  const auto config = ParseServerConfig(yaml, "s.yaml");
  return config ? "" : config.error().message;
}

std::string ProblemsWith(std::string_view yaml) { return Problems(std::string(kGood).append(yaml)); }

TEST(ServerConfigTest, ReadsEverySetting) {
  const auto config = ParseServerConfig(
      "listen: {http: 0.0.0.0:8081}\n"
      "threads: 3\n"
      "limits: {connections: 20, header: 8KiB, body: 4MiB, rows: 50, idle: 5m, header_time: 2s,\n"
      "         body_time: 1m30s, write_time: 500ms, rate: 2KiB}\n"
      "drain: 2.5s\n"
      "endpoints:\n"
      "  churn:\n"
      "    contract: contracts/churn.yaml\n"
      "    objective: {p99: 500ms, availability: 99.5%}\n"
      "    versions:\n"
      "      v2.1.0: {model: /models/churn.pkl, engine: portable}\n"
      "  risk: {versions: {first one: {model: risk.pkl}}}\n"
      "streams:\n"
      "  live: {endpoint: churn, brokers: 'a:9092,b:9092', input: in, output: out, dead_letters: dead,\n"
      "         kafka: {security.protocol: SASL_SSL, producer.linger.ms: 5}}\n"
      "  late: {endpoint: risk, brokers: a:9092, group: g, input: i, output: o, dead_letters: d}\n",
      "conf/s.yaml");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->source, "conf/s.yaml");
  EXPECT_EQ(config->address, "0.0.0.0");
  EXPECT_EQ(config->port, 8081);
  EXPECT_EQ(config->threads, 3);
  EXPECT_EQ(config->limits.connections, 20u);
  EXPECT_EQ(config->limits.header_bytes, 8192u);
  EXPECT_EQ(config->limits.body_bytes, 4u << 20);
  EXPECT_EQ(config->max_rows, 50u);
  EXPECT_EQ(config->limits.idle, milliseconds(300'000));
  EXPECT_EQ(config->limits.header, milliseconds(2000));
  EXPECT_EQ(config->limits.body, milliseconds(90'000));
  EXPECT_EQ(config->limits.write, milliseconds(500));
  EXPECT_EQ(config->limits.min_rate, 2048u);
  EXPECT_EQ(config->drain_seconds, 2.5);
  ASSERT_EQ(config->endpoints.size(), 2u);
  const EndpointConfig& churn = config->endpoints[0];
  EXPECT_EQ(churn.name, "churn");
  EXPECT_EQ(churn.contract, "conf/contracts/churn.yaml");
  EXPECT_EQ(churn.objective_p99, 0.5);
  EXPECT_EQ(churn.objective_availability, 0.995);
  ASSERT_EQ(churn.versions.size(), 1u);
  EXPECT_EQ(churn.versions[0].name, "v2.1.0");
  EXPECT_EQ(churn.versions[0].model, "/models/churn.pkl");
  EXPECT_EQ(churn.versions[0].engine, "portable");
  EXPECT_EQ(config->endpoints[1].versions[0].name, "first one");
  EXPECT_EQ(config->endpoints[1].versions[0].model, "conf/risk.pkl");
  EXPECT_EQ(config->endpoints[1].contract, "");
  ASSERT_EQ(config->streams.size(), 2u);
  const StreamConfig& live = config->streams[0];
  EXPECT_EQ(live.endpoint, "churn");
  EXPECT_EQ(live.brokers, "a:9092,b:9092");
  EXPECT_EQ(live.group, "turnout-live");
  EXPECT_EQ(live.input + live.output + live.dead_letters, "inoutdead");
  EXPECT_EQ(live.kafka, (std::map<std::string, std::string>{{"security.protocol", "SASL_SSL"},
                                                            {"producer.linger.ms", "5"}}));
  EXPECT_EQ(config->streams[1].group, "g");
}

TEST(ServerConfigTest, StrategiesAndGates) {
  const auto config = ParseServerConfig(R"(
state: ./kept
endpoints:
  canary:
    objective: {p99: 500ms}
    routing: {split: round_robin}
    strategy: {steps: 10% for 24h after 50 then 100%, max_bake_factor: 3, on_inconclusive: abort,
               auto_promote: false, post_promote_watch: 10m, rollback_window: 72h}
    gates: {errors: 0.1%, refused: 5%, min_requests: 1000, invalid_outputs: false}
    versions: {v1: {model: m.pkl}}
  rolling:
    strategy: {kind: rolling, bake: 30s}
    gates: {p99: 50ms}
    versions: {v1: {model: m.pkl}}
  plain:
    versions: {v1: {model: m.pkl}}
)",
                                        "conf/s.yaml");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->state, "conf/./kept");
  const Strategy canary = config->endpoints[0].strategy;
  EXPECT_EQ(canary.kind, StrategyKind::kCanary);  // it has steps
  EXPECT_EQ(canary.steps, (std::vector<RolloutStep>{{100'000, 86'400, 50}}));
  EXPECT_EQ(canary.max_bake_factor, 3);
  EXPECT_EQ(canary.on_inconclusive, OnInconclusive::kAbort);
  EXPECT_FALSE(canary.auto_promote);
  EXPECT_EQ(canary.post_promote_watch, 600);
  EXPECT_EQ(canary.rollback_window, 72 * 3600);
  EXPECT_EQ(canary.gates, (std::vector<Gate>{{GateKind::kErrors, 0.001, 1000},
                                             {GateKind::kRefused, 0.05, 1000},
                                             {GateKind::kP99, 0.5, 1000}}));
  EXPECT_EQ(config->endpoints[0].split, Split::kRoundRobin);
  const Strategy rolling = config->endpoints[1].strategy;
  EXPECT_EQ(rolling.kind, StrategyKind::kRolling);
  EXPECT_EQ(rolling.steps, (std::vector<RolloutStep>{{0, 30, 0}}));
  EXPECT_EQ(rolling.gates, (std::vector<Gate>{{GateKind::kInvalid}, {GateKind::kP99, 0.05, 0}}));
  EXPECT_EQ(config->endpoints[2].strategy.kind, StrategyKind::kBlueGreen);
  EXPECT_EQ(config->endpoints[2].strategy.gates, (std::vector<Gate>{{GateKind::kInvalid}}));

  const auto problem = [](std::string_view endpoint) {
    return ParseServerConfig("endpoints: {n: {versions: {v: {model: m}}, " + std::string(endpoint) + "}}\n",
                             "s.yaml")
        .error()
        .message;
  };
  EXPECT_EQ(
      problem("strategy: {kind: canary}"),
      "s.yaml:1: endpoints.n.strategy: a canary needs steps, such as `10% for 24h then 100%` or `fast`");
  EXPECT_EQ(problem("strategy: {kind: purple}"),
            "s.yaml:1: endpoints.n.strategy.kind: 'purple' is not a strategy; there are recreate, rolling, "
            "bluegreen, "
            "canary, shadow");
  EXPECT_EQ(problem("strategy: {auto_promote: maybe}"),
            "s.yaml:1: endpoints.n.strategy.auto_promote: 'maybe' is not true or false");
  EXPECT_EQ(problem("gates: {errors: lots}"),
            "s.yaml:1: endpoints.n.gates.errors: 'lots' is not a share; write 99.5% or 0.995");
  const auto shadow = ParseServerConfig(
      "endpoints: {n: {versions: {v: {model: m}, w: {model: m, shadow: true}, x: {model: m, shadow: "
      "true}}}}\n",
      "s.yaml");
  ASSERT_TRUE(shadow) << shadow.error().message;
  EXPECT_EQ(FirstRoute(shadow->endpoints[0])->shares()[0], (TrafficShare{"v", kWhole}));
  EXPECT_EQ(
      ParseServerConfig(
          "endpoints: {n: {versions: {v: {model: m}, w: {model: m, shadow: true, share: 1}}}}\n", "s.yaml")
          .error()
          .message,
      "s.yaml:1: endpoints.n.versions: w is a shadow and has a `share`");
  EXPECT_EQ(problem("routing: {split: dice}"),
            "s.yaml:1: endpoints.n.routing.split: 'dice' is not hash or round_robin");
}

TEST(ServerConfigTest, DefaultsStandWhereNothingIsSaid) {
  const auto config = ParseServerConfig(kGood, "s.yaml");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->address, "127.0.0.1");
  EXPECT_EQ(config->port, 8080);
  EXPECT_EQ(config->endpoints[0].versions[0].model, "m.pkl");
  EXPECT_EQ(config->endpoints[0].objective_p99, 0);
  EXPECT_TRUE(config->streams.empty());
  // Headings with nothing below.
  EXPECT_EQ(ProblemsWith("listen:\nlimits:\nstreams:\n"), "");
}

TEST(ServerConfigTest, TheExampleIsGood) {
  const auto config = ReadServerConfig("examples/churn/server.yaml");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->endpoints[0].contract, "examples/churn/contract.yaml");
  EXPECT_TRUE(std::filesystem::exists(config->endpoints[0].versions[0].model));
}

TEST(ServerConfigTest, SaysWhatIsWrongAndWhere) {
  struct Case {
    std::string_view yaml, problem;
  };
  for (const auto& [yaml, problem] : {
           Case{"threads: two\n", "s.yaml:2: threads: 'two' is not a whole number"},
           Case{"threads: 1.5\n", "s.yaml:2: threads: '1.5' is not a whole number"},
           Case{"threads: -1\n", "s.yaml:2: threads: -1 is not within 0 to 256"},
           Case{"threads: 257\n", "s.yaml:2: threads: 257 is not within 0 to 256"},
           Case{"threads: 99999999999999999999\n",
                "s.yaml:2: threads: '99999999999999999999' is not a whole number"},
           Case{"threads:\n", "s.yaml:2: threads: a single value expected, such as 2, but it is nothing"},
           Case{"threads: [1]\n", "s.yaml:2: threads: a single value expected, such as 2, but it is a list"},
           Case{"threads: {a: 1}\n",
                "s.yaml:2: threads: a single value expected, such as 2, but it is a map"},
           Case{"drain: soon\n", "s.yaml:2: drain: 'soon' is not a duration; write 500ms, 2s or 1m30s"},
           Case{"drain: 2h\n", "s.yaml:2: drain: 2h is not within 0s to 1h"},
           Case{"drain: 30\n", "s.yaml:2: drain: '30' is not a duration; write 500ms, 2s or 1m30s"},
           Case{"limits: {body: 10 MB}\n",
                "s.yaml:2: limits.body: '10 MB' is not a size; write 64MiB or 4096"},
           Case{"limits: {body: 2GiB}\n", "s.yaml:2: limits.body: 2GiB is not within 1KiB to 1GiB"},
           Case{"limits: {connections: 0}\n", "s.yaml:2: limits.connections: 0 is not within 1 to 1000000"},
           Case{"limits: {idle: 1ms}\n", "s.yaml:2: limits.idle: 1ms is not within 1s to 1h"},
           Case{"limits: 5\n",
                "s.yaml:2: limits: settings expected below it (connections, header, body, rows, idle, "
                "header_time, body_time, write_time, rate), but it is '5'"},
           Case{"listen: {http: here}\n",
                "s.yaml:2: listen.http: 'here' is not address:port, such as 0.0.0.0:8080"},
           Case{"listen: {http: '1.2.3.4:99999'}\n",
                "s.yaml:2: listen.http: '1.2.3.4:99999' is not address:port, such as 0.0.0.0:8080"},
           Case{"listen:\n  htttp: 1\n", "s.yaml:3: listen.htttp: no such setting; did you mean 'http'?"},
           Case{"limit: {body: 1MiB}\n", "s.yaml:2: limit: no such setting; did you mean 'limits'?"},
           Case{"colour: red\n",
                "s.yaml:2: colour: no such setting; here there are listen, state, threads, limits, drain, "
                "prediction_log, registry, "
                "endpoints, "
                "streams"},
           // Names from the table's own notation, and paths in one key.
           Case{"<name>: 1\n",
                "s.yaml:2: <name>: no such setting; here there are listen, state, threads, limits, drain, "
                "prediction_log, registry, "
                "endpoints, "
                "streams"},
           Case{"listen.http: 1.2.3.4:5\n",
                "s.yaml:2: listen.http: no such setting; here there are listen, state, "
                "threads, limits, drain, prediction_log, registry, endpoints, streams"},
           Case{"endpoints.<name>.contract: c.yaml\n",
                "s.yaml:2: endpoints.<name>.contract: no such setting; here there are listen, state, "
                "threads, limits, "
                "drain, prediction_log, registry, endpoints, streams"},
           Case{"? ''\n: 1\n",
                "s.yaml:3: : no such setting; here there are listen, state, threads, limits, drain, "
                "prediction_log, registry, "
                "endpoints, streams"},
           Case{"streams: {s: {}}\n",
                "s.yaml:2: streams.s.endpoint: required\ns.yaml:2: streams.s.brokers: required\n"
                "s.yaml:2: streams.s.input: required\ns.yaml:2: streams.s.output: required\n"
                "s.yaml:2: streams.s.dead_letters: required"},
           Case{"streams: {s: {endpoint: chrun, brokers: b, input: i, output: o, dead_letters: d}}\n",
                "s.yaml:2: streams.s.endpoint: there is no endpoint 'chrun'"},
           Case{"streams: {a b: {}}\n",
                "s.yaml:2: streams.a b: a name has 1 to 100 letters, digits, '.', '_' or '-'"},
           Case{"streams: {s: {endpoint: churn, brokers: b, input: i, output: o, dead_letters: d, group: "
                "''}}\n",
                "s.yaml:2: streams.s.group: it is empty"},
       }) {
    EXPECT_EQ(ProblemsWith(yaml), problem) << yaml;
  }
}

TEST(ServerConfigTest, EndpointsAndVersions) {
  struct Case {
    std::string_view yaml, problem;
  };
  for (const auto& [yaml, problem] : {
           Case{"threads: 1\n", "s.yaml:1: endpoints: at least one is needed"},
           Case{"endpoints:\n", "s.yaml:1: endpoints: at least one is needed"},
           Case{"endpoints: [churn]\n",
                "s.yaml:1: endpoints: settings expected below it (<name>), but it is a list"},
           Case{"endpoints:\n  churn:\n",
                "s.yaml:2: endpoints.churn.versions: a version is needed, such as {v1: {model: model.pkl}}"},
           Case{"endpoints:\n  churn:\n    versions:\n      v1: {}\n",
                "s.yaml:4: endpoints.churn.versions.v1.model: required"},
           Case{"endpoints: {churn: {versions: {v1: {model: ''}}}}\n",
                "s.yaml:1: endpoints.churn.versions.v1.model: required"},
           Case{"endpoints: {churn: {versions: {v1: {model: a, sahre: 10}}}}\n",
                "s.yaml:1: endpoints.churn.versions.v1.sahre: no such setting; did you mean 'share'?"},
           Case{"endpoints: {churn: {versions: {v1: {model: a, share: 10}}}}\n",
                "s.yaml:1: endpoints.churn.versions: the shares (v1 10) sum to 10, not 100"},
           Case{"endpoints: {churn: {versions: {v1: {model: a, share: half}}}}\n",
                "s.yaml:1: endpoints.churn.versions.v1.share: 'half' is not a share: percent such as 80 or "
                "12.5 "
                "expected, or parts per million such as 125000ppm"},
           Case{"endpoints: {churn: {versions: {v1: {model: a, share: 60}, v2: {model: b}}}}\n",
                "s.yaml:1: endpoints.churn.versions: v2 of 2 versions has no `share`, percent of the rows"},
           Case{
               "endpoints: {churn: {routing: {override_header: 'X: y'}, versions: {v1: {model: a}}}}\n",
               "s.yaml:1: endpoints.churn.routing.override_header: 'X: y' is not the name of a header field"},
           Case{"endpoints: {a/b: {versions: {v1: {model: a}}}}\n",
                "s.yaml:1: endpoints.a/b: a name has 1 to 100 letters, digits, '.', '_' or '-'"},
           Case{"endpoints: {<name>: {versions: {v1: {model: a}}}}\n",
                "s.yaml:1: endpoints.<name>: a name has 1 to 100 letters, digits, '.', '_' or '-'"},
           Case{
               "endpoints: {churn: {versions: {\"v\\n1\": {model: a}}}}\n",
               "s.yaml:1: endpoints.churn.versions.v\n1: a version's name has 1 to 100 bytes, none of them a "
               "control character\n"
               "s.yaml:1: endpoints.churn.versions: a version is needed, such as {v1: {model: model.pkl}}"},
           Case{"endpoints: {churn: {contract: '', objective: {p99: 1us, availability: 30%},\n"
                "  versions: {v1: {model: a, engine: ''}}}}\n",
                "s.yaml:1: endpoints.churn.contract: it is empty\n"
                "s.yaml:1: endpoints.churn.objective.p99: 1us is not within 10us to 1h\n"
                "s.yaml:1: endpoints.churn.objective.availability: 30% is not within 50% to 100%\n"
                "s.yaml:2: endpoints.churn.versions.v1.engine: it is empty"},
           Case{"endpoints: {churn: {objective: {availability: 101%}, versions: {v1: {model: a}}}}\n",
                "s.yaml:1: endpoints.churn.objective.availability: '101%' is not a share; write 99.5% or "
                "0.995"},
       }) {
    EXPECT_EQ(Problems(yaml), problem) << yaml;
  }
}

// Every problem is reported at once, in the order of the file.
TEST(ServerConfigTest, VersionsOfTheRegistry) {
  const std::string versions =
      "endpoints: {churn: {versions: {v1: {model: 'registry:churn@stable', share: 50}, v2: {model: m.pkl, "
      "share: 50}}}}\n";
  auto config = ParseServerConfig(versions, "conf/s.yaml");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->endpoints[0].versions[0].model, "registry:churn@stable");
  EXPECT_EQ(config->endpoints[0].versions[0].registry, "conf/registry");
  EXPECT_EQ(config->endpoints[0].versions[1].model, "conf/m.pkl");
  config = ParseServerConfig("registry: ../models\n" + versions, "conf/s.yaml");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->endpoints[0].versions[0].registry, "conf/../models");
  EXPECT_EQ(
      Problems("endpoints: {churn: {versions: {v1: {model: 'registry:churn:../v1'}}}}\n"),
      "s.yaml:1: endpoints.churn.versions.v1.model: 'churn:../v1' names no version: '../v1' is not the name "
      "of "
      "a version: 1 to 100 letters, digits, '.', '_', '-', '+', beginning with a letter or a digit; write "
      "churn:v2.1.0, churn@stable or sha256:<12 digits or more>");
}

TEST(ServerConfigTest, AllProblemsAtOnce) {
  EXPECT_EQ(Problems("listen: {http: x}\n"
                     "threads: many\n"
                     "endpoints:\n"
                     "  churn:\n"
                     "    objective: {p90: 1s}\n"
                     "streams:\n"
                     "  s: {endpoint: other}\n"),
            "s.yaml:1: listen.http: 'x' is not address:port, such as 0.0.0.0:8080\n"
            "s.yaml:2: threads: 'many' is not a whole number\n"
            "s.yaml:5: endpoints.churn.objective.p90: no such setting; did you mean 'p99'?\n"
            "s.yaml:5: endpoints.churn.versions: a version is needed, such as {v1: {model: model.pkl}}\n"
            "s.yaml:7: streams.s.brokers: required\n"
            "s.yaml:7: streams.s.input: required\n"
            "s.yaml:7: streams.s.output: required\n"
            "s.yaml:7: streams.s.dead_letters: required\n"
            "s.yaml:7: streams.s.endpoint: there is no endpoint 'other'");
}

TEST(ServerConfigTest, HostileFiles) {
  EXPECT_EQ(Problems(""),
            "s.yaml:1: a map of settings expected, such as `endpoints: {...}`, but it is nothing");
  EXPECT_EQ(Problems("- a\n"),
            "s.yaml:1: a map of settings expected, such as `endpoints: {...}`, but it is a list");
  EXPECT_EQ(Problems("x"), "s.yaml:1: a map of settings expected, such as `endpoints: {...}`, but it is 'x'");
  EXPECT_EQ(Problems("a: [1\n"), "s.yaml:2: end of sequence flow not found");
  EXPECT_EQ(ProblemsWith("threads: 1\nthreads: 2\n"), "s.yaml:3: 'threads' is given twice");
  EXPECT_EQ(Problems(std::string(2 << 20, ' ')), "s.yaml: 2097152 bytes; at most 1048576 are read");
  EXPECT_EQ(Problems(std::string(1000, '[')), "s.yaml:1: more than 64 levels of lists and maps");
  // Ten thousand endpoints are read in no time, and so is what is wrong with each.
  std::string many = "endpoints:\n";
  for (int i = 0; i < 10'000; ++i) many += "  e" + std::to_string(i) + ": {}\n";
  const std::string problems = Problems(many);
  EXPECT_EQ(std::count(problems.begin(), problems.end(), '\n'), 9'999);
  const std::string path(100'000, 'k');
  EXPECT_NE(ProblemsWith(path + ": 1\n"), "");
  EXPECT_NE(ProblemsWith(path.substr(0, 1000) + ": 1\n").find("no such setting"), std::string::npos);
}

TEST(ServerConfigTest, FilesThatCanNotBeRead) {
  const auto config = ReadServerConfig("no/such.yaml");
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().code, Code::kNotFound);
  EXPECT_EQ(config.error().message, "no/such.yaml: cannot open: No such file or directory");
}

TEST(ParseAddressTest, AddressesAndPorts) {
  const auto parsed = [](std::string_view text) -> std::string {
    std::string address;
    uint16_t port = 0;
    const Status status = ParseAddress(text, address, port);
    return status ? address + " " + std::to_string(port) : "refused";
  };
  EXPECT_EQ(parsed("0.0.0.0:8080"), "0.0.0.0 8080");
  EXPECT_EQ(parsed(":80"), "0.0.0.0 80");
  EXPECT_EQ(parsed("localhost:80"), "127.0.0.1 80");
  EXPECT_EQ(parsed("[::1]:0"), "::1 0");
  EXPECT_EQ(parsed("::1:65535"), "::1 65535");
  for (const char* text : {"", ":", "8080", "a:", "a:65536", "a:-1", "a:+1", "a:1x", "a: 1", "a:1 "}) {
    EXPECT_EQ(parsed(text), "refused") << text;
  }
}

}  // namespace
}  // namespace turnout
