// Opens a broker through a plug-in: a shared object of its own, loaded when a stream job needs it, so that
// the program itself stays small.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "stream/broker.h"

namespace turnout {

// Where the Kafka plug-in is: $TURNOUT_KAFKA_PLUGIN if set, else libturnout_kafka.so in the first that holds
// it of the folders lib/, ../lib/, ../lib/turnout/ and . as seen from the program.
std::string KafkaPluginPath();

// `plugin`: a path; empty: KafkaPluginPath(). The plug-in stays loaded. `events` must outlive the broker.
Result<std::unique_ptr<Broker>> OpenBroker(const std::string& plugin, const BrokerOptions& options,
                                           BrokerEvents& events);

}  // namespace turnout
