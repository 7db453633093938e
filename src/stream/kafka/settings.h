// librdkafka's settings: ours, and those that the user passes on.
#pragma once

#include <string>

#include "base/result.h"
#include "stream/broker.h"
#include "stream/kafka/handles.h"

namespace turnout {

enum class Side { kConsumer, kProducer };

// An error names the setting: unknown, a bad value, or one that the delivery guarantee rests on.
Result<Conf> MakeConf(const BrokerOptions& options, Side side);

Status Set(rd_kafka_conf_t* conf, const std::string& name, const std::string& value);

}  // namespace turnout
