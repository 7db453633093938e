// What the tests of the server share. Included by tests only.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "net/event_loop.h"
#include "net/http_client.h"
#include "net/http_server.h"

namespace turnout {

using std::chrono::milliseconds;
using std::chrono::seconds;
using namespace std::string_literals;

// Answers with what it got: "METHOD path body"; "/large" with more than the socket's buffers hold.
inline void Echo(HttpExchange& exchange) {
  const HttpRequest& request = exchange.request();
  if (request.path == "/large") exchange.body().resize(16 << 20);
  exchange.body()
      .append(request.method_text)
      .append(" ")
      .append(request.path)
      .append(" ")
      .append(request.body);
  exchange.Send(200, "text/plain");
}

// A server of one loop, unless said otherwise, whose protocol errors are counted.
struct TestServer {
  explicit TestServer(HttpServer::HandlerFactory factory = EchoFactory(),
                      HttpServer::Options options = OneLoop()) {
    options.on_protocol_error = [this](int, int status) { last_fault = status, ++faults; };
    auto started = HttpServer::Start(std::move(options), std::move(factory));
    EXPECT_TRUE(started) << started.error().message;
    server = *std::move(started);
  }

  static HttpServer::Options OneLoop() { return {.loops = 1}; }
  static HttpServer::HandlerFactory EchoFactory() {
    return [](EventLoop&, int) -> HttpHandler { return Echo; };
  }

  HttpClient Client() {
    auto client = HttpClient::Connect("127.0.0.1", server->port());
    EXPECT_TRUE(client) << client.error().message;
    return *std::move(client);
  }

  // Waits for a state that is sure to come.
  template <class Condition>
  bool Reaches(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + seconds(20);
    while (!condition(server->counts())) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::yield();
    }
    return true;
  }

  std::atomic<int> faults = 0;
  std::atomic<int> last_fault = 0;
  std::unique_ptr<HttpServer> server;
};

inline std::string Body(Result<HttpResponse> response) {
  return response ? fmt::format("{} {}", response->status, response->body) : response.error().message;
}

// A socket without any help.
class RawSocket {
 public:
  RawSocket(int port, int receive_buffer = 0) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (receive_buffer != 0) setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    EXPECT_EQ(connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  ~RawSocket() { close(fd_); }
  void Send(std::string_view bytes) {
    EXPECT_EQ(send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }
  // Exactly `size` bytes, or fewer at the end of the stream.
  std::string Receive(std::size_t size) {
    std::string bytes(size, '\0');
    const ssize_t n = recv(fd_, bytes.data(), size, MSG_WAITALL);
    bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
    return bytes;
  }
  void EndSending() { shutdown(fd_, SHUT_WR); }

 private:
  int fd_;
};

// Keeps deferred replies until they are released, on the loop.
struct Later {
  void Handle(HttpExchange& exchange) {
    if (exchange.request().path == "/now") return Echo(exchange);
    replies.push_back(exchange.Defer());
  }
  std::vector<DeferredReply> replies;
  EventLoop* loop = nullptr;
};

struct LaterServer : Later, TestServer {
  LaterServer()
      : TestServer([this](EventLoop& on, int) -> HttpHandler {
          loop = &on;
          return [this](HttpExchange& exchange) { Handle(exchange); };
        }) {}
  // Runs on the loop and waits.
  void OnLoop(FunctionRef<void()> task) {
    std::mutex mutex;
    std::condition_variable done;
    bool ran = false;
    loop->Post([&] {
      task();
      std::lock_guard lock(mutex);
      ran = true;
      done.notify_one();
    });
    std::unique_lock lock(mutex);
    done.wait(lock, [&] { return ran; });
  }
};

}  // namespace turnout
