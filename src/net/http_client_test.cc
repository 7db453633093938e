#include "net/http_client.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

namespace turnout {
namespace {

// A peer that sends the same bytes to each connection once something has come, and closes.
class FakeServer {
 public:
  explicit FakeServer(std::string reply, bool close_after = true)
      : listener_(socket(AF_INET, SOCK_STREAM, 0)), reply_(std::move(reply)), close_after_(close_after) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(listener_, 16), 0);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this] { Serve(); });
  }
  ~FakeServer() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }
  HttpClient Client(HttpClient::Options options = {}) {
    auto client = HttpClient::Connect("127.0.0.1", port_, options);
    EXPECT_TRUE(client) << client.error().message;
    return *std::move(client);
  }
  std::string peer() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  void Serve() {
    for (int fd = -1; (fd = accept(listener_, nullptr, nullptr)) >= 0;) {
      char bytes[4096];
      if (recv(fd, bytes, sizeof bytes, 0) > 0) send(fd, reply_.data(), reply_.size(), MSG_NOSIGNAL);
      if (close_after_) shutdown(fd, SHUT_WR);
      while (recv(fd, bytes, sizeof bytes, 0) > 0) continue;
      close(fd);
    }
  }

  int listener_;
  std::string reply_;
  bool close_after_;
  int port_ = 0;
  std::jthread thread_;
};

TEST(HttpClient, ReadsEveryFraming) {
  FakeServer server(
      "HTTP/1.1 100 Continue\r\n\r\n"
      "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX-A: 1\r\n\r\nabc"
      "HTTP/1.1 422 Unprocessable Content\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n1\r\nf\r\n0\r\n\r\n"
      "HTTP/1.1 204 No Content\r\n\r\n"
      "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"
      "HTTP/1.1 200 OK\r\n\r\nto the end");
  HttpClient client = server.Client();
  for (const char* method : {"GET", "POST", "GET", "HEAD", "GET"}) ASSERT_TRUE(client.Send(method, "/"));
  const auto sized = client.Receive();
  ASSERT_TRUE(sized) << sized.error().message;
  EXPECT_EQ(sized->status, 200);
  EXPECT_EQ(sized->body, "abc");
  EXPECT_EQ(sized->Header("x-a"), "1");
  const auto chunked = client.Receive();
  ASSERT_TRUE(chunked) << chunked.error().message;
  EXPECT_EQ(chunked->status, 422);
  EXPECT_EQ(chunked->body, "def");
  EXPECT_EQ(client.Receive()->status, 204);
  EXPECT_EQ(client.Receive()->body, "");
  EXPECT_TRUE(client.connected());
  EXPECT_EQ(client.Receive()->body, "to the end");
  EXPECT_FALSE(client.connected());
  EXPECT_EQ(client.Receive().error().message,
            server.peer() + " closed the connection before its reply was complete");
}

TEST(HttpClient, SaysWhatIsWrongWithAReply) {
  struct Case {
    const char* reply;
    const char* message;
  };
  const Case cases[] = {
      {"SSH-2.0-OpenSSH_9.2\r\n\r\n", "the reply of {} is not HTTP/1.1: "},
      {"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "the reply of {} is not HTTP/1.1: "},
      {"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n",
       "the reply of {} is not HTTP/1.1: a body of 999999999999"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx",
       "the reply of {} is not HTTP/1.1: malformed"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", "{} closed the connection before"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab", "{} closed the connection before"},
      {"HTTP/1.1 200", "{} closed the connection before"},
      {"", "{} closed the connection before"},
  };
  for (const Case& c : cases) {
    FakeServer server(c.reply);
    const auto response = server.Client().Call("GET", "/");
    ASSERT_FALSE(response) << c.reply;
    std::string message = c.message;
    message.replace(message.find("{}"), 2, server.peer());
    EXPECT_TRUE(response.error().message.starts_with(message)) << response.error().message;
  }
}

TEST(HttpClient, WaitsOnlyAsLongAsItMay) {
  FakeServer server("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", /*close_after=*/false);
  const auto response = server.Client({.timeout = std::chrono::milliseconds(30)}).Call("GET", "/");
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::kDeadline);
  EXPECT_EQ(response.error().message, server.peer() + " did not answer in time");
}

TEST(HttpClient, SaysWhyItCannotConnect) {
  int port = 0;
  {
    FakeServer server("");
    port = std::stoi(server.peer().substr(10));
  }
  const auto refused = HttpClient::Connect("127.0.0.1", port);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message,
            "cannot connect to 127.0.0.1:" + std::to_string(port) + ": Connection refused");
  EXPECT_EQ(HttpClient::Connect("not a host name", 80).error().code, Code::kUnavailable);
}

}  // namespace
}  // namespace turnout
