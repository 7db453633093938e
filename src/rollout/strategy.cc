#include "rollout/strategy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "rollout/route.h"

namespace turnout {
namespace {

constexpr std::array<std::pair<StrategyKind, std::string_view>, 5> kKinds = {{
    {StrategyKind::kRecreate, "recreate"},
    {StrategyKind::kRolling, "rolling"},
    {StrategyKind::kBlueGreen, "bluegreen"},
    {StrategyKind::kCanary, "canary"},
    {StrategyKind::kShadow, "shadow"},
}};

constexpr std::array<std::pair<std::string_view, std::string_view>, 1> kPresets = {{
    {"fast", "5% for 2m then 25% for 2m then 50% for 2m then 100%"},
}};

constexpr std::size_t kMostSteps = 100;
constexpr double kLongestBake = 365.0 * 24 * 3600;

std::unexpected<Error> Bad(std::string message) { return Fail(Code::kInvalidArgument, std::move(message)); }

// "1m30s" to seconds; negative: not a duration. (bytes/yaml.h has one too: rollout depends on base alone.)
double ParseSeconds(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, double>, 5> kUnits = {
      {{"ms", 1e-3}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}}};
  if (text.empty()) return -1;
  double seconds = 0;
  while (!text.empty()) {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || !(number >= 0) || std::isinf(number)) return -1;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const std::string_view unit = text.substr(0, text.find_first_of("0123456789."));
    const auto known =
        std::find_if(kUnits.begin(), kUnits.end(), [&](const auto& u) { return u.first == unit; });
    if (known == kUnits.end()) return -1;
    seconds += number * known->second;
    text.remove_prefix(unit.size());
  }
  return seconds;
}

// The words of `text`, and what is left of it.
std::string_view Word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(word.size());
  return word;
}

Result<RolloutStep> ParseStep(std::string_view text) {
  const std::string_view whole = text;
  RolloutStep step;
  TURNOUT_ASSIGN(step.ppm, ParsePpm(Word(text)));
  for (std::string_view word = Word(text); !word.empty(); word = Word(text)) {
    const std::string_view value = Word(text);
    if (word == "for") {
      step.bake_seconds = ParseSeconds(value);
      if (step.bake_seconds < 0 || step.bake_seconds > kLongestBake) {
        return Bad(fmt::format("step '{}': '{}' is not a duration; write 30s, 10m or 24h", whole, value));
      }
    } else if (word == "after") {
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), step.min_requests);
      if (value.empty() || error != std::errc() || end != value.data() + value.size()) {
        return Bad(fmt::format("step '{}': '{}' is not a number of requests", whole, value));
      }
    } else {
      return Bad(
          fmt::format("step '{}': '{}' where `for` and a duration, `after` and a number of requests, or "
                      "`then` and the next step are expected",
                      whole, word));
    }
  }
  return step;
}

}  // namespace

std::string_view Name(StrategyKind kind) {
  for (const auto& [known, name] : kKinds) {
    if (known == kind) return name;
  }
  return "?";
}

Result<StrategyKind> ParseStrategyKind(std::string_view text) {
  for (const auto& [kind, name] : kKinds) {
    if (name == text) return kind;
  }
  return Bad(
      fmt::format("'{}' is not a strategy; there are recreate, rolling, bluegreen, canary, shadow", text));
}

Result<std::vector<RolloutStep>> ParseSteps(std::string_view text) {
  for (const auto& [name, steps] : kPresets) {
    if (text == name) text = steps;
  }
  constexpr std::string_view kThen = " then ";
  std::vector<RolloutStep> steps;
  while (true) {
    const std::size_t end = text.find(kThen);
    TURNOUT_ASSIGN(const RolloutStep step, ParseStep(text.substr(0, end)));
    steps.push_back(step);
    if (steps.size() > kMostSteps) return Bad(fmt::format("more than {} steps", kMostSteps));
    if (end == text.npos) break;
    text.remove_prefix(end + kThen.size());
  }
  const RolloutStep& last = steps.back();
  if (last.ppm == kWhole) {
    if (last.bake_seconds > 0 || last.min_requests > 0) {
      return Bad("the last 100 % is the promotion: what watches over it is `post_promote_watch`");
    }
    steps.pop_back();
  }
  return steps;
}

std::string DurationText(double seconds) {
  if (seconds < 1) return fmt::format("{:.0f}ms", seconds * 1e3);
  auto left = static_cast<uint64_t>(std::llround(seconds));
  std::string text;
  for (const auto& [unit, name] : {std::pair<uint64_t, char>{3600, 'h'}, {60, 'm'}, {1, 's'}}) {
    if (left >= unit) text += fmt::format("{}{}", left / unit, name);
    left %= unit;
  }
  return text;
}

std::string StepsText(const std::vector<RolloutStep>& steps) {
  std::string text;
  for (const RolloutStep& step : steps) {
    text += PpmText(step.ppm) + "%";
    if (step.bake_seconds > 0) text += " for " + DurationText(step.bake_seconds);
    if (step.min_requests > 0) text += fmt::format(" after {}", step.min_requests);
    text += " then ";
  }
  return text + "100%";
}

Status Check(const Strategy& strategy) {
  const bool canary = strategy.kind == StrategyKind::kCanary;
  if (canary && strategy.steps.empty()) {
    return Bad("a canary needs steps, such as `10% for 24h then 100%` or `fast`");
  }
  uint32_t before = 0;
  for (const RolloutStep& step : strategy.steps) {
    if (canary && (step.ppm <= before || step.ppm >= kWhole)) {
      return Bad(fmt::format("the steps' shares must grow and end below 100 %, but {} % follows {} %",
                             PpmText(step.ppm), PpmText(before)));
    }
    before = step.ppm;
    if (canary && step.bake_seconds == 0 && step.min_requests == 0) {
      return Bad(
          fmt::format("the step of {} % asks for nothing: give it `for` a time or `after` a number of "
                      "requests",
                      PpmText(step.ppm)));
    }
  }
  if (!(strategy.max_bake_factor >= 1 && strategy.max_bake_factor <= 1000)) {
    return Bad("max_bake_factor is not within 1 to 1000");
  }
  for (const Gate& gate : strategy.gates) {
    const bool share = gate.kind == GateKind::kErrors || gate.kind == GateKind::kRefused;
    if (share && !(gate.limit >= 0 && gate.limit <= 1)) {
      return Bad(fmt::format("gate {}: a limit of {} is no share of the rows", Name(gate.kind), gate.limit));
    }
    if (gate.kind == GateKind::kP99 && !(gate.limit > 0 && gate.limit <= 3600)) {
      return Bad(fmt::format("gate p99: a limit of {} s is not within 0 s to 1 h", gate.limit));
    }
  }
  return {};
}

}  // namespace turnout
