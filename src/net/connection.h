// Connection: a socket on a loop, whatever it speaks; ConnectionRef: a counted reference to one. Internal to
// net.
//
// A Listener keeps its connections in a list, sweeps them for deadlines and drains them through this
// interface, so a protocol is one more class that derives from Connection: HTTP/1.1 hands its socket and the
// bytes that it has read to it (an upgrade, or the preface of HTTP/2) and closes without closing the socket.
//
// References are counted without atomics: everything here belongs to one loop's thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace turnout {

class EventLoop;

class Connection {
 public:
  Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Called at intervals: closes what is past its deadline.
  virtual void Sweep(std::int64_t now_ns) = 0;
  // No further request after those that have arrived; then close. Sweep() goes on being called.
  virtual void Drain(std::int64_t now_ns) = 0;
  // Close now. The object lives on while it is referenced.
  virtual void Abort() = 0;

 protected:
  virtual ~Connection() = default;

 private:
  friend class ConnectionList;
  friend class ConnectionRef;
  int references_ = 0;
  Connection* previous_ = nullptr;
  Connection* next_ = nullptr;
};

class ConnectionRef {
 public:
  explicit ConnectionRef(Connection* connection) : connection_(connection) { ++connection_->references_; }
  ConnectionRef(ConnectionRef&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}
  ConnectionRef(const ConnectionRef&) = delete;
  ConnectionRef& operator=(const ConnectionRef&) = delete;
  ~ConnectionRef() {
    if (connection_ != nullptr) Release(connection_);
  }

  // The same without an object, for a reference whose end is a call.
  static void Retain(Connection* connection) { ++connection->references_; }
  static void Release(Connection* connection) {
    if (--connection->references_ == 0) delete connection;
  }

 private:
  Connection* connection_;
};

// Owns a reference to each member.
class ConnectionList {
 public:
  void Add(Connection* connection) {
    ConnectionRef::Retain(connection);
    connection->next_ = first_;
    connection->previous_ = nullptr;
    if (first_ != nullptr) first_->previous_ = connection;
    first_ = connection;
  }

  // May destroy it.
  void Remove(Connection* connection) {
    (connection->previous_ != nullptr ? connection->previous_->next_ : first_) = connection->next_;
    if (connection->next_ != nullptr) connection->next_->previous_ = connection->previous_;
    ConnectionRef::Release(connection);
  }

  bool empty() const { return first_ == nullptr; }

  // `visit` may remove the connection that it is given.
  template <class Visit>
  void ForEach(Visit visit) {
    for (Connection* connection = first_; connection != nullptr;) {
      const ConnectionRef hold(connection);
      Connection* const next = connection->next_;
      visit(*connection);
      connection = next;
    }
  }

 private:
  Connection* first_ = nullptr;
};

// What an HttpExchange answers through: a connection of HTTP/1.1, or one stream of a connection of HTTP/2.
class HttpTransport {
 public:
  // The reply is complete in the exchange.
  virtual void Finish(int status, std::string_view content_type) = 0;
  virtual bool PeerClosed() const = 0;
  virtual std::string PeerAddress() const = 0;
  virtual EventLoop& Loop() const = 0;
  // A deferred reply holds a reference.
  virtual void Retain() = 0;
  virtual void Release() = 0;

 protected:
  ~HttpTransport() = default;
};

}  // namespace turnout
