// HttpConnection: HTTP/1.1 on one connection. Internal to net.
//
//   Read -> TakeRequest (TakeHead, TakeBody, Dispatch) as often as the bytes allow -> Flush -> Read ...
//
// One request at a time is at the handler; what follows it waits in the buffer. While replies wait for the
// client to take them, nothing is read.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/asio.h"
#include "net/chunked.h"
#include "net/connection.h"
#include "net/http_exchange.h"
#include "net/http_head.h"
#include "net/listener.h"
#include "net/read_buffer.h"

namespace turnout {

// PERF NOTE: a request costs one recv that gets it, one send, one recv that finds nothing (Asio tries before
// it waits) and its share of an epoll_wait. The send is tried in place, without async_write, which would put
// a completion through the queue. The handler's strings, the input buffer and Asio's operation memory are
// reused, so a request in steady state allocates nothing.
class HttpConnection final : public Connection, public HttpTransport {
 public:
  HttpConnection(Listener& listener, Socket socket)
      : listener_(listener), socket_(std::move(socket)), exchange_(static_cast<HttpTransport&>(*this)) {}

  void Start() {
    listener_.Add(this);
    now_ = SteadyNanos();
    Wait(Waiting::kRequest, now_, IdleTime());
    Read();
  }

  void Sweep(std::int64_t now) override;
  void Drain(std::int64_t now) override;
  void Abort() override;

  void Finish(int status, std::string_view content_type) override;
  bool PeerClosed() const override { return state_ == State::kClosed || peer_eof_; }
  std::string PeerAddress() const override;
  EventLoop& Loop() const override { return loop_; }
  void Retain() override { ConnectionRef::Retain(this); }
  void Release() override { ConnectionRef::Release(this); }

 private:
  enum class State { kReading, kHandling, kDeferred, kLingering, kClosed };
  enum class Waiting { kNothing, kRequest, kHead, kBody, kWrite, kLinger };

  void Read();
  void OnRead(ErrorCode error, std::size_t n);
  void ReadWaste();
  void Process();
  bool TakeRequest();
  bool TakeHead();
  bool TakeBody();
  bool AwaitBody();
  bool Dispatch();
  bool Refuse(HttpFault fault);
  bool ClosesAfterThis();
  void ConsumeRequest();
  bool Flush();
  void Linger();

  std::chrono::milliseconds IdleTime() const {
    return listener_.draining() ? std::min(listener_.options().drain_idle, listener_.limits().idle)
                                : listener_.limits().idle;
  }
  void Wait(Waiting what, std::int64_t since, std::chrono::milliseconds limit, std::size_t bytes = 0) {
    waiting_ = what;
    deadline_ns_ = since + std::chrono::nanoseconds(limit).count();
    if (bytes != 0)
      deadline_ns_ += static_cast<std::int64_t>(bytes * 1'000'000'000 / listener_.limits().min_rate);
  }
  void WaitForNothing() {
    waiting_ = Waiting::kNothing;
    deadline_ns_ = 0;
  }

  Listener& listener_;  // not after kClosed: the server may be gone
  EventLoop& loop_ = listener_.loop();
  std::optional<Socket> socket_;  // empty when closed
  State state_ = State::kReading;
  bool reading_ = false;  // an operation has in_.tail(): bytes must not move
  bool writing_ = false;  // an operation has sending_
  bool close_after_replies_ = false;
  bool refused_ = false;
  bool peer_eof_ = false;
  Waiting waiting_ = Waiting::kNothing;
  std::int64_t deadline_ns_ = 0;    // of waiting_
  std::int64_t wait_began_ns_ = 0;  // of a body or a write, whose deadline moves with its bytes
  std::int64_t now_ = 0;            // of the last event
  std::int64_t read_ns_ = 0;        // when the last bytes came
  std::size_t waited_bytes_ = 0;

  // The request at the front of in_: head, body, then the next requests.
  ReadBuffer in_;
  std::size_t scanned_ = 0;       // by ScanHead
  std::size_t head_size_ = 0;     // 0: not complete
  std::size_t body_size_ = 0;     // of a chunked body: decoded so far
  std::size_t request_size_ = 0;  // as it lies in in_
  bool parsed_ = false;           // the views of the request are those of in_'s memory
  bool continue_sent_ = false;
  bool line_skipped_ = false;
  HttpFraming framing_;
  ChunkDecoder chunks_;
  std::vector<HttpField> fields_;

  HttpExchange exchange_;
  std::string out_;      // replies not yet given to the socket
  std::string sending_;  // the rest of these, if the socket was full
  std::size_t sent_ = 0;
};

// Serves the socket (non-blocking) until either side closes; the listener keeps the connection in its list.
void StartHttpConnection(Listener& listener, Socket socket);

}  // namespace turnout
