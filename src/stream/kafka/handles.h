// librdkafka's objects, destroyed when dropped.
#pragma once

#include <librdkafka/rdkafka.h>

#include <memory>

namespace turnout {

struct ConfDestroyer {
  void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
};
struct ListDestroyer {
  void operator()(rd_kafka_topic_partition_list_t* list) const {
    rd_kafka_topic_partition_list_destroy(list);
  }
};
struct ErrorDestroyer {
  void operator()(rd_kafka_error_t* error) const { rd_kafka_error_destroy(error); }
};
struct QueueDestroyer {
  void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
};
using Conf = std::unique_ptr<rd_kafka_conf_t, ConfDestroyer>;
using List = std::unique_ptr<rd_kafka_topic_partition_list_t, ListDestroyer>;
using KafkaError = std::unique_ptr<rd_kafka_error_t, ErrorDestroyer>;
using Queue = std::unique_ptr<rd_kafka_queue_t, QueueDestroyer>;

// How long a call waits for one answer of the broker.
inline constexpr int kReplyMilliseconds = 5000;

}  // namespace turnout
