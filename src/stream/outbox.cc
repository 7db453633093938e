#include "stream/outbox.h"

#include <cassert>

namespace turnout {

void Outbox::Add(Target target, std::string_view key, std::string_view value, const Sent& from) {
  messages.push_back({target, key, value, {}, 0});
  sent.push_back(from);
  sent.back().target = target;
  header_begin.push_back(headers.size());
  bytes += value.size();
}

void Outbox::Seal() {
  std::size_t begin = 0;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    messages[i].headers = std::span(headers).subspan(begin, header_begin[i] - begin);
    messages[i].token = Outboxes::Token(*this, i);
    begin = header_begin[i];
  }
  unresolved = messages.size();
}

Outbox& Outboxes::New() {
  if (free_.empty()) {
    free_.push_back(static_cast<uint32_t>(boxes_.size()));
    boxes_.push_back(std::make_unique<Outbox>());
    boxes_.back()->slot = free_.back();
  }
  Outbox& outbox = *boxes_[free_.back()];
  free_.pop_back();
  outbox.texts.Clear();
  outbox.headers.clear();
  outbox.messages.clear();
  outbox.sent.clear();
  outbox.header_begin.clear();
  outbox.next = outbox.unresolved = outbox.bytes = 0;
  return outbox;
}

void Outboxes::Sealed(Outbox& outbox) {
  in_flight_ += outbox.messages.size();
  bytes_ += outbox.bytes;
  if (outbox.messages.empty()) free_.push_back(outbox.slot);
}

void Outboxes::Resolve(Outbox& outbox) {
  assert(outbox.unresolved > 0);
  --in_flight_;
  if (--outbox.unresolved > 0) return;
  bytes_ -= outbox.bytes;
  free_.push_back(outbox.slot);
}

}  // namespace turnout
