#include "registry/distribution.h"

#include <algorithm>
#include <cmath>

namespace turnout {
namespace {

constexpr double kQuantiles[] = {0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99};
constexpr int kBins = 10;
constexpr std::size_t kMostValues = 50;

// Of ascending values: the smallest that has at least `share` of them at or below it.
double Quantile(const std::vector<double>& values, double share) {
  const double rank = std::ceil(share * static_cast<double>(values.size()));
  const auto index = static_cast<std::size_t>(std::max(rank, 1.0)) - 1;
  return values[std::min(index, values.size() - 1)];
}

double Count(uint64_t n) { return static_cast<double>(n); }

}  // namespace

void ColumnProfile::Add(double number) {
  IsMissing(number) ? static_cast<void>(++missing_) : numbers_.push_back(number);
}

void ColumnProfile::Add(std::string_view text) {
  if (IsMissing(text)) {
    ++missing_;
  } else {
    ++texts_[std::string(text)];
  }
}

void ColumnProfile::Write(JsonBuilder& json) const {
  type_ == ColumnType::kNumber ? WriteNumbers(json) : WriteTexts(json);
}

void ColumnProfile::WriteNumbers(JsonBuilder& json) const {
  std::vector<double> values = numbers_;
  std::sort(values.begin(), values.end());
  const double n = Count(values.size());
  // Two passes: the deviation of large numbers that lie close together keeps its digits.
  double sum = 0, squares = 0;
  for (const double value : values) sum += value;
  const double mean = sum / n;
  for (const double value : values) squares += (value - mean) * (value - mean);
  json.Key("count").Number(n).Key("missing").Number(Count(missing_));
  const auto put = [&](std::string_view name, double value) {
    json.Key(name);
    values.empty() ? json.Raw("null") : json.Number(value);
  };
  put("min", values.empty() ? 0 : values.front());
  put("max", values.empty() ? 0 : values.back());
  put("mean", mean);
  put("deviation", std::sqrt(squares / n));
  json.Key("quantiles").Array();
  for (const double share : kQuantiles) {
    if (!values.empty()) json.Array().Number(share).Number(Quantile(values, share)).End();
  }
  json.End();

  std::vector<double> bounds;
  for (int i = 1; i < kBins && !values.empty(); ++i) {
    const double bound = Quantile(values, static_cast<double>(i) / kBins);
    if (bounds.empty() || bounds.back() != bound) bounds.push_back(bound);
  }
  json.Key("bins").Object().Key("bounds").Array();
  for (const double bound : bounds) json.Number(bound);
  json.End().Key("counts").Array();
  auto from = values.begin();
  for (const double bound : bounds) {
    const auto to = std::upper_bound(from, values.end(), bound);
    json.Number(static_cast<double>(to - from));
    from = to;
  }
  json.Number(static_cast<double>(values.end() - from)).End().End();
}

void ColumnProfile::WriteTexts(JsonBuilder& json) const {
  std::vector<std::pair<std::string_view, uint64_t>> values(texts_.begin(), texts_.end());
  std::sort(values.begin(), values.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  uint64_t count = 0, others = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    count += values[i].second;
    if (i >= kMostValues) others += values[i].second;
  }
  json.Key("count").Number(Count(count)).Key("missing").Number(Count(missing_));
  json.Key("distinct").Number(Count(values.size())).Key("values").Array();
  for (std::size_t i = 0; i < std::min(values.size(), kMostValues); ++i) {
    json.Object().Key("value").Text(values[i].first).Key("count").Number(Count(values[i].second)).End();
  }
  json.End().Key("others").Number(Count(others));
}

}  // namespace turnout
