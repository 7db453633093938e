#include "protocol/rest/service.h"

#include <fmt/format.h>

#include <random>

#include "net/event_loop.h"
#include "protocol/process_metrics.h"
#include "protocol/rest/docs_page.h"
#include "protocol/rest/loop.h"

namespace turnout {
namespace {

std::string RandomPrefix() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}", random(), random());
}

std::string DocsHeaders() {
  return fmt::format(
      "Content-Security-Policy: {}\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"
      "Cache-Control: no-cache\r\n",
      ContentSecurityPolicy(DocsPage()));
}

}  // namespace

RestService::RestService(Metrics& metrics, RestOptions options)
    : metrics_(metrics),
      options_(std::move(options)),
      id_prefix_(RandomPrefix()),
      docs_headers_(DocsHeaders()),
      attached_(std::make_shared<Attached>()),
      ahead_(std::make_shared<const RestTable>()),
      unsettled_(std::make_shared<std::atomic<std::size_t>>(0)),
      table_(std::make_shared<const RestTable>()) {
  AddProcessMetrics(metrics_);
  AddBuildInfo(metrics_, options_.program_version);
}

RestService::~RestService() { Attach(nullptr); }

HttpServer::HandlerFactory RestService::Handlers() {
  return [this](EventLoop& loop, int index) { return MakeLoop(loop, index); };
}

HttpHandler RestService::MakeLoop(EventLoop& loop, int index) {
  std::lock_guard lock(mutex_);
  auto rest = std::make_shared<RestLoop>(*this, index, table_.Get());
  const auto slot = static_cast<std::size_t>(index);
  if (loops_.size() <= slot) loops_.resize(slot + 1);
  loops_[slot] = {&loop, rest};
  return [rest](HttpExchange& exchange) { rest->Handle(exchange); };
}

void RestService::OnProtocolError(int loop_index, int status) {
  std::shared_ptr<RestLoop> rest;
  {
    std::lock_guard lock(mutex_);
    const auto slot = static_cast<std::size_t>(loop_index);
    if (slot < loops_.size()) rest = loops_[slot].second.lock();
  }
  if (rest != nullptr) rest->CountProtocolError(status);
}

Result<std::shared_ptr<const RestTable>> RestService::MakeTable(
    std::vector<std::shared_ptr<const Snapshot>> endpoints) {
  TURNOUT_ASSIGN(std::shared_ptr<const RestTable> table,
                 MakeRestTable(std::move(endpoints), options_.program_version, options_.max_rows));
  for (const auto& endpoint : table->endpoints) {
    const std::string& name = endpoint.snapshot->endpoint;
    for (const Served& served : endpoint.snapshot->served) {
      metrics_.Gauge("model_load_seconds", "Time to read, check, compile and warm the version's model.",
                     {{"endpoint", name}, {"version", served.version->name}},
                     [seconds = served.version->load_seconds] { return seconds; });
    }
  }
  return table;
}

Status RestService::Publish(std::vector<std::shared_ptr<const Snapshot>> endpoints) {
  return Publish(std::move(endpoints), {}, 0);
}

Status RestService::Publish(std::vector<std::shared_ptr<const Snapshot>> endpoints,
                            std::vector<std::shared_ptr<const Snapshot>> ahead, std::size_t moved) {
  TURNOUT_ASSIGN(const std::shared_ptr<const RestTable> table, MakeTable(std::move(endpoints)));
  auto next = std::make_shared<const RestTable>();
  if (moved > 0) {
    TURNOUT_ASSIGN(next, MakeTable(std::move(ahead)));
  }
  std::lock_guard lock(mutex_);
  table_.Publish(table);
  ahead_.Publish(next);
  unsettled_ = std::make_shared<std::atomic<std::size_t>>(0);
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    const auto& [loop, weak] = loops_[i];
    // A handler is destroyed on its loop's thread, so the task finds it whole or not at all.
    if (weak.expired()) continue;
    unsettled_->fetch_add(1);
    loop->Post([weak, use = i < moved ? next : table, unsettled = unsettled_] {
      if (const auto rest = weak.lock()) rest->Use(use);
      unsettled->fetch_sub(1);
    });
  }
  return {};
}

bool RestService::Settled() const {
  std::lock_guard lock(mutex_);
  return unsettled_->load() == 0;
}

std::size_t RestService::Reclaim() {
  std::lock_guard lock(mutex_);
  return table_.Reclaim() + ahead_.Reclaim();
}

void RestService::StartDraining() { draining_.store(true, std::memory_order_relaxed); }

void RestService::Attach(const HttpServer* server) {
  {
    std::lock_guard lock(attached_->mutex);
    attached_->server = server;
  }
  if (server == nullptr) return;
  const auto read = [attached = attached_](std::uint64_t HttpServer::Counts::* count) {
    return [attached, count] {
      std::lock_guard lock(attached->mutex);
      return attached->server == nullptr ? 0.0 : static_cast<double>(attached->server->counts().*count);
    };
  };
  metrics_.Gauge("http_requests_in_flight", "Requests being answered; the scrape is one of them.", {},
                 read(&HttpServer::Counts::in_flight));
  metrics_.Gauge("http_connections", "Open connections.", {}, read(&HttpServer::Counts::connections));
  metrics_.CounterFrom("http_connections_accepted_total", "Connections accepted.", {},
                       read(&HttpServer::Counts::accepted));
}

}  // namespace turnout
