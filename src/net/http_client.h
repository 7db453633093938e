// HttpClient: one connection of HTTP/1.1, blocking, for tests, checks and commands; not for serving threads.
//
//   TURNOUT_ASSIGN(auto client, HttpClient::Connect("localhost", 8080));
//   TURNOUT_ASSIGN(auto reply, client.Call("POST", "/predict", R"({"age":41})"));
//
// Send() and Receive() pipeline: any number of requests, then their replies in order. One thread at a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace turnout {

struct HttpResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> fields;  // in the order sent
  std::string body;
  bool keep_alive = false;  // the connection takes another request

  // The first value of that name, compared without case; empty if there is none.
  std::string_view Header(std::string_view name) const;
};

class HttpClient {
 public:
  struct Options {
    std::chrono::milliseconds connect_timeout{5'000};
    std::chrono::milliseconds timeout{30'000};  // of each Send() and Receive()
    std::size_t max_body = std::size_t{256} << 20;
  };

  // Tries each address of `host` in turn.
  static Result<HttpClient> Connect(const std::string& host, int port);
  static Result<HttpClient> Connect(const std::string& host, int port, Options options);

  HttpClient(HttpClient&& other) noexcept;
  HttpClient& operator=(HttpClient&& other) noexcept;
  ~HttpClient();

  // `header_lines`: further fields, each with its CRLF.
  Result<HttpResponse> Call(std::string_view method, std::string_view target, std::string_view body = {},
                            std::string_view content_type = "application/json",
                            std::string_view header_lines = {});

  Status Send(std::string_view method, std::string_view target, std::string_view body = {},
              std::string_view content_type = "application/json", std::string_view header_lines = {});
  Result<HttpResponse> Receive();

  // Bytes as they are. A reply that Send() announced nothing of is read as that of a GET.
  Status SendRaw(std::string_view bytes);

  // Whether another request can be sent, as far as is known here.
  bool connected() const { return socket_ >= 0 && !closing_; }

 private:
  using Deadline = std::chrono::steady_clock::time_point;

  HttpClient(int socket, std::string peer, Options options)
      : socket_(socket), peer_(std::move(peer)), options_(options) {}
  Status Wait(short events, short& found, Deadline deadline);
  Result<bool> ReadSome(Deadline deadline);  // false at the end of the stream
  Result<HttpResponse> ReceiveBefore(Deadline deadline);
  void Close();

  int socket_ = -1;
  std::string peer_;  // "host:port", for messages
  Options options_;
  std::string input_;       // read, not yet used
  std::deque<bool> heads_;  // for each reply to come: whether it answers a HEAD
  bool closing_ = false;    // the last reply said Connection: close
};

}  // namespace turnout
