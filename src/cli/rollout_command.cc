#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "base/stop_signal.h"
#include "bytes/json_builder.h"
#include "bytes/yaml.h"
#include "cli/admin_client.h"
#include "cli/commands.h"
#include "cli/rollout_text.h"
#include "registry/reference.h"
#include "rollout/rollout.h"

namespace turnout {
namespace {

constexpr int kTimeoutExit = 124;

// The strategy that the command line names, as JSON; empty: none of it.
Result<std::string> StrategyJson(const RolloutArguments& arguments) {
  JsonBuilder json;
  json.Object();
  bool any = false;
  std::string kind = arguments.strategy;
  if (kind.empty() && !arguments.steps.empty()) kind = "canary";
  if (!kind.empty()) {
    json.Key("kind").Text(kind);
    any = true;
  }
  if (!arguments.steps.empty()) {
    json.Key("steps").Text(arguments.steps);
    any = true;
  }
  const auto seconds = [](const std::string& text) -> Result<double> {
    const auto read = ParseDuration(text);
    if (read) return *read;
    return Fail(Code::kInvalidArgument, fmt::format("'{}' is not a duration; write 30s, 10m or 24h", text));
  };
  if (!arguments.bake.empty()) {
    TURNOUT_ASSIGN(const double bake, seconds(arguments.bake));
    json.Key("steps").Array().Object().Key("ppm").Number(0).Key("bake").Number(bake).End().End();
    any = true;
  }
  if (!arguments.watch.empty()) {
    TURNOUT_ASSIGN(const double watch, seconds(arguments.watch));
    json.Key("post_promote_watch").Number(watch);
    any = true;
  }
  if (!arguments.auto_promote.empty()) {
    json.Key("auto_promote").Bool(arguments.auto_promote == "true");
    any = true;
  }
  json.End();
  return any ? json.Take() : std::string();
}

Result<std::string> Body(const RolloutArguments& arguments) {
  JsonBuilder json;
  json.Object();
  if (!arguments.version.empty()) json.Key("version").Text(arguments.version);
  if (IsRegistryReference(arguments.model)) {
    json.Key("model").Text(arguments.model);
  } else if (!arguments.model.empty()) {
    // The server's working folder is another one.
    std::error_code error;
    const auto path = std::filesystem::absolute(arguments.model, error);
    json.Key("model").Text(error ? arguments.model : path.lexically_normal().string());
  }
  TURNOUT_ASSIGN(const std::string strategy, StrategyJson(arguments));
  if (!strategy.empty()) json.Key("strategy").Raw(strategy);
  if (!arguments.reason.empty()) json.Key("reason").Text(arguments.reason);
  return json.End().Take();
}

AdminRequest Get(const RolloutArguments& arguments, std::string_view more = {}) {
  return {.admin = arguments.admin,
          .method = "GET",
          .path = fmt::format("/endpoints/{}/rollout{}", EscapedForPath(arguments.endpoint), more)};
}

// What the rollout has come to; nothing: it goes on.
std::optional<int> ExitOf(const JsonView& status) {
  const JsonView rollout = status["rollout"];
  if (!rollout) return 0;
  const auto phase = ParsePhase(rollout["phase"].Text());
  if (!phase || status["next"]) return std::nullopt;
  switch (*phase) {
    case Phase::kSucceeded: return 0;
    case Phase::kRolledBack: return 10;
    case Phase::kFailed: return 11;
    case Phase::kPaused: return 12;
    case Phase::kSuperseded: return 13;
    default: return std::nullopt;
  }
}

int Columns() {
  winsize size{};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

// Every line replaces what stood there, and the rest of the screen is emptied: no flicker.
void Draw(const std::string& text) {
  std::string out = "\x1b[H";
  for (const char c : text) {
    if (c == '\n') out += "\x1b[K";
    out += c;
  }
  std::fputs((out + "\x1b[J").c_str(), stdout);
  std::fflush(stdout);
}

// wait and watch. A server that is away for a moment (a restart) is asked again until the timeout.
int Follow(const RolloutArguments& arguments) {
  using Clock = std::chrono::steady_clock;
  constexpr auto kBetween = std::chrono::milliseconds(200);
  const bool watch = arguments.verb == "watch";
  const bool draw = watch && !arguments.json && isatty(STDOUT_FILENO) == 1;
  const auto start = Clock::now();
  const auto left = [&] {
    return arguments.timeout <= 0 ||
           std::chrono::duration<double>(Clock::now() - start).count() < arguments.timeout;
  };
  StopSignal stop;
  std::string told;
  bool seen = false;
  if (draw) std::fputs("\x1b[?1049h\x1b[?25l", stdout);
  std::string last;
  int code = kTimeoutExit;
  std::optional<Error> failed;
  while (true) {
    const auto reply = AskAdmin(Get(arguments));
    const bool away = !reply && reply.error().code == Code::kUnavailable;
    if (!reply && (!away || !seen)) {
      failed = reply.error();
      break;
    }
    JsonTokenizer json;
    const auto tokens =
        reply ? json.Document(*reply) : Result<std::span<const JsonToken>>(std::unexpected(Error{}));
    if (tokens) {
      seen = true;
      const JsonView status(*tokens);
      last = StatusText(status, true);
      const std::string line = arguments.json ? *reply : StatusLine(status);
      if (draw) {
        Draw(WatchText(status, Columns()) + "\n  Ctrl-C ends the watching, not the rollout.\n");
      } else if (watch && line != told) {
        std::puts(line.c_str());
        std::fflush(stdout);
        told = line;
      }
      if (const auto ended = ExitOf(status); ended && (!watch || *ended != 12)) {
        if (arguments.json && !watch) std::puts(reply->c_str());
        if (!arguments.json && !watch) std::puts(StatusLine(status).c_str());
        code = *ended;
        break;
      }
    } else if (draw && away) {
      Draw(fmt::format("turnout rollout watch {}\n\n  {}\n", arguments.endpoint, reply.error().message));
    }
    if (!left()) break;
    if (stop.flag()) {
      code = 128 + stop.number();
      break;
    }
    std::this_thread::sleep_for(kBetween);
  }
  if (draw) {
    std::fputs("\x1b[?25h\x1b[?1049l", stdout);
    if (!failed) std::fputs(last.c_str(), stdout);
  }
  if (failed) return Report(*failed);
  if (code == kTimeoutExit) {
    std::fprintf(stderr, "turnout: the rollout goes on after %g s\n", arguments.timeout);
  }
  return code;
}

}  // namespace

int RunRollout(const RolloutArguments& arguments) {
  const std::string& verb = arguments.verb;
  if (verb == "wait" || verb == "watch") return Follow(arguments);
  AdminRequest request = Get(arguments, verb == "history" ? "/history" : "");
  const bool shows = verb == "status" || verb == "explain" || verb == "history";
  if (!shows) {
    request.method = "POST";
    request.path += "/" + (verb == "promote" && arguments.full ? std::string("promote_full") : verb);
    auto body = Body(arguments);
    if (!body) return Report(body.error());
    request.body = *std::move(body);
    request.if_match = arguments.if_revision;
    request.key = arguments.key;
  }
  const auto reply = AskAdmin(request);
  if (!reply) return Report(reply.error());
  if (arguments.json) {
    std::puts(reply->c_str());
    return 0;
  }
  JsonTokenizer json;
  const auto tokens = json.Document(*reply);
  if (!tokens) return Report(tokens.error());
  const JsonView view(*tokens);
  const std::string text = verb == "history" ? HistoryText(view)
                           : verb == "plan"  ? PlanText(view)
                                             : StatusText(view, verb == "explain");
  std::fputs(text.c_str(), stdout);
  return 0;
}

}  // namespace turnout
