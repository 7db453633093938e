#include "stream/kafka/settings.h"

#include <fmt/format.h>

#include <span>
#include <string_view>

namespace turnout {
namespace {

struct Setting {
  const char* name;
  const char* value;
};

// What the guarantees rest on: not to be set from outside.
constexpr std::string_view kOurs[] = {"bootstrap.servers",
                                      "metadata.broker.list",
                                      "group.id",
                                      "enable.auto.commit",
                                      "enable.auto.offset.store",
                                      "auto.commit.enable",
                                      "auto.offset.reset",
                                      "enable.partition.eof",
                                      "enable.idempotence",
                                      "acks",
                                      "request.required.acks",
                                      "transactional.id"};

constexpr Setting kConsumerDefaults[] = {
    {"enable.auto.commit", "false"},
    {"enable.auto.offset.store", "false"},
    // A position that the broker no longer has must not skip or repeat in silence; where a new group begins
    // is decided when its partitions are assigned.
    {"auto.offset.reset", "error"},
    {"partition.assignment.strategy", "cooperative-sticky"},
    {"fetch.wait.max.ms", "50"},
};
constexpr Setting kProducerDefaults[] = {
    {"enable.idempotence", "true"},
    {"message.timeout.ms", "0"},  // a broker that is away is waited for
    {"linger.ms", "10"},
    {"partitioner", "murmur2_random"},  // Kafka's own: a key goes where Java producers send it
};
constexpr Setting kCommonDefaults[] = {
    {"client.id", "turnout"},
    {"reconnect.backoff.max.ms", "2000"},
    {"log.connection.close", "false"},
};

}  // namespace

Status Set(rd_kafka_conf_t* conf, const std::string& name, const std::string& value) {
  char reason[512];
  if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), reason, sizeof reason) == RD_KAFKA_CONF_OK)
    return {};
  return Fail(Code::kInvalidArgument, fmt::format("kafka.{}: {}", name, reason));
}

Result<Conf> MakeConf(const BrokerOptions& options, Side side) {
  const bool consumer = side == Side::kConsumer;
  const std::span<const Setting> defaults =
      consumer ? std::span<const Setting>(kConsumerDefaults) : kProducerDefaults;
  const std::string_view own = consumer ? "consumer." : "producer.",
                         other = consumer ? "producer." : "consumer.";
  Conf conf(rd_kafka_conf_new());
  for (const Setting& setting : kCommonDefaults) TURNOUT_TRY(Set(conf.get(), setting.name, setting.value));
  for (const Setting& setting : defaults) TURNOUT_TRY(Set(conf.get(), setting.name, setting.value));
  TURNOUT_TRY(Set(conf.get(), "bootstrap.servers", options.brokers));
  for (const auto& [given, value] : options.settings) {
    std::string_view name = given;
    if (name.starts_with(other)) continue;
    if (name.starts_with(own)) name.remove_prefix(own.size());
    for (std::string_view ours : kOurs) {
      if (name == ours) {
        return Fail(
            Code::kInvalidArgument,
            fmt::format("kafka.{}: set by Turnout, which builds its delivery guarantee on it", given));
      }
    }
    TURNOUT_TRY(Set(conf.get(), std::string(name), value));
  }
  return conf;
}

}  // namespace turnout
