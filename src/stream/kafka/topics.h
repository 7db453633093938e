// The job's topics, looked at before it starts.
#pragma once

#include <librdkafka/rdkafka.h>

#include "base/result.h"
#include "stream/broker.h"

namespace turnout {

// A topic that is not there is an error at the start rather than a job that waits for ever. A broker that
// does not answer says nothing about its topics: the job starts and waits for it.
// With BrokerOptions::make_topics it is made instead.
Status CheckTopics(const BrokerOptions& options, BrokerEvents& events, rd_kafka_t* consumer,
                   rd_kafka_t* producer);

}  // namespace turnout
