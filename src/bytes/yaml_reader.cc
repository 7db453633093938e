#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "bytes/number.h"
#include "bytes/yaml.h"

namespace turnout {
namespace {

// Edits (insert, delete, replace, swap of neighbours) from one word to the other.
std::size_t Distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before, previous(b.size() + 1), current(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) previous[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      current[j] = std::min({previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        current[j] = std::min(current[j], before[j - 2] + 1);
      }
    }
    before = previous;
    std::swap(previous, current);
  }
  return previous[b.size()];
}

std::string Shown(double number) {
  std::string out;
  AppendNumber(out, number);
  return out;
}

// "number unit" repeated or once; calls take(number, unit) for each; false: not of that form.
template <class Take>
bool Split(std::string_view text, Take take) {
  if (text.empty()) return false;
  while (!text.empty()) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
    const ParsedNumber number = ParseNumber(text.substr(0, digits));
    if (number.error != NumberError::kNone) return false;
    text.remove_prefix(digits);
    const std::size_t unit = std::min(text.find_first_of("0123456789."), text.size());
    if (!take(number.value, text.substr(0, unit))) return false;
    text.remove_prefix(unit);
  }
  return true;
}

}  // namespace

std::string_view Nearest(std::string_view given, const std::vector<std::string_view>& known) {
  std::string_view nearest;
  if (given.size() > 64) return nearest;
  std::size_t best = std::max<std::size_t>(given.size() / 3, 1) + 1;
  for (const std::string_view word : known) {
    if (const std::size_t distance = Distance(given, word); distance < best) {
      best = distance;
      nearest = word;
    }
  }
  return nearest;
}

YamlReader::Scope::Scope(YamlReader& reader, std::string_view name)
    : reader_(reader), size_(reader.path_.size()) {
  if (!reader_.path_.empty() && !name.starts_with('[')) reader_.path_ += '.';
  reader_.path_ += name;
}

void YamlReader::Problem(int line, std::string message) {
  problems_.push_back({line, fmt::format("{}:{}: {}", source_, line, message)});
}

void YamlReader::Problem(int line, std::string_view key, std::string_view message) {
  const std::string_view dot = path_.empty() || key.empty() || key.starts_with('[') ? "" : ".";
  const std::string_view colon = path_.empty() && key.empty() ? "" : ": ";
  Problem(line, fmt::format("{}{}{}{}{}", path_, dot, key, colon, message));
}

const Yaml* YamlReader::Scalar(const Yaml& map, std::string_view key, std::string_view expected) {
  const Yaml* node = map.Find(key);
  if (node == nullptr || node->kind == Yaml::Kind::kNull) return nullptr;
  if (node->kind == Yaml::Kind::kScalar) return node;
  Problem(node->line, key, fmt::format("must be {}, but is {}", expected, Describe(*node)));
  return nullptr;
}

std::string YamlReader::Text(const Yaml& map, std::string_view key, std::string_view fallback) {
  const Yaml* node = Scalar(map, key, "a text");
  return node == nullptr ? std::string(fallback) : node->scalar;
}

double YamlReader::Number(const Yaml& map, std::string_view key, double fallback, double min, double max) {
  const Yaml* node = Scalar(map, key, "a number");
  if (node == nullptr) return fallback;
  const ParsedNumber number = ParseNumber(node->scalar);
  if (node->quoted || number.error != NumberError::kNone) {
    Problem(node->line, key, fmt::format("must be a number, but is {}", Describe(*node)));
    return fallback;
  }
  if (number.value < min || number.value > max) {
    Problem(node->line, key,
            fmt::format("must be from {} to {}, but is {}", Shown(min), Shown(max), node->scalar));
    return fallback;
  }
  return number.value;
}

int64_t YamlReader::Integer(const Yaml& map, std::string_view key, int64_t fallback, int64_t min,
                            int64_t max) {
  const Yaml* node = Scalar(map, key, "a whole number");
  if (node == nullptr) return fallback;
  const ParsedNumber number = ParseNumber(node->scalar);
  if (node->quoted || number.error != NumberError::kNone || std::trunc(number.value) != number.value) {
    Problem(node->line, key, fmt::format("must be a whole number, but is {}", Describe(*node)));
    return fallback;
  }
  // As doubles first: a value outside int64_t has no conversion.
  if (number.value < -9.2e18 || number.value > 9.2e18 || static_cast<int64_t>(number.value) < min ||
      static_cast<int64_t>(number.value) > max) {
    Problem(node->line, key, fmt::format("must be from {} to {}, but is {}", min, max, node->scalar));
    return fallback;
  }
  return static_cast<int64_t>(number.value);
}

bool YamlReader::Boolean(const Yaml& map, std::string_view key, bool fallback) {
  const Yaml* node = Scalar(map, key, "true or false");
  if (node == nullptr) return fallback;
  if (!node->quoted && (node->scalar == "true" || node->scalar == "false")) return node->scalar == "true";
  Problem(node->line, key, fmt::format("must be true or false, but is {}", Describe(*node)));
  return fallback;
}

void YamlReader::Known(const Yaml& map, const std::vector<std::string_view>& known, std::string_view what) {
  for (const auto& [name, value] : map.map) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const std::string_view nearest = Nearest(name, known);
    Problem(value.line, name,
            nearest.empty() ? fmt::format("unknown {} (known: {})", what, fmt::join(known, ", "))
                            : fmt::format("unknown {}; did you mean '{}'?", what, nearest));
  }
}

Status YamlReader::status() const {
  if (problems_.empty()) return {};
  std::vector<const Found*> sorted;
  for (const Found& problem : problems_) sorted.push_back(&problem);
  std::stable_sort(sorted.begin(), sorted.end(), [](auto* a, auto* b) { return a->line < b->line; });
  std::string all;
  for (const Found* problem : sorted) {
    if (!all.empty()) all += '\n';
    all += problem->text;
  }
  return Fail(Code::kInvalidArgument, std::move(all));
}

std::optional<double> ParseDuration(std::string_view text) {
  double seconds = 0;
  const bool valid = Split(text, [&](double number, std::string_view unit) {
    const double scale = unit == "ns"   ? 1e-9
                         : unit == "us" ? 1e-6
                         : unit == "ms" ? 1e-3
                         : unit == "s"  ? 1
                         : unit == "m"  ? 60
                         : unit == "h"  ? 3600
                         : unit == "d"  ? 86400
                                        : 0;
    // 500 ms is 500 / 1000: dividing by a whole number rounds once, to what 0.5 reads as.
    seconds += scale < 1 && scale > 0 ? number / std::round(1 / scale) : number * scale;
    return scale > 0;
  });
  if (!valid) return std::nullopt;
  return seconds;
}

std::optional<double> ParseShare(std::string_view text) {
  const bool percent = text.ends_with('%');
  if (percent) text.remove_suffix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  const ParsedNumber number = ParseNumber(text);
  const double share = percent ? number.value / 100 : number.value;
  if (number.error != NumberError::kNone || std::signbit(share) || share > 1) return std::nullopt;
  return share;
}

std::optional<uint64_t> ParseSize(std::string_view text) {
  double bytes = 0;
  int parts = 0;
  const bool valid = Split(text, [&](double number, std::string_view unit) {
    const double scale = unit.empty() || unit == "B"    ? 1
                         : unit == "kB" || unit == "KB" ? 1e3
                         : unit == "MB"                 ? 1e6
                         : unit == "GB"                 ? 1e9
                         : unit == "TB"                 ? 1e12
                         : unit == "KiB"                ? 0x1p10
                         : unit == "MiB"                ? 0x1p20
                         : unit == "GiB"                ? 0x1p30
                         : unit == "TiB"                ? 0x1p40
                                                        : 0;
    bytes = number * scale;
    return scale > 0 && ++parts == 1;
  });
  if (!valid || bytes >= 0x1p63 || std::trunc(bytes) != bytes) return std::nullopt;
  return static_cast<uint64_t>(bytes);
}

}  // namespace turnout
