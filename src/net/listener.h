// Listener: a server's share of one loop: the accepting socket, the handler, the connections. Internal to
// net. Everything on the loop's thread, but for the counts.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "net/asio.h"
#include "net/connection.h"
#include "net/http_exchange.h"
#include "net/http_server.h"

namespace turnout {

// Written by one thread, read by any: an increment without a locked instruction.
class SingleWriterCount {
 public:
  void Add(std::uint64_t n) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  void Subtract(std::uint64_t n) { Add(0 - n); }
  std::uint64_t Get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

struct alignas(64) ListenerCounts {
  SingleWriterCount accepted;
  SingleWriterCount requests;
  SingleWriterCount in_flight;
};

class Listener : public std::enable_shared_from_this<Listener> {
 public:
  // `connections` counts those of the whole server; `on_drained` is called once, on the loop's thread.
  Listener(EventLoop& loop, int index, const HttpServer::Options& options,
           std::atomic<std::uint64_t>& connections, Acceptor acceptor);

  void Start(HttpHandler handler);
  void Drain(std::function<void()> on_drained);
  void Stop();

  // For the connections.
  EventLoop& loop() const { return loop_; }
  const HttpServer::Options& options() const { return options_; }
  const HttpLimits& limits() const { return options_.limits; }
  HttpHandler& handler() { return handler_; }
  ListenerCounts& counts() { return counts_; }
  bool draining() const { return draining_; }
  // "Date: Tue, 15 Nov 1994 08:12:31 GMT\r\n", at most a sweep old.
  std::string_view date_line() const { return {date_line_.data(), date_line_.size()}; }
  // For bytes that are read to be thrown away.
  boost::asio::mutable_buffer waste() { return boost::asio::buffer(waste_); }
  void ReportFault(int status);
  void Add(Connection* connection);
  void Remove(Connection* connection);

 private:
  void Accept();
  void Adopt(Socket socket);
  void AcceptLast();
  void ScheduleSweep();
  void Sweep();
  void UpdateDate();

  EventLoop& loop_;
  const int index_;
  const HttpServer::Options& options_;
  std::atomic<std::uint64_t>& connection_count_;
  std::optional<Acceptor> acceptor_;
  std::optional<SteadyTimer> sweep_timer_;
  std::optional<SteadyTimer> accept_timer_;  // after an error, or before the last accept of a drain
  HttpHandler handler_;
  ConnectionList connections_;
  bool draining_ = false;
  bool stopped_ = false;
  std::function<void()> on_drained_;
  std::int64_t date_second_ = 0;
  std::array<char, 37> date_line_{};
  std::array<char, 64 << 10> waste_;
  ListenerCounts counts_;
};

}  // namespace turnout
