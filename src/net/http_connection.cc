#include "net/http_connection.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <cassert>
#include <exception>
#include <utility>

#include "net/http_reply.h"

namespace turnout {
namespace {

constexpr std::size_t kReadBytes = 4 << 10;
constexpr std::size_t kReadBytesOfBody = 64 << 10;
// Replies of pipelined requests are sent together; beyond this many bytes they are sent first.
constexpr std::size_t kReplyBytes = 256 << 10;
constexpr std::size_t kKeepBytes = 64 << 10;    // of a reply string between requests
constexpr std::size_t kLingerBytes = 64 << 20;  // read and dropped after the last reply

}  // namespace

void StartHttpConnection(Listener& listener, Socket socket) {
  auto* const connection = new HttpConnection(listener, std::move(socket));
  const ConnectionRef hold(connection);
  connection->Start();
}

void HttpConnection::Read() {
  if (reading_ || writing_ || state_ == State::kClosed) return;
  if (peer_eof_) {
    if (state_ != State::kDeferred) Abort();
    return;
  }
  if (state_ == State::kDeferred) {
    // Only to notice that the client goes: no byte may move, and one read is enough.
    if (in_.size() > request_size_ || in_.room() == 0) return;
  } else if (waiting_ == Waiting::kBody && !framing_.chunked) {
    in_.Prepare(std::min<std::size_t>(head_size_ + framing_.content_length - in_.size(), kReadBytesOfBody));
  } else {
    in_.Prepare(waiting_ == Waiting::kBody ? kReadBytesOfBody : kReadBytes);
  }
  reading_ = true;
  socket_->async_read_some(
      boost::asio::buffer(in_.tail(), in_.room()),
      [this, hold = ConnectionRef(this)](ErrorCode error, std::size_t n) { OnRead(error, n); });
}

void HttpConnection::OnRead(ErrorCode error, std::size_t n) {
  reading_ = false;
  if (state_ == State::kClosed) return;
  if (error) {
    peer_eof_ = true;
    if (state_ == State::kDeferred && error == boost::asio::error::eof)
      return;  // it may still read the answer
    return Abort();
  }
  if (state_ == State::kLingering) return ReadWaste();
  in_.Commit(n);
  now_ = read_ns_ = SteadyNanos();
  if (state_ == State::kReading) Process();
}

// Answers what is complete, in order, and sends the replies together.
void HttpConnection::Process() {
  for (;;) {
    bool more = true;
    while (more && out_.size() < kReplyBytes) more = TakeRequest();
    if (!Flush()) return;
    if (!more) break;
  }
  Read();
}

// Returns whether a request was answered, so that the next may follow.
bool HttpConnection::TakeRequest() {
  if (state_ != State::kReading || close_after_replies_) return false;
  if (head_size_ == 0 && !TakeHead()) return false;
  return TakeBody() && Dispatch();
}

bool HttpConnection::TakeHead() {
  if (scanned_ == 0 && !line_skipped_ && in_.view().starts_with("\r\n")) {
    in_.Consume(2);  // RFC 9112 2.2: an empty line before a request is ignored; ours: one
    line_skipped_ = true;
  }
  if (in_.empty()) {
    if (!reading_) in_.Rewind();
    Wait(Waiting::kRequest, now_, IdleTime());
    return false;
  }
  const auto end = ScanHead(in_.view(), scanned_);
  if (!end) return Refuse(end.error());
  const std::size_t limit = listener_.limits().header_bytes;
  if (*end > limit || (*end == 0 && in_.size() > limit)) {
    const bool one_line = in_.view().substr(0, limit).find('\n') == std::string_view::npos;
    return Refuse(one_line ? HttpFault{414, "the request line is too long"}
                           : HttpFault{431, "the request head is too large"});
  }
  if (*end == 0) {
    if (waiting_ != Waiting::kHead) Wait(Waiting::kHead, now_, listener_.limits().header);
    return false;
  }
  const auto framing =
      ParseHead(in_.view().substr(0, *end), listener_.limits().header_fields, exchange_.request_, fields_);
  if (!framing) return Refuse(framing.error());
  if (framing->content_length > listener_.limits().body_bytes)
    return Refuse({413, "the body is larger than this server takes"});
  head_size_ = *end;
  framing_ = *framing;
  parsed_ = true;
  return true;
}

bool HttpConnection::TakeBody() {
  if (!framing_.chunked) {
    body_size_ = framing_.content_length;
    request_size_ = head_size_ + body_size_;
    return in_.size() >= request_size_ || AwaitBody();
  }
  // What is decoded lies behind the head, what is not behind that; the payload moves forward in place.
  char* const coded = in_.data() + head_size_ + body_size_;
  std::size_t consumed = 0;
  std::size_t payload = 0;
  const auto status = chunks_.Decode(coded, in_.size() - head_size_ - body_size_, coded,
                                     listener_.limits().body_bytes, consumed, payload);
  if (status == ChunkDecoder::Status::kMalformed) return Refuse({400, "malformed chunked body"});
  if (status == ChunkDecoder::Status::kTooLarge)
    return Refuse({413, "the body is larger than this server takes"});
  request_size_ = head_size_ + body_size_ + consumed;
  body_size_ += payload;
  if (status == ChunkDecoder::Status::kDone) return true;
  in_.Truncate(head_size_ + body_size_);
  return AwaitBody();
}

// Always false: there must be more bytes.
bool HttpConnection::AwaitBody() {
  parsed_ = false;  // the bytes may move
  if (waiting_ != Waiting::kBody) wait_began_ns_ = now_;
  if (framing_.expects_continue && !continue_sent_) {
    continue_sent_ = true;
    out_.append("HTTP/1.1 100 Continue\r\n\r\n");
  }
  Wait(Waiting::kBody, wait_began_ns_, listener_.limits().body, in_.size());
  return false;
}

bool HttpConnection::Dispatch() {
  HttpRequest& request = exchange_.request_;
  if (!parsed_) {
    const auto again =
        ParseHead(in_.view().substr(0, head_size_), listener_.limits().header_fields, request, fields_);
    assert(again);
    parsed_ = true;
  }
  request.body = std::string_view(in_.data() + head_size_, body_size_);
  request.received_ns = read_ns_;
  WaitForNothing();
  ListenerCounts& counts = listener_.counts();
  counts.requests.Add(1);
  counts.in_flight.Add(1);
  exchange_.body_.clear();
  exchange_.headers_.clear();
  exchange_.state_ = HttpExchange::State::kHandling;
  ++exchange_.number_;
  state_ = State::kHandling;
  const char* failure = "the handler gave no answer";
  try {
    listener_.handler()(exchange_);
  } catch (const std::exception&) {  // a bug or no memory: this request fails, the others go on
    failure = "the handler failed";
  }
  if (exchange_.state_ == HttpExchange::State::kDeferred) {
    state_ = State::kDeferred;
    return false;
  }
  if (exchange_.state_ != HttpExchange::State::kSent) {
    counts.in_flight.Subtract(1);
    exchange_.state_ = HttpExchange::State::kSent;
    state_ = State::kReading;
    return Refuse({500, failure});
  }
  state_ = State::kReading;
  ConsumeRequest();
  return true;
}

void HttpConnection::Finish(int status, std::string_view content_type) {
  if (state_ == State::kClosed) return;
  listener_.counts().in_flight.Subtract(1);
  close_after_replies_ = ClosesAfterThis();
  const HttpRequest& request = exchange_.request_;
  AppendReply({.status = status,
               .content_type = content_type,
               .body = exchange_.body_,
               .date_line = listener_.date_line(),
               .header_lines = exchange_.headers_,
               .connection = close_after_replies_         ? "close"
                             : request.minor_version == 0 ? "keep-alive"
                                                          : "",
               .without_body = request.method == HttpMethod::kHead},
              out_);
  if (exchange_.body_.capacity() > kKeepBytes) exchange_.body_ = std::string();
  if (state_ == State::kHandling) return;  // Dispatch() goes on

  now_ = SteadyNanos();
  state_ = State::kReading;
  ConsumeRequest();
  if (!Flush()) return;
  if (in_.empty()) return Process();
  // Not from here: the caller may be the handler, and the next request would enter it again.
  boost::asio::post(socket_->get_executor(), [this, hold = ConnectionRef(this)] {
    if (state_ == State::kReading) Process();
  });
}

bool HttpConnection::ClosesAfterThis() {
  if (!framing_.keep_alive) return true;
  if (!listener_.draining() || in_.size() > request_size_) return false;
  // Requests that have arrived are answered: the close is said with the last of them.
  ErrorCode error;
  return socket_->available(error) == 0 || error;
}

bool HttpConnection::Refuse(HttpFault fault) {
  const std::string body = std::string(R"({"error":")") + fault.message + "\"}";
  AppendReply({.status = fault.status,
               .content_type = "application/json",
               .body = body,
               .date_line = listener_.date_line(),
               .header_lines = {},
               .connection = "close"},
              out_);
  close_after_replies_ = refused_ = true;
  listener_.ReportFault(fault.status);
  return false;
}

void HttpConnection::ConsumeRequest() {
  in_.Consume(request_size_);
  scanned_ = head_size_ = body_size_ = request_size_ = 0;
  continue_sent_ = line_skipped_ = false;
  if (framing_.chunked) chunks_ = ChunkDecoder();
}

// Sends the replies. Returns whether all are sent and the connection goes on.
bool HttpConnection::Flush() {
  if (writing_ || state_ == State::kClosed || state_ == State::kLingering) return false;
  for (;;) {
    if (sent_ == sending_.size()) {
      sending_.clear();
      sent_ = 0;
      if (sending_.capacity() > kKeepBytes) sending_ = std::string();
      if (out_.empty()) break;
      sending_.swap(out_);
    }
    ErrorCode error;
    const auto rest = boost::asio::buffer(sending_.data() + sent_, sending_.size() - sent_);
    sent_ += socket_->write_some(rest, error);
    if (error == boost::asio::error::would_block) {
      if (waiting_ != Waiting::kWrite) {
        wait_began_ns_ = SteadyNanos();
        waited_bytes_ = 0;
      }
      Wait(Waiting::kWrite, wait_began_ns_, listener_.limits().write, waited_bytes_);
      writing_ = true;
      socket_->async_write_some(rest, [this, hold = ConnectionRef(this)](ErrorCode failure, std::size_t n) {
        writing_ = false;
        if (state_ == State::kClosed) return;
        if (failure) return Abort();
        sent_ += n;
        waited_bytes_ += n;
        now_ = SteadyNanos();
        if (!Flush()) return;
        WaitForNothing();
        Process();
      });
      return false;
    }
    if (error) {
      Abort();
      return false;
    }
  }
  if (!close_after_replies_) return true;
  Linger();
  return false;
}

// A close with unread input becomes a reset, which may overtake the reply. So: end our side, and read and
// drop what comes until the client ends its own.
void HttpConnection::Linger() {
  state_ = State::kLingering;
  if (peer_eof_) return Abort();
  ErrorCode error;
  socket_->shutdown(Socket::shutdown_send, error);
  if (error) return Abort();
  waited_bytes_ = 0;
  // After a whole request there is nothing more to come, or little; a refused one may have a long body.
  Wait(Waiting::kLinger, SteadyNanos(),
       refused_ ? listener_.limits().linger : listener_.limits().linger / 10);
  if (reading_) return;  // OnRead() goes on
  in_.Free();
  ReadWaste();
}

void HttpConnection::ReadWaste() {
  reading_ = true;
  socket_->async_read_some(listener_.waste(),
                           [this, hold = ConnectionRef(this)](ErrorCode error, std::size_t n) {
                             waited_bytes_ += n;
                             if (state_ != State::kClosed && waited_bytes_ > kLingerBytes) return Abort();
                             OnRead(error, n);
                           });
}

void HttpConnection::Sweep(std::int64_t now) {
  if (waiting_ == Waiting::kNothing || now < deadline_ns_) return;
  now_ = now;
  switch (waiting_) {
    case Waiting::kRequest: {
      ErrorCode error;
      if (socket_->available(error) == 0 || error)
        Abort();  // otherwise a request has just come: it is served
      return;
    }
    case Waiting::kHead: Refuse({408, "the request head did not arrive in time"}); break;
    case Waiting::kBody: Refuse({408, "the request body did not arrive in time"}); break;
    default: return Abort();
  }
  WaitForNothing();
  Flush();
}

void HttpConnection::Drain(std::int64_t now) {
  if (waiting_ == Waiting::kRequest) Wait(Waiting::kRequest, now, IdleTime());
}

void HttpConnection::Abort() {
  if (state_ == State::kClosed) return;
  if (state_ == State::kDeferred) listener_.counts().in_flight.Subtract(1);
  state_ = State::kClosed;
  WaitForNothing();
  socket_.reset();
  listener_.Remove(this);
}

std::string HttpConnection::PeerAddress() const {
  ErrorCode error;
  if (!socket_) return {};
  const Tcp::endpoint peer = socket_->remote_endpoint(error);
  return error ? std::string() : peer.address().to_string();
}

}  // namespace turnout
