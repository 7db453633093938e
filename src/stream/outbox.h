// Outbox: the answers to one batch of messages, from when they are made until the broker has acknowledged all
// of them. It owns their bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "data/batch.h"
#include "stream/broker.h"

namespace turnout {

// Where an answer's message came from.
struct Sent {
  int32_t partition = 0;
  uint32_t epoch = 0;
  uint64_t ticket = 0;  // in the partition's window
  Target target = Target::kOutput;
  bool last_resort = false;  // replaces one that the broker refused; there is nothing smaller to send
};

struct Outbox {
  TextArena texts;
  std::vector<Header> headers;
  std::vector<Outgoing> messages;
  std::vector<Sent> sent;                 // of each message
  std::vector<std::size_t> header_begin;  // of each message, until Seal
  std::size_t next = 0;                   // messages before it are with the broker, or were given up
  std::size_t unresolved = 0;
  std::size_t bytes = 0;  // of the values
  uint32_t slot = 0;

  // Headers that are added before it belong to it.
  void Add(Target target, std::string_view key, std::string_view value, const Sent& from);
  // After the last Add: sets what points into vectors that grew.
  void Seal();
};

// Reuses outboxes, with their memory.
class Outboxes {
 public:
  Outbox& New();
  void Sealed(Outbox& outbox);  // counts it
  static uint64_t Token(const Outbox& outbox, std::size_t message) {
    return uint64_t{outbox.slot} << 32 | message;
  }
  Outbox& Of(uint64_t token) { return *boxes_[token >> 32]; }
  static std::size_t Message(uint64_t token) { return token & 0xffff'ffff; }

  // One message is delivered or given up. The outbox is used again after its last.
  void Resolve(Outbox& outbox);

  std::size_t in_flight() const { return in_flight_; }
  std::size_t bytes() const { return bytes_; }

 private:
  std::vector<std::unique_ptr<Outbox>> boxes_;
  std::vector<uint32_t> free_;
  std::size_t in_flight_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace turnout
