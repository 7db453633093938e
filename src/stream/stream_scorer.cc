#include "stream/stream_scorer.h"

#include <fmt/format.h>

#include <chrono>
#include <functional>
#include <utility>

#include "codec/json_rows.h"
#include "codec/reject_line.h"

namespace turnout {
namespace {

constexpr std::string_view kOurHeaders = "turnout-";

bool Inside(std::string_view whole, std::string_view part) {
  return std::greater_equal<>()(part.data(), whole.data()) &&
         std::less_equal<>()(part.data() + part.size(), whole.data() + whole.size());
}

std::string_view FirstType(const Refusal& refusal) {
  return refusal.errors.empty() ? std::string_view("invalid") : refusal.errors.front().type;
}

}  // namespace

StreamScorer::Reader::Reader(std::shared_ptr<const Contract> of)
    : contract(std::move(of)),
      layout(contract->layout()),
      batch(layout),
      rows(*contract, batch),
      reply(*contract) {}

void StreamScorer::Decode(const Message& message, std::size_t position) {
  if (message.value.data() == nullptr) {
    broken_.push_back({position, "missing", "The message has no value"});
    return;
  }
  const auto tokens = json_.Document(message.value);
  if (!tokens) {
    broken_.push_back({position, "json_invalid", tokens.error().message});
    return;
  }
  // The tokenizer is used again for the next message, but the batch keeps views of this one's texts: those
  // that are not found in the message itself (escaped ones) move to the batch's own memory.
  tokens_.assign(tokens->begin(), tokens->end());
  for (JsonToken& token : tokens_) {
    if (token.kind == JsonToken::Kind::kString && !Inside(message.value, token.text)) {
      token.text = reader_->batch.arena().Copy(token.text);
    }
  }
  ReadJsonObject(tokens_, position, message.value, reader_->rows);
}

std::string_view StreamScorer::SourceOf(int32_t partition, int64_t offset, Outbox& outbox) {
  fmt::memory_buffer text;
  fmt::format_to(std::back_inserter(text), "{}/{}/{}", topic_, partition, offset);
  return outbox.texts.Copy({text.data(), text.size()});
}

void StreamScorer::AppendHeaders(const Message& message, std::string_view error, Outbox& outbox) {
  for (const Header& header : message.headers) {
    if (header.name.starts_with(kOurHeaders)) continue;
    const bool has_value = header.value.data() != nullptr;
    outbox.headers.push_back(
        {outbox.texts.Copy(header.name), has_value ? outbox.texts.Copy(header.value) : std::string_view{}});
  }
  outbox.headers.push_back({"turnout-version", outbox.texts.Copy(version_)});
  outbox.headers.push_back({"turnout-source", SourceOf(message.partition, message.offset, outbox)});
  if (!error.empty()) outbox.headers.push_back({"turnout-error", outbox.texts.Copy(error)});
}

void StreamScorer::Score(const std::shared_ptr<const Snapshot>& snapshot, std::span<const Message> messages,
                         std::span<const Sent> from, Outbox& outbox) {
  const auto received = std::chrono::steady_clock::now();
  if (!reader_ || reader_->contract != snapshot->contract) reader_.emplace(snapshot->contract);
  const Contract& contract = *reader_->contract;

  broken_.clear();
  reader_->rows.Clear();
  for (std::size_t i = 0; i < messages.size(); ++i) Decode(messages[i], i);
  predictor_.Predict(*snapshot, reader_->batch, received, answers_);

  // Each message is a row, a refusal or broken; all three are in the order of the messages.
  const std::vector<Refusal>& refusals = reader_->rows.refusals();
  const std::vector<std::size_t>& positions = reader_->batch.positions();
  std::size_t row = 0, refusal = 0, broken = 0;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const Message& message = messages[i];
    const MessageOrigin origin{topic_, message.partition, message.offset};
    std::string_view error;
    text_.clear();
    version_ = snapshot->stable->name;
    if (row < positions.size() && positions[row] == i) {
      version_ = answers_.rows[row].by->version;
      if (const int32_t refused = answers_.rows[row].refusal; refused >= 0) {
        const Refusal& why = answers_.refusals[static_cast<std::size_t>(refused)];
        error = FirstType(why);
        AppendDeadLetter(text_, contract, why, origin, message.value);
      } else {
        reader_->reply.AppendRow(text_, reader_->batch, row, answers_);
      }
      ++row;
    } else if (refusal < refusals.size() && refusals[refusal].position == i) {
      error = FirstType(refusals[refusal]);
      AppendDeadLetter(text_, contract, refusals[refusal++], origin, message.value);
    } else {
      const Broken& why = broken_[broken++];
      error = why.type;
      AppendDeadLetter(text_, contract, why.type, why.message, origin, message.value);
    }
    AppendHeaders(message, error, outbox);
    const bool has_key = message.key.data() != nullptr;
    outbox.Add(error.empty() ? Target::kOutput : Target::kDeadLetters,
               has_key ? outbox.texts.Copy(message.key) : std::string_view{}, outbox.texts.Copy(text_),
               from[i]);
  }
}

void StreamScorer::AppendLastResort(const Sent& from, int64_t offset, std::string_view key,
                                    std::string_view reason, Outbox& outbox) {
  const std::string_view error = "too_large";
  text_.clear();
  AppendDeadLetter(
      text_, *reader_->contract, error,
      fmt::format("The broker refused what this message became ({}); read the message at its offset", reason),
      {topic_, from.partition, offset}, {});
  AppendHeaders({from.partition, offset, {}, {}, {}}, error, outbox);
  Sent sent = from;
  sent.last_resort = true;
  outbox.Add(Target::kDeadLetters, key.data() == nullptr ? key : outbox.texts.Copy(key),
             outbox.texts.Copy(text_), sent);
}

}  // namespace turnout
