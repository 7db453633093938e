#include "cli/rollout_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "rollout/strategy.h"

namespace turnout {
namespace {

constexpr std::string_view kBold = "\x1b[1m", kDim = "\x1b[2m", kGreen = "\x1b[32m", kRed = "\x1b[31m",
                           kYellow = "\x1b[33m", kPlain = "\x1b[0m";

double Number(const JsonView& view) { return view.Number().value_or(0); }

// Texts come from a server: nothing in them may move a cursor.
std::string Clean(std::string_view text) {
  std::string out;
  for (const char c : text) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  return out;
}

std::string Step(const JsonView& rollout) {
  if (Number(rollout["step"]) == 0) return "";
  const std::string_view what = rollout["strategy"].Text() == "rolling" ? "loop" : "step";
  return fmt::format(", {} {} of {}", what, rollout["step"].Text(), rollout["steps"].Text());
}

// "served 12s of 24h, 120 of 1000 requests"
std::string Served(const JsonView& rollout) {
  std::string text = "served " + DurationText(Number(rollout["seconds"]));
  if (rollout["of_seconds"]) text += " of " + DurationText(Number(rollout["of_seconds"]));
  if (rollout["step_requests"]) {
    text += fmt::format(", {}", rollout["step_requests"].Text());
    if (Number(rollout["of_requests"]) > 0) text += fmt::format(" of {}", rollout["of_requests"].Text());
    text += " requests in this step";
  }
  return text;
}

std::string Shares(const JsonView& status) {
  std::string text;
  for (const auto& [version, share] : status["shares"].Members()) {
    text += fmt::format("{}{} {} %", text.empty() ? "" : ", ", Clean(version), share.Text());
  }
  return text;
}

std::string Counts(const JsonView& evidence) {
  return fmt::format("{} requests, {} rows, {} failed, {} refused, {} no number", evidence["requests"].Text(),
                     evidence["rows"].Text(), evidence["errors"].Text(), evidence["refused"].Text(),
                     evidence["invalid"].Text());
}

std::string_view Color(std::string_view verdict) {
  return verdict == "PASS" ? kGreen : verdict == "FAIL" ? kRed : kYellow;
}

std::string Bar(double share, int width, std::string_view color) {
  const int full = static_cast<int>(std::lround(std::clamp(share, 0.0, 1.0) * width));
  std::string bar(color);
  for (int i = 0; i < width; ++i) bar += i < full ? "█" : i == full ? std::string(kDim) + "░" : "░";
  return bar + std::string(kPlain);
}

std::string_view PhaseColor(std::string_view phase) {
  if (phase == "Succeeded") return kGreen;
  if (phase == "RolledBack" || phase == "Failed" || phase == "Aborting") return kRed;
  if (phase == "Paused" || phase == "Superseded") return kYellow;
  return kBold;
}

}  // namespace

std::string StatusLine(const JsonView& status) {
  const JsonView rollout = status["rollout"];
  if (!rollout) return "no rollout";
  return fmt::format("{} {}{}: {}", rollout["uid"].Text(), rollout["phase"].Text(), Step(rollout),
                     Clean(rollout["why"].Text()));
}

std::string StatusText(const JsonView& status, bool evidence) {
  std::string out =
      fmt::format("endpoint {}, revision {}, generation {}\n  stable      {}\n  shares      {}\n",
                  status["endpoint"].Text(), status["revision"].Text(), status["generation"].Text(),
                  Clean(status["stable"].Text()), Shares(status));
  if (status["frozen"].True()) out += fmt::format("  frozen      {}\n", Clean(status["frozen_why"].Text()));
  if (status["refusal"]) out += fmt::format("  no verbs    {}\n", Clean(status["refusal"].Text()));
  if (const JsonView previous = status["previous"]) {
    out += fmt::format("  previous    {}, loaded for another {}\n", Clean(previous["version"].Text()),
                       DurationText(Number(previous["warm_seconds"])));
  }
  const JsonView rollout = status["rollout"];
  if (!rollout) return out + "  rollout     none; `turnout rollout apply` starts one\n";
  out += fmt::format("  rollout     {}: {} to {}, {}\n  phase       {}{}\n  why         {}\n",
                     rollout["uid"].Text(), Clean(rollout["from"].Text()), Clean(rollout["to"].Text()),
                     rollout["plan"].Text(), rollout["phase"].Text(), Step(rollout),
                     Clean(rollout["why"].Text()));
  if (rollout["down_seconds"]) {
    out += fmt::format("  down        {}\n", DurationText(Number(rollout["down_seconds"])));
  }
  if (!rollout["ended"].True()) out += fmt::format("  so far      {}\n", Served(rollout));
  if (status["next"]) out += fmt::format("  next        {}\n", status["next"]["uid"].Text());
  if (!evidence) return out;
  out += fmt::format("  candidate   {}\n  stable      {}\n", Counts(rollout["candidate"]),
                     Counts(rollout["stable"]));
  for (const JsonView& gate : rollout["gates"].Items()) {
    out += fmt::format("  gate        {} {}: {}\n", gate["gate"].Text(), gate["verdict"].Text(),
                       Clean(gate["why"].Text()));
  }
  return out;
}

std::string HistoryText(const JsonView& history) {
  std::string out;
  for (const JsonView& ended : history["rollouts"].Items()) {
    out += fmt::format("{:<14} {:<11} {} to {}, {}: {}\n", ended["uid"].Text(), ended["phase"].Text(),
                       Clean(ended["from"].Text()), Clean(ended["to"].Text()), ended["strategy"].Text(),
                       Clean(ended["why"].Text()));
  }
  return out.empty() ? "no rollout has ended yet\n" : out;
}

std::string PlanText(const JsonView& plan) {
  std::string out = fmt::format("endpoint {}: {} to {}, {}\n", plan["endpoint"].Text(),
                                Clean(plan["from"].Text()), Clean(plan["to"].Text()), plan["plan"].Text());
  if (plan["supersedes"]) out += fmt::format("  supersedes  {}\n", plan["supersedes"].Text());
  int number = 0;
  for (const JsonView& step : plan["steps"].Items()) {
    out += fmt::format("  step {:<6} ", ++number);
    if (step["share"]) out += fmt::format("{} % of the rows, ", step["share"].Text());
    out += fmt::format("for {} at least", DurationText(Number(step["bake_seconds"])));
    if (Number(step["min_requests"]) > 0)
      out += fmt::format(", after {} requests", step["min_requests"].Text());
    out += '\n';
  }
  out += fmt::format("  promotion   {}\n  watch       {}\n",
                     plan["auto_promote"].True() ? "by itself" : "by `promote`",
                     DurationText(Number(plan["watch_seconds"])));
  for (const JsonView& gate : plan["gates"].Items()) {
    const std::string_view kind = gate["kind"].Text();
    const double limit = Number(gate["limit"]);
    out += fmt::format("  gate        {}", kind);
    if (kind == "p99") out += fmt::format(" within {:.4g} ms", limit * 1e3);
    if (kind == "errors" || kind == "refused") out += fmt::format(" at most {:.4g} %", limit * 100);
    if (Number(gate["min_requests"]) > 0)
      out += fmt::format(", after {} requests", gate["min_requests"].Text());
    out += '\n';
  }
  return out + fmt::format("  takes       {} at least until the promotion\n",
                           DurationText(Number(plan["bake_seconds"])));
}

std::string WatchText(const JsonView& status, int columns) {
  const int width = std::clamp(columns - 34, 10, 60);
  const JsonView rollout = status["rollout"];
  std::string out = fmt::format("{}turnout rollout watch {}{}  {}revision {}, generation {}{}\n\n", kBold,
                                status["endpoint"].Text(), kPlain, kDim, status["revision"].Text(),
                                status["generation"].Text(), kPlain);
  for (const auto& [version, share] : status["shares"].Members()) {
    const std::string name = Clean(version);
    const bool stable = name == status["stable"].Text();
    out += fmt::format("  {:<14.14} {} {:>8} % {}{}{}\n", name,
                       Bar(Number(share) / 100, width, stable ? kGreen : kYellow), share.Text(), kDim,
                       stable                                    ? "stable"
                       : rollout && name == rollout["to"].Text() ? "candidate"
                                                                 : "",
                       kPlain);
  }
  if (!rollout) return out + "\n  no rollout\n";
  const std::string_view phase = rollout["phase"].Text();
  out += fmt::format("\n  {:<14} {}\n  {:<14} {}{}{}{}\n  {:<14} {}\n", "rollout",
                     fmt::format("{}, {}", rollout["uid"].Text(), rollout["plan"].Text()), "phase",
                     PhaseColor(phase), phase, kPlain, Step(rollout), "why", Clean(rollout["why"].Text()));
  if (status["frozen"].True())
    out += fmt::format("  {:<14} {}{}{}\n", "frozen", kYellow, Clean(status["frozen_why"].Text()), kPlain);
  const double of = Number(rollout["of_seconds"]);
  if (of > 0) {
    out += fmt::format("  {:<14} {} {} of {}\n", phase == "Watching" ? "watched" : "baked",
                       Bar(Number(rollout["seconds"]) / of, width, kGreen),
                       DurationText(Number(rollout["seconds"])), DurationText(of));
  }
  const double requests = Number(rollout["of_requests"]);
  if (requests > 0) {
    out += fmt::format("  {:<14} {} {} of {}\n", "requests",
                       Bar(Number(rollout["step_requests"]) / requests, width, kGreen),
                       rollout["step_requests"].Text(), rollout["of_requests"].Text());
  }
  out += fmt::format("  {:<14} {}\n  {:<14} {}\n\n", "candidate", Counts(rollout["candidate"]), "stable",
                     Counts(rollout["stable"]));
  for (const JsonView& gate : rollout["gates"].Items()) {
    const std::string_view verdict = gate["verdict"].Text();
    out += fmt::format("  {:<16} {}{:<13}{} {}\n", gate["gate"].Text(), Color(verdict), verdict, kPlain,
                       Clean(gate["why"].Text()));
  }
  return out;
}

}  // namespace turnout
