#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <map>

#include "bytes/json.h"
#include "server/mode_answers.h"
#include "stream/plugin.h"
#include "stream/stream_job.h"

namespace turnout {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kWait(100);
constexpr std::chrono::seconds kPatience(30);
constexpr int kPartitions = 2;

// A broker's events for somebody who only sends or only reads, and how long nothing has moved.
class Listener : public BrokerEvents {
 public:
  std::size_t delivered = 0;
  std::string failure;

  void Assigned(std::span<const int32_t> partitions) override {
    for (int32_t partition : partitions) ended_.emplace(partition, false);
  }
  void Revoked(std::span<const int32_t>, bool) override {}
  void Delivered(uint64_t, Delivery delivery, std::string_view reason) override {
    ++delivered;
    if (delivery != Delivery::kDone) failure = reason;
    Moved();
  }
  void Committed(const Status&) override {}
  void EndOf(int32_t partition) override { ended_[partition] = true; }
  void Trouble(std::string_view what) override { trouble_ = what; }

  bool AllEnded() const {
    for (const auto& [partition, end] : ended_) {
      if (!end) return false;
    }
    return !ended_.empty();
  }

  void Moved() { moved_ = Clock::now(); }
  // An error once nothing has moved for too long: a stream job waits for a broker for ever, a check must not.
  Status Patient() const {
    if (!failure.empty()) return Fail(Code::kUnavailable, failure);
    if (Clock::now() - moved_ < kPatience) return {};
    return Fail(Code::kUnavailable, fmt::format("nothing has moved for {} s{}{}", kPatience.count(),
                                                trouble_.empty() ? "" : "; ", trouble_));
  }

 private:
  std::map<int32_t, bool> ended_;  // by partition
  std::string trouble_;            // the last
  Clock::time_point moved_ = Clock::now();
};

// Row i is sent under the key i, and its answer is found by it.
Status SendRows(const ModeRun& run, const BrokerOptions& names) {
  // Before the broker: what it has not delivered refers to them until it is closed.
  Listener listener;
  const std::size_t rows = run.table.rows();
  std::vector<std::string> keys, values;
  for (std::size_t row = 0; row < rows; ++row) {
    keys.push_back(fmt::format("{}", row));
    values.push_back(JsonRow(run, row));
  }
  BrokerOptions sender = names;
  sender.output = names.input;  // what the job reads is what this one writes
  sender.input = names.output;
  sender.group = names.group + "-sender";
  TURNOUT_ASSIGN(const auto broker, OpenBroker("", sender, listener));
  for (std::size_t sent = 0; sent < rows || listener.delivered < rows;) {
    const Outgoing message{.target = Target::kOutput,
                           .key = sent < rows ? keys[sent] : std::string_view(),
                           .value = sent < rows ? values[sent] : std::string_view(),
                           .headers = {},
                           .token = sent};
    if (sent < rows && broker->Produce({&message, 1}) == 1) {
      ++sent;
      continue;
    }
    broker->ServeDeliveries(kWait);
    TURNOUT_TRY(listener.Patient());
  }
  broker->Close();
  return listener.Patient();
}

// Every message of the topic, into the answer of its key's row.
Status ReadAnswers(const BrokerOptions& names, const std::string& topic, ModeAnswers& answers) {
  Listener listener;
  BrokerOptions reader = names;
  reader.input = topic;
  reader.output = names.input;
  reader.group = topic + "-reader";
  reader.ends = true;
  TURNOUT_ASSIGN(const auto broker, OpenBroker("", reader, listener));
  JsonTokenizer json;
  while (!listener.AllEnded()) {
    TURNOUT_ASSIGN(const auto messages, broker->Poll(kWait, 1000));
    for (const Message& message : messages) {
      listener.Moved();
      std::size_t row = answers.size();
      std::from_chars(message.key.data(), message.key.data() + message.key.size(), row);
      if (row >= answers.size()) return Fail(Code::kInternal, "an answer under an unknown key");
      TURNOUT_ASSIGN(answers[row], ReadModeAnswer(json, message.value));
    }
    TURNOUT_TRY(listener.Patient());
  }
  broker->Close();
  return {};
}

}  // namespace

Result<ModeAnswers> KafkaAnswers(const ModeRun& run, const std::string& brokers) {
  StreamOptions stream;
  // Topics stay behind, and a container's processes have the same id every time.
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const std::string prefix = fmt::format(
      "turnout-verify-{}-{}", std::chrono::duration_cast<std::chrono::milliseconds>(now).count(), getpid());
  stream.endpoint = run.snapshot->endpoint;
  stream.brokers = brokers;
  stream.group = prefix;
  stream.input = prefix + "-in";
  stream.output = prefix + "-out";
  stream.dead_letters = prefix + "-dead";
  stream.until_end = true;
  BrokerOptions names = ToBrokerOptions(stream);
  names.make_topics = kPartitions;
  TURNOUT_TRY(SendRows(run, names));

  StreamJob job(stream, [&run] { return run.snapshot; }, run.metrics, {}, nullptr);
  TURNOUT_ASSIGN(const auto broker, OpenBroker("", names, job.events()));
  TURNOUT_TRY(job.Run(*broker));
  ModeAnswers answers(run.table.rows());
  TURNOUT_TRY(ReadAnswers(names, stream.output, answers));
  TURNOUT_TRY(ReadAnswers(names, stream.dead_letters, answers));
  return answers;
}

}  // namespace turnout
