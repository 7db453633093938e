#include "control/crash_loop.h"

#include <algorithm>

#include "bytes/json_builder.h"
#include "bytes/json_view.h"
#include "storage/file.h"

namespace turnout {
namespace {

constexpr std::size_t kLargestMark = 1 << 20;

}  // namespace

Result<CrashLoop> CrashLoop::Open(std::string path, int64_t now) {
  CrashLoop loop;
  loop.path_ = std::move(path);
  const auto text = ReadFile(loop.path_, kLargestMark);
  if (!text && text.error().code != Code::kNotFound) return std::unexpected(text.error());
  JsonTokenizer json;
  // A mark that can't be read is as none: it is written in one piece, so somebody else has been at it.
  const std::string document = text ? *text : "{}";
  const auto tokens = json.Document(document);
  const JsonView mark = tokens ? JsonView(*tokens) : JsonView();
  for (const JsonView& death : mark["deaths"].Items()) {
    const auto at = static_cast<int64_t>(death["at"].Whole().value_or(0));
    if (now - at <= kWithinSeconds)
      loop.deaths_.push_back({std::min(at, now), std::string(death["candidate"].Text())});
  }
  loop.unclean_ = mark["running"].True();
  if (loop.unclean_) {
    for (const JsonView& candidate : mark["live"].Items()) {
      loop.deaths_.push_back({now, std::string(candidate.Text())});
    }
  }
  TURNOUT_TRY(loop.Write());
  return loop;
}

int CrashLoop::deaths(const std::string& candidate) const {
  return static_cast<int>(std::count_if(deaths_.begin(), deaths_.end(),
                                        [&](const Death& death) { return death.candidate == candidate; }));
}

Status CrashLoop::Live(std::vector<std::string> candidates) {
  std::sort(candidates.begin(), candidates.end());
  if (candidates == live_) return {};
  live_ = std::move(candidates);
  return Write();
}

Status CrashLoop::End() {
  running_ = false;
  live_.clear();
  return Write();
}

Status CrashLoop::Write() const {
  JsonBuilder json;
  json.Object().Key("running").Bool(running_).Key("live").Array();
  for (const std::string& candidate : live_) json.Text(candidate);
  json.End().Key("deaths").Array();
  for (const Death& death : deaths_) {
    json.Object()
        .Key("at")
        .Number(static_cast<double>(death.at))
        .Key("candidate")
        .Text(death.candidate)
        .End();
  }
  json.End().End();
  TURNOUT_ASSIGN(AtomicFile file, AtomicFile::Create(path_));
  TURNOUT_TRY(file.Append(json.Take() + "\n"));
  return file.Commit();
}

}  // namespace turnout
