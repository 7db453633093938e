#include "net/listener.h"

#include <linux/filter.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/write.hpp>
#include <cstring>
#include <ctime>
#include <utility>

#include "net/http_connection.h"

namespace turnout {
namespace {

using std::chrono::milliseconds;

// How long handshakes that had begun before a drain may take to end: a slow round trip.
constexpr milliseconds kHandshakeGrace{100};
constexpr milliseconds kDrainSweep{10};
constexpr milliseconds kAcceptPause{100};

// Closing a listening socket resets the connections that the kernel has accepted for it, and the requests in
// them. So the listener first becomes deaf to new ones: a filter drops packets with SYN. Their clients try
// again after a second, and then find another process or a refusal; nothing of theirs was sent.
bool DropNewHandshakes(int listener) {
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 13),            // the flags of the TCP header
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x02, 0, 1),  // SYN
      BPF_STMT(BPF_RET | BPF_K, 0),
      BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
  };
  const sock_fprog program{.len = std::size(code), .filter = code};
  return setsockopt(listener, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

milliseconds SweepInterval(const HttpLimits& limits) {
  const milliseconds shortest =
      std::min({limits.idle, limits.header, limits.body, limits.write, limits.linger});
  return std::clamp(shortest / 4, milliseconds(5), milliseconds(1000));
}

}  // namespace

Listener::Listener(EventLoop& loop, int index, const HttpServer::Options& options,
                   std::atomic<std::uint64_t>& connections, Acceptor acceptor)
    : loop_(loop),
      index_(index),
      options_(options),
      connection_count_(connections),
      acceptor_(std::move(acceptor)) {}

void Listener::Start(HttpHandler handler) {
  handler_ = std::move(handler);
  sweep_timer_.emplace(IoContext(loop_));
  accept_timer_.emplace(IoContext(loop_));
  UpdateDate();
  ScheduleSweep();
  Accept();
}

void Listener::Accept() {
  acceptor_->async_accept(IoContext(loop_).get_executor(),
                          [self = shared_from_this()](ErrorCode error, Socket socket) {
                            if (self->stopped_) return;
                            if (!error) self->Adopt(std::move(socket));
                            if (!self->acceptor_) return;
                            if (!error || error == boost::asio::error::connection_aborted)
                              return self->Accept();
                            // Most likely out of descriptors: the connection stays in the kernel's queue, so
                            // do not spin on it.
                            self->accept_timer_->expires_after(kAcceptPause);
                            self->accept_timer_->async_wait([self](ErrorCode cancelled) {
                              if (!cancelled && self->acceptor_) self->Accept();
                            });
                          });
}

void Listener::Adopt(Socket socket) {
  ErrorCode ignored;
  socket.set_option(Tcp::no_delay(true), ignored);
  socket.non_blocking(true, ignored);
  counts_.accepted.Add(1);
  if (connection_count_.load(std::memory_order_relaxed) >= limits().connections) {
    constexpr std::string_view kFull =
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: 32\r\n"
        "Retry-After: 1\r\nConnection: close\r\n\r\n{\"error\":\"too many connections\"}";
    socket.write_some(boost::asio::buffer(kFull), ignored);
    socket.shutdown(Socket::shutdown_send, ignored);
    socket.read_some(waste(), ignored);  // unread bytes would turn the close into a reset
    ReportFault(503);
    return;
  }
  StartHttpConnection(*this, std::move(socket));
}

void Listener::Add(Connection* connection) {
  connection_count_.fetch_add(1, std::memory_order_relaxed);
  connections_.Add(connection);
}

void Listener::Remove(Connection* connection) {
  connection_count_.fetch_sub(1, std::memory_order_relaxed);
  connections_.Remove(connection);
}

void Listener::ReportFault(int status) {
  if (options_.on_protocol_error) options_.on_protocol_error(index_, status);
}

void Listener::ScheduleSweep() {
  sweep_timer_->expires_after(draining_ ? std::min(kDrainSweep, SweepInterval(limits()))
                                        : SweepInterval(limits()));
  sweep_timer_->async_wait([self = shared_from_this()](ErrorCode error) {
    if (self->stopped_) return;
    if (!error) self->Sweep();
    self->ScheduleSweep();
  });
}

void Listener::Sweep() {
  const std::int64_t now = SteadyNanos();
  UpdateDate();
  connections_.ForEach([now](Connection& connection) { connection.Sweep(now); });
  if (draining_ && !acceptor_ && connections_.empty() && on_drained_) std::exchange(on_drained_, nullptr)();
}

void Listener::Drain(std::function<void()> on_drained) {
  if (stopped_ || draining_) return;
  draining_ = true;
  on_drained_ = std::move(on_drained);
  const std::int64_t now = SteadyNanos();
  connections_.ForEach([now](Connection& connection) { connection.Drain(now); });
  sweep_timer_->cancel();  // the next interval is shorter
  if (!DropNewHandshakes(acceptor_->native_handle())) return AcceptLast();
  accept_timer_->expires_after(kHandshakeGrace);
  accept_timer_->async_wait([self = shared_from_this()](ErrorCode) {
    if (!self->stopped_) self->AcceptLast();
  });
}

void Listener::AcceptLast() {
  ErrorCode error;
  acceptor_->non_blocking(true, error);
  for (;;) {
    Socket socket(IoContext(loop_));
    acceptor_->accept(socket, error);
    if (error) break;
    Adopt(std::move(socket));
  }
  acceptor_.reset();
}

void Listener::Stop() {
  if (stopped_) return;
  stopped_ = true;
  acceptor_.reset();
  sweep_timer_.reset();
  accept_timer_.reset();
  connections_.ForEach([](Connection& connection) { connection.Abort(); });
  handler_ = nullptr;
  on_drained_ = nullptr;
}

void Listener::UpdateDate() {
  const std::time_t now = std::time(nullptr);
  if (now == date_second_) return;
  date_second_ = now;
  std::tm utc{};
  gmtime_r(&now, &utc);
  char
      text[64];  // strftime's names of days and months are English in the "C" locale, which the program keeps
  const std::size_t size = std::strftime(text, sizeof text, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &utc);
  std::memcpy(date_line_.data(), text, std::min(size, date_line_.size()));
}

}  // namespace turnout
