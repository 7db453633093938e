// What a stream job needs of a message broker. Implemented by plug-ins (kafka/), and in memory by the tests.
//
// One thread calls everything; events are called on that thread, only inside Poll, ServeDeliveries and Close.
// One input topic, read as a member of a group; two output topics.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace turnout {

struct Header {
  std::string_view name;
  std::string_view value;  // data() == nullptr: none
};

// A message of the input topic.
struct Message {
  int32_t partition = 0;
  int64_t offset = 0;
  std::string_view key;    // data() == nullptr: none
  std::string_view value;  // data() == nullptr: none (a tombstone)
  std::span<const Header> headers;
};

enum class Target : uint8_t { kOutput, kDeadLetters };

// A message to send. Its bytes must stay until it is reported by Delivered; key and headers may be copied.
struct Outgoing {
  Target target = Target::kOutput;
  std::string_view key;  // data() == nullptr: none
  std::string_view value;
  std::span<const Header> headers;
  uint64_t token = 0;  // names it in Delivered
};

enum class Delivery : uint8_t {
  kDone,     // the broker has it, on as many replicas as it promises
  kRefused,  // the broker will never take this message (too large)
  kFailed,   // not delivered, or not known to be; it may be sent again
};

// The offset of the next message that the group has not finished.
struct Position {
  int32_t partition = 0;
  int64_t offset = 0;
};

class BrokerEvents {
 public:
  virtual ~BrokerEvents() = default;
  // Partitions given to this member, in addition to those it has.
  virtual void Assigned(std::span<const int32_t> partitions) = 0;
  // Partitions taken away; when this returns, another member may read them. `lost`: one may already, so
  // nothing can be committed any more.
  virtual void Revoked(std::span<const int32_t> partitions, bool lost) = 0;
  virtual void Delivered(uint64_t token, Delivery delivery, std::string_view reason) = 0;
  // The outcome of a Commit that did not wait.
  virtual void Committed(const Status& status) = 0;
  // All messages that the partition has had so far were returned. Only with BrokerOptions::ends.
  virtual void EndOf(int32_t partition) = 0;
  // Something that the broker's client is going to try again (connection lost); for the log.
  virtual void Trouble(std::string_view what) = 0;
};

class Broker {
 public:
  virtual ~Broker() = default;

  // Waits for at most `wait` for a first message and returns it with what else is there, at most `limit`.
  // Views live until the next call. Must be called now and then to stay in the group, also when nothing can
  // be taken: see Pause. An error is one that trying again does not mend.
  virtual Result<std::span<const Message>> Poll(std::chrono::milliseconds wait, std::size_t limit) = 0;
  // While paused, Poll returns no messages.
  virtual void Pause(bool paused) = 0;

  // Queues the messages in order and returns how many: fewer than all when the queue is full.
  virtual std::size_t Produce(std::span<const Outgoing> messages) = 0;
  // Calls Delivered for what was delivered, after waiting at most `wait` for a first.
  virtual void ServeDeliveries(std::chrono::milliseconds wait) = 0;

  // Makes the positions those of the group. With a wait of 0 it returns at once and Committed tells.
  virtual Status Commit(std::span<const Position> positions, std::chrono::milliseconds wait) = 0;
  // The partition's next message is that of `position`.
  virtual Status Seek(Position position) = 0;
  // Offset after the partition's last message, as far as is known here; -1: not known.
  virtual int64_t EndOffset(int32_t partition) = 0;

  // Leaves the group (Revoked is called) and gives up what was not delivered: Delivered has been called for
  // every message when it returns. Nothing may be called after it.
  virtual void Close() = 0;
};

struct BrokerOptions {
  std::string brokers;  // "host:9092,host:9093"
  std::string group;
  std::string input, output, dead_letters;  // topics
  bool from_end = false;                    // a group without a position begins at the end, not the beginning
  bool ends = false;                        // call EndOf
  int make_topics = 0;                      // > 0: topics that are absent are made, with so many partitions
  std::map<std::string, std::string>
      settings;  // of the client library; "consumer." or "producer." for one side
};

// What a plug-in exports, as `extern "C"` under this name. `turnout_abi`: kBrokerAbi of who calls; another
// value is refused. The events must outlive the broker.
inline constexpr char kOpenBrokerSymbol[] = "turnout_open_broker";
inline constexpr int kBrokerAbi = 2;
using OpenBrokerFunction = void (*)(int turnout_abi, const BrokerOptions& options, BrokerEvents& events,
                                    Result<std::unique_ptr<Broker>>& broker);

}  // namespace turnout
