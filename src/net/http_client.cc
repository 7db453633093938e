#include "net/http_client.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>

#include "net/chunked.h"
#include "net/http_request.h"

namespace turnout {
namespace {

namespace http = boost::beast::http;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxHead = 64 << 10;
constexpr std::size_t kReadBytes = 64 << 10;

std::string SystemMessage(int error) { return std::error_code(error, std::generic_category()).message(); }

}  // namespace

std::string_view HttpResponse::Header(std::string_view name) const {
  for (const auto& [field, value] : fields)
    if (EqualsIgnoringCase(field, name)) return value;
  return {};
}

Result<HttpClient> HttpClient::Connect(const std::string& host, int port) {
  return Connect(host, port, Options());
}

Result<HttpClient> HttpClient::Connect(const std::string& host, int port, Options options) {
  const std::string peer = fmt::format("{}:{}", host, port);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found); error != 0)
    return Fail(Code::kUnavailable, fmt::format("cannot connect to {}: {}", peer, gai_strerror(error)));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> addresses(found, freeaddrinfo);

  Error last{Code::kUnavailable, fmt::format("cannot connect to {}: it has no address", peer)};
  for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
    const int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    HttpClient client(fd, peer, options);
    int error = fd < 0 || connect(fd, address->ai_addr, address->ai_addrlen) == 0 ? 0 : errno;
    if (fd < 0) error = errno;
    if (error == EINPROGRESS) {
      short events = 0;
      if (Status status = client.Wait(POLLOUT, events, Clock::now() + options.connect_timeout); !status) {
        last = std::move(status).error();
        continue;
      }
      socklen_t size = sizeof error;
      getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    }
    if (error == 0) {
      const int one = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
      return client;
    }
    last = {Code::kUnavailable, fmt::format("cannot connect to {}: {}", peer, SystemMessage(error))};
  }
  return std::unexpected(std::move(last));
}

HttpClient::HttpClient(HttpClient&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)),
      peer_(std::move(other.peer_)),
      options_(other.options_),
      input_(std::move(other.input_)),
      heads_(std::move(other.heads_)),
      closing_(other.closing_) {}

HttpClient& HttpClient::operator=(HttpClient&& other) noexcept {
  if (this == &other) return *this;
  Close();
  socket_ = std::exchange(other.socket_, -1);
  peer_ = std::move(other.peer_);
  options_ = other.options_;
  input_ = std::move(other.input_);
  heads_ = std::move(other.heads_);
  closing_ = other.closing_;
  return *this;
}

HttpClient::~HttpClient() { Close(); }

void HttpClient::Close() {
  if (socket_ >= 0) close(std::exchange(socket_, -1));
}

Status HttpClient::Wait(short events, short& found, Deadline deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd entry{.fd = socket_, .events = events, .revents = 0};
    const int ready =
        left <= 0 ? 0 : poll(&entry, 1, static_cast<int>(std::min<std::int64_t>(left, 1 << 30)));
    if (ready > 0) {
      found = entry.revents;
      return {};
    }
    if (ready == 0) return Fail(Code::kDeadline, fmt::format("{} did not answer in time", peer_));
    if (errno != EINTR) return Fail(Code::kInternal, fmt::format("poll: {}", SystemMessage(errno)));
  }
}

Result<bool> HttpClient::ReadSome(Deadline deadline) {
  for (;;) {
    const std::size_t size = input_.size();
    input_.resize(size + kReadBytes);
    const ssize_t n = socket_ < 0 ? 0 : recv(socket_, input_.data() + size, kReadBytes, 0);
    const int error = errno;
    input_.resize(size + static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
    if (n >= 0) return n > 0;
    if (error != EAGAIN && error != EINTR)
      return Fail(Code::kUnavailable, fmt::format("reading from {}: {}", peer_, SystemMessage(error)));
    short events = 0;
    if (error == EAGAIN) TURNOUT_TRY(Wait(POLLIN, events, deadline));
  }
}

Result<HttpResponse> HttpClient::Call(std::string_view method, std::string_view target, std::string_view body,
                                      std::string_view content_type, std::string_view header_lines) {
  TURNOUT_TRY(Send(method, target, body, content_type, header_lines));
  return Receive();
}

Status HttpClient::Send(std::string_view method, std::string_view target, std::string_view body,
                        std::string_view content_type, std::string_view header_lines) {
  std::string request = fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\n{}", method, target, peer_, header_lines);
  if (!body.empty() || method == "POST" || method == "PUT" || method == "PATCH")
    request += fmt::format("Content-Type: {}\r\nContent-Length: {}\r\n", content_type, body.size());
  request.append("\r\n").append(body);
  TURNOUT_TRY(SendRaw(request));
  heads_.push_back(method == "HEAD");
  return {};
}

// Reads while the socket is full: a server that waits for its replies to be taken reads no further request.
Status HttpClient::SendRaw(std::string_view bytes) {
  const Deadline deadline = Clock::now() + options_.timeout;
  while (!bytes.empty()) {
    const ssize_t n = socket_ < 0 ? -1 : send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
      continue;
    }
    if (socket_ >= 0 && errno == EINTR) continue;
    if (socket_ < 0 || errno != EAGAIN)
      return Fail(Code::kUnavailable, fmt::format("sending to {}: {}", peer_,
                                                  socket_ < 0 ? "not connected" : SystemMessage(errno)));
    short events = 0;
    TURNOUT_TRY(Wait(POLLIN | POLLOUT, events, deadline));
    if ((events & POLLIN) != 0) {
      TURNOUT_ASSIGN(const bool open, ReadSome(deadline));
      if (!open) return Fail(Code::kUnavailable, fmt::format("{} closed the connection", peer_));
    }
  }
  return {};
}

Result<HttpResponse> HttpClient::Receive() {
  Result<HttpResponse> response = ReceiveBefore(Clock::now() + options_.timeout);
  if (!response || !response->keep_alive) closing_ = true;
  return response;
}

Result<HttpResponse> HttpClient::ReceiveBefore(Deadline deadline) {
  const bool is_head = !heads_.empty() && heads_.front();
  if (!heads_.empty()) heads_.pop_front();
  const auto corrupt = [&](std::string_view what) {
    return Fail(Code::kCorrupt, fmt::format("the reply of {} is not HTTP/1.1: {}", peer_, what));
  };
  const auto ended = [&] {
    return Fail(Code::kUnavailable,
                fmt::format("{} closed the connection before its reply was complete", peer_));
  };
  for (;;) {
    std::size_t head = 0;
    while ((head = input_.find("\r\n\r\n")) == std::string::npos) {
      if (input_.size() > kMaxHead) return corrupt("a head of more than 64 KiB");
      TURNOUT_ASSIGN(const bool open, ReadSome(deadline));
      if (!open) return ended();
    }
    head += 4;
    http::response_parser<http::empty_body> parser;
    parser.header_limit(kMaxHead + kReadBytes);
    parser.body_limit(boost::none);
    parser.skip(is_head);
    boost::system::error_code error;
    parser.put(boost::asio::const_buffer(input_.data(), head), error);
    if (error) return corrupt(error.message());
    HttpResponse response;
    response.status = static_cast<int>(parser.get().result_int());
    if (response.status / 100 == 1 && response.status != 101) {  // 100 Continue: the reply follows
      input_.erase(0, head);
      continue;
    }
    for (const auto& field : parser.get())
      response.fields.emplace_back(std::string(field.name_string()), std::string(field.value()));
    response.keep_alive = parser.keep_alive();
    const bool to_end = !parser.is_done() && parser.need_eof();
    const bool chunked = !parser.is_done() && parser.chunked();
    std::size_t end;
    if (chunked) {
      ChunkDecoder chunks;
      std::size_t decoded = head;
      for (;;) {
        std::size_t consumed = 0;
        std::size_t payload = 0;
        const auto status = chunks.Decode(input_.data() + decoded, input_.size() - decoded,
                                          input_.data() + decoded, options_.max_body, consumed, payload);
        end = decoded + consumed;
        decoded += payload;
        if (status == ChunkDecoder::Status::kDone) break;
        if (status != ChunkDecoder::Status::kMore) return corrupt("malformed or too large chunked body");
        input_.resize(decoded);
        TURNOUT_ASSIGN(const bool open, ReadSome(deadline));
        if (!open) return ended();
      }
      response.body.assign(input_, head, decoded - head);
    } else {
      const std::uint64_t length = parser.is_done() ? 0 : parser.content_length().value_or(0);
      if (length > options_.max_body) return corrupt(fmt::format("a body of {} bytes", length));
      while (to_end || input_.size() - head < length) {
        if (input_.size() - head > options_.max_body) return corrupt("too large a body");
        TURNOUT_ASSIGN(const bool open, ReadSome(deadline));
        if (!open && !to_end) return ended();
        if (!open) break;
      }
      end = to_end ? input_.size() : head + length;
      response.body.assign(input_, head, end - head);
    }
    input_.erase(0, end);
    return response;
  }
}

}  // namespace turnout
