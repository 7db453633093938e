// HttpServer: HTTP/1.1 on event loops, a listener and a handler per loop.
//
//   HttpServer::Options options{.address = "0.0.0.0", .port = 8080};
//   TURNOUT_ASSIGN(auto server, HttpServer::Start(options, [&](EventLoop& loop, int index) -> HttpHandler {
//     return [state = PerLoopState(index)](HttpExchange& exchange) mutable { ... };
//   }));
//   ...
//   server->Drain(std::chrono::seconds(30));
//
// The kernel spreads connections over the loops (SO_REUSEPORT); a connection stays on its loop. The factory
// runs once for each loop, on that loop's thread, before it accepts; the handler is called and destroyed
// there. Malformed requests never reach a handler: they get a JSON error and a closed connection.
//
// Start, Drain, Stop and the destructor: from one thread that is not a loop's. counts(): from any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "net/http_exchange.h"

namespace turnout {

class EventLoop;
class EventLoops;

struct HttpLimits {
  std::size_t header_bytes = 16 << 10;       // request line and fields together: 414 or 431 beyond
  std::size_t header_fields = 100;           // 431 beyond
  std::size_t body_bytes = 16 << 20;         // after chunked coding: 413 beyond
  std::size_t connections = 10'000;          // of the server: 503 and close beyond
  std::chrono::milliseconds idle{75'000};    // between requests: closed without a word
  std::chrono::milliseconds header{10'000};  // from a request's first byte to the end of its head: 408
  std::chrono::milliseconds body{30'000};    // for its body, plus the time that min_rate allows: 408
  std::chrono::milliseconds write{30'000};   // for a client to take the replies, plus the same: closed
  std::chrono::milliseconds linger{
      5'000};  // for a client to see why it was refused; a tenth after other last replies
  std::size_t min_rate = 16 << 10;  // bytes a second
};

class HttpServer {
 public:
  struct Options {
    std::string address =
        "127.0.0.1";          // of IPv4 or IPv6; "0.0.0.0" or "::" for all (the latter: both families)
    int port = 0;             // 0: any free one, see port()
    int loops = 0;            // 0: one per core. Not used when loops are given to Start()
    bool share_port = false;  // let another process listen on the same port (restart in place)
    HttpLimits limits = {};
    // A drain closes connections without a request only after this time, since a client may be about to use
    // one: until then its next reply says Connection: close.
    std::chrono::milliseconds drain_idle{500};
    // Called on the loop's thread for each reply that net itself gave: 400, 408, 413, 414, 417, 431, 501, 503
    // or 505, and 500 for a handler that failed.
    std::function<void(int loop_index, int status)> on_protocol_error = {};
  };
  using HandlerFactory = std::function<HttpHandler(EventLoop&, int loop_index)>;

  struct Counts {
    std::uint64_t connections = 0;  // open now
    std::uint64_t in_flight = 0;    // requests at a handler, not yet answered
    std::uint64_t accepted = 0;     // connections since the start
    std::uint64_t requests = 0;     // given to a handler since the start
  };

  // Listens when it returns.
  static Result<std::unique_ptr<HttpServer>> Start(Options options, HandlerFactory factory);
  // The same on loops that others use too; they must outlive the server.
  static Result<std::unique_ptr<HttpServer>> Start(EventLoops& loops, Options options,
                                                   HandlerFactory factory);
  ~HttpServer();  // Stop()

  int port() const;
  int loops() const;
  Counts counts() const;

  // Accepts no new connection (those that the kernel has accepted are served), answers what was received,
  // says Connection: close, closes what is idle, and waits until all are closed: true, or until `patience`
  // is over: false, and the rest was cut off. The server is stopped afterwards.
  bool Drain(std::chrono::milliseconds patience);

  // Closes everything at once.
  void Stop();

 private:
  struct Details;
  explicit HttpServer(std::unique_ptr<Details> details);
  std::unique_ptr<Details> details_;
};

}  // namespace turnout
