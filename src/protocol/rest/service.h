// RestService: the REST interface of a server: what is shared by its loops.
//
//   RestService rest(metrics, options);
//   auto server = HttpServer::Start(http, rest.Handlers());     // answers 503 "loading" until Publish
//   rest.Publish({snapshot});                                   // readiness 200; again for each new route
//   ...
//   rest.StartDraining();  server->Drain(30s);
//
// Each loop has a RestLoop of its own (loop.h) with plain pointers to the published table. Publish() posts
// the next table to the loops, one by one; the table it replaces, and with it a version that nothing else
// uses, is freed by Reclaim() on the publisher's thread, once the last loop has let go.
//
// Threads: Publish, Reclaim, StartDraining and Attach from the owner's thread; Handlers' factory and
// OnProtocolError from the loops. It outlives the HttpServer; Metrics outlive both.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/published.h"
#include "base/result.h"
#include "monitor/metrics.h"
#include "net/http_server.h"
#include "protocol/rest/table.h"

namespace turnout {

class RestLoop;

struct RestOptions {
  std::string program_version = "0.1.0";  // in /openapi.json and turnout_build_info
  std::size_t max_rows = 10'000;          // of a batch: more would keep other requests of the loop waiting
};

class RestService {
 public:
  // Adds the process and the build to the metrics.
  RestService(Metrics& metrics, RestOptions options);
  ~RestService();
  RestService(const RestService&) = delete;
  RestService& operator=(const RestService&) = delete;

  HttpServer::HandlerFactory Handlers();
  // For HttpServer::Options::on_protocol_error.
  void OnProtocolError(int loop_index, int status);

  // What is served from now on, in the order in which it is listed. Returns before the loops have moved.
  Status Publish(std::vector<std::shared_ptr<const Snapshot>> endpoints);
  // The same, where only the loops [0, `moved`) serve `ahead` and the others `endpoints` for now: a rolling
  // change. Both list the same endpoints.
  Status Publish(std::vector<std::shared_ptr<const Snapshot>> endpoints,
                 std::vector<std::shared_ptr<const Snapshot>> ahead, std::size_t moved);
  // Whether every loop serves what was published last. Any thread.
  bool Settled() const;
  // Frees the replaced tables that no loop reads any more; returns how many are still read.
  std::size_t Reclaim();

  // Readiness becomes 503; requests are served as before.
  void StartDraining();

  // Shows the server's connections and requests in flight in the metrics; nullptr before it is destroyed.
  void Attach(const HttpServer* server);

 private:
  friend class RestLoop;
  // Of the metrics' callbacks, which may outlive this service.
  struct Attached {
    std::mutex mutex;
    const HttpServer* server = nullptr;  // guarded by mutex
  };
  HttpHandler MakeLoop(EventLoop& loop, int index);
  Result<std::shared_ptr<const RestTable>> MakeTable(std::vector<std::shared_ptr<const Snapshot>> endpoints);

  Metrics& metrics_;
  const RestOptions options_;
  const std::string id_prefix_;     // of prediction ids: random, one per process
  const std::string docs_headers_;  // of the docs page
  const std::shared_ptr<Attached> attached_;
  std::atomic<bool> draining_ = false;

  mutable std::mutex mutex_;
  Published<RestTable> ahead_;                                         // guarded by mutex_; empty: nobody is
  std::shared_ptr<std::atomic<std::size_t>> unsettled_;                // guarded by mutex_: loops yet to move
  Published<RestTable> table_;                                         // guarded by mutex_
  std::vector<std::pair<EventLoop*, std::weak_ptr<RestLoop>>> loops_;  // guarded by mutex_
};

}  // namespace turnout
