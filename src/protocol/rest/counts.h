// What REST counts, on a loop's own shard:
//   http_requests_total{endpoint,route,status}   endpoint only for the routes that have one
//   rows_rejected_total{endpoint,type}           rows that the contract refused; type of their first error
//   field_errors_total{endpoint,field,type}      every bad field; field is empty for names not in the
//   contract
//
// A series is made when it is first needed (a lock, once); after that counting is a search of a few entries.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "contract/contract.h"
#include "contract/row_reader.h"
#include "monitor/metrics.h"

namespace turnout {

class RequestCounts {
 public:
  // `endpoint` may be empty. The series of an endpoint's 200 and 422 are there from the start, at 0.
  RequestCounts(Metrics& metrics, MetricsShard& shard, std::string endpoint, std::string_view route);
  void Add(int status) {
    for (const auto& [known, id] : ids_) {
      if (known == status) return shard_.Add(id);
    }
    shard_.Add(Make(status));
  }

 private:
  CounterId Make(int status);

  Metrics& metrics_;
  MetricsShard& shard_;
  std::string endpoint_, route_;
  std::vector<std::pair<int, CounterId>> ids_;
};

class RefusalCounts {
 public:
  RefusalCounts(Metrics& metrics, MetricsShard& shard, std::string endpoint, const Contract& contract)
      : metrics_(metrics), shard_(shard), endpoint_(std::move(endpoint)), contract_(contract) {}
  void Add(const Refusal& refusal);

 private:
  struct Known {
    int32_t field;  // of the contract; -1: not in it
    std::string_view type;
    CounterId id;
  };
  CounterId Row(std::string_view type);
  CounterId FieldError(int32_t field, std::string_view type);

  Metrics& metrics_;
  MetricsShard& shard_;
  std::string endpoint_;
  const Contract& contract_;
  std::vector<std::pair<std::string_view, CounterId>> rows_;  // types are static
  std::vector<Known> fields_;
};

}  // namespace turnout
