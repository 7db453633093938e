// StreamJob: messages in, each answered to the output topic or, if it is no good row, to the dead letters.
//
//   StreamJob job(options, source, metrics, log, &stop);
//   TURNOUT_ASSIGN(auto broker, OpenBroker(options.plugin, ToBrokerOptions(options), job));
//   TURNOUT_ASSIGN(StreamSummary summary, job.Run(*broker));
//
// At least once: a message's offset is committed only when its answer, and the answers of all messages before
// it in its partition, are acknowledged by the broker. A crash, a failed delivery or a lost partition means
// that messages are answered again, never that one is skipped. Answers keep the order of their partition; a
// repetition repeats a whole tail of it in order. Every answer carries the header `turnout-source`
// ("topic/partition/offset"), by which a consumer can drop repetitions, and `turnout-version`.
//
// An answer has the key and the headers of its message. A dead letter also has `turnout-error`, the type of
// its first error; its value is JSON (codec/reject_line.h).
//
// What is taken and not yet acknowledged is bounded; at the bound the job reads no further until the broker
// has caught up. A broker that is away is waited for.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "monitor/metrics.h"
#include "predict/predict.h"
#include "stream/broker.h"
#include "stream/offset_window.h"
#include "stream/outbox.h"
#include "stream/stream_options.h"
#include "stream/stream_scorer.h"

namespace turnout {

struct StreamSummary {
  std::string endpoint;
  std::string model_version;  // of the last answer; empty: there was none
  uint64_t messages = 0;      // taken, repetitions included
  uint64_t answered = 0;      // acknowledged by the broker
  uint64_t dead = 0;          // acknowledged dead letters
  uint64_t retried = 0;       // messages taken again after a failed delivery
  uint64_t commits = 0;
  uint64_t unfinished = 0;  // taken, not acknowledged when the job ended: the next job takes them again
  double seconds = 0;
};

// One line, without a line end: {"status":"ok","endpoint":"churn",...}.
std::string ToJson(const StreamSummary& summary);

enum class StreamState : uint8_t {
  kStarting,  // no partition assigned yet
  kRunning,
  kWaiting,  // the broker is away, or does not take or acknowledge the answers fast enough
  kStopping,
};
std::string_view Name(StreamState state);

class StreamJob final : private BrokerEvents {
 public:
  // Called for every batch: answers follow the endpoint's route as it changes. Never null.
  using SnapshotSource = std::function<std::shared_ptr<const Snapshot>()>;
  using Log = std::function<void(std::string_view line)>;

  StreamJob(const StreamOptions& options, SnapshotSource source, Metrics& metrics, Log log,
            const std::atomic<bool>* stop);

  // To open the broker with.
  BrokerEvents& events() { return *this; }

  // Until `stop` is set, a bound of the options is reached or the broker reports an error that trying again
  // does not mend; in each case what was taken is finished and committed as far as possible, and the broker
  // closed. Once.
  Result<StreamSummary> Run(Broker& broker);

  // Any thread.
  StreamState state() const { return state_->load(std::memory_order_relaxed); }

 private:
  struct Partition {
    bool assigned = false;
    uint32_t epoch = 0;  // of the assignment or rewind; what was sent under an older one no longer counts
    OffsetWindow window;
    std::size_t outstanding = 0;  // messages of this epoch that the broker has and has not reported
    int64_t committed = -1;
    bool rewinding = false;  // a delivery failed: all from window.position() on is taken again
    SteadyTime rewind_at;
    bool at_end = false;
    uint64_t end_poll = 0;  // the poll that told
    std::shared_ptr<std::atomic<int64_t>> lag;
  };

  void Assigned(std::span<const int32_t> partitions) override;
  void Revoked(std::span<const int32_t> partitions, bool lost) override;
  void Delivered(uint64_t token, Delivery delivery, std::string_view reason) override;
  void Committed(const Status& status) override;
  void EndOf(int32_t partition) override;
  void Trouble(std::string_view what) override;

  Status Loop();
  void Finish();
  void Take(std::span<const Message> messages);
  void SendPending();
  void ServeRewinds();
  void CommitIfDue();
  void UpdateLag();
  void Rewind(Partition& partition, std::string_view reason);
  Partition& At(int32_t partition);
  bool Current(const Sent& sent);
  bool Unfinished(std::span<const int32_t> partitions);
  void Drain(std::span<const int32_t> partitions);
  bool CommitAndWait(std::span<const int32_t> partitions);
  std::vector<Position> NewPositions(std::span<const int32_t> partitions);
  void MarkCommitted(std::span<const Position> positions);
  std::vector<int32_t> AssignedPartitions() const;
  bool AllAtEnd();
  bool Full() const;
  void SetPaused(bool paused);
  void SetState(StreamState state) { state_->store(state, std::memory_order_relaxed); }
  void Progress();
  void Say(std::string_view line);
  bool stopped() const { return stop_ != nullptr && stop_->load(std::memory_order_relaxed); }
  SteadyTime AfterBackoff() const;

  const StreamOptions options_;
  const SnapshotSource source_;
  Metrics& metrics_;
  MetricsShard& shard_;
  const Log log_;
  const std::atomic<bool>* const stop_;
  CounterId messages_, answered_, dead_, retried_, commits_, troubles_;
  std::shared_ptr<std::atomic<StreamState>> state_;

  Broker* broker_ = nullptr;
  StreamScorer scorer_;
  Outboxes outboxes_;
  std::deque<Outbox*> pending_;  // not all of their messages are with the broker
  std::vector<std::unique_ptr<Partition>> partitions_;
  std::vector<Position> committing_;  // by a commit that has not told yet; empty: none
  bool commit_open_ = false;
  SteadyTime commit_at_{};
  SteadyTime lag_at_{};
  SteadyTime full_since_{};
  bool full_ = false;
  bool paused_ = false;
  int failures_ = 0;  // deliveries that failed since the last that did not
  uint64_t polls_ = 0;
  std::map<std::string, SteadyTime, std::less<>> troubles_said_;  // and when
  StreamSummary summary_;
};

}  // namespace turnout
