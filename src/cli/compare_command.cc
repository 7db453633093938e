#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "bytes/json_builder.h"
#include "cli/commands.h"
#include "cli/compare_page.h"
#include "record/compare.h"
#include "record/line_files.h"
#include "storage/file.h"

namespace turnout {
namespace {

constexpr std::size_t kSegmentsShown = 20;

// The log's folder, or one of its files.
Result<std::vector<std::string>> Files(const std::string& path) {
  if (!std::filesystem::is_directory(path)) return std::vector<std::string>{path};
  auto files = LineFiles::List(path, "predictions");
  if (files.empty()) {
    return Fail(Code::kNotFound,
                fmt::format("{}: no predictions-*.jsonl in it; `prediction_log.folder` of the "
                            "server's configuration says where they are",
                            path));
  }
  return files;
}

Status Read(const std::string& path, Comparer& comparer) {
  TURNOUT_ASSIGN(MappedFile file, MappedFile::Open(path));
  const auto bytes = file.bytes();
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    comparer.Add(text.substr(at, end - at));
    at = end + 1;
    file.Forget(std::min(at, text.size()));
  }
  return {};
}

std::string Percent(uint64_t part, uint64_t whole) {
  return whole == 0 ? "-"
                    : fmt::format("{:.4f} %", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

double Mean(double sum, uint64_t n) { return n == 0 ? 0 : sum / static_cast<double>(n); }

void AddAgreement(JsonBuilder& json, const Agreement& a) {
  json.Key("rows").Number(static_cast<double>(a.rows)).Key("agree").Number(static_cast<double>(a.agree));
  json.Key("refused").Number(static_cast<double>(a.refused));
  json.Key("mean_difference").Number(Mean(a.difference, a.compared));
  json.Key("mean_absolute_difference").Number(Mean(a.absolute, a.compared));
  json.Key("largest_difference").Number(a.largest);
}

std::string Json(const Comparer& comparer) {
  JsonBuilder json;
  json.Object().Key("lines").Number(static_cast<double>(comparer.lines()));
  json.Key("unread_lines").Number(static_cast<double>(comparer.unread())).Key("comparisons").Array();
  for (const auto& [key, c] : comparer.comparisons()) {
    json.Object().Key("endpoint").Text(key.endpoint).Key("shadow").Text(key.shadow);
    json.Key("answered_by").Text(key.primary).Key("first").Text(c.first).Key("last").Text(c.last);
    AddAgreement(json, c.all);
    json.Key("flips").Array();
    for (const auto& [labels, rows] : c.flips) {
      json.Object().Key("answered").Text(labels.first).Key("shadow").Text(labels.second);
      json.Key("rows").Number(static_cast<double>(rows)).End();
    }
    json.End().Key("shadow_p50_us").Number(c.shadow_us.Quantile(0.5));
    json.Key("shadow_p99_us").Number(c.shadow_us.Quantile(0.99));
    if (const LogHistogram* answered = comparer.Latency(key.endpoint, key.primary)) {
      json.Key("answered_p50_us").Number(answered->Quantile(0.5));
      json.Key("answered_p99_us").Number(answered->Quantile(0.99));
    }
    json.Key("segments").Array();
    for (const auto& [value, a] : c.segments) {
      json.Object().Key("value").Text(value);
      AddAgreement(json, a);
      json.End();
    }
    json.End().End();
  }
  return json.End().End().Take() + "\n";
}

std::string Table(const Comparer& comparer, const std::string& by) {
  std::string out;
  for (const auto& [key, c] : comparer.comparisons()) {
    const Agreement& a = c.all;
    out += fmt::format("{}: shadow {} beside {}\n", key.endpoint, key.shadow, key.primary);
    out += fmt::format("  rows          {} ({} to {})\n", a.rows, c.first, c.last);
    out += fmt::format("  agree         {} ({})\n", a.agree, Percent(a.agree, a.rows));
    for (const auto& [labels, rows] : c.flips) {
      out += fmt::format("  flips         {} -> {}: {} ({:.1f} per 10,000)\n", labels.first, labels.second,
                         rows, 1e4 * static_cast<double>(rows) / static_cast<double>(a.rows));
    }
    if (a.refused > 0) out += fmt::format("  refused       {} ({})\n", a.refused, Percent(a.refused, a.rows));
    out += fmt::format("  score         shadow - answered: mean {:+.6g}, mean |.| {:.6g}, largest {:.6g}\n",
                       Mean(a.difference, a.compared), Mean(a.absolute, a.compared), a.largest);
    out += fmt::format("  shadow takes  {:.1f} us (p50), {:.1f} us (p99) for a request's rows\n",
                       c.shadow_us.Quantile(0.5), c.shadow_us.Quantile(0.99));
    if (const LogHistogram* answered = comparer.Latency(key.endpoint, key.primary)) {
      out += fmt::format("  answers took  {:.1f} us (p50), {:.1f} us (p99) from request to answer\n",
                         answered->Quantile(0.5), answered->Quantile(0.99));
    }
    std::vector<std::pair<std::string, Agreement>> segments(c.segments.begin(), c.segments.end());
    std::stable_sort(segments.begin(), segments.end(),
                     [](const auto& x, const auto& y) { return x.second.rows > y.second.rows; });
    if (!segments.empty()) out += fmt::format("  by {}\n", by);
    for (std::size_t i = 0; i < std::min(segments.size(), kSegmentsShown); ++i) {
      const auto& [value, part] = segments[i];
      out += fmt::format("    {:<20} {:>10} rows, agree {}, mean |.| {:.6g}\n", value.substr(0, 40),
                         part.rows, Percent(part.agree, part.rows), Mean(part.absolute, part.compared));
    }
    if (segments.size() > kSegmentsShown) {
      out += fmt::format("    and {} more; --json has all of them\n", segments.size() - kSegmentsShown);
    }
    if (c.other_segments > 0) {
      out += fmt::format("    {} rows of values beyond the first {}\n", c.other_segments, kMostSegments);
    }
  }
  return out;
}

Status Compare(const CompareArguments& arguments, Comparer& comparer) {
  TURNOUT_ASSIGN(const auto files, Files(arguments.log));
  for (const std::string& file : files) TURNOUT_TRY(Read(file, comparer));
  if (!comparer.comparisons().empty()) return {};
  return Fail(
      Code::kNotFound,
      fmt::format("{}: none of {} lines is a shadow's{}; does the endpoint have a version with "
                  "`shadow: true`, and the server a `prediction_log`?",
                  arguments.log, comparer.lines(),
                  arguments.endpoint.empty() && arguments.shadow.empty() ? "" : " that was asked for"));
}

}  // namespace

int RunCompare(const CompareArguments& arguments) {
  Comparer comparer({arguments.endpoint, arguments.shadow, arguments.by});
  if (const Status compared = Compare(arguments, comparer); !compared) return Report(compared.error());
  if (comparer.unread() > 0) {
    fmt::print(stderr, "turnout: {} of {} lines could not be read\n", comparer.unread(), comparer.lines());
  }
  if (!arguments.html.empty()) {
    auto file = AtomicFile::Create(arguments.html);
    if (!file) return Report(file.error());
    Status written = file->Append(ComparePage(comparer, arguments.by));
    if (written) written = file->Commit();
    if (!written) return Report(written.error());
  }
  const std::string out = arguments.json ? Json(comparer) : Table(comparer, arguments.by);
  std::fwrite(out.data(), 1, out.size(), stdout);
  return 0;
}

}  // namespace turnout
