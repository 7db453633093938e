#include "protocol/rest/counts.h"

namespace turnout {

RequestCounts::RequestCounts(Metrics& metrics, MetricsShard& shard, std::string endpoint,
                             std::string_view route)
    : metrics_(metrics), shard_(shard), endpoint_(std::move(endpoint)), route_(route) {
  if (endpoint_.empty()) return;
  Make(200);
  Make(422);
}

CounterId RequestCounts::Make(int status) {
  MetricLabels labels;
  if (!endpoint_.empty()) labels.emplace_back("endpoint", endpoint_);
  labels.emplace_back("route", route_);
  labels.emplace_back("status", std::to_string(status));
  const CounterId id = metrics_.Counter("http_requests_total", "HTTP requests answered, by status.", labels);
  ids_.emplace_back(status, id);
  return id;
}

void RefusalCounts::Add(const Refusal& refusal) {
  if (refusal.errors.empty()) return;
  shard_.Add(Row(refusal.errors.front().type));
  for (const auto& error : refusal.errors) {
    shard_.Add(FieldError(contract_.Find(error.field).field, error.type));
  }
}

CounterId RefusalCounts::Row(std::string_view type) {
  for (const auto& [known, id] : rows_) {
    if (known == type) return id;
  }
  const CounterId id = metrics_.Counter("rows_rejected_total",
                                        "Rows that the contract refused, by the type of their first error.",
                                        {{"endpoint", endpoint_}, {"type", std::string(type)}});
  rows_.emplace_back(type, id);
  return id;
}

CounterId RefusalCounts::FieldError(int32_t field, std::string_view type) {
  for (const Known& known : fields_) {
    if (known.field == field && known.type == type) return known.id;
  }
  const std::string name = field < 0 ? "" : contract_.fields[static_cast<std::size_t>(field)].name;
  const CounterId id =
      metrics_.Counter("field_errors_total", "Bad fields in refused rows.",
                       {{"endpoint", endpoint_}, {"field", name}, {"type", std::string(type)}});
  fields_.push_back({field, type, id});
  return id;
}

}  // namespace turnout
