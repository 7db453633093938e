// HttpExchange: one request and the place for its one reply.
//
// A handler answers before it returns, or takes a DeferredReply and answers later on the same loop:
//
//   void Handle(HttpExchange& exchange) {
//     exchange.body().append("{\"status\":\"healthy\"}");      // or exchange.Reply(200, type, text)
//     exchange.Send(200, "application/json");
//   }
//
//   pool.Ask(..., [later = exchange.Defer()](Answer answer) mutable {     // on the loop's thread
//     later->body().append(answer.text);
//     later->Send(200, "application/json");
//   });
//
// The strings of an exchange are reused by the next request of the connection: a reply allocates nothing in
// steady state. Replies leave in the order of their requests. On the loop's thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "net/http_request.h"

namespace turnout {

class DeferredReply;
class EventLoop;
class HttpTransport;

class HttpExchange {
 public:
  // Valid until the handler returns, or, deferred, until Send() returns.
  const HttpRequest& request() const { return request_; }
  EventLoop& loop() const;

  // The reply's body: empty at first, append to it, then Send().
  std::string& body() { return body_; }

  // Adds a field to the reply. Control characters in `value` become spaces: it may come from outside.
  void AddHeader(std::string_view name, std::string_view value);
  // The same for lines that are ready ("X-Turnout-Version: v1\r\n"); not checked.
  void AddHeaderLines(std::string_view lines) { headers_.append(lines); }

  // Sends body() with that status. Once per request. Net adds Date, Content-Length and Connection, and
  // leaves the body out of the reply to HEAD and of 204 and 304. An empty type adds no Content-Type.
  void Send(int status, std::string_view content_type);
  void Reply(int status, std::string_view content_type, std::string_view body);

  // The reply will come later; further requests of the connection wait for it. At most once per request.
  DeferredReply Defer();

  // A deferred reply: whether the client is known to have ended its side, so that work for it may stop.
  bool peer_closed() const;
  // "192.0.2.7" or "2001:db8::1"; allocates. Empty if the client has gone.
  std::string PeerAddress() const;

  // Details below; handlers may stop here.
  explicit HttpExchange(HttpTransport& transport) : transport_(&transport) {}
  HttpExchange(const HttpExchange&) = delete;
  HttpExchange& operator=(const HttpExchange&) = delete;

 private:
  friend class HttpConnection;
  friend class DeferredReply;
  enum class State { kIdle, kHandling, kDeferred, kSent };

  HttpTransport* transport_;
  HttpRequest request_;
  std::string body_;
  std::string headers_;  // of the reply, each line with its CRLF
  State state_ = State::kIdle;
  std::uint64_t number_ = 0;  // of the request on its connection
};

// The right and the duty to answer: dropped without Send(), the client gets a 500. It keeps the request's
// views alive, also when the client has gone; Send() then does nothing. Move-only; on the loop's thread.
class DeferredReply {
 public:
  DeferredReply() = default;
  explicit DeferredReply(HttpExchange& exchange);
  DeferredReply(DeferredReply&& other) noexcept
      : exchange_(std::exchange(other.exchange_, nullptr)), number_(other.number_) {}
  DeferredReply& operator=(DeferredReply&& other) noexcept {
    if (this != &other) {
      Drop();
      exchange_ = std::exchange(other.exchange_, nullptr);
      number_ = other.number_;
    }
    return *this;
  }
  ~DeferredReply() { Drop(); }

  HttpExchange* operator->() const;  // until Send() was called
  HttpExchange& operator*() const { return *operator->(); }
  explicit operator bool() const { return exchange_ != nullptr; }

 private:
  void Drop();
  HttpExchange* exchange_ = nullptr;
  std::uint64_t number_ = 0;
};

using HttpHandler = std::move_only_function<void(HttpExchange&)>;

}  // namespace turnout
