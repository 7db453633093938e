// The stream job and the Kafka plug-in against a real broker, in processes of their own that are killed:
//
//   tools/kafka/broker run -- build/bin/kafka_test
//
// (ctest runs it so.) The broker's address and folder come in TURNOUT_TEST_KAFKA and TURNOUT_TEST_KAFKA_DIR.
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "stream/plugin.h"
#include "stream/stream_job.h"

namespace turnout {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kLimit{60};  // for anything that is waited for
constexpr int kKeys = 100;

constexpr std::string_view kContract = R"(
name: test
key: id
fields:
  - {name: id, type: string}
  - {name: x, type: float}
features: [x]
reply:
  id: key
  prediction: class
)";

std::string Brokers() {
  const char* brokers = std::getenv("TURNOUT_TEST_KAFKA");
  return brokers == nullptr ? "" : brokers;
}
std::string Folder() {
  const char* folder = std::getenv("TURNOUT_TEST_KAFKA_DIR");
  return folder == nullptr ? "" : folder;
}
int Tool(const std::string& command) {
  return std::system(("tools/kafka/broker " + command + " >/dev/null").c_str());
}

// ---- the job, in a process of its own: this program with these arguments ----

// Predicts 1 where x > 0.
std::shared_ptr<const Snapshot> MakeSnapshot(Metrics& metrics) {
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
  auto contract = std::make_shared<Contract>(ParseContract(kContract, "test").value());
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->endpoint = "test";
  const auto version = MakeVersion("v1", std::move(file), *contract).value();
  snapshot->contract = contract;
  SetRoute(*snapshot, Route("v1"),
           {{version, MakeVersionSeries(metrics, "test", *version, LatencyBounds({}))}});
  return snapshot;
}

std::atomic<bool> stop = false;

int RunJob(const std::string& name, const std::string& mode) {
  signal(SIGTERM, [](int) { stop = true; });
  Metrics metrics;
  const auto snapshot = MakeSnapshot(metrics);
  StreamOptions options;
  options.endpoint = "test";
  options.brokers = Brokers();
  options.group = name;
  options.input = name + "-in";
  options.output = name + "-out";
  options.dead_letters = name + "-dead";
  options.kafka = {{"consumer.session.timeout.ms", "3000"}, {"consumer.heartbeat.interval.ms", "500"}};
  options.commit_seconds = 0.2;
  options.until_end = mode == "until-end";
  if (mode == "slowly") {  // small steps, so that there is time to be killed in
    options.batch = 20;
    options.max_in_flight = 40;
    options.kafka["producer.linger.ms"] = "5";
  }
  StreamJob job(
      options, [&] { return snapshot; }, metrics,
      [](std::string_view line) {
        std::fprintf(stderr, "[job %d] %.*s\n", getpid(), static_cast<int>(line.size()), line.data());
      },
      &stop);
  auto broker = OpenBroker("", ToBrokerOptions(options), job.events());
  if (!broker) {
    std::printf("%s\n", broker.error().message.c_str());
    return 1;
  }
  const auto summary = job.Run(**broker);
  std::printf("%s\n", summary ? ToJson(*summary).c_str() : summary.error().message.c_str());
  return summary ? 0 : 1;
}

class JobProcess {
 public:
  JobProcess(const std::string& name, const std::string& mode) {
    int ends[2];
    if (pipe(ends) != 0) return;
    process_ = fork();
    if (process_ == 0) {
      dup2(ends[1], 1);
      execl("/proc/self/exe", "kafka_test", "--job", name.c_str(), mode.c_str(), nullptr);
      _exit(127);
    }
    close(ends[1]);
    output_ = fdopen(ends[0], "r");
  }
  ~JobProcess() {
    if (process_ > 0) {
      kill(process_, SIGKILL);
      waitpid(process_, nullptr, 0);
    }
    fclose(output_);
  }
  void Kill() {
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
    process_ = -1;
  }
  void Terminate() { kill(process_, SIGTERM); }
  // Its exit status; `line`: what it printed.
  int Wait(std::string& line) {
    char text[4096] = "";
    if (fgets(text, sizeof text, output_) == nullptr) text[0] = '\0';
    line = text;
    int status = 0;
    waitpid(process_, &status, 0);
    process_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
  }

 private:
  pid_t process_ = -1;
  FILE* output_ = nullptr;
};

// ---- topics, through librdkafka alone ----

struct Record {
  int32_t partition;
  int64_t offset;
  std::string key, value;
  std::map<std::string, std::string> headers;
};

struct Client {
  rd_kafka_t* handle;
  explicit Client(rd_kafka_type_t type) {
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    char reason[512];
    rd_kafka_conf_set(conf, "bootstrap.servers", Brokers().c_str(), reason, sizeof reason);
    if (type == RD_KAFKA_CONSUMER) {
      rd_kafka_conf_set(conf, "group.id", "test-reader", reason, sizeof reason);
      rd_kafka_conf_set(conf, "enable.partition.eof", "true", reason, sizeof reason);
    }
    rd_kafka_conf_set(conf, "reconnect.backoff.max.ms", "500", reason, sizeof reason);
    handle = rd_kafka_new(type, conf, reason, sizeof reason);
  }
  ~Client() { rd_kafka_destroy(handle); }
  int Partitions(const std::string& topic) const {
    const struct rd_kafka_metadata* about = nullptr;
    rd_kafka_topic_t* named = rd_kafka_topic_new(handle, topic.c_str(), nullptr);
    const auto error = rd_kafka_metadata(handle, 0, named, &about, 30'000);
    rd_kafka_topic_destroy(named);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return 0;
    const int count = about->topics[0].partition_cnt;
    rd_kafka_metadata_destroy(about);
    return count;
  }
};

// Message i has the key i % kKeys and the value {"id":"<key>","x":<i>}; every 101st is no JSON.
bool IsBad(int i) { return i % 101 == 100; }
std::string Value(int i) {
  if (IsBad(i)) return "bad " + std::to_string(i);
  return R"({"id":"k)" + std::to_string(i % kKeys) + R"(","x":)" + std::to_string(i % 2 == 0 ? i : -i) + "}";
}

void Send(const std::string& topic, int from, int to) {
  const Client client(RD_KAFKA_PRODUCER);
  for (int i = from; i < to; ++i) {
    const std::string key = "k" + std::to_string(i % kKeys), value = Value(i), number = std::to_string(i);
    ASSERT_EQ(rd_kafka_producev(
                  client.handle, RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_KEY(key.data(), key.size()),
                  RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()),
                  RD_KAFKA_V_HEADER("number", number.c_str(), static_cast<ssize_t>(number.size())),
                  RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END),
              RD_KAFKA_RESP_ERR_NO_ERROR);
  }
  ASSERT_EQ(rd_kafka_flush(client.handle, 60'000), RD_KAFKA_RESP_ERR_NO_ERROR);
}

// Reads a topic from its beginning, until every partition is at its end and `enough` messages were read.
std::vector<Record> ReadTopic(const std::string& topic, std::size_t enough = 0) {
  const Client client(RD_KAFKA_CONSUMER);
  rd_kafka_poll_set_consumer(client.handle);
  const int partitions = client.Partitions(topic);
  rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(partitions);
  for (int i = 0; i < partitions; ++i) {
    rd_kafka_topic_partition_list_add(list, topic.c_str(), i)->offset = RD_KAFKA_OFFSET_BEGINNING;
  }
  rd_kafka_assign(client.handle, list);
  rd_kafka_topic_partition_list_destroy(list);
  std::vector<Record> records;
  std::set<int32_t> ended;
  const auto deadline = Clock::now() + kLimit;
  while ((static_cast<int>(ended.size()) < partitions || records.size() < enough) &&
         Clock::now() < deadline) {
    rd_kafka_message_t* message = rd_kafka_consumer_poll(client.handle, 100);
    if (message == nullptr) continue;
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) ended.insert(message->partition);
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      Record& record = records.emplace_back();
      record.partition = message->partition;
      record.offset = message->offset;
      record.key.assign(static_cast<const char*>(message->key), message->key_len);
      record.value.assign(static_cast<const char*>(message->payload), message->len);
      rd_kafka_headers_t* headers = nullptr;
      rd_kafka_message_headers(message, &headers);
      const char* name = nullptr;
      const void* value = nullptr;
      std::size_t size = 0;
      for (std::size_t i = 0;
           headers != nullptr &&
           rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
           ++i) {
        EXPECT_TRUE(record.headers.emplace(name, std::string(static_cast<const char*>(value), size)).second);
      }
    }
    rd_kafka_message_destroy(message);
  }
  return records;
}

class KafkaTest : public testing::Test {
 protected:
  void SetUp() override {
    if (Brokers().empty()) GTEST_SKIP() << "needs tools/kafka/broker run -- " << program_invocation_name;
    static int runs = 0;
    name_ = std::string("t") + std::to_string(getpid()) + "-" + std::to_string(++runs) + "-" +
            testing::UnitTest::GetInstance()->current_test_info()->name();
    for (const char* topic : {"-in", "-out", "-dead"})
      ASSERT_EQ(Tool("topic " + Folder() + " " + name_ + topic + " 4"), 0);
  }
  std::string in() const { return name_ + "-in"; }
  std::string out() const { return name_ + "-out"; }
  std::string dead() const { return name_ + "-dead"; }

  bool WaitForAnswers(std::size_t count) const { return ReadTopic(out(), count).size() >= count; }
  // The rest, in a job that ends by itself.
  void Finish() const {
    JobProcess job(name_, "until-end");
    std::string line;
    ASSERT_EQ(job.Wait(line), 0) << line;
    std::fprintf(stderr, "%s", line.c_str());
  }
  // Every one of `count` messages has the right answer or dead letter; by its last answer, each key's
  // messages are in order. Returns how many answers were repetitions.
  std::size_t Check(int count) const {
    std::map<int, int> answers;                          // of each message
    std::map<std::string, std::map<int, int64_t>> last;  // key -> message -> offset of its last answer
    std::map<std::string, int32_t> partition_of;
    const auto answered = ReadTopic(out());
    for (const Record& record : answered) {
      const int i = std::stoi(record.headers.at("number"));
      ++answers[i];
      EXPECT_FALSE(IsBad(i)) << i;
      EXPECT_EQ(record.key, "k" + std::to_string(i % kKeys));
      EXPECT_EQ(record.value,
                R"({"id":")" + record.key + R"(","prediction":)" + (i % 2 == 0 && i > 0 ? "1" : "0") + "}");
      EXPECT_EQ(record.headers.at("turnout-version"), "v1");
      EXPECT_TRUE(record.headers.at("turnout-source").starts_with(in() + "/"));
      EXPECT_EQ(partition_of.emplace(record.key, record.partition).first->second, record.partition);
      last[record.key][i] = record.offset;
    }
    const auto letters = ReadTopic(dead());
    for (const Record& record : letters) {
      const int i = std::stoi(record.headers.at("number"));
      ++answers[i];
      EXPECT_TRUE(IsBad(i)) << i;
      EXPECT_EQ(record.key, "k" + std::to_string(i % kKeys));
      EXPECT_EQ(record.headers.at("turnout-error"), "json_invalid");
      EXPECT_NE(record.value.find(R"("value":"bad )" + std::to_string(i) + "\""), std::string::npos)
          << record.value;
    }
    for (int i = 0; i < count; ++i) EXPECT_TRUE(answers.contains(i)) << "message " << i << " is lost";
    for (const auto& [key, messages] : last) {
      int64_t before = -1;
      for (const auto& [i, offset] : messages) {
        EXPECT_GT(offset, before) << "key " << key << ", message " << i << " is out of order";
        before = offset;
      }
    }
    return answered.size() + letters.size() - answers.size();
  }

  std::string name_;
};

TEST_F(KafkaTest, AnswersTenThousandMessagesOnce) {
  Send(in(), 0, 10'000);
  Finish();
  EXPECT_EQ(Check(10'000), 0u);
  // All is committed: the next job finds nothing.
  JobProcess job(name_, "until-end");
  std::string line;
  ASSERT_EQ(job.Wait(line), 0) << line;
  EXPECT_NE(line.find(R"("messages":0,)"), std::string::npos) << line;
}

TEST_F(KafkaTest, LosesNothingWhenItIsKilled) {
  Send(in(), 0, 10'000);
  std::size_t killed = 0;
  for (const std::size_t answers : {500, 2'000, 5'000}) {
    JobProcess job(name_, "slowly");
    ASSERT_TRUE(WaitForAnswers(answers));
    job.Kill();
    ++killed;
  }
  Finish();
  const std::size_t repeated = Check(10'000);
  std::fprintf(stderr, "killed %zu times: %zu answers were repeated\n", killed, repeated);
}

TEST_F(KafkaTest, GoesOnAfterTheBrokerWasKilled) {
  Send(in(), 0, 10'000);
  JobProcess job(name_, "slowly");
  ASSERT_TRUE(WaitForAnswers(1'000));
  ASSERT_EQ(std::system(("kill -9 $(cat " + Folder() + "/pid)").c_str()), 0);
  ASSERT_EQ(Tool("start " + Folder()), 0);
  ASSERT_TRUE(WaitForAnswers(9'901));  // all but the 99 bad ones
  job.Terminate();
  std::string line;
  ASSERT_EQ(job.Wait(line), 0) << line;
  Finish();
  const std::size_t repeated = Check(10'000);
  std::fprintf(stderr, "the broker was killed: %zu answers were repeated\n", repeated);
}

TEST_F(KafkaTest, GoesOnAfterTheBrokerStoodStill) {
  Send(in(), 0, 10'000);
  JobProcess job(name_, "slowly");
  ASSERT_TRUE(WaitForAnswers(1'000));
  // Longer than the session timeout of 3 s: the broker itself finds out afterwards.
  ASSERT_EQ(std::system(("p=$(cat " + Folder() + "/pid); kill -STOP $p; sleep 5; kill -CONT $p").c_str()), 0);
  ASSERT_TRUE(WaitForAnswers(9'901));
  job.Terminate();
  std::string line;
  ASSERT_EQ(job.Wait(line), 0) << line;
  Finish();
  Check(10'000);
}

TEST_F(KafkaTest, MembersShareThePartitionsAndHandThemOver) {
  Send(in(), 0, 10'000);
  JobProcess first(name_, "slowly");
  ASSERT_TRUE(WaitForAnswers(1'000));
  JobProcess second(name_, "slowly");
  ASSERT_TRUE(WaitForAnswers(4'000));
  first.Terminate();
  std::string line;
  ASSERT_EQ(first.Wait(line), 0) << line;
  EXPECT_NE(line.find(R"("unfinished":0)"), std::string::npos) << line;
  ASSERT_TRUE(WaitForAnswers(9'901));
  second.Terminate();
  ASSERT_EQ(second.Wait(line), 0) << line;
  Finish();
  EXPECT_EQ(Check(10'000), 0u) << "nobody was killed, so nothing needs repeating";
}

TEST_F(KafkaTest, StartsBeforeItsBroker) {
  Send(in(), 0, 100);
  ASSERT_EQ(Tool("stop " + Folder()), 0);
  JobProcess job(name_, "until-end");
  ASSERT_EQ(Tool("start " + Folder()), 0);
  std::string line;
  ASSERT_EQ(job.Wait(line), 0) << line;
  EXPECT_EQ(Check(100), 0u);
}

class Silent : public BrokerEvents {
  void Assigned(std::span<const int32_t>) override {}
  void Revoked(std::span<const int32_t>, bool) override {}
  void Delivered(uint64_t, Delivery, std::string_view) override {}
  void Committed(const Status&) override {}
  void EndOf(int32_t) override {}
  void Trouble(std::string_view) override {}
};

TEST_F(KafkaTest, SaysWhatIsWrongWithItsOptions) {
  Silent events;
  BrokerOptions options{.brokers = Brokers(),
                        .group = "g",
                        .input = in(),
                        .output = out(),
                        .dead_letters = dead(),
                        .settings = {}};
  const auto message = [&] {
    const auto broker = OpenBroker("", options, events);
    return broker ? std::string("it opened") : broker.error().message;
  };
  options.settings = {{"sasl.nonsense", "1"}};
  EXPECT_EQ(message(), "kafka.sasl.nonsense: No such configuration property: \"sasl.nonsense\"");
  options.settings = {{"enable.auto.commit", "true"}};
  EXPECT_EQ(message(), "kafka.enable.auto.commit: set by Turnout, which builds its delivery guarantee on it");
  options.settings = {};
  options.output = name_ + "-absent";
  EXPECT_EQ(message(), "the topic " + name_ + "-absent does not exist on " + Brokers() + "; create it first");
  options.make_topics = 3;
  EXPECT_EQ(message(), "it opened");
  EXPECT_EQ(Client(RD_KAFKA_CONSUMER).Partitions(options.output), 3);
}

}  // namespace
}  // namespace turnout

int main(int argc, char** argv) {
  if (argc == 4 && std::string_view(argv[1]) == "--job") return turnout::RunJob(argv[2], argv[3]);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
