// The Kafka plug-in: a Broker on librdkafka.
//
// Two clients: a consumer (group member) and an idempotent producer (acks=all, so its own retries neither
// repeat nor reorder). Values are handed over without a copy; keys and headers are copied by librdkafka.
#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <array>
#include <cassert>
#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stream/broker.h"
#include "stream/kafka/handles.h"
#include "stream/kafka/settings.h"
#include "stream/kafka/topics.h"

namespace turnout {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// A value above this is copied: librdkafka refers to large ones (message.copy.max.bytes, 64 KiB) from its
// network buffers, which may outlive the delivery report of a purged message.
constexpr std::size_t kCopyAbove = 32 << 10;
constexpr int kCommittedTries = 12;  // for the group's positions, when partitions are assigned
constexpr int kError = 3;            // syslog's

List MakeList(const std::string& topic, std::span<const Position> positions) {
  List list(rd_kafka_topic_partition_list_new(static_cast<int>(positions.size())));
  for (const Position& position : positions) {
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), position.partition)->offset =
        position.offset;
  }
  return list;
}

std::string_view View(const void* data, std::size_t size) {
  if (data == nullptr) return {};
  return {static_cast<const char*>(data), size};
}

Delivery Classify(rd_kafka_resp_err_t error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR_NO_ERROR: return Delivery::kDone;
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD: return Delivery::kRefused;
    default: return Delivery::kFailed;
  }
}

bool Cooperative(rd_kafka_t* consumer) {
  // nullptr once the consumer is closing: nobody in it answers the question any more.
  const char* protocol = rd_kafka_rebalance_protocol(consumer);
  return protocol != nullptr && std::string_view(protocol) == "COOPERATIVE";
}

class KafkaBroker final : public Broker {
 public:
  KafkaBroker(const BrokerOptions& options, BrokerEvents& events) : options_(options), events_(events) {}
  ~KafkaBroker() override { Close(); }

  Status Open();

  Result<std::span<const Message>> Poll(milliseconds wait, std::size_t limit) override;
  void Pause(bool paused) override;
  std::size_t Produce(std::span<const Outgoing> messages) override;
  void ServeDeliveries(milliseconds wait) override;
  Status Commit(std::span<const Position> positions, milliseconds wait) override;
  Status Seek(Position position) override;
  int64_t EndOffset(int32_t partition) override;
  void Close() override;

 private:
  struct Deferred {
    uint64_t token;
    Delivery delivery;
    rd_kafka_resp_err_t error;
  };

  Status OpenProducer();
  void CloseProducer();
  void Release();
  Status Look(rd_kafka_message_t* message);  // at one that Poll got
  void Assign(rd_kafka_topic_partition_list_t* partitions);
  void FindStart(rd_kafka_topic_partition_list_t* partitions);
  static std::vector<int32_t> Numbers(const rd_kafka_topic_partition_list_t* partitions);

  static KafkaBroker& Of(void* opaque) { return *static_cast<KafkaBroker*>(opaque); }
  static void OnRebalance(rd_kafka_t*, rd_kafka_resp_err_t error, rd_kafka_topic_partition_list_t* partitions,
                          void* opaque);
  static void OnCommit(rd_kafka_t*, rd_kafka_resp_err_t error, rd_kafka_topic_partition_list_t*,
                       void* opaque);
  static void OnDelivery(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque);
  static void OnError(rd_kafka_t* client, int error, const char* reason, void* opaque);
  static void OnLog(const rd_kafka_t* client, int level, const char* facility, const char* text);

  const BrokerOptions options_;
  BrokerEvents& events_;
  rd_kafka_t* consumer_ = nullptr;
  rd_kafka_t* producer_ = nullptr;
  std::array<rd_kafka_topic_t*, 2> targets_{};  // by Target; of the producer
  Queue consumer_queue_;
  bool paused_ = false;
  bool closing_ = false;
  bool producer_broken_ = false;            // a fatal error: the producer must be made again
  std::vector<Deferred> deferred_;          // refused before they were queued; reported by ServeDeliveries
  std::vector<rd_kafka_message_t*> taken_;  // of the last Poll
  std::vector<Message> messages_;
  std::vector<Header> headers_;
  std::vector<std::size_t> header_end_;  // of each of messages_, in headers_
};

// ---- clients ----

Status KafkaBroker::Open() {
  TURNOUT_TRY(OpenProducer());
  TURNOUT_ASSIGN(Conf conf, MakeConf(options_, Side::kConsumer));
  TURNOUT_TRY(Set(conf.get(), "group.id", options_.group));
  TURNOUT_TRY(Set(conf.get(), "enable.partition.eof", options_.ends ? "true" : "false"));
  rd_kafka_conf_set_opaque(conf.get(), this);
  rd_kafka_conf_set_rebalance_cb(conf.get(), OnRebalance);
  rd_kafka_conf_set_offset_commit_cb(conf.get(), OnCommit);
  rd_kafka_conf_set_error_cb(conf.get(), OnError);
  rd_kafka_conf_set_log_cb(conf.get(), OnLog);
  TURNOUT_TRY(Set(conf.get(), "log.queue", "true"));
  char reason[512];
  consumer_ = rd_kafka_new(RD_KAFKA_CONSUMER, conf.get(), reason, sizeof reason);
  if (consumer_ == nullptr) return Fail(Code::kInvalidArgument, fmt::format("kafka: {}", reason));
  static_cast<void>(conf.release());  // the consumer has it now
  rd_kafka_set_log_queue(consumer_, nullptr);
  rd_kafka_poll_set_consumer(consumer_);
  consumer_queue_.reset(rd_kafka_queue_get_consumer(consumer_));
  TURNOUT_TRY(CheckTopics(options_, events_, consumer_, producer_));

  List topics(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(topics.get(), options_.input.c_str(), RD_KAFKA_PARTITION_UA);
  if (const auto error = rd_kafka_subscribe(consumer_, topics.get()); error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return Fail(Code::kInvalidArgument,
                fmt::format("cannot subscribe to {}: {}", options_.input, rd_kafka_err2str(error)));
  }
  return {};
}

Status KafkaBroker::OpenProducer() {
  TURNOUT_ASSIGN(Conf conf, MakeConf(options_, Side::kProducer));
  rd_kafka_conf_set_opaque(conf.get(), this);
  rd_kafka_conf_set_dr_msg_cb(conf.get(), OnDelivery);
  rd_kafka_conf_set_error_cb(conf.get(), OnError);
  rd_kafka_conf_set_log_cb(conf.get(), OnLog);
  TURNOUT_TRY(Set(conf.get(), "log.queue", "true"));
  char reason[512];
  producer_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), reason, sizeof reason);
  if (producer_ == nullptr) return Fail(Code::kInvalidArgument, fmt::format("kafka: {}", reason));
  static_cast<void>(conf.release());
  rd_kafka_set_log_queue(producer_, nullptr);
  targets_ = {rd_kafka_topic_new(producer_, options_.output.c_str(), nullptr),
              rd_kafka_topic_new(producer_, options_.dead_letters.c_str(), nullptr)};
  if (targets_[0] == nullptr || targets_[1] == nullptr) {
    return Fail(Code::kInvalidArgument,
                fmt::format("{} or {} is no name of a topic: {}", options_.output, options_.dead_letters,
                            rd_kafka_err2str(rd_kafka_last_error())));
  }
  producer_broken_ = false;
  return {};
}

// Every message that was queued has been reported when it returns.
void KafkaBroker::CloseProducer() {
  if (producer_ == nullptr) return;
  rd_kafka_purge(producer_, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  while (rd_kafka_outq_len(producer_) > 0) rd_kafka_poll(producer_, 100);
  for (rd_kafka_topic_t* target : targets_) {
    if (target != nullptr) rd_kafka_topic_destroy(target);
  }
  targets_ = {};
  rd_kafka_destroy(producer_);
  producer_ = nullptr;
}

void KafkaBroker::Close() {
  Release();
  CloseProducer();
  producer_broken_ = false;  // not made again
  for (const Deferred& refused : std::exchange(deferred_, {})) {
    events_.Delivered(refused.token, Delivery::kFailed, "the job ends");
  }
  if (consumer_ == nullptr) return;
  closing_ = true;
  rd_kafka_consumer_close(consumer_);  // calls OnRebalance
  consumer_queue_.reset();
  rd_kafka_destroy(std::exchange(consumer_, nullptr));
}

// ---- in ----

void KafkaBroker::Release() {
  for (rd_kafka_message_t* message : taken_) rd_kafka_message_destroy(message);
  taken_.clear();
  messages_.clear();
  headers_.clear();
  header_end_.clear();
}

Result<std::span<const Message>> KafkaBroker::Poll(milliseconds wait, std::size_t limit) {
  assert(limit > 0);
  Release();
  rd_kafka_message_t* first = rd_kafka_consumer_poll(consumer_, static_cast<int>(wait.count()));
  if (first == nullptr) return std::span<const Message>();
  taken_.push_back(first);
  if (limit > 1) {
    taken_.resize(limit);
    const ssize_t more = rd_kafka_consume_batch_queue(consumer_queue_.get(), 0, taken_.data() + 1, limit - 1);
    taken_.resize(1 + static_cast<std::size_t>(more > 0 ? more : 0));
  }
  for (rd_kafka_message_t* message : taken_) TURNOUT_TRY(Look(message));

  std::size_t begin = 0;
  for (std::size_t i = 0; i < messages_.size(); ++i) {
    messages_[i].headers = std::span(headers_).subspan(begin, header_end_[i] - begin);
    begin = header_end_[i];
  }
  return std::span<const Message>(messages_);
}

Status KafkaBroker::Look(rd_kafka_message_t* message) {
  switch (message->err) {
    case RD_KAFKA_RESP_ERR_NO_ERROR: break;
    case RD_KAFKA_RESP_ERR__PARTITION_EOF: events_.EndOf(message->partition); return {};
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
      return Fail(
          Code::kNotFound,
          fmt::format("{}/{}: the group {} stopped at a message that the broker no longer has ({}); "
                      "messages are lost. Set the group's position to where it should go on",
                      options_.input, message->partition, options_.group, rd_kafka_message_errstr(message)));
    default:
      if (char reason[512]; rd_kafka_fatal_error(consumer_, reason, sizeof reason) != 0) {
        return Fail(Code::kUnavailable, fmt::format("the consumer can't go on: {}", reason));
      }
      events_.Trouble(fmt::format("{}: {}", options_.input, rd_kafka_message_errstr(message)));
      return {};
  }
  Message& taken = messages_.emplace_back();
  taken.partition = message->partition;
  taken.offset = message->offset;
  taken.key = View(message->key, message->key_len);
  taken.value = View(message->payload, message->len);
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    for (std::size_t i = 0;
         rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
      headers_.push_back({name, View(value, size)});
    }
  }
  header_end_.push_back(headers_.size());
  return {};
}

void KafkaBroker::Pause(bool paused) {
  if (paused_ == paused) return;
  paused_ = paused;
  rd_kafka_topic_partition_list_t* assigned = nullptr;
  if (rd_kafka_assignment(consumer_, &assigned) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
  const List list(assigned);
  if (paused) {
    rd_kafka_pause_partitions(consumer_, list.get());
  } else {
    rd_kafka_resume_partitions(consumer_, list.get());
  }
}

Status KafkaBroker::Seek(Position position) {
  const List list = MakeList(options_.input, {&position, 1});
  const KafkaError failed(rd_kafka_seek_partitions(consumer_, list.get(), kReplyMilliseconds));
  const auto error = failed ? rd_kafka_error_code(failed.get()) : list->elems[0].err;
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return Fail(Code::kUnavailable, fmt::format("{}/{}: cannot go back to offset {}: {}", options_.input,
                                              position.partition, position.offset, rd_kafka_err2str(error)));
}

int64_t KafkaBroker::EndOffset(int32_t partition) {
  int64_t low = 0, high = 0;
  const auto error =
      rd_kafka_get_watermark_offsets(consumer_, options_.input.c_str(), partition, &low, &high);
  return error == RD_KAFKA_RESP_ERR_NO_ERROR && high >= 0 ? high : -1;
}

// ---- partitions ----

std::vector<int32_t> KafkaBroker::Numbers(const rd_kafka_topic_partition_list_t* partitions) {
  std::vector<int32_t> numbers;
  for (int i = 0; i < partitions->cnt; ++i) numbers.push_back(partitions->elems[i].partition);
  return numbers;
}

// Where each partition begins: at the group's position, or where a new group is to begin.
void KafkaBroker::FindStart(rd_kafka_topic_partition_list_t* partitions) {
  for (int i = 0; i < kCommittedTries; ++i) {
    const auto error = rd_kafka_committed(consumer_, partitions, kReplyMilliseconds);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) break;
    events_.Trouble(
        fmt::format("{}: cannot read the group's position: {}", options_.input, rd_kafka_err2str(error)));
    if (rd_kafka_assignment_lost(consumer_) || i + 1 == kCommittedTries) return;  // librdkafka asks again
  }
  std::vector<Position> begun;
  for (int i = 0; i < partitions->cnt; ++i) {
    rd_kafka_topic_partition_t& partition = partitions->elems[i];
    if (partition.offset >= 0 || partition.err != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    partition.offset = RD_KAFKA_OFFSET_BEGINNING;
    if (!options_.from_end) continue;
    // The end of now, kept as the group's position: a job that ends before its first message must not skip
    // what comes until it is started again.
    int64_t low = 0, high = 0;
    const auto error = rd_kafka_query_watermark_offsets(consumer_, options_.input.c_str(),
                                                        partition.partition, &low, &high, kReplyMilliseconds);
    partition.offset = error == RD_KAFKA_RESP_ERR_NO_ERROR ? high : RD_KAFKA_OFFSET_END;
    if (partition.offset >= 0) begun.push_back({partition.partition, partition.offset});
  }
  if (begun.empty()) return;
  if (const Status kept = Commit(begun, milliseconds(kReplyMilliseconds)); !kept) {
    events_.Trouble(kept.error().message);
  }
}

void KafkaBroker::Assign(rd_kafka_topic_partition_list_t* partitions) {
  if (!closing_) FindStart(partitions);  // a closing consumer gets no answer, and will read nothing
  if (Cooperative(consumer_)) {
    const KafkaError failed(rd_kafka_incremental_assign(consumer_, partitions));
    if (failed) events_.Trouble(rd_kafka_error_string(failed.get()));
  } else {
    rd_kafka_assign(consumer_, partitions);
  }
  // A partition keeps its pause while it is away: one that was paused when it was lost would stay so.
  if (paused_) {
    rd_kafka_pause_partitions(consumer_, partitions);
  } else {
    rd_kafka_resume_partitions(consumer_, partitions);
  }
  if (!closing_) events_.Assigned(Numbers(partitions));
}

void KafkaBroker::OnRebalance(rd_kafka_t* consumer, rd_kafka_resp_err_t error,
                              rd_kafka_topic_partition_list_t* partitions, void* opaque) {
  KafkaBroker& broker = Of(opaque);
  if (error == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    broker.Assign(partitions);
    return;
  }
  if (error != RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS) broker.events_.Trouble(rd_kafka_err2str(error));
  if (partitions->cnt > 0) {
    broker.events_.Revoked(Numbers(partitions), rd_kafka_assignment_lost(consumer) != 0);
  }
  if (Cooperative(consumer)) {
    const KafkaError failed(rd_kafka_incremental_unassign(consumer, partitions));
    if (failed) broker.events_.Trouble(rd_kafka_error_string(failed.get()));
  } else {
    rd_kafka_assign(consumer, nullptr);
  }
}

// ---- out ----

std::size_t KafkaBroker::Produce(std::span<const Outgoing> messages) {
  if (producer_ == nullptr || producer_broken_) return 0;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const Outgoing& message = messages[i];
    rd_kafka_headers_t* headers = rd_kafka_headers_new(message.headers.size());
    for (const Header& header : message.headers) {
      rd_kafka_header_add(headers, header.name.data(), static_cast<ssize_t>(header.name.size()),
                          header.value.data(), static_cast<ssize_t>(header.value.size()));
    }
    rd_kafka_vu_t parts[6];
    parts[0].vtype = RD_KAFKA_VTYPE_RKT;
    parts[0].u.rkt = targets_[static_cast<std::size_t>(message.target)];
    parts[1].vtype = RD_KAFKA_VTYPE_VALUE;
    parts[1].u.mem = {const_cast<char*>(message.value.data()), message.value.size()};
    parts[2].vtype = RD_KAFKA_VTYPE_KEY;
    parts[2].u.mem = {const_cast<char*>(message.key.data()), message.key.size()};
    parts[3].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
    parts[3].u.i = message.value.size() > kCopyAbove ? RD_KAFKA_MSG_F_COPY : 0;
    parts[4].vtype = RD_KAFKA_VTYPE_OPAQUE;
    // librdkafka hands the number back as it is.  NOLINTNEXTLINE(performance-no-int-to-ptr)
    parts[4].u.ptr = reinterpret_cast<void*>(message.token);
    parts[5].vtype = RD_KAFKA_VTYPE_HEADERS;
    parts[5].u.headers = headers;
    const KafkaError failed(rd_kafka_produceva(producer_, parts, std::size(parts)));
    if (!failed) continue;
    rd_kafka_headers_destroy(headers);  // taken over only by a message that was queued
    const auto error = rd_kafka_error_code(failed.get());
    if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL) return i;
    if (error == RD_KAFKA_RESP_ERR__FATAL) producer_broken_ = true;
    deferred_.push_back({message.token, Classify(error), error});
  }
  return messages.size();
}

void KafkaBroker::ServeDeliveries(milliseconds wait) {
  for (const Deferred& refused : std::exchange(deferred_, {})) {
    events_.Delivered(refused.token, refused.delivery, rd_kafka_err2str(refused.error));
  }
  if (producer_broken_) {
    CloseProducer();
    if (const Status opened = OpenProducer(); !opened) {
      producer_broken_ = true;
      events_.Trouble(opened.error().message);
    }
  }
  if (producer_ != nullptr) rd_kafka_poll(producer_, static_cast<int>(wait.count()));
}

void KafkaBroker::OnDelivery(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
  const Delivery delivery = Classify(message->err);
  Of(opaque).events_.Delivered(reinterpret_cast<uint64_t>(message->_private), delivery,
                               delivery == Delivery::kDone ? "" : rd_kafka_err2str(message->err));
}

// ---- commits ----

Status KafkaBroker::Commit(std::span<const Position> positions, milliseconds wait) {
  const List list = MakeList(options_.input, positions);
  const auto failed = [&](rd_kafka_resp_err_t error) {
    return Fail(Code::kUnavailable,
                fmt::format("cannot commit offsets of {}: {}", options_.input, rd_kafka_err2str(error)));
  };
  if (wait.count() == 0) {
    const auto error = rd_kafka_commit(consumer_, list.get(), 1);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return failed(error);
    return {};
  }
  // A queue of its own, so that the wait has an end even if the broker is away.
  struct Outcome {
    bool there = false;
    rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
  };
  Outcome outcome;
  const Queue queue(rd_kafka_queue_new(consumer_));
  const auto error = rd_kafka_commit_queue(
      consumer_, list.get(), queue.get(),
      [](rd_kafka_t*, rd_kafka_resp_err_t result, rd_kafka_topic_partition_list_t*, void* opaque) {
        *static_cast<Outcome*>(opaque) = {true, result};
      },
      &outcome);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return failed(error);
  const auto deadline = Clock::now() + wait;
  while (!outcome.there && Clock::now() < deadline) rd_kafka_queue_poll_callback(queue.get(), 50);
  if (!outcome.there) return failed(RD_KAFKA_RESP_ERR__TIMED_OUT);
  if (outcome.error != RD_KAFKA_RESP_ERR_NO_ERROR) return failed(outcome.error);
  return {};
}

void KafkaBroker::OnCommit(rd_kafka_t*, rd_kafka_resp_err_t error, rd_kafka_topic_partition_list_t*,
                           void* opaque) {
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
    Of(opaque).events_.Committed({});
  } else {
    Of(opaque).events_.Committed(Fail(Code::kUnavailable, rd_kafka_err2str(error)));
  }
}

// ---- troubles ----

void KafkaBroker::OnError(rd_kafka_t* client, int error, const char* reason, void* opaque) {
  KafkaBroker& broker = Of(opaque);
  if (error == RD_KAFKA_RESP_ERR__FATAL && client == broker.producer_) {
    char why[512] = "";
    rd_kafka_fatal_error(client, why, sizeof why);
    broker.producer_broken_ = true;
    broker.events_.Trouble(fmt::format("the producer can't go on ({}); it is made again", why));
    return;
  }
  // Follows the connection errors that say more.
  if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) return;
  // "... Connection refused (after 0ms in state CONNECT, 2 identical error(s) suppressed)": what differs from
  // one time to the next is cut off.
  const std::string_view what = reason;
  broker.events_.Trouble(what.substr(0, what.find(" (after ")));
}

// Forwarded to the polling thread (log.queue). Errors come through OnError as well.
void KafkaBroker::OnLog(const rd_kafka_t* client, int level, const char*, const char* text) {
  if (level < kError) Of(rd_kafka_opaque(client)).events_.Trouble(text);
}

}  // namespace
}  // namespace turnout

extern "C" __attribute__((visibility("default"))) void turnout_open_broker(
    int turnout_abi, const turnout::BrokerOptions& options, turnout::BrokerEvents& events,
    turnout::Result<std::unique_ptr<turnout::Broker>>& broker) {
  if (turnout_abi != turnout::kBrokerAbi) {
    broker = turnout::Fail(
        turnout::Code::kUnsupported,
        fmt::format("the Kafka plug-in is of another build of Turnout (interface {}, {} expected)",
                    turnout::kBrokerAbi, turnout_abi));
    return;
  }
  auto kafka = std::make_unique<turnout::KafkaBroker>(options, events);
  if (auto opened = kafka->Open(); !opened) {
    broker = std::unexpected(std::move(opened).error());
    return;
  }
  broker = std::move(kafka);
}
