#include "stream/kafka/topics.h"

#include <fmt/format.h>

#include <string>

#include "stream/kafka/handles.h"

namespace turnout {
namespace {

// The broker has answered just before.
Status MakeTopic(rd_kafka_t* producer, const std::string& topic, int partitions) {
  char reason[512] = "";
  rd_kafka_NewTopic_t* wanted = rd_kafka_NewTopic_new(topic.c_str(), partitions, -1, reason, sizeof reason);
  if (wanted == nullptr) return Fail(Code::kInvalidArgument, fmt::format("topic {}: {}", topic, reason));
  const Queue queue(rd_kafka_queue_new(producer));
  rd_kafka_CreateTopics(producer, &wanted, 1, nullptr, queue.get());
  rd_kafka_NewTopic_destroy(wanted);
  rd_kafka_event_t* event = rd_kafka_queue_poll(queue.get(), 6 * kReplyMilliseconds);
  std::string problem = event == nullptr ? "no answer" : "";
  if (event != nullptr) {
    if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR)
      problem = rd_kafka_event_error_string(event);
    std::size_t count = 0;
    if (const auto* result = rd_kafka_event_CreateTopics_result(event); result != nullptr) {
      const rd_kafka_topic_result_t** made = rd_kafka_CreateTopics_result_topics(result, &count);
      for (std::size_t i = 0; i < count; ++i) {
        const auto error = rd_kafka_topic_result_error(made[i]);
        if (error != RD_KAFKA_RESP_ERR_NO_ERROR && error != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
          problem = rd_kafka_err2str(error);
        }
      }
    }
    rd_kafka_event_destroy(event);
  }
  if (problem.empty()) return {};
  return Fail(Code::kUnavailable, fmt::format("cannot make the topic {}: {}", topic, problem));
}

}  // namespace

Status CheckTopics(const BrokerOptions& options, BrokerEvents& events, rd_kafka_t* consumer,
                   rd_kafka_t* producer) {
  for (const std::string& topic : {options.input, options.output, options.dead_letters}) {
    const bool input = &topic == &options.input || topic == options.input;
    rd_kafka_t* client = input ? consumer : producer;  // only a producer makes topics, where brokers allow it
    rd_kafka_topic_t* handle = rd_kafka_topic_new(client, topic.c_str(), nullptr);
    if (handle == nullptr) {
      return Fail(Code::kInvalidArgument, fmt::format("{} is no name of a topic", topic));
    }
    const struct rd_kafka_metadata* about = nullptr;
    const auto error = rd_kafka_metadata(client, 0, handle, &about, kReplyMilliseconds);
    rd_kafka_topic_destroy(handle);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
      events.Trouble(
          fmt::format("{} does not answer ({}); waiting for it", options.brokers, rd_kafka_err2str(error)));
      return {};
    }
    const bool absent =
        about->topic_cnt == 1 && about->topics[0].err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    rd_kafka_metadata_destroy(about);
    if (absent && options.make_topics > 0) {
      TURNOUT_TRY(MakeTopic(producer, topic, options.make_topics));
    } else if (absent) {
      return Fail(Code::kNotFound,
                  fmt::format("the topic {} does not exist on {}; create it first", topic, options.brokers));
    }
  }
  return {};
}

}  // namespace turnout
