#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "bytes/json_builder.h"
#include "cli/commands.h"
#include "control/audit.h"
#include "storage/file.h"

namespace turnout {

int RunAuditVerify(const AuditArguments& arguments) {
  constexpr std::size_t kLargestLog = std::size_t{4} << 30;
  std::error_code none;
  const std::string path = std::filesystem::is_directory(arguments.path, none)
                               ? (std::filesystem::path(arguments.path) / "audit.jsonl").string()
                               : arguments.path;
  const auto text = ReadFile(path, kLargestLog);
  if (!text) return Report(text.error());
  const auto report = AuditVerify(*text);
  if (!report) {
    if (arguments.json) {
      std::puts(JsonBuilder()
                    .Object()
                    .Key("valid")
                    .Bool(false)
                    .Key("why")
                    .Text(report.error().message)
                    .End()
                    .Take()
                    .c_str());
    } else {
      std::puts(fmt::format("{}: {}", path, report.error().message).c_str());
    }
    return 1;
  }
  if (arguments.json) {
    JsonBuilder json;
    json.Object().Key("valid").Bool(true).Key("lines").Number(static_cast<double>(report->lines));
    json.Key("verdicts").Number(static_cast<double>(report->verdicts));
    json.Key("torn_bytes")
        .Number(static_cast<double>(report->torn_bytes))
        .Key("last_hash")
        .Text(report->last_hash);
    std::puts(json.End().Take().c_str());
    return 0;
  }
  std::puts(
      fmt::format(
          "{}: {} lines, each with the hash of the one before; {} verdicts given again. The last hash is {}",
          path, report->lines, report->verdicts, report->last_hash)
          .c_str());
  if (report->torn_bytes > 0) {
    std::puts(
        fmt::format("{} bytes at the end are a line that was being written.", report->torn_bytes).c_str());
  }
  return 0;
}

}  // namespace turnout
