// YAML in: text to a plain tree with line numbers (yaml-cpp does the work).
//
// Limits: 1 MiB of text, 100,000 nodes after aliases are expanded (30 lines of aliases can make millions),
// depth 64. Duplicate keys, tags, merge keys and a second document are errors.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace turnout {

struct YamlEntry;

struct Yaml {
  enum class Kind { kNull, kScalar, kList, kMap };
  Kind kind = Kind::kNull;
  int line = 0;                // 1-based
  std::string scalar;          // kScalar: the text
  bool quoted = false;         // kScalar: was quoted, so it is a string whatever it looks like
  std::vector<Yaml> list;      // kList
  std::vector<YamlEntry> map;  // kMap, in order of the file

  const Yaml* Find(std::string_view key) const;  // kMap; nullptr: absent
};

// Not a std::pair: clang can't complete one that holds a type that holds it.
struct YamlEntry {
  std::string first;  // the key
  Yaml second;
};

// `source` is the file's name for messages: "server.yaml:12: ...". An empty text is kNull.
Result<Yaml> ParseYaml(std::string_view text, std::string_view source);

// "a list", "a map", "nothing", "'gold'": a node as messages show what was found.
std::string Describe(const Yaml& node);

// Typed access with messages that name source, line, and the path of the setting ("listen.http").
// Collects every problem instead of stopping at the first. A null node (or an absent map) reads as empty.
class YamlReader {
 public:
  explicit YamlReader(std::string_view source) : source_(source) {}

  // The settings read while a Scope lives are below `name`: "fields[2]", then "fields[2].min".
  class Scope {
   public:
    Scope(YamlReader& reader, std::string_view name);
    ~Scope() { reader_.path_.resize(size_); }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    YamlReader& reader_;
    std::size_t size_;
  };

  void Problem(int line, std::string message);  // "server.yaml:12: message"
  // "server.yaml:12: listen.http: message"; an empty key: the scope itself.
  void Problem(int line, std::string_view key, std::string_view message);
  // The first of these that fails records a problem and gives the fallback.
  std::string Text(const Yaml& map, std::string_view key, std::string_view fallback);
  double Number(const Yaml& map, std::string_view key, double fallback, double min, double max);
  int64_t Integer(const Yaml& map, std::string_view key, int64_t fallback, int64_t min, int64_t max);
  bool Boolean(const Yaml& map, std::string_view key, bool fallback);
  // A problem for every key that is not in `known`, with the nearest known one: "did you mean ...?".
  void Known(const Yaml& map, const std::vector<std::string_view>& known, std::string_view what);

  bool ok() const { return problems_.empty(); }
  Status status() const;  // all problems, a line each, in order of lines

 private:
  // The scalar at `key`, or nullptr: absent or null. Another kind of node is a problem.
  const Yaml* Scalar(const Yaml& map, std::string_view key, std::string_view expected);

  struct Found {
    int line;
    std::string text;
  };
  std::string source_;
  std::string path_;
  std::vector<Found> problems_;
};

// The one of `known` that `given` most likely means; empty: none is near.
std::string_view Nearest(std::string_view given, const std::vector<std::string_view>& known);

// "500ms", "2s", "1m30s", "24h" to seconds; "99.5%" or "0.995" to 0.995; "64MiB", "10MB", "4096" to bytes.
std::optional<double> ParseDuration(std::string_view text);
std::optional<double> ParseShare(std::string_view text);
std::optional<uint64_t> ParseSize(std::string_view text);

}  // namespace turnout
