#include "stream/stream_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "bytes/json_writer.h"

namespace turnout {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kPollWait{100};         // for a first message
constexpr milliseconds kDeliveryWait{20};      // for a first delivery, when only that helps
constexpr milliseconds kFullBeforePause{500};  // pausing throws away what the client has fetched ahead
constexpr milliseconds kCommitWait{5000};
constexpr milliseconds kLagEvery{1000};
constexpr milliseconds kSameTroubleEvery{10'000};  // in the log
constexpr std::size_t kTroublesKept = 64;

Clock::duration Seconds(double seconds) {
  return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

}  // namespace

std::string_view Name(StreamState state) {
  switch (state) {
    case StreamState::kStarting: return "starting";
    case StreamState::kRunning: return "running";
    case StreamState::kWaiting: return "waiting";
    case StreamState::kStopping: return "stopping";
  }
  return "?";
}

std::string ToJson(const StreamSummary& summary) {
  std::string out = R"({"status":"ok","endpoint":)";
  AppendJsonString(out, summary.endpoint);
  out += R"(,"model_version":)";
  if (summary.model_version.empty()) {
    out += "null";
  } else {
    AppendJsonString(out, summary.model_version);
  }
  fmt::format_to(
      std::back_inserter(out),
      R"(,"messages":{},"answered":{},"dead_letters":{},"retried":{},"commits":{},"unfinished":{},"seconds":{:.3f}}})",
      summary.messages, summary.answered, summary.dead, summary.retried, summary.commits, summary.unfinished,
      summary.seconds);
  return out;
}

StreamJob::StreamJob(const StreamOptions& options, SnapshotSource source, Metrics& metrics, Log log,
                     const std::atomic<bool>* stop)
    : options_(options),
      source_(std::move(source)),
      metrics_(metrics),
      shard_(metrics.NewShard()),
      log_(std::move(log)),
      stop_(stop),
      state_(std::make_shared<std::atomic<StreamState>>(StreamState::kStarting)),
      scorer_(shard_, options.input) {
  const MetricLabels labels = {{"endpoint", options_.endpoint}, {"topic", options_.input}};
  messages_ = metrics.Counter("stream_messages_total", "Messages taken, repetitions included.", labels);
  answered_ = metrics.Counter("stream_answers_total", "Answers that the broker acknowledged.", labels);
  dead_ = metrics.Counter("stream_dead_letters_total", "Dead letters that the broker acknowledged.", labels);
  retried_ = metrics.Counter("stream_retried_total", "Messages taken again after a failed delivery.", labels);
  commits_ = metrics.Counter("stream_commits_total", "Commits of the group's positions.", labels);
  troubles_ = metrics.Counter("stream_broker_errors_total",
                              "Problems with the broker that the job tries to get over.", labels);
  metrics.Gauge("stream_waiting", "1 while the broker is away or too slow for the answers.", labels,
                [state = state_] { return state->load() == StreamState::kWaiting ? 1.0 : 0.0; });
  summary_.endpoint = options_.endpoint;
}

// ---- the loop ----

Result<StreamSummary> StreamJob::Run(Broker& broker) {
  const auto start = Clock::now();
  broker_ = &broker;
  commit_at_ = lag_at_ = start;
  const Status looped = Loop();
  Finish();
  if (!looped) return std::unexpected(looped.error());
  summary_.model_version = scorer_.version();
  summary_.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  return summary_;
}

Status StreamJob::Loop() {
  while (!stopped()) {
    broker_->ServeDeliveries(milliseconds(0));
    ServeRewinds();
    SendPending();
    CommitIfDue();
    UpdateLag();
    const uint64_t taken = summary_.messages;
    if (options_.max_messages > 0 && taken >= options_.max_messages) return {};
    if (options_.until_end && AllAtEnd()) return {};

    if (Full()) {
      if (!full_) full_since_ = Clock::now();
      full_ = true;
      SetState(StreamState::kWaiting);
      // Deliveries make room. In the long run the group must hear from this member too.
      if (Clock::now() - full_since_ > kFullBeforePause) SetPaused(true);
      if (!paused_) {
        broker_->ServeDeliveries(kDeliveryWait);
        continue;
      }
    } else if (full_) {
      full_ = false;
      SetPaused(false);
      SetState(StreamState::kRunning);
    }

    std::size_t limit = options_.batch;
    if (options_.max_messages > 0) limit = std::min<uint64_t>(limit, options_.max_messages - taken);
    ++polls_;
    TURNOUT_ASSIGN(const auto messages, broker_->Poll(paused_ ? kDeliveryWait : kPollWait, limit));
    if (!messages.empty()) Take(messages);
  }
  return {};
}

void StreamJob::Finish() {
  SetState(StreamState::kStopping);
  std::vector<int32_t> assigned = AssignedPartitions();
  Drain(assigned);
  // A commit is refused while the group is changing; polling lets the change end. What comes is not taken.
  broker_->Pause(true);
  const auto deadline = Clock::now() + kCommitWait;
  while (!CommitAndWait(assigned) && Clock::now() < deadline) {
    if (!broker_->Poll(kPollWait, 1)) break;
    assigned = AssignedPartitions();
  }
  for (int32_t partition : assigned) summary_.unfinished += At(partition).window.size();
  if (summary_.unfinished > 0) {
    Say(fmt::format("{} messages were not acknowledged in time; the next job of the group takes them again",
                    summary_.unfinished));
  }
  broker_->Close();
}

void StreamJob::Take(std::span<const Message> messages) {
  std::vector<Sent> from;
  std::vector<Message> taken;
  from.reserve(messages.size());
  taken.reserve(messages.size());
  for (const Message& message : messages) {
    Partition& partition = At(message.partition);
    // Of a partition that was taken away or is going back, some may still arrive; they will come again.
    if (!partition.assigned || partition.rewinding) continue;
    if (partition.end_poll < polls_) partition.at_end = false;
    from.push_back({message.partition, partition.epoch, partition.window.Add(message.offset), {}, false});
    taken.push_back(message);
  }
  if (taken.empty()) return;
  Outbox& outbox = outboxes_.New();
  scorer_.Score(source_(), taken, from, outbox);
  outbox.Seal();
  outboxes_.Sealed(outbox);
  pending_.push_back(&outbox);
  summary_.messages += taken.size();
  shard_.Add(messages_, taken.size());
  Progress();
  SendPending();
}

bool StreamJob::Full() const {
  return !pending_.empty() || outboxes_.in_flight() >= options_.max_in_flight ||
         outboxes_.bytes() >= options_.max_in_flight_bytes;
}

void StreamJob::SetPaused(bool paused) {
  if (paused_ == paused) return;
  paused_ = paused;
  broker_->Pause(paused);
  Say(paused ? "the broker does not take answers as fast as messages come: reading is paused"
             : "reading goes on");
}

// ---- answers ----

bool StreamJob::Current(const Sent& sent) {
  const Partition& partition = At(sent.partition);
  return partition.assigned && partition.epoch == sent.epoch && !partition.rewinding;
}

void StreamJob::SendPending() {
  while (!pending_.empty()) {
    Outbox& outbox = *pending_.front();
    const std::size_t size = outbox.messages.size();
    while (outbox.next < size) {
      std::size_t end = outbox.next;
      while (end < size && Current(outbox.sent[end])) ++end;
      if (end == outbox.next) {  // will be taken again, here or by another member
        ++outbox.next;
        outboxes_.Resolve(outbox);
        continue;
      }
      const std::size_t sent =
          broker_->Produce(std::span(outbox.messages).subspan(outbox.next, end - outbox.next));
      for (std::size_t i = outbox.next; i < outbox.next + sent; ++i)
        ++At(outbox.sent[i].partition).outstanding;
      outbox.next += sent;
      if (outbox.next < end) return;  // the queue is full
    }
    pending_.pop_front();
  }
}

void StreamJob::Delivered(uint64_t token, Delivery delivery, std::string_view reason) {
  Outbox& outbox = outboxes_.Of(token);
  const std::size_t index = Outboxes::Message(token);
  const Sent sent = outbox.sent[index];
  Partition& partition = At(sent.partition);
  const bool done = delivery == Delivery::kDone;
  if (done) {
    failures_ = 0;
    const bool dead = sent.target == Target::kDeadLetters;
    ++(dead ? summary_.dead : summary_.answered);
    shard_.Add(dead ? dead_ : answered_);
    Progress();
  }
  if (partition.assigned && partition.epoch == sent.epoch) {
    --partition.outstanding;
    if (done) {
      partition.window.Finish(sent.ticket);
    } else if (!partition.rewinding) {
      if (delivery == Delivery::kRefused && !sent.last_resort) {
        const std::string_view key = outbox.messages[index].key;
        const int64_t offset = partition.window.offset_of(sent.ticket);
        Outbox& replacement = outboxes_.New();
        scorer_.AppendLastResort(sent, offset, key, reason, replacement);
        replacement.Seal();
        outboxes_.Sealed(replacement);
        pending_.push_back(&replacement);
        Say(fmt::format(
            "{}/{}/{}: the broker refused the answer ({}); a dead letter without the message goes out",
            options_.input, sent.partition, offset, reason));
      } else {
        ++failures_;
        Rewind(partition, reason);
      }
    }
  }
  outboxes_.Resolve(outbox);
}

// ---- going back after a failed delivery ----

SteadyTime StreamJob::AfterBackoff() const {
  const double factor = std::min(100.0, std::ldexp(1.0, std::min(failures_, 10) - 1));
  return Clock::now() + Seconds(options_.retry_seconds * factor);
}

// Sending only the failed message again would put it behind later ones of its key. So everything of the
// partition from the first unfinished message on is taken again, in order.
void StreamJob::Rewind(Partition& partition, std::string_view reason) {
  partition.rewinding = true;
  partition.rewind_at = AfterBackoff();
  if (state() == StreamState::kStopping) return;  // the next job does
  SetState(StreamState::kWaiting);
  Trouble(fmt::format("an answer was not delivered ({}); its partition is taken again from offset {}", reason,
                      partition.window.position()));
}

void StreamJob::ServeRewinds() {
  for (std::size_t number = 0; number < partitions_.size(); ++number) {
    if (partitions_[number] == nullptr || !partitions_[number]->rewinding) continue;
    Partition& partition = *partitions_[number];
    if (partition.outstanding > 0 || Clock::now() < partition.rewind_at) continue;
    const int64_t offset = partition.window.position();
    if (const Status sought = broker_->Seek({static_cast<int32_t>(number), offset}); !sought) {
      ++failures_;
      partition.rewind_at = AfterBackoff();
      Trouble(sought.error().message);
      continue;
    }
    summary_.retried += partition.window.size();
    shard_.Add(retried_, partition.window.size());
    partition.window.Restart();
    partition.rewinding = false;
    partition.at_end = false;
    ++partition.epoch;
  }
}

// ---- partitions ----

StreamJob::Partition& StreamJob::At(int32_t number) {
  const auto index = static_cast<std::size_t>(number);
  if (index >= partitions_.size()) partitions_.resize(index + 1);
  if (partitions_[index] == nullptr) {
    partitions_[index] = std::make_unique<Partition>();
    partitions_[index]->lag = std::make_shared<std::atomic<int64_t>>(0);
    metrics_.Gauge("stream_lag", "Messages of the partition that are not yet answered.",
                   {{"endpoint", options_.endpoint},
                    {"topic", options_.input},
                    {"partition", fmt::format("{}", number)}},
                   [lag = partitions_[index]->lag] { return static_cast<double>(lag->load()); });
  }
  return *partitions_[index];
}

void StreamJob::Assigned(std::span<const int32_t> partitions) {
  for (int32_t number : partitions) {
    Partition& partition = At(number);
    partition.assigned = true;
    partition.rewinding = partition.at_end = false;
    partition.window = OffsetWindow();
    partition.outstanding = 0;
    partition.committed = -1;
    ++partition.epoch;
  }
  SetState(StreamState::kRunning);
  Say(fmt::format("partitions [{}] of {} are read", fmt::join(AssignedPartitions(), ", "), options_.input));
}

void StreamJob::Revoked(std::span<const int32_t> partitions, bool lost) {
  if (!lost) {
    Drain(partitions);
    CommitAndWait(partitions);
  }
  for (int32_t number : partitions) {
    Partition& partition = At(number);
    partition.assigned = false;
    partition.rewinding = false;
    ++partition.epoch;
    partition.lag->store(0);
  }
  Say(fmt::format(
      "partitions [{}] of {} were {}", fmt::join(partitions, ", "), options_.input,
      lost ? "lost: what was not committed is answered again by who reads them now" : "given up"));
}

void StreamJob::EndOf(int32_t number) {
  Partition& partition = At(number);
  partition.at_end = true;
  partition.end_poll = polls_;
  Progress();
}

std::vector<int32_t> StreamJob::AssignedPartitions() const {
  std::vector<int32_t> numbers;
  for (std::size_t i = 0; i < partitions_.size(); ++i) {
    if (partitions_[i] != nullptr && partitions_[i]->assigned) numbers.push_back(static_cast<int32_t>(i));
  }
  return numbers;
}

// No partition is no end: they were lost with the broker, or are on their way from one member to another.
bool StreamJob::AllAtEnd() {
  const std::vector<int32_t> assigned = AssignedPartitions();
  if (assigned.empty() || outboxes_.in_flight() > 0) return false;
  return std::ranges::all_of(assigned, [&](int32_t number) {
    const Partition& partition = At(number);
    return partition.at_end && !partition.rewinding && partition.window.empty();
  });
}

bool StreamJob::Unfinished(std::span<const int32_t> partitions) {
  return std::ranges::any_of(partitions, [&](int32_t number) {
    const Partition& partition = At(number);
    return partition.assigned && !partition.rewinding && !partition.window.empty();
  });
}

// Waits for the answers on their way, so that another member does not give them again.
void StreamJob::Drain(std::span<const int32_t> partitions) {
  const auto deadline = Clock::now() + Seconds(options_.drain_seconds);
  while (Unfinished(partitions) && Clock::now() < deadline) {
    SendPending();
    broker_->ServeDeliveries(kDeliveryWait);
  }
}

// ---- commits ----

std::vector<Position> StreamJob::NewPositions(std::span<const int32_t> partitions) {
  std::vector<Position> positions;
  for (int32_t number : partitions) {
    const Partition& partition = At(number);
    const int64_t offset = partition.window.position();
    if (partition.assigned && offset >= 0 && offset != partition.committed)
      positions.push_back({number, offset});
  }
  return positions;
}

void StreamJob::MarkCommitted(std::span<const Position> positions) {
  for (const Position& position : positions) At(position.partition).committed = position.offset;
  ++summary_.commits;
  shard_.Add(commits_);
  Progress();
}

void StreamJob::CommitIfDue() {
  if (commit_open_ || Clock::now() < commit_at_) return;
  commit_at_ = Clock::now() + Seconds(options_.commit_seconds);
  committing_ = NewPositions(AssignedPartitions());
  if (committing_.empty()) return;
  commit_open_ = true;
  if (const Status begun = broker_->Commit(committing_, milliseconds(0)); !begun) Committed(begun);
}

void StreamJob::Committed(const Status& status) {
  if (!commit_open_) return;
  commit_open_ = false;
  if (status) {
    // A partition that was given up or assigned anew since does not count.
    std::erase_if(committing_, [&](const Position& position) {
      const Partition& partition = At(position.partition);
      return !partition.assigned || partition.window.position() < position.offset;
    });
    MarkCommitted(committing_);
  } else {
    Trouble(fmt::format("a commit failed ({}); it will be tried again", status.error().message));
  }
}

bool StreamJob::CommitAndWait(std::span<const int32_t> partitions) {
  const std::vector<Position> positions = NewPositions(partitions);
  if (positions.empty()) return true;
  const Status committed = broker_->Commit(positions, kCommitWait);
  if (committed) {
    MarkCommitted(positions);
  } else {
    Trouble(fmt::format("a commit failed ({}); without it, finished messages are answered again",
                        committed.error().message));
  }
  return committed.has_value();
}

// ---- what others see ----

void StreamJob::UpdateLag() {
  if (Clock::now() < lag_at_) return;
  lag_at_ = Clock::now() + kLagEvery;
  for (int32_t number : AssignedPartitions()) {
    Partition& partition = At(number);
    const int64_t end = broker_->EndOffset(number), position = partition.window.position();
    if (end >= 0 && position >= 0) partition.lag->store(std::max<int64_t>(0, end - position));
  }
}

void StreamJob::Progress() {
  if (state() == StreamState::kWaiting && !full_) SetState(StreamState::kRunning);
}

void StreamJob::Trouble(std::string_view what) {
  shard_.Add(troubles_);
  if (state() == StreamState::kRunning) SetState(StreamState::kWaiting);
  const auto now = Clock::now();
  const auto said = troubles_said_.find(what);
  if (said != troubles_said_.end() && now - said->second < kSameTroubleEvery) return;
  if (troubles_said_.size() >= kTroublesKept) troubles_said_.clear();
  troubles_said_.insert_or_assign(std::string(what), now);
  Say(what);
}

void StreamJob::Say(std::string_view line) {
  if (log_) log_(fmt::format("stream {}: {}", options_.endpoint, line));
}

// ---- options ----

BrokerOptions ToBrokerOptions(const StreamOptions& options) {
  return {.brokers = options.brokers,
          .group = options.group,
          .input = options.input,
          .output = options.output,
          .dead_letters = options.dead_letters,
          .from_end = options.from_end,
          .ends = options.until_end,
          .make_topics = 0,
          .settings = options.kafka};
}

Status CheckStreamOptions(const StreamOptions& options) {
  std::string problems;
  auto problem = [&](std::string_view text) {
    if (!problems.empty()) problems += '\n';
    problems.append("stream: ").append(text);
  };
  auto given = [&](std::string_view name, std::string_view value, std::string_view example) {
    if (value.empty()) problem(fmt::format("{} is missing, for example {}", name, example));
  };
  given("endpoint", options.endpoint, "churn");
  given("brokers", options.brokers, "kafka-1:9092,kafka-2:9092");
  given("group", options.group, "churn-scores");
  given("input", options.input, "customers");
  given("output", options.output, "churn-scores");
  given("dead_letters", options.dead_letters, "churn-dead-letters");
  if (!options.input.empty() && (options.input == options.output || options.input == options.dead_letters)) {
    problem(fmt::format("{} is both read and written: the job would answer its own answers", options.input));
  }
  if (options.batch < 1 || options.batch > 100'000) problem("batch must be between 1 and 100000");
  if (options.max_in_flight < 1 || options.max_in_flight > 10'000'000) {
    problem("max_in_flight must be between 1 and 10000000");
  }
  if (!problems.empty()) return Fail(Code::kInvalidArgument, std::move(problems));
  return {};
}

}  // namespace turnout
