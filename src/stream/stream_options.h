// What a stream job is told: the `stream:` part of a config.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "stream/broker.h"

namespace turnout {

struct StreamOptions {
  std::string endpoint;
  std::string brokers;  // "host:9092,host:9093"
  std::string group;    // consumer group; jobs of the same group share the input's partitions
  std::string input;
  std::string output;
  std::string dead_letters;
  std::map<std::string, std::string> kafka;  // librdkafka's settings (security, timeouts), passed on
  bool from_end = false;  // a group that has no position yet begins at the end of the input

  std::string plugin;  // the broker's plug-in; empty: see plugin.h

  std::size_t batch = 1000;                    // messages that are scored at once, at most
  std::size_t max_in_flight = 20'000;          // messages taken and not yet answered; above, it waits
  std::size_t max_in_flight_bytes = 64 << 20;  // of their answers
  double commit_seconds = 1;                   // between commits of finished offsets
  double drain_seconds = 10;   // for answers on their way, when partitions are taken away or the job ends
  double retry_seconds = 0.1;  // before a failed delivery is tried again; doubles to 100 times that

  // For a bounded run.
  uint64_t max_messages = 0;  // 0: no limit
  bool until_end = false;     // end when every message that the input has by then is answered
};

BrokerOptions ToBrokerOptions(const StreamOptions& options);

// Everything that is missing or out of range, a line each; `kafka` is checked by the plug-in.
Status CheckStreamOptions(const StreamOptions& options);

}  // namespace turnout
