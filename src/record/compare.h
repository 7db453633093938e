// Comparison: what shadows would have answered beside what was answered, from the prediction log.
//
// One line at a time, in memory that does not grow with the log (but for the values of a segment's field, of
// which kMostSegments are told apart).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "record/log_line.h"

namespace turnout {

inline constexpr std::size_t kMostSegments = 1000;

// Positive numbers in buckets that are 2 % wide: quantiles within 1 % of the value (DDSketch with a = 1 %).
class LogHistogram {
 public:
  void Add(double value);
  // `q` in 0..1; 0 if empty.
  double Quantile(double q) const;
  uint64_t count() const { return count_; }

 private:
  std::map<int32_t, uint64_t> buckets_;
  uint64_t count_ = 0;
};

struct ComparisonKey {
  std::string endpoint, shadow, primary;
  auto operator<=>(const ComparisonKey&) const = default;
};

struct Agreement {
  uint64_t rows = 0, agree = 0, refused = 0;
  double difference = 0, absolute = 0,
         largest = 0;     // shadow's score - the answer's: sum, sum of |.|, largest |.|
  uint64_t compared = 0;  // rows with scores on both sides

  void Add(const LogLine& line);
};

struct Comparison {
  static constexpr std::size_t kBins = 20;
  Agreement all;
  std::map<std::pair<std::string, std::string>, uint64_t>
      flips;                                  // (answered, shadow's) -> rows; classes only
  std::map<std::string, Agreement> segments;  // by the value of the field asked for
  uint64_t other_segments = 0;                // rows of values beyond kMostSegments
  // Scores in 0..1 of the class that was answered.
  std::array<uint64_t, kBins> answered_scores{}, shadow_scores{};
  LogHistogram shadow_us;
  std::string first, last;  // times
};

class Comparer {
 public:
  struct Options {
    std::string endpoint, shadow;  // empty: every one
    std::string by;                // a field; empty: no segments
  };
  explicit Comparer(Options options) : options_(std::move(options)) {}

  // Lines that cannot be read are counted; so is a last one that was cut short.
  void Add(std::string_view line);
  const std::map<ComparisonKey, Comparison>& comparisons() const { return comparisons_; }
  // Microseconds that a version took to answer; nullptr: the log has no answer of it.
  const LogHistogram* Latency(const std::string& endpoint, const std::string& version) const;
  uint64_t lines() const { return lines_; }
  uint64_t unread() const { return unread_; }

 private:
  const Options options_;
  JsonTokenizer json_;
  std::map<ComparisonKey, Comparison> comparisons_;
  std::map<std::pair<std::string, std::string>, LogHistogram>
      latencies_;  // (endpoint, version) that answered
  uint64_t lines_ = 0, unread_ = 0;
};

}  // namespace turnout
