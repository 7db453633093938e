#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "bytes/json_builder.h"
#include "bytes/number.h"
#include "cli/commands.h"
#include "registry/push.h"

namespace turnout {
namespace {

// One line on a terminal that says what is being done, drawn over and over; nobody else is told.
class Activity {
 public:
  ~Activity() { Clear(); }
  void Show(std::string_view what) {
    if (!visible_) return;
    std::fprintf(stderr, "\r\x1b[K%s ...", std::string(what).c_str());
    std::fflush(stderr);
    drawn_ = true;
  }
  void Clear() {
    if (drawn_) std::fputs("\r\x1b[K", stderr);
    drawn_ = false;
  }

 private:
  const bool visible_ = isatty(STDERR_FILENO) == 1;
  bool drawn_ = false;
};

void Print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

void Note(const std::string& text) { std::fprintf(stderr, "turnout: %s\n", text.c_str()); }

void NoteSwept(const std::vector<std::string>& swept) {
  for (const std::string& path : swept)
    Note("removed " + path + ", which an interrupted push or removal left");
}

Result<CatalogVersion> Find(Catalog& catalog, const std::string& reference) {
  TURNOUT_ASSIGN(const VersionReference parsed, ParseReference(reference));
  return catalog.Find(parsed);
}

// "sha256:0123456789ab": what a reference takes.
std::string ShortDigest(const StoredFile& file) { return "sha256:" + file.sha256.substr(0, 12); }

std::string Aliases(const CatalogVersion& version) {
  std::string text;
  for (const std::string& alias : version.aliases) text += (text.empty() ? "@" : " @") + alias;
  return text;
}

void WriteVersion(JsonBuilder& json, const Catalog& catalog, const CatalogVersion& version) {
  json.Object().Key("reference").Text(version.reference());
  json.Key("name").Text(version.name).Key("version").Text(version.version);
  json.Key("aliases").Array();
  for (const std::string& alias : version.aliases) json.Text(alias);
  json.End().Key("pushed").Text(version.pushed).Key("file").Text(version.file_name);
  json.Key("library").Text(version.library).Key("library_version").Text(version.library_version);
  json.Key("estimator").Text(version.estimator).Key("tolerance").Number(version.tolerance);
  json.Key("parts").Object();
  for (const Part part : kParts) {
    const StoredFile& file = version.file(part);
    if (!file.exists()) continue;
    json.Key(Name(part)).Object().Key("sha256").Text(file.sha256);
    json.Key("bytes").Number(static_cast<double>(file.bytes)).Key("path").Text(catalog.PathOf(file)).End();
  }
  json.End().Key("metadata").Object();
  for (const auto& [key, value] : version.metadata) json.Key(key).Text(value);
  json.End().End();
}

// Columns as wide as what they hold.
std::string Table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) line += fmt::format("{:<{}}  ", row[i], widths[i]);
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

std::string Human(const Catalog& catalog, const CatalogVersion& version) {
  std::string out;
  const auto line = [&](std::string_view name, const std::string& value) {
    out += fmt::format("{:<12} {}\n", name, value);
  };
  line("version", version.reference());
  if (!version.aliases.empty()) line("aliases", Aliases(version));
  line("pushed", version.pushed);
  line("library", version.library + (version.library_version.empty() ? " (version not told)"
                                                                     : " " + version.library_version));
  line("estimator", version.estimator);
  for (const Part part : kParts) {
    const StoredFile& file = version.file(part);
    std::string more;
    if (part == Part::kModel) more = ", pushed as " + version.file_name;
    if (part == Part::kExpected && file.exists()) {
      more = ", tolerance ";
      AppendNumber(more, version.tolerance);
    }
    line(Name(part),
         file.exists() ? fmt::format("{} ({} bytes{})", catalog.PathOf(file), file.bytes, more) : "none");
  }
  for (const auto& [key, value] : version.metadata) {
    out +=
        fmt::format("{:<12} {}={}\n", &key == &version.metadata.begin()->first ? "metadata" : "", key, value);
  }
  return out;
}

struct Pushed {
  CatalogVersion version;
  Catalog::Added added;
  std::size_t golden_rows = 0;
};

Result<PushRequest> RequestOf(const RegistryArguments& arguments) {
  TURNOUT_ASSIGN(const VersionReference reference, ParseReference(arguments.reference));
  if (reference.version.empty()) {
    return Fail(Code::kInvalidArgument, fmt::format("{} names no new version; write NAME:VERSION, such as "
                                                    "churn:v2.1.0",
                                                    Printable(arguments.reference)));
  }
  PushRequest request;
  request.name = reference.name;
  request.version = reference.version;
  request.model = arguments.model;
  request.contract = arguments.contract;
  request.rows = arguments.rows;
  request.expected = arguments.expected;
  request.tolerance = arguments.tolerance;
  request.training = arguments.train;
  request.label = arguments.label;
  for (const std::string& pair : arguments.metadata) {
    const std::size_t equals = pair.find('=');
    if (equals == pair.npos) {
      return Fail(Code::kInvalidArgument,
                  fmt::format("{} is not KEY=VALUE, such as team=risk", Printable(pair)));
    }
    if (!request.metadata.emplace(pair.substr(0, equals), pair.substr(equals + 1)).second) {
      return Fail(Code::kInvalidArgument,
                  fmt::format("metadata {} is given twice", Printable(pair.substr(0, equals))));
    }
  }
  // Before the work, not after it.
  for (const std::string& alias : arguments.tags) TURNOUT_TRY(CheckAliasName(alias));
  return request;
}

Result<Pushed> Push(const RegistryArguments& arguments, PushRequest request) {
  Activity activity;
  request.doing = [&activity](std::string_view what) { activity.Show(what); };
  TURNOUT_ASSIGN(Catalog catalog, Catalog::OpenOrCreate(arguments.registry));
  TURNOUT_ASSIGN(const PreparedRelease prepared, PrepareRelease(catalog, request));
  activity.Show("storing");
  TURNOUT_ASSIGN(Catalog::Added added, catalog.Add(prepared.release()));
  for (const std::string& alias : arguments.tags) {
    TURNOUT_TRY(catalog.SetAlias(request.name, alias, request.version));
  }
  TURNOUT_ASSIGN(CatalogVersion version, catalog.Find({.name = request.name, .version = request.version}));
  return Pushed{std::move(version), std::move(added), prepared.golden_rows()};
}

}  // namespace

int RunRegistryPush(const RegistryArguments& arguments) {
  auto request = RequestOf(arguments);
  if (!request) return Report(request.error());
  const auto pushed = Push(arguments, *std::move(request));
  if (!pushed) return Report(pushed.error());
  const CatalogVersion& version = pushed->version;
  const StoredFile& model = version.file(Part::kModel);
  NoteSwept(pushed->added.swept);
  for (const std::string& part : pushed->added.restored) {
    Note(fmt::format("restored the {} of {}, which was damaged or missing", part, version.reference()));
  }
  if (arguments.json) {
    JsonBuilder json;
    json.Object().Key("ok").Bool(true).Key("reference").Text(version.reference());
    json.Key("existed").Bool(pushed->added.existed).Key("sha256").Text(model.sha256);
    json.Key("bytes").Number(static_cast<double>(model.bytes));
    json.Key("golden_rows").Number(static_cast<double>(pushed->golden_rows)).Key("aliases").Array();
    for (const std::string& alias : version.aliases) json.Text(alias);
    Print(json.End().End().Take() + "\n");
    return 0;
  }
  Print(fmt::format("{} {} ({}, {} bytes; {})\n", version.reference(),
                    pushed->added.existed ? "is there already, with the same bytes" : "pushed",
                    ShortDigest(model), model.bytes,
                    pushed->golden_rows == 0 ? "no golden rows: --rows and --expected prove its answers"
                                             : fmt::format("{} golden rows hold", pushed->golden_rows)));
  for (const std::string& alias : arguments.tags) {
    Print(fmt::format("{}@{} is {}\n", version.name, alias, version.version));
  }
  return 0;
}

int RunRegistryList(const RegistryArguments& arguments) {
  auto catalog = Catalog::Open(arguments.registry);
  if (!catalog) return Report(catalog.error());
  auto versions = catalog->List();
  if (!versions) return Report(versions.error());
  if (!arguments.reference.empty()) {
    if (auto named = CheckModelName(arguments.reference); !named) return Report(named.error());
    std::erase_if(*versions, [&](const CatalogVersion& one) { return one.name != arguments.reference; });
  }
  if (arguments.json) {
    JsonBuilder json;
    json.Array();
    for (const CatalogVersion& version : *versions) WriteVersion(json, *catalog, version);
    Print(json.End().Take() + "\n");
    return 0;
  }
  std::vector<std::vector<std::string>> rows = {
      {"VERSION", "PUSHED", "MODEL", "BYTES", "LIBRARY", "ESTIMATOR", "ALIASES"}};
  for (const CatalogVersion& version : *versions) {
    const StoredFile& model = version.file(Part::kModel);
    rows.push_back({version.reference(), version.pushed, ShortDigest(model), fmt::format("{}", model.bytes),
                    version.library + " " + version.library_version,
                    version.estimator.substr(version.estimator.rfind('.') + 1), Aliases(version)});
  }
  Print(Table(rows));
  return 0;
}

int RunRegistryShow(const RegistryArguments& arguments) {
  auto catalog = Catalog::Open(arguments.registry);
  if (!catalog) return Report(catalog.error());
  const auto version = Find(*catalog, arguments.reference);
  if (!version) return Report(version.error());
  if (!arguments.part.empty()) {
    for (const Part part : kParts) {
      if (Name(part) != arguments.part) continue;
      if (!version->file(part).exists()) {
        return Report(
            {Code::kNotFound, fmt::format("{} was pushed without {}", version->reference(), Name(part))});
      }
      const auto file = catalog->OpenFile(version->file(part));
      if (!file) return Report(file.error());
      std::fwrite(file->bytes().data(), 1, file->bytes().size(), stdout);
    }
    return 0;
  }
  if (arguments.json) {
    JsonBuilder json;
    WriteVersion(json, *catalog, *version);
    Print(json.Take() + "\n");
  } else {
    Print(Human(*catalog, *version));
  }
  return 0;
}

int RunRegistryTag(const RegistryArguments& arguments) {
  auto catalog = Catalog::Open(arguments.registry);
  if (!catalog) return Report(catalog.error());
  const auto version = Find(*catalog, arguments.reference);
  if (!version) return Report(version.error());
  const std::string alias = version->name + "@" + arguments.alias;
  std::string before = version->version;
  if (arguments.remove) {
    const auto& has = version->aliases;
    if (std::find(has.begin(), has.end(), arguments.alias) == has.end()) {
      return Report(
          {Code::kNotFound, fmt::format("{} is not @{}; it is {}", version->reference(), arguments.alias,
                                        has.empty() ? "no alias" : Aliases(*version))});
    }
    if (auto removed = catalog->RemoveAlias(version->name, arguments.alias); !removed)
      return Report(removed.error());
  } else {
    const auto set = catalog->SetAlias(version->name, arguments.alias, version->version);
    if (!set) return Report(set.error());
    before = *set;
  }
  const std::string now = arguments.remove ? "" : version->version;
  if (arguments.json) {
    JsonBuilder json;
    json.Object().Key("ok").Bool(true).Key("alias").Text(alias).Key("version");
    now.empty() ? json.Raw("null") : json.Text(now);
    json.Key("before");
    before.empty() ? json.Raw("null") : json.Text(before);
    Print(json.End().Take() + "\n");
  } else {
    Print(fmt::format("{} {}{}\n", alias, now.empty() ? "removed" : "is " + now,
                      before.empty() || before == now ? "" : fmt::format(" (it was {})", before)));
  }
  return 0;
}

int RunRegistryRemove(const RegistryArguments& arguments) {
  auto catalog = Catalog::Open(arguments.registry);
  if (!catalog) return Report(catalog.error());
  const auto version = Find(*catalog, arguments.reference);
  if (!version) return Report(version.error());
  const auto removed = catalog->Remove(*version, arguments.force);
  if (!removed) return Report(removed.error());
  if (arguments.json) {
    JsonBuilder json;
    json.Object().Key("ok").Bool(true).Key("reference").Text(version->reference()).Key("aliases").Array();
    for (const std::string& alias : removed->aliases) json.Text(alias);
    json.End().Key("files").Number(static_cast<double>(removed->swept.size()));
    Print(json.End().Take() + "\n");
    return 0;
  }
  std::string with;
  for (const std::string& alias : removed->aliases) with += fmt::format(", and the alias @{}", alias);
  Print(fmt::format("{} removed{}; {} file{} that no other version has\n", version->reference(), with,
                    removed->swept.size(), removed->swept.size() == 1 ? "" : "s"));
  return 0;
}

int RunRegistryVerify(const RegistryArguments& arguments) {
  std::vector<std::string> lines, problems, swept;
  std::size_t count = 0, good = 0;
  const auto verify = [&]() -> Status {
    Activity activity;
    TURNOUT_ASSIGN(Catalog catalog, Catalog::Open(arguments.registry));
    TURNOUT_ASSIGN(const std::vector<CatalogVersion> versions, catalog.List());
    for (const CatalogVersion& version : versions) {
      if (!arguments.reference.empty() && version.name != arguments.reference) continue;
      activity.Show(fmt::format("{} of {}: {}", ++count, versions.size(), version.reference()));
      auto found = CheckVersion(catalog, version);
      // It may have been removed meanwhile, and its files with it.
      if (!found.empty()) {
        const auto still = catalog.Find({.name = version.name, .version = version.version});
        if (!still && still.error().code == Code::kNotFound) continue;
      }
      good += found.empty();
      lines.push_back(version.reference() + ": " + (found.empty() ? "good" : "damaged"));
      problems.insert(problems.end(), found.begin(), found.end());
    }
    TURNOUT_ASSIGN(swept, catalog.Sweep());
    return {};
  };
  if (auto verified = verify(); !verified) {
    if (verified.error().code != Code::kCorrupt) return Report(verified.error());
    problems.push_back(verified.error().message);
  }
  if (arguments.json) {
    JsonBuilder json;
    json.Object().Key("ok").Bool(problems.empty()).Key("versions").Number(static_cast<double>(count));
    json.Key("good").Number(static_cast<double>(good)).Key("problems").Array();
    for (const std::string& problem : problems) json.Text(problem);
    json.End().Key("removed").Array();
    for (const std::string& path : swept) json.Text(path);
    Print(json.End().End().Take() + "\n");
  } else {
    NoteSwept(swept);
    for (const std::string& line : lines) Print(line + "\n");
    for (const std::string& problem : problems) std::fprintf(stderr, "%s\n", problem.c_str());
    Print(fmt::format("{} version{}: {}\n", count, count == 1 ? "" : "s",
                      problems.empty()
                          ? "all good"
                          : fmt::format("{} problem{}", problems.size(), problems.size() == 1 ? "" : "s")));
  }
  return problems.empty() ? 0 : 1;
}

}  // namespace turnout
