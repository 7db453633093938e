// A broker in memory, for tests: it does what it is told, and checks at every commit that nothing is
// committed whose answer, or an answer before it, was not acknowledged.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "stream/broker.h"

namespace turnout {

// What is on the broker; outlives the jobs that use it.
struct FakeCluster {
  struct Record {
    std::optional<std::string> key, value;
    std::vector<std::pair<std::string, std::string>> headers;
  };
  struct Answered {
    Target target;
    std::optional<std::string> key;
    std::string value;
    std::map<std::string, std::string> headers;
    int32_t partition = -1;  // of `turnout-source`
    int64_t offset = -1;
  };

  std::map<int32_t, std::vector<Record>> input;
  std::vector<Answered> answers;  // acknowledged, in order
  std::map<int32_t, int64_t> committed;
  std::map<int32_t, std::set<int64_t>> acknowledged;

  // The offsets of a partition's answers in the order in which they were acknowledged.
  std::vector<int64_t> Offsets(int32_t partition) const {
    std::vector<int64_t> offsets;
    for (const Answered& answer : answers) {
      if (answer.partition == partition) offsets.push_back(answer.offset);
    }
    return offsets;
  }
};

class FakeBroker final : public Broker {
 public:
  FakeBroker(FakeCluster& cluster, BrokerEvents& events) : cluster_(cluster), events_(events) {}

  // Settings, to be changed at any time.
  std::vector<int32_t> assign_first;  // at the first Poll; empty: all
  std::size_t capacity = 1'000'000;   // of the queue of outgoing messages
  bool hold = false;                  // acknowledge nothing
  bool away = false;                  // take and acknowledge nothing
  std::size_t deliveries_a_time = 1'000'000;
  // What happens to an outgoing message; none: Delivery::kDone.
  std::function<Delivery(const Outgoing&)> fate;
  std::function<Status()> commit_fate;
  std::function<void()> on_poll;  // before messages are taken
  std::function<void(bool)> on_pause;

  // Seen.
  std::size_t polls = 0, seeks = 0, most_queued = 0;
  bool closed = false;
  bool paused = false;

  // Inside Poll (through on_poll) only.
  void Assign(std::vector<int32_t> partitions) {
    for (int32_t partition : partitions) {
      const auto committed = cluster_.committed.find(partition);
      next_[partition] = committed == cluster_.committed.end() ? 0 : committed->second;
    }
    events_.Assigned(partitions);
  }
  void Revoke(std::vector<int32_t> partitions, bool lost) {
    events_.Revoked(partitions, lost);
    for (int32_t partition : partitions) next_.erase(partition);
  }

  Result<std::span<const Message>> Poll(std::chrono::milliseconds, std::size_t limit) override {
    messages_.clear();
    headers_.clear();
    ++polls;
    if (polls == 1) {
      std::vector<int32_t> first = assign_first;
      if (first.empty()) {
        for (const auto& [partition, records] : cluster_.input) first.push_back(partition);
      }
      Assign(first);
    }
    if (on_poll) on_poll();
    if (failure) return std::unexpected(*failure);
    if (paused) return std::span<const Message>();
    for (auto& [partition, next] : next_) {
      const auto& records = cluster_.input[partition];
      while (next < static_cast<int64_t>(records.size()) && messages_.size() < limit) {
        const auto& record = records[static_cast<std::size_t>(next)];
        auto& headers = headers_.emplace_back();
        for (const auto& [name, value] : record.headers) headers.push_back({name, value});
        messages_.push_back({partition, next++,
                             record.key ? std::string_view(*record.key) : std::string_view(),
                             record.value ? std::string_view(*record.value) : std::string_view(), headers});
      }
      if (next == static_cast<int64_t>(records.size())) events_.EndOf(partition);
    }
    return std::span<const Message>(messages_);
  }

  void Pause(bool now) override {
    paused = now;
    if (on_pause) on_pause(now);
  }

  std::size_t Produce(std::span<const Outgoing> messages) override {
    if (away) return 0;
    std::size_t taken = 0;
    while (taken < messages.size() && queue_.size() < capacity) queue_.push_back(messages[taken++]);
    most_queued = std::max(most_queued, queue_.size());
    return taken;
  }

  void ServeDeliveries(std::chrono::milliseconds) override {
    if (hold || away) return;
    for (std::size_t i = 0; i < deliveries_a_time && !queue_.empty(); ++i) {
      const Outgoing message = queue_.front();
      queue_.pop_front();
      const Delivery delivery = fate ? fate(message) : Delivery::kDone;
      if (delivery == Delivery::kDone) Acknowledge(message);
      events_.Delivered(message.token, delivery, delivery == Delivery::kDone ? "" : "told so");
    }
  }

  Status Commit(std::span<const Position> positions, std::chrono::milliseconds wait) override {
    Status status = commit_fate ? commit_fate() : Status();
    if (away) status = Fail(Code::kUnavailable, "away");
    if (status) {
      for (const Position& position : positions) {
        for (int64_t offset = 0; offset < position.offset; ++offset) {
          EXPECT_TRUE(cluster_.acknowledged[position.partition].contains(offset))
              << "partition " << position.partition << ": " << position.offset << " is committed, but "
              << offset << " is not answered";
        }
        cluster_.committed[position.partition] = position.offset;
      }
    }
    if (wait.count() > 0) return status;
    events_.Committed(status);
    return {};
  }

  Status Seek(Position position) override {
    ++seeks;
    next_[position.partition] = position.offset;
    return {};
  }

  int64_t EndOffset(int32_t partition) override {
    return static_cast<int64_t>(cluster_.input[partition].size());
  }

  void Close() override {
    closed = true;
    while (!queue_.empty()) {
      const Outgoing message = queue_.front();
      queue_.pop_front();
      events_.Delivered(message.token, Delivery::kFailed, "closed");
    }
    std::vector<int32_t> mine;
    for (const auto& [partition, next] : next_) mine.push_back(partition);
    if (!mine.empty()) Revoke(mine, false);
  }

  std::optional<Error> failure;  // of Poll

 private:
  void Acknowledge(const Outgoing& message) {
    FakeCluster::Answered& answer = cluster_.answers.emplace_back();
    answer.target = message.target;
    if (message.key.data() != nullptr) answer.key = message.key;
    answer.value = message.value;
    for (const Header& header : message.headers) answer.headers[std::string(header.name)] = header.value;
    const std::string& source = answer.headers["turnout-source"];  // "in/0/17"
    const std::size_t second = source.rfind('/'), first = source.rfind('/', second - 1);
    answer.partition = std::stoi(source.substr(first + 1));
    answer.offset = std::stoll(source.substr(second + 1));
    cluster_.acknowledged[answer.partition].insert(answer.offset);
  }

  FakeCluster& cluster_;
  BrokerEvents& events_;
  std::map<int32_t, int64_t> next_;  // of the assigned partitions
  std::deque<Outgoing> queue_;
  std::vector<Message> messages_;
  std::deque<std::vector<Header>> headers_;
};

}  // namespace turnout
