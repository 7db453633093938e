// StreamScorer: messages to answers and dead letters, in an outbox.
//
// Decoding, checks, scores and replies are those of every other mode (codec/, predict/). One thread.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bytes/json.h"
#include "codec/json_reply.h"
#include "contract/row_reader.h"
#include "predict/predict.h"
#include "stream/broker.h"
#include "stream/outbox.h"

namespace turnout {

class StreamScorer {
 public:
  StreamScorer(MetricsShard& shard, std::string topic) : topic_(std::move(topic)), predictor_(shard) {}

  // Appends one message for each of `messages`, in order; `from` has as many. A message's own headers are
  // passed on, but not those that a Turnout before this one added.
  void Score(const std::shared_ptr<const Snapshot>& snapshot, std::span<const Message> messages,
             std::span<const Sent> from, Outbox& outbox);

  // A dead letter for a message that the broker took neither an answer nor a full dead letter for. Only after
  // Score.
  void AppendLastResort(const Sent& from, int64_t offset, std::string_view key, std::string_view reason,
                        Outbox& outbox);

  const std::string& version() const { return version_; }  // of the last message

 private:
  // What depends on the contract.
  struct Reader {
    explicit Reader(std::shared_ptr<const Contract> of);
    std::shared_ptr<const Contract> contract;
    std::vector<ColumnType> layout;
    Batch batch;
    RowReader rows;
    JsonReply reply;
  };
  struct Broken {
    std::size_t position;
    std::string_view type;
    std::string message;
  };

  void Decode(const Message& message, std::size_t position);
  void AppendHeaders(const Message& message, std::string_view error, Outbox& outbox);
  std::string_view SourceOf(int32_t partition, int64_t offset, Outbox& outbox);

  const std::string topic_;
  Predictor predictor_;
  JsonTokenizer json_;
  std::optional<Reader> reader_;
  Answers answers_;
  std::string version_;
  std::string text_;
  std::vector<JsonToken> tokens_;
  std::vector<Broken> broken_;  // messages that are no rows
};

}  // namespace turnout
