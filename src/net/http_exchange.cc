#include "net/http_exchange.h"

#include <cassert>

#include "net/connection.h"

namespace turnout {

EventLoop& HttpExchange::loop() const { return transport_->Loop(); }
bool HttpExchange::peer_closed() const { return transport_->PeerClosed(); }
std::string HttpExchange::PeerAddress() const { return transport_->PeerAddress(); }

void HttpExchange::AddHeader(std::string_view name, std::string_view value) {
  headers_.append(name).append(": ");
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    headers_.push_back((byte < 0x20 && c != '\t') || byte == 0x7f ? ' ' : c);
  }
  headers_.append("\r\n");
}

void HttpExchange::Send(int status, std::string_view content_type) {
  assert(state_ == State::kHandling || state_ == State::kDeferred);
  assert(status >= 200 && status <= 599);
  state_ = State::kSent;
  transport_->Finish(status, content_type);
}

void HttpExchange::Reply(int status, std::string_view content_type, std::string_view body) {
  body_.assign(body);
  Send(status, content_type);
}

DeferredReply HttpExchange::Defer() {
  assert(state_ == State::kHandling);
  state_ = State::kDeferred;
  return DeferredReply(*this);
}

DeferredReply::DeferredReply(HttpExchange& exchange) : exchange_(&exchange), number_(exchange.number_) {
  exchange.transport_->Retain();
}

HttpExchange* DeferredReply::operator->() const {
  assert(exchange_ != nullptr && exchange_->number_ == number_);
  return exchange_;
}

void DeferredReply::Drop() {
  if (exchange_ == nullptr) return;
  HttpExchange& exchange = *std::exchange(exchange_, nullptr);
  if (exchange.number_ == number_ && exchange.state_ == HttpExchange::State::kDeferred) {
    exchange.headers_.clear();
    exchange.Reply(500, "application/json", R"({"error":"the request was given up"})");
  }
  exchange.transport_->Release();
}

}  // namespace turnout
