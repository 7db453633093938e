// RestLoop: REST on one event loop: everything that a request needs, ready and reused.
//
// A request costs no lock, no allocation in steady state and no look-up by string but its path. On its loop's
// thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bytes/json.h"
#include "codec/json_reply.h"
#include "contract/row_reader.h"
#include "net/http_exchange.h"
#include "predict/predict.h"
#include "protocol/rest/counts.h"
#include "protocol/rest/service.h"
#include "protocol/rest/table.h"

namespace turnout {

class RestLoop {
 public:
  RestLoop(RestService& service, int index, std::shared_ptr<const RestTable> table);

  void Handle(HttpExchange& exchange);

  // Serves by `table` from the next request on.
  void Use(std::shared_ptr<const RestTable> table);

  void CountProtocolError(int status) { protocol_errors_.Add(status); }

 private:
  // What one endpoint needs on this loop; kept while its contract stays the same object.
  struct Desk {
    Desk(RestService& service, MetricsShard& shard, std::shared_ptr<const Snapshot> first);
    std::shared_ptr<const Snapshot> snapshot;
    std::string_view generation_line;  // of the table
    Batch batch;
    RowReader reader;
    JsonReply reply;
    Answers answers;
    RequestCounts predicts, batches;
    RefusalCounts refusals;
  };
  struct Flags {
    bool ids = false;
    bool strict = false;
    int32_t version = -1;  // that the request names, an index into the snapshot's; -1: none
  };

  bool loading() const { return table_->endpoints.empty(); }
  void Predict(HttpExchange& exchange, const RestMatch& match);
  int PredictRow(HttpExchange& exchange, Desk& desk, Flags flags);
  int PredictRows(HttpExchange& exchange, Desk& desk, Flags flags);
  void CountRefusals(Desk& desk);
  bool ReadFlags(std::string_view query, Flags& flags, std::string& body) const;
  bool ReadOverride(const HttpRequest& request, const Snapshot& snapshot, Flags& flags,
                    std::string& body) const;
  int AppendBodyProblem(std::string& out, const HttpRequest& request, RestRoute route,
                        const Error& error) const;
  void NextId();
  void AddAnswerHeaders(HttpExchange& exchange, const Desk& desk);

  int Get(HttpExchange& exchange, const RestMatch& match);
  int Health(HttpExchange& exchange, RestRoute route);
  int NotFound(HttpExchange& exchange, const RestMatch& match);

  RestService& service_;
  MetricsShard& shard_;
  Predictor predictor_;
  JsonTokenizer json_;
  std::shared_ptr<const RestTable> table_;
  std::vector<std::unique_ptr<Desk>> desks_;  // as table_->endpoints
  std::vector<RequestCounts> counts_;         // by route, for those without an endpoint
  RequestCounts protocol_errors_;
  std::string id_;  // of the request being answered
  std::size_t id_stem_ = 0;
  uint64_t next_id_ = 0;
  std::string header_lines_;
};

}  // namespace turnout
