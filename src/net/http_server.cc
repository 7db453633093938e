#include "net/http_server.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <boost/asio/ip/v6_only.hpp>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "net/asio.h"
#include "net/event_loop.h"
#include "net/listener.h"

namespace turnout {
namespace {

constexpr int kBacklog = 4096;  // the kernel bounds it by net.core.somaxconn

Status CheckOptions(const HttpServer::Options& options) {
  const HttpLimits& limits = options.limits;
  const auto refuse = [](const char* name, auto found, const char* bounds) {
    return Fail(Code::kInvalidArgument, fmt::format("{} is {}; it must be {}", name, found, bounds));
  };
  if (options.port < 0 || options.port > 65535) return refuse("port", options.port, "0 to 65535");
  if (options.loops < 0 || options.loops > 1024)
    return refuse("loops", options.loops, "0 (one per core) to 1024");
  if (limits.header_bytes < 256 || limits.header_bytes > 1 << 20)
    return refuse("header_bytes", limits.header_bytes, "256 B to 1 MiB");
  if (limits.header_fields < 1 || limits.header_fields > 10'000)
    return refuse("header_fields", limits.header_fields, "1 to 10000");
  if (limits.body_bytes > std::size_t{4} << 30)
    return refuse("body_bytes", limits.body_bytes, "at most 4 GiB");
  if (limits.connections < 1 || limits.connections > 1'000'000)
    return refuse("connections", limits.connections, "1 to 1000000");
  if (limits.min_rate < 1) return refuse("min_rate", limits.min_rate, "at least 1 byte a second");
  const std::pair<const char*, std::chrono::milliseconds> times[] = {
      {"idle", limits.idle},   {"header", limits.header}, {"body", limits.body},
      {"write", limits.write}, {"linger", limits.linger},
  };
  for (const auto& [name, time] : times)
    if (time < std::chrono::milliseconds(1) || time > std::chrono::hours(24))
      return refuse(name, fmt::format("{} ms", time.count()), "1 ms to 24 h");
  if (options.drain_idle < std::chrono::milliseconds(0) || options.drain_idle > std::chrono::hours(1))
    return refuse("drain_idle", fmt::format("{} ms", options.drain_idle.count()), "0 to 1 h");
  return {};
}

Result<Acceptor> Listen(EventLoop& loop, const Tcp::endpoint& endpoint, bool share) {
  Acceptor acceptor(IoContext(loop));
  ErrorCode error;
  const auto fail = [&](const char* what) {
    return Fail(error == boost::asio::error::address_in_use ? Code::kUnavailable : Code::kInvalidArgument,
                fmt::format("cannot listen on {} port {}: {}: {}", endpoint.address().to_string(),
                            endpoint.port(), what, error.message()));
  };
  if (acceptor.open(endpoint.protocol(), error); error) return fail("socket");
  if (acceptor.set_option(Acceptor::reuse_address(true), error); error) return fail("SO_REUSEADDR");
  if (endpoint.address().is_v6()) acceptor.set_option(boost::asio::ip::v6_only(false), error);
  const int one = 1;
  if (share && setsockopt(acceptor.native_handle(), SOL_SOCKET, SO_REUSEPORT, &one, sizeof one) != 0) {
    error.assign(errno, boost::system::system_category());
    return fail("SO_REUSEPORT");
  }
  if (acceptor.bind(endpoint, error); error) return fail("bind");
  if (acceptor.listen(kBacklog, error); error) return fail("listen");
  return acceptor;
}

}  // namespace

struct HttpServer::Details {
  Options options;
  std::unique_ptr<EventLoops> own_loops;
  EventLoops* loops = nullptr;
  int port = 0;
  std::atomic<std::uint64_t> connections{0};
  std::vector<std::shared_ptr<Listener>> listeners;  // one per loop
  bool stopped = false;

  std::mutex mutex;
  std::condition_variable drained;
  int undrained = 0;  // listeners; guarded by mutex
};

HttpServer::HttpServer(std::unique_ptr<Details> details) : details_(std::move(details)) {}
HttpServer::~HttpServer() { Stop(); }

int HttpServer::port() const { return details_->port; }
int HttpServer::loops() const { return details_->loops->size(); }

HttpServer::Counts HttpServer::counts() const {
  Counts counts{.connections = details_->connections.load(std::memory_order_relaxed)};
  for (const auto& listener : details_->listeners) {
    const ListenerCounts& part = listener->counts();
    counts.in_flight += part.in_flight.Get();
    counts.accepted += part.accepted.Get();
    counts.requests += part.requests.Get();
  }
  return counts;
}

Result<std::unique_ptr<HttpServer>> HttpServer::Start(Options options, HandlerFactory factory) {
  TURNOUT_TRY(CheckOptions(options));
  const int count =
      options.loops != 0 ? options.loops : static_cast<int>(std::thread::hardware_concurrency());
  auto loops = std::make_unique<EventLoops>(count);
  TURNOUT_ASSIGN(auto server, Start(*loops, std::move(options), std::move(factory)));
  server->details_->own_loops = std::move(loops);
  return server;
}

Result<std::unique_ptr<HttpServer>> HttpServer::Start(EventLoops& loops, Options options,
                                                      HandlerFactory factory) {
  TURNOUT_TRY(CheckOptions(options));
  ErrorCode error;
  const auto address = boost::asio::ip::make_address(options.address, error);
  if (error)
    return Fail(Code::kInvalidArgument,
                fmt::format("cannot listen on \"{}\": it is not an IPv4 or IPv6 address", options.address));
  Tcp::endpoint endpoint(address, static_cast<std::uint16_t>(options.port));
  // Sockets are opened and closed on their loop's thread: its reactor has no lock for them.
  if (options.port != 0 && !options.share_port) {
    // With SO_REUSEPORT two servers share a port without a word, so first see whether it is free.
    Status free;
    loops.Call(0, [&] {
      if (auto probe = Listen(loops[0], endpoint, false); !probe)
        free = std::unexpected(std::move(probe).error());
    });
    TURNOUT_TRY(free);
  }

  std::unique_ptr<HttpServer> server(new HttpServer(std::make_unique<Details>()));
  Details& details = *server->details_;
  details.options = std::move(options);
  details.loops = &loops;
  for (int i = 0; i < loops.size(); ++i) {
    Status listening;
    loops.Call(i, [&] {
      auto acceptor = Listen(loops[i], endpoint, true);
      if (!acceptor) {
        listening = std::unexpected(std::move(acceptor).error());
        return;
      }
      endpoint.port(acceptor->local_endpoint(error).port());
      details.listeners.push_back(std::make_shared<Listener>(loops[i], i, details.options,
                                                             details.connections, *std::move(acceptor)));
    });
    TURNOUT_TRY(listening);
  }
  details.port = endpoint.port();
  for (int i = 0; i < loops.size(); ++i)
    loops.Call(i, [&] { details.listeners[static_cast<std::size_t>(i)]->Start(factory(loops[i], i)); });
  return server;
}

bool HttpServer::Drain(std::chrono::milliseconds patience) {
  if (details_->stopped) return true;
  const auto deadline = std::chrono::steady_clock::now() + patience;
  details_->undrained = loops();
  for (int i = 0; i < loops(); ++i) {
    (*details_->loops)[i].Post([this, listener = details_->listeners[static_cast<std::size_t>(i)]] {
      listener->Drain([this] {
        std::lock_guard lock(details_->mutex);
        --details_->undrained;
        details_->drained.notify_one();
      });
    });
  }
  bool complete = false;
  {
    std::unique_lock lock(details_->mutex);
    complete = details_->drained.wait_until(lock, deadline, [this] { return details_->undrained == 0; });
  }
  Stop();
  return complete;
}

void HttpServer::Stop() {
  if (std::exchange(details_->stopped, true)) return;
  for (std::size_t i = 0; i < details_->listeners.size(); ++i)
    details_->loops->Call(static_cast<int>(i), [&] { details_->listeners[i]->Stop(); });
}

}  // namespace turnout
