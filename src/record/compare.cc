#include "record/compare.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

namespace turnout {
namespace {

constexpr double kGamma = 1.02;  // (1 + a) / (1 - a) for a = 1 %, about

std::optional<double> NumberOf(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// How sure `given` is of the class that was answered; a regression: its value.
std::optional<double> ScoreOf(const LogLine::Given& given, const std::string& answered) {
  if (given.scores.empty()) return NumberOf(given.prediction);
  for (const auto& [label, score] : given.scores) {
    if (label == answered) return score;
  }
  return std::nullopt;
}

// Both scores, where there are both.
std::optional<std::pair<double, double>> Scores(const LogLine& line) {
  const std::string& answered = line.primary->prediction;
  const bool classes = !line.primary->scores.empty() && !line.given.scores.empty();
  const bool values = line.primary->scores.empty() && line.given.scores.empty();
  if (!classes && !values) return std::nullopt;
  const auto ours = ScoreOf(line.given, answered), theirs = ScoreOf(*line.primary, answered);
  if (!ours || !theirs || !std::isfinite(*ours) || !std::isfinite(*theirs)) return std::nullopt;
  return std::pair(*ours, *theirs);
}

std::size_t BinOf(double score) {
  const double bin = std::floor(score * static_cast<double>(Comparison::kBins));
  return static_cast<std::size_t>(std::clamp(bin, 0.0, static_cast<double>(Comparison::kBins - 1)));
}

}  // namespace

void LogHistogram::Add(double value) {
  if (!(value > 0) || std::isinf(value)) value = 1e-3;
  ++buckets_[static_cast<int32_t>(std::ceil(std::log(value) / std::log(kGamma)))];
  ++count_;
}

double LogHistogram::Quantile(double q) const {
  if (count_ == 0) return 0;
  const auto target = static_cast<uint64_t>(std::ceil(q * static_cast<double>(count_)));
  uint64_t seen = 0;
  for (const auto& [bucket, rows] : buckets_) {
    seen += rows;
    if (seen >= std::max<uint64_t>(target, 1)) return 2 * std::pow(kGamma, bucket) / (kGamma + 1);
  }
  return 0;
}

void Agreement::Add(const LogLine& line) {
  ++rows;
  if (line.refused) {
    ++refused;
    return;
  }
  agree += line.given.prediction == line.primary->prediction ? 1 : 0;
  const auto scores = Scores(line);
  if (!scores) return;
  ++compared;
  const double d = scores->first - scores->second;
  difference += d;
  absolute += std::fabs(d);
  largest = std::max(largest, std::fabs(d));
}

void Comparer::Add(std::string_view text) {
  if (text.empty()) return;
  ++lines_;
  auto line = ParseLogLine(json_, text);
  if (!line) {
    ++unread_;
    return;
  }
  if (!options_.endpoint.empty() && line->endpoint != options_.endpoint) return;
  if (!line->shadow) {
    latencies_[{line->endpoint, line->given.version}].Add(line->latency_us);
    return;
  }
  if (!options_.shadow.empty() && line->given.version != options_.shadow) return;
  Comparison& c = comparisons_[{line->endpoint, line->given.version, line->primary->version}];
  c.all.Add(*line);
  if (c.first.empty() || line->time < c.first) c.first = line->time;
  c.last = std::max(c.last, line->time);
  c.shadow_us.Add(line->latency_us);
  if (!options_.by.empty()) {
    std::string value = "(missing)";
    for (const auto& [name, given] : line->fields) {
      if (name == options_.by && !given.empty()) value = given;
    }
    const auto found = c.segments.find(value);
    if (found != c.segments.end()) {
      found->second.Add(*line);
    } else if (c.segments.size() < kMostSegments) {
      c.segments[value].Add(*line);
    } else {
      ++c.other_segments;
    }
  }
  if (line->refused) return;
  const bool classes = !line->primary->scores.empty() || !line->given.scores.empty();
  if (classes && line->given.prediction != line->primary->prediction) {
    ++c.flips[{line->primary->prediction, line->given.prediction}];
  }
  if (const auto scores = Scores(*line); classes && scores) {
    ++c.shadow_scores[BinOf(scores->first)];
    ++c.answered_scores[BinOf(scores->second)];
  }
}

const LogHistogram* Comparer::Latency(const std::string& endpoint, const std::string& version) const {
  const auto found = latencies_.find({endpoint, version});
  return found == latencies_.end() ? nullptr : &found->second;
}

}  // namespace turnout
