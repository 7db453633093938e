#include "server/modes.h"

#include <fmt/format.h>

#include "net/http_server.h"
#include "protocol/rest/service.h"
#include "server/endpoints.h"
#include "storage/file.h"

namespace turnout {
namespace {

constexpr std::size_t kLargestTable = std::size_t{1} << 30;

}  // namespace

bool ModesReport::agree() const {
  for (const ModeResult& mode : modes) {
    if (mode.different > 0) return false;
  }
  return modes.size() > 1;
}

ModeResult JudgeMode(std::string mode, const ModeAnswers& answers, const std::string& first_mode,
                     const ModeAnswers& first) {
  ModeResult result;
  result.mode = std::move(mode);
  for (std::size_t i = 0; i < std::max(first.size(), answers.size()); ++i) {
    const std::string got = i < answers.size() ? answers[i] : "";
    const std::string wanted = i < first.size() ? first[i] : "";
    result.rows += !got.empty();
    result.refused += IsRefused(got);
    if (got == wanted && !got.empty()) continue;
    if (result.different++ == 0) {
      const auto shown = [](const std::string& text) { return text.empty() ? "no answer" : text; };
      result.first_difference =
          fmt::format("row {}: {} '{}', {} '{}'", i + 1, first_mode, shown(wanted), result.mode, shown(got));
    }
  }
  return result;
}

Result<ModesReport> CompareModes(const ModesOptions& options) {
  TURNOUT_ASSIGN(const Endpoint endpoint, LoadEndpoint(options.endpoint, AskEverything));
  TURNOUT_ASSIGN(const std::string text, ReadFile(options.rows, kLargestTable));
  TURNOUT_ASSIGN(TextTable table, ReadTextTable(text, options.rows));
  if (table.rows() == 0) return Fail(Code::kInvalidArgument, options.rows + ": no rows");
  Metrics metrics;
  const ModeRun run{std::move(table), options.rows, MakeSnapshot(endpoint, metrics), metrics};

  RestService rest(metrics, {.max_rows = kModeBatchRows});
  TURNOUT_ASSIGN(const auto server, HttpServer::Start(HttpServer::Options{.loops = 1}, rest.Handlers()));
  TURNOUT_TRY(rest.Publish({run.snapshot}));

  struct Mode {
    std::string name;
    std::function<Result<ModeAnswers>()> answers;
  };
  std::vector<Mode> modes = {
      {"rest", [&] { return RestAnswers(run, server->port()); }},
      {"rest batch", [&] { return RestBatchAnswers(run, server->port()); }},
      {"file", [&] { return FileAnswers(run); }},
  };
  if (!options.brokers.empty()) {
    modes.push_back({"kafka", [&] { return KafkaAnswers(run, options.brokers); }});
  }
  ModesReport report;
  ModeAnswers first;
  for (const Mode& mode : modes) {
    if (options.starting) options.starting(mode.name);
    auto answers = mode.answers();
    if (!answers) return Within(mode.name, std::move(answers).error());
    if (report.modes.empty()) first = *answers;
    report.modes.push_back(JudgeMode(mode.name, *answers, modes[0].name, first));
  }
  return report;
}

}  // namespace turnout
