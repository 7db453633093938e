#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "bytes/json_writer.h"
#include "cli/commands.h"
#include "registry/expected.h"
#include "registry/version.h"
#include "server/endpoints.h"
#include "server/modes.h"
#include "storage/file.h"

namespace turnout {
namespace {

constexpr std::size_t kLargestTable = std::size_t{1} << 30;

std::string Number(double value) {
  std::string text;
  AppendNumber(text, value);
  return text;
}

Result<Comparison> Compare(const VerifyArguments& arguments) {
  TURNOUT_ASSIGN(const RegistryModel loaded, LoadModelOrReference(arguments.model, arguments.registry));
  const ModelFile& file = loaded.file;
  TURNOUT_ASSIGN(const auto engine, CompileEngine(file.model, arguments.engine));
  TURNOUT_ASSIGN(const std::string rows, ReadFile(arguments.rows, kLargestTable));
  TURNOUT_ASSIGN(const std::string expected, ReadFile(arguments.expected, kLargestTable));
  return CompareWithExpected(file.model, *engine, rows, arguments.rows, expected, arguments.expected,
                             {.all = arguments.tolerance, .of = {}});
}

void Print(const Comparison& comparison, const VerifyArguments& arguments) {
  std::printf("%zu rows, %zu columns\n", comparison.rows, comparison.columns.size());
  for (const ColumnComparison& column : comparison.columns) {
    std::printf("%s\n",
                fmt::format("  {:<24} largest difference {:<12} {}", column.column, Number(column.largest),
                            column.wrong == 0
                                ? "good"
                                : fmt::format("{} rows differ; row {}: got {}, expected {}", column.wrong,
                                              column.worst_row, column.got, column.expected))
                    .c_str());
  }
  std::printf("%s\n",
              comparison.holds()
                  ? "all hold"
                  : fmt::format("answers differ (tolerance {})", Number(arguments.tolerance)).c_str());
}

std::string Json(const Comparison& comparison) {
  std::string out = fmt::format("{{\"ok\":{},\"rows\":{},\"columns\":[", comparison.holds(), comparison.rows);
  for (std::size_t i = 0; i < comparison.columns.size(); ++i) {
    const ColumnComparison& column = comparison.columns[i];
    out += i > 0 ? ",{\"column\":" : "{\"column\":";
    AppendJsonString(out, column.column);
    out += ",\"largest_difference\":";
    AppendJsonNumber(out, column.largest);
    out += fmt::format(",\"wrong\":{},\"worst_row\":{},\"got\":", column.wrong, column.worst_row);
    AppendJsonString(out, column.got);
    out += ",\"expected\":";
    AppendJsonString(out, column.expected);
    out += '}';
  }
  return out + "]}";
}

void Print(const ModesReport& report) {
  for (const ModeResult& mode : report.modes) {
    std::printf("%s\n", fmt::format("  {:<12} {} rows, {} refused, {} different", mode.mode, mode.rows,
                                    mode.refused, mode.different)
                            .c_str());
    if (!mode.first_difference.empty()) std::printf("    %s\n", mode.first_difference.c_str());
  }
  std::printf("%s\n", report.agree() ? "all modes agree to the bit" : "the modes differ");
}

std::string Json(const std::string& endpoint, const ModesReport& report) {
  std::string out = fmt::format("{{\"ok\":{},\"endpoint\":", report.agree());
  AppendJsonString(out, endpoint);
  out += ",\"modes\":[";
  for (std::size_t i = 0; i < report.modes.size(); ++i) {
    const ModeResult& mode = report.modes[i];
    out += i > 0 ? ",{\"mode\":" : "{\"mode\":";
    AppendJsonString(out, mode.mode);
    out += fmt::format(",\"rows\":{},\"refused\":{},\"different\":{},\"first_difference\":", mode.rows,
                       mode.refused, mode.different);
    AppendJsonString(out, mode.first_difference);
    out += '}';
  }
  return out + "]}";
}

int Modes(const VerifyArguments& arguments) {
  const auto config = ReadConfigOrModel(arguments.modes, arguments.registry);
  if (!config) return Report(config.error());
  const bool watched = isatty(STDERR_FILENO) == 1;
  bool agree = true;
  for (const EndpointConfig& endpoint : config->endpoints) {
    ModesOptions options{
        .endpoint = endpoint, .rows = arguments.rows, .brokers = arguments.brokers, .starting = {}};
    if (watched) {
      options.starting = [](std::string_view mode) {
        std::fprintf(stderr, "\r\x1b[K%.*s ...", static_cast<int>(mode.size()), mode.data());
      };
    }
    const auto report = CompareModes(options);
    if (watched) std::fputs("\r\x1b[K", stderr);
    if (!report) return Report(report.error());
    if (arguments.json) {
      std::printf("%s\n", Json(endpoint.name, *report).c_str());
    } else {
      std::printf("endpoint %s\n", endpoint.name.c_str());
      Print(*report);
    }
    agree &= report->agree();
  }
  return agree ? 0 : 1;
}

}  // namespace

int RunVerify(const VerifyArguments& arguments) {
  if (!arguments.modes.empty()) return Modes(arguments);
  const auto comparison = Compare(arguments);
  if (!comparison) return Report(comparison.error());
  if (arguments.json) {
    std::printf("%s\n", Json(*comparison).c_str());
  } else {
    Print(*comparison, arguments);
  }
  return comparison->holds() ? 0 : 1;
}

}  // namespace turnout
