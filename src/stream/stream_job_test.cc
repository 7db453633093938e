#include "stream/stream_job.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "stream/fake_broker.h"
#include "stream/plugin.h"

namespace turnout {
namespace {

constexpr std::string_view kContract = R"(
name: test
key: id
fields:
  - {name: id, type: string}
  - {name: x, type: float, max: 1000}
features: [x]
reply:
  id: key
  prediction: class
  version: version
)";

template <class T>
T Must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return *std::move(result);
}

// Predicts 1 where x > 0.
std::shared_ptr<const Snapshot> MakeSnapshot(Metrics& metrics, const std::string& version,
                                             std::shared_ptr<Contract> contract) {
  ModelFile file;
  file.model.signature.task = Task::kClassification;
  file.model.signature.inputs.resize(1);
  file.model.signature.inputs[0].name = "x";
  file.model.signature.named = true;
  file.model.signature.classes = {int64_t{0}, int64_t{1}};
  file.model.signature.probabilities = true;
  file.model.predictor = Linear{.features = 1, .outputs = 1, .weights = {1}, .intercept = {0}};
  file.model.link = Link::kExpit;
  file.model.decision = Decision::kRawAboveZero;
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->endpoint = "test";
  const auto made = Must(MakeVersion(version, std::move(file), *contract));
  snapshot->contract = std::move(contract);
  SetRoute(*snapshot, Route(version), {{made, MakeVersionSeries(metrics, "test", *made, LatencyBounds({}))}});
  return snapshot;
}

class StreamJobTest : public testing::Test {
 protected:
  StreamJobTest() {
    options_.endpoint = "test";
    options_.brokers = "fake";
    options_.group = "group";
    options_.input = "in";
    options_.output = "out";
    options_.dead_letters = "dead";
    options_.until_end = true;
    options_.retry_seconds = 0;
    options_.commit_seconds = 0;
    options_.batch = 7;
    snapshot_ =
        MakeSnapshot(metrics_, "v1", std::make_shared<Contract>(Must(ParseContract(kContract, "test"))));
  }

  StreamJob Job() {
    return StreamJob(
        options_, [this] { return snapshot_; }, metrics_,
        [this](std::string_view line) { log_ += std::string(line) + "\n"; }, &stop_);
  }
  // `count` good rows in each of the partitions; ten keys.
  void Fill(int partitions, int count) {
    for (int p = 0; p < partitions; ++p) {
      for (int i = 0; i < count; ++i) {
        const std::string id = std::to_string(p) + "-" + std::to_string(i % 10);
        cluster_.input[p].push_back(
            {id, R"({"id":")" + id + R"(","x":)" + std::to_string(i % 2 == 0 ? i : -i) + "}", {}});
      }
    }
  }
  void ExpectAllAnswered() {
    for (const auto& [partition, records] : cluster_.input) {
      EXPECT_EQ(cluster_.acknowledged[partition].size(), records.size()) << "partition " << partition;
    }
  }
  // Repetitions repeat a tail in order: by its last answer, each message comes after those before it.
  void ExpectOrder() {
    for (const auto& [partition, records] : cluster_.input) {
      std::map<int64_t, std::size_t> last;
      const auto offsets = cluster_.Offsets(partition);
      for (std::size_t i = 0; i < offsets.size(); ++i) last[offsets[i]] = i;
      std::size_t before = 0;
      for (const auto& [offset, at] : last) {
        EXPECT_GE(at, before) << "partition " << partition << ", offset " << offset;
        before = at;
      }
    }
  }
  void ExpectAllCommitted() {
    for (const auto& [partition, records] : cluster_.input) {
      EXPECT_EQ(cluster_.committed[partition], static_cast<int64_t>(records.size()))
          << "partition " << partition;
    }
  }
  void ExpectNoRepetition() {
    std::size_t count = 0;
    for (const auto& [partition, records] : cluster_.input) count += records.size();
    EXPECT_EQ(cluster_.answers.size(), count);
  }

  Metrics metrics_;
  std::shared_ptr<const Snapshot> snapshot_;
  StreamOptions options_;
  FakeCluster cluster_;
  std::atomic<bool> stop_ = false;
  std::string log_;
};

TEST_F(StreamJobTest, AnswersEveryMessageInOrder) {
  Fill(3, 100);
  cluster_.input[0][0].headers = {{"trace", "abc"}, {"turnout-version", "of the job before"}};
  StreamJob job = Job();
  FakeBroker broker(cluster_, job.events());
  const auto summary = job.Run(broker);
  ASSERT_TRUE(summary.has_value());
  EXPECT_EQ(summary->messages, 300u);
  EXPECT_EQ(summary->answered, 300u);
  EXPECT_EQ(summary->dead, 0u);
  EXPECT_EQ(summary->unfinished, 0u);
  EXPECT_EQ(summary->model_version, "v1");
  EXPECT_TRUE(broker.closed);
  ExpectAllAnswered();
  ExpectAllCommitted();
  ExpectOrder();
  ExpectNoRepetition();

  const FakeCluster::Answered& first = cluster_.answers[0];
  EXPECT_EQ(first.target, Target::kOutput);
  EXPECT_EQ(first.key, "0-0");
  EXPECT_EQ(first.value, R"({"id":"0-0","prediction":0,"version":"v1"})");
  EXPECT_EQ(first.headers, (std::map<std::string, std::string>{
                               {"trace", "abc"}, {"turnout-version", "v1"}, {"turnout-source", "in/0/0"}}));
  EXPECT_EQ(cluster_.answers[2].value, R"({"id":"0-2","prediction":1,"version":"v1"})");
  EXPECT_EQ(cluster_.answers[1].value, R"({"id":"0-1","prediction":0,"version":"v1"})");
}

TEST_F(StreamJobTest, BadMessagesBecomeDeadLettersInTheirPlace) {
  auto& in = cluster_.input[0];
  in = {{"k0", R"({"id":"a","x":1})", {}},
        {"k1", R"({"id":"b","x":"much"})", {}},
        {"k2", "not json", {{"trace", "t"}}},
        {"k3", std::nullopt, {}},
        {std::nullopt, R"([1,2])", {}},
        {"", R"({"id":"d\"\u00e9","x":5000})", {}},
        {"k6", R"({"id":"e\"\u00e9","x":2})", {}},
        {"k7", R"({"id":"f\n","x":2})", {}}};
  StreamJob job = Job();
  FakeBroker broker(cluster_, job.events());
  const auto summary = job.Run(broker);
  ASSERT_TRUE(summary.has_value());
  EXPECT_EQ(summary->answered, 3u);
  EXPECT_EQ(summary->dead, 5u);
  EXPECT_EQ(cluster_.Offsets(0), (std::vector<int64_t>{0, 1, 2, 3, 4, 5, 6, 7}));
  const auto& out = cluster_.answers;
  EXPECT_EQ(out[1].target, Target::kDeadLetters);
  EXPECT_EQ(out[1].headers.at("turnout-error"), "float_type");
  EXPECT_EQ(out[1].key, "k1");
  EXPECT_EQ(
      out[1].value,
      R"({"topic":"in","partition":0,"offset":1,"key":"b","errors":[{"field":"x","msg":"Input should be )"
      R"(a valid number","type":"float_type"}],"value":"{\"id\":\"b\",\"x\":\"much\"}"})");
  EXPECT_EQ(out[2].headers.at("turnout-error"), "json_invalid");
  EXPECT_EQ(out[2].headers.at("trace"), "t");
  EXPECT_NE(out[2].value.find(R"("value":"not json")"), std::string::npos) << out[2].value;
  EXPECT_EQ(out[3].headers.at("turnout-error"), "missing");
  EXPECT_EQ(out[4].headers.at("turnout-error"), "dict_type");
  EXPECT_EQ(out[4].key, std::nullopt);
  EXPECT_EQ(out[5].headers.at("turnout-error"), "less_than_equal");
  EXPECT_EQ(out[5].key, "");
  // Escaped texts of one message outlive the decoding of the next.
  EXPECT_EQ(out[6].value, "{\"id\":\"e\\\"\u00e9\",\"prediction\":1,\"version\":\"v1\"}");
  EXPECT_EQ(out[7].value, "{\"id\":\"f\\n\",\"prediction\":1,\"version\":\"v1\"}");
  ExpectAllCommitted();
}

TEST_F(StreamJobTest, CommitsOnlyBehindAcknowledgedAnswers) {
  Fill(2, 200);
  options_.max_in_flight = 30;
  StreamJob job = Job();
  FakeBroker broker(cluster_, job.events());
  broker.deliveries_a_time = 3;  // FakeBroker::Commit checks each position
  const auto summary = job.Run(broker);
  ASSERT_TRUE(summary.has_value());
  EXPECT_GT(summary->commits, 20u);
  EXPECT_LE(broker.most_queued, 37u);
  ExpectAllCommitted();
  ExpectNoRepetition();
}

TEST_F(StreamJobTest, AFullQueueHoldsReadingBack) {
  Fill(1, 500);
  StreamJob job = Job();
  FakeBroker broker(cluster_, job.events());
  broker.capacity = 3;
  ASSERT_TRUE(job.Run(broker).has_value());
  EXPECT_EQ(broker.most_queued, 3u);
  ExpectAllCommitted();
  ExpectOrder();
  ExpectNoRepetition();
}

TEST_F(StreamJobTest, ABrokerThatStaysSlowPausesReadingButKeepsTheGroup) {
  Fill(1, 100);
  options_.max_in_flight = 20;
  StreamJob job = Job();
  FakeBroker broker(cluster_, job.events());
  broker.hold = true;
  std::vector<bool> pauses;
  std::size_t polls_while_paused = 0;
  broker.on_pause = [&](bool paused) { pauses.push_back(paused); };
  broker.on_poll = [&] {
    if (broker.paused) {
      EXPECT_EQ(job.state(), StreamState::kWaiting);
      if (++polls_while_paused == 3) broker.hold = false;
    }
  };
  ASSERT_TRUE(job.Run(broker).has_value());
  EXPECT_EQ(pauses, (std::vector<bool>{true, false, true}));  // the last: it ends
  ExpectAllCommitted();
  ExpectNoRepetition();
}

TEST_F(StreamJobTest, AFailedDeliveryIsTakenAgainInOrder) {
  Fill(2, 60);
  StreamJob job = Job();
  FakeBroker broker(cluster_, job.events());
  std::size_t seen = 0;
  broker.fate = [&](const Outgoing&) { return ++seen % 25 == 0 ? Delivery::kFailed : Delivery::kDone; };
  const auto summary = job.Run(broker);
  ASSERT_TRUE(summary.has_value());
  EXPECT_GT(broker.seeks, 2u);
  EXPECT_GT(summary->retried, 2u);
  EXPECT_NE(log_.find("told so"), std::string::npos) << log_;
  ExpectAllAnswered();
  ExpectAllCommitted();
  ExpectOrder();
}

TEST_F(StreamJobTest, AFailedDeliveryBehindTheQueueIsTakenAgainInOrder) {
  Fill(1, 60);
  StreamJob job = Job();
  FakeBroker broker(cluster_, job.events());
  broker.capacity = 4;
  std::size_t seen = 0;
  broker.fate = [&](const Outgoing&) { return ++seen == 2 ? Delivery::kFailed : Delivery::kDone; };
  ASSERT_TRUE(job.Run(broker).has_value());
  EXPECT_EQ(broker.seeks, 1u);
  ExpectAllAnswered();
  ExpectAllCommitted();
  ExpectOrder();
}

TEST_F(StreamJobTest, WhatTheBrokerRefusesBecomesASmallDeadLetter) {
  Fill(1, 10);
  StreamJob job = Job();
  FakeBroker broker(cluster_, job.events());
  int last_resorts = 0;
  broker.fate = [&](const Outgoing& message) {
    const std::string_view source = message.headers.back().name == "turnout-error"
                                        ? message.headers[message.headers.size() - 2].value
                                        : message.headers.back().value;
    if (source != "in/0/4") return Delivery::kDone;
    if (message.target == Target::kOutput) return Delivery::kRefused;
    return ++last_resorts == 1 ? Delivery::kRefused : Delivery::kDone;  // even that, once: all over again
  };
  const auto summary = job.Run(broker);
  ASSERT_TRUE(summary.has_value());
  EXPECT_EQ(summary->dead, 1u);
  EXPECT_EQ(last_resorts, 2);
  const auto letter =
      std::ranges::find(cluster_.answers, Target::kDeadLetters, &FakeCluster::Answered::target);
  ASSERT_NE(letter, cluster_.answers.end());
  EXPECT_EQ(letter->offset, 4);
  EXPECT_EQ(letter->key, "0-4");
  EXPECT_EQ(letter->headers.at("turnout-error"), "too_large");
  EXPECT_NE(letter->value.find("told so"), std::string::npos) << letter->value;
  ExpectAllAnswered();
  ExpectAllCommitted();
}

TEST_F(StreamJobTest, AnotherMemberGoesOnWhereARevokedPartitionWasFinished) {
  Fill(2, 100);
  StreamJob job = Job();
  FakeBroker broker(cluster_, job.events());
  broker.deliveries_a_time = 2;
  broker.on_poll = [&] {
    if (broker.polls != 6) return;
    EXPECT_LT(cluster_.committed[0], 35);
    broker.Revoke({0}, false);
    EXPECT_EQ(cluster_.committed[0], 35) << "all that was taken is answered and committed";
  };
  ASSERT_TRUE(job.Run(broker).has_value());
  EXPECT_EQ(cluster_.committed[0], 35);
  EXPECT_EQ(cluster_.committed[1], 100);

  StreamJob other = Job();
  FakeBroker others(cluster_, other.events());
  others.assign_first = {0};
  ASSERT_TRUE(other.Run(others).has_value());
  ExpectAllCommitted();
  ExpectOrder();
  ExpectNoRepetition();
}

TEST_F(StreamJobTest, APartitionThatComesBackIsReadFromItsPosition) {
  Fill(1, 100);
  StreamJob job = Job();
  FakeBroker broker(cluster_, job.events());
  broker.on_poll = [&] {
    if (broker.polls == 4) {
      broker.Revoke({0}, false);
      broker.Assign({0});
    }
  };
  ASSERT_TRUE(job.Run(broker).has_value());
  ExpectAllCommitted();
  ExpectNoRepetition();
}

TEST_F(StreamJobTest, ALostPartitionIsRepeatedByItsNewOwnerAndNotCommittedHere) {
  Fill(1, 50);
  StreamJob job = Job();
  FakeBroker broker(cluster_, job.events());
  broker.hold = true;
  broker.on_poll = [&] {
    if (broker.polls == 4) {
      broker.Revoke({0}, true);
      broker.hold = false;  // answers of the old assignment arrive, and finish nothing
    }
    stop_ = broker.polls == 5;
  };
  const auto summary = job.Run(broker);
  ASSERT_TRUE(summary.has_value());
  stop_ = false;
  EXPECT_EQ(summary->answered, 21u);
  EXPECT_EQ(cluster_.committed[0], 0);  // where it began

  StreamJob other = Job();
  FakeBroker others(cluster_, other.events());
  ASSERT_TRUE(other.Run(others).has_value());
  ExpectAllAnswered();
  ExpectAllCommitted();
  ExpectOrder();
  EXPECT_EQ(cluster_.answers.size(), 71u);
}

TEST_F(StreamJobTest, WithoutAPartitionIsNotAtTheEnd) {
  Fill(2, 50);
  StreamJob job = Job();
  FakeBroker broker(cluster_, job.events());
  broker.on_poll = [&] {
    if (broker.polls == 4) broker.Revoke({0, 1}, true);
    if (broker.polls == 9) broker.Assign({0, 1});
  };
  ASSERT_TRUE(job.Run(broker).has_value());
  ExpectAllAnswered();
  ExpectAllCommitted();
  ExpectOrder();
}

TEST_F(StreamJobTest, RevokedWhileTheBrokerIsAwayGivesUpInTime) {
  Fill(1, 50);
  options_.drain_seconds = 0;
  StreamJob job = Job();
  FakeBroker broker(cluster_, job.events());
  broker.on_poll = [&] {
    if (broker.polls == 2) broker.away = true;
    if (broker.polls == 4) {
      broker.Revoke({0}, false);
      broker.away = false;
    }
    stop_ = broker.polls == 5;
  };
  ASSERT_TRUE(job.Run(broker).has_value());
  stop_ = false;
  StreamJob other = Job();
  FakeBroker others(cluster_, other.events());
  ASSERT_TRUE(other.Run(others).has_value());
  ExpectAllAnswered();
  ExpectAllCommitted();
}

// A crash is a job that stops between any two calls and never commits again. Jobs that crash after every
// possible number of polls: nothing is ever lost.
TEST_F(StreamJobTest, ACrashRepeatsButNeverLoses) {
  Fill(2, 400);
  options_.drain_seconds = 0;
  for (std::size_t crash_at = 1; crash_at < 14; ++crash_at) {
    options_.commit_seconds = crash_at % 3 == 0 ? 0 : 1'000;
    StreamJob job = Job();
    FakeBroker broker(cluster_, job.events());
    broker.deliveries_a_time = crash_at % 5;
    broker.on_poll = [&] {
      if (broker.polls < crash_at) return;
      broker.away = true;
      broker.failure = Error{Code::kUnavailable, "crash"};
    };
    ASSERT_FALSE(job.Run(broker).has_value());
  }
  StreamJob job = Job();
  FakeBroker broker(cluster_, job.events());
  ASSERT_TRUE(job.Run(broker).has_value());
  ExpectAllAnswered();
  ExpectAllCommitted();
  ExpectOrder();
  EXPECT_GT(cluster_.answers.size(), 800u) << "the crashes repeated nothing: were there any?";
}

TEST_F(StreamJobTest, AFailedCommitIsTriedAgain) {
  Fill(1, 50);
  StreamJob job = Job();
  FakeBroker broker(cluster_, job.events());
  int commits = 0;
  broker.commit_fate = [&]() -> Status {
    if (++commits <= 4) return Fail(Code::kUnavailable, "no coordinator");
    return {};
  };
  ASSERT_TRUE(job.Run(broker).has_value());
  EXPECT_GT(commits, 4);
  EXPECT_NE(log_.find("a commit failed (no coordinator)"), std::string::npos) << log_;
  ExpectAllCommitted();
}

TEST_F(StreamJobTest, TheLastCommitWaitsForAGroupThatChanges) {
  Fill(1, 50);
  options_.commit_seconds = 1'000;
  StreamJob job = Job();
  FakeBroker broker(cluster_, job.events());
  std::size_t polls = 0;
  broker.commit_fate = [&]() -> Status {
    if (polls == 0) polls = broker.polls;
    if (broker.polls < polls + 3) return Fail(Code::kUnavailable, "rebalance in progress");
    return {};
  };
  ASSERT_TRUE(job.Run(broker).has_value());
  ExpectAllCommitted();
}

TEST_F(StreamJobTest, AStopFinishesWhatWasTaken) {
  Fill(1, 1'000);
  options_.until_end = false;
  StreamJob job = Job();
  FakeBroker broker(cluster_, job.events());
  broker.deliveries_a_time = 1;
  broker.on_poll = [&] { stop_ = broker.polls == 10; };
  const auto summary = job.Run(broker);
  ASSERT_TRUE(summary.has_value());
  EXPECT_EQ(summary->messages, 70u);
  EXPECT_EQ(summary->unfinished, 0u);
  EXPECT_EQ(cluster_.committed[0], 70);
  EXPECT_EQ(job.state(), StreamState::kStopping);
}

TEST_F(StreamJobTest, EndsAfterSoManyMessages) {
  Fill(2, 100);
  options_.until_end = false;
  options_.max_messages = 45;
  StreamJob job = Job();
  FakeBroker broker(cluster_, job.events());
  const auto summary = job.Run(broker);
  ASSERT_TRUE(summary.has_value());
  EXPECT_EQ(summary->messages, 45u);
  EXPECT_EQ(cluster_.committed[0] + cluster_.committed[1], 45);
}

TEST_F(StreamJobTest, AnErrorThatStaysEndsTheJobAfterFinishing) {
  Fill(1, 100);
  StreamJob job = Job();
  FakeBroker broker(cluster_, job.events());
  broker.on_poll = [&] {
    if (broker.polls == 5) broker.failure = Error{Code::kNotFound, "the broker no longer has offset 28"};
  };
  const auto summary = job.Run(broker);
  ASSERT_FALSE(summary.has_value());
  EXPECT_EQ(summary.error().message, "the broker no longer has offset 28");
  EXPECT_EQ(cluster_.committed[0], 28);
  EXPECT_TRUE(broker.closed);
}

TEST_F(StreamJobTest, FollowsTheEndpointsVersion) {
  Fill(1, 28);
  const auto next =
      MakeSnapshot(metrics_, "v2", std::make_shared<Contract>(Must(ParseContract(kContract, "test"))));
  StreamJob job = Job();
  FakeBroker broker(cluster_, job.events());
  broker.on_poll = [&] {
    if (broker.polls == 3) snapshot_ = next;
  };
  const auto summary = job.Run(broker);
  ASSERT_TRUE(summary.has_value());
  EXPECT_EQ(summary->model_version, "v2");
  EXPECT_EQ(cluster_.answers[13].headers.at("turnout-version"), "v1");
  EXPECT_EQ(cluster_.answers[14].headers.at("turnout-version"), "v2");
  EXPECT_EQ(cluster_.answers[14].value, R"({"id":"0-4","prediction":1,"version":"v2"})");
}

TEST_F(StreamJobTest, CountsAndShowsItsLag) {
  Fill(1, 20);
  cluster_.input[0].push_back({"k", "{", {}});
  StreamJob job = Job();
  FakeBroker broker(cluster_, job.events());
  ASSERT_TRUE(job.Run(broker).has_value());
  const std::string text = metrics_.Text();
  for (const char* line : {R"(stream_messages_total{endpoint="test",topic="in"} 21)",
                           R"(stream_answers_total{endpoint="test",topic="in"} 20)",
                           R"(stream_dead_letters_total{endpoint="test",topic="in"} 1)",
                           R"(stream_retried_total{endpoint="test",topic="in"} 0)",
                           R"(stream_lag{endpoint="test",topic="in",partition="0"} 0)",
                           R"(stream_waiting{endpoint="test",topic="in"} 0)"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << "\n" << text;
  }
}

TEST(StreamSummaryTest, IsOneLineOfJson) {
  StreamSummary summary;
  summary.endpoint = "churn";
  EXPECT_EQ(
      ToJson(summary),
      R"({"status":"ok","endpoint":"churn","model_version":null,"messages":0,"answered":0,"dead_letters":0,)"
      R"("retried":0,"commits":0,"unfinished":0,"seconds":0.000})");
}

TEST(StreamOptionsTest, NamesEverythingThatIsMissing) {
  StreamOptions options;
  options.endpoint = "churn";
  options.input = options.output = "customers";
  const auto checked = CheckStreamOptions(options);
  ASSERT_FALSE(checked.has_value());
  EXPECT_EQ(checked.error().message,
            "stream: brokers is missing, for example kafka-1:9092,kafka-2:9092\n"
            "stream: group is missing, for example churn-scores\n"
            "stream: dead_letters is missing, for example churn-dead-letters\n"
            "stream: customers is both read and written: the job would answer its own answers");
}

TEST_F(StreamJobTest, APluginThatCannotBeLoadedIsNamed) {
  StreamJob job = Job();
  const auto absent = OpenBroker("/nowhere/libturnout_kafka.so", ToBrokerOptions(options_), job.events());
  ASSERT_FALSE(absent.has_value());
  EXPECT_EQ(absent.error().code, Code::kNotFound);
  EXPECT_TRUE(
      absent.error().message.starts_with("the Kafka plug-in /nowhere/libturnout_kafka.so is not there;"))
      << absent.error().message;
  const auto wrong = OpenBroker("CMakeLists.txt", ToBrokerOptions(options_), job.events());
  ASSERT_FALSE(wrong.has_value());
  EXPECT_EQ(wrong.error().code, Code::kUnsupported);
  EXPECT_TRUE(wrong.error().message.starts_with("the Kafka plug-in can't be loaded:"))
      << wrong.error().message;
}

}  // namespace
}  // namespace turnout
