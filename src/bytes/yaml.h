// YAML in: text to a plain tree with line numbers (yaml-cpp does the work).
//
// Limits: 1 MiB of text, 100,000 nodes after aliases are expanded (30 lines of aliases can make millions),
// depth 64. Duplicate keys are errors.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace turnout {

struct Yaml {
  enum class Kind { kNull, kScalar, kList, kMap };
  Kind kind = Kind::kNull;
  int line = 0;               // 1-based
  std::string scalar;         // kScalar: the text
  bool quoted = false;        // kScalar: was quoted, so it is a string whatever it looks like
  std::vector<Yaml> list;     // kList
  std::vector<std::pair<std::string, Yaml>> map;  // kMap, in order of the file

  const Yaml* Find(std::string_view key) const;  // kMap; nullptr: absent
};

// `source` is the file's name for messages: "server.yaml:12: ...".
Result<Yaml> ParseYaml(std::string_view text, std::string_view source);

// Typed access with messages that name source, line, and the path of the setting ("listen.http").
// Collects every problem instead of stopping at the first.
class YamlReader {
 public:
  YamlReader(std::string_view source) : source_(source) {}

  void Problem(int line, std::string message);  // "server.yaml:12: message"
  // The first of these that fails records a problem and gives the fallback.
  std::string Text(const Yaml& map, std::string_view key, std::string fallback);
  double Number(const Yaml& map, std::string_view key, double fallback, double min, double max);
  int64_t Integer(const Yaml& map, std::string_view key, int64_t fallback, int64_t min, int64_t max);
  bool Boolean(const Yaml& map, std::string_view key, bool fallback);
  // A problem for every key that is not in `known`, with the nearest known one: "did you mean ...?".
  void Known(const Yaml& map, std::vector<std::string_view> known, std::string_view what);

  bool ok() const { return problems_.empty(); }
  Status status() const;  // all problems, a line each

 private:
  std::string source_;
  std::vector<std::string> problems_;
};

// "500ms", "2s", "1m30s", "24h" to seconds; "99.5%" to 0.995; "64MiB", "10MB", "4096" to bytes.
std::optional<double> ParseDuration(std::string_view text);
std::optional<double> ParseShare(std::string_view text);
std::optional<uint64_t> ParseSize(std::string_view text);

}  // namespace turnout
