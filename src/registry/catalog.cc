#include "registry/catalog.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <charconv>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <set>
#include <tuple>

#include "bytes/digest.h"
#include "bytes/yaml.h"
#include "registry/catalog_contents.h"

namespace turnout {
namespace {

constexpr std::string_view kDatabaseName = "registry.db";
constexpr std::string_view kFilesName = "files";
constexpr std::size_t kShown = 10;  // versions that a message lists

std::string Now() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc)};
}

std::string Listed(std::vector<std::string> names) {
  const std::size_t count = names.size();
  names.resize(std::min(count, kShown));
  return fmt::format("{}{}", fmt::join(names, ", "),
                     count > kShown ? fmt::format(" ... ({} in all)", count) : "");
}

// The process that made `name` ("registry.db.new-<pid>", perhaps with "-wal" after it) is no more.
bool IsLeftover(std::string_view name) {
  const std::string begin = std::string(kDatabaseName).append(Database::kUnfinished);
  if (!name.starts_with(begin)) return false;
  name.remove_prefix(begin.size());
  pid_t process = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), process);
  if (error != std::errc{} || process <= 0) return false;
  const std::string_view rest(end, static_cast<std::size_t>(name.data() + name.size() - end));
  const bool ours = rest.empty() || rest == "-wal" || rest == "-shm" || rest == "-journal";
  return ours && kill(process, 0) != 0 && errno == ESRCH;
}

}  // namespace

std::string_view Name(Part part) {
  switch (part) {
    case Part::kModel: return "model";
    case Part::kContract: return "contract";
    case Part::kRows: return "rows";
    case Part::kExpected: return "expected";
    case Part::kProfile: return "profile";
  }
  return "?";
}

Result<Catalog> Catalog::Open(std::string folder) { return Open(std::move(folder), false); }
Result<Catalog> Catalog::OpenOrCreate(std::string folder) { return Open(std::move(folder), true); }

Result<Catalog> Catalog::Open(std::string folder, bool create) {
  while (folder.size() > 1 && folder.back() == '/') folder.pop_back();
  const std::string path = fmt::format("{}/{}", folder, kDatabaseName);
  struct stat about{};
  if (stat(path.c_str(), &about) != 0) {
    if (!create) {
      return Fail(
          Code::kNotFound,
          fmt::format("{}: no registry there (no {} in it); `turnout registry push` makes one, --registry "
                      "names another folder",
                      folder, kDatabaseName));
    }
    const std::string files = fmt::format("{}/{}", folder, kFilesName);
    TURNOUT_TRY(MakeFolder(files));
    // An empty registry would sweep them away. Another process may just have made the registry, and its
    // files.
    std::error_code error;
    if (!std::filesystem::is_empty(files, error) && stat(path.c_str(), &about) != 0) {
      return Fail(Code::kCorrupt,
                  fmt::format("{}: missing, although there are files in {}; restore it from a "
                              "backup, or push to another folder",
                              path, files));
    }
    TURNOUT_TRY(Database::Create(path, kCatalogSchema));
  }
  TURNOUT_ASSIGN(Database database, Database::Open(path, kCatalogSchema));
  Catalog catalog(std::move(folder), std::move(database));
  if (create) TURNOUT_TRY(MakeFolder(fmt::format("{}/{}", catalog.folder_, kFilesName)));
  return catalog;
}

Result<CatalogContents> Catalog::ReadWhole() {
  TURNOUT_ASSIGN(CatalogContents contents, ReadContents(database_));
  if (contents.damage.empty()) return contents;
  return Fail(Code::kCorrupt, fmt::format("{}: damaged: {}; restore it from a backup", database_.path(),
                                          Listed(contents.damage)));
}

Result<std::vector<CatalogVersion>> Catalog::List() {
  TURNOUT_ASSIGN(const auto moment, database_.Read());
  TURNOUT_ASSIGN(CatalogContents contents, ReadWhole());
  std::sort(contents.versions.begin(), contents.versions.end(), [](const auto& a, const auto& b) {
    return std::tie(a.version.name, a.number) < std::tie(b.version.name, b.number);
  });
  std::vector<CatalogVersion> versions;
  for (CatalogContents::Entry& entry : contents.versions) versions.push_back(std::move(entry.version));
  return versions;
}

Result<CatalogVersion> Catalog::Find(const VersionReference& reference) {
  TURNOUT_ASSIGN(const auto moment, database_.Read());
  TURNOUT_ASSIGN(CatalogContents contents, ReadContents(database_));
  const auto damaged = [&](const std::string& what) {
    return Fail(Code::kCorrupt,
                fmt::format("{}: damaged: {}; restore it from a backup", database_.path(), what));
  };
  const auto absent = [&](std::string what) -> std::unexpected<Error> {
    // What is sought may be what was lost.
    if (!contents.damage.empty()) return damaged(fmt::format("{}; {}", Listed(contents.damage), what));
    return Fail(Code::kNotFound, fmt::format("{}: {}", folder_, what));
  };
  const auto found = [&](const CatalogContents::Entry& entry) -> Result<CatalogVersion> {
    if (entry.damaged) return damaged(fmt::format("the record of {}", Printable(entry.version.reference())));
    return entry.version;
  };

  if (reference.name.empty()) {
    std::vector<const CatalogContents::Entry*> matches;
    std::vector<std::string> names;
    for (const CatalogContents::Entry& entry : contents.versions) {
      if (!entry.version.file(Part::kModel).sha256.starts_with(reference.digest)) continue;
      matches.push_back(&entry);
      names.push_back(entry.version.reference());
    }
    if (matches.empty()) return absent(fmt::format("no version has a model of {}", reference.text()));
    if (matches.size() == 1) return found(*matches[0]);
    return Fail(Code::kInvalidArgument, fmt::format("{}: {} is of {} versions: {}; name one", folder_,
                                                    reference.text(), names.size(), Listed(names)));
  }

  std::vector<std::string> versions, models, aliases;
  for (const CatalogContents::Entry& entry : contents.versions) {
    if (models.empty() || models.back() != entry.version.name) models.push_back(entry.version.name);
    if (entry.version.name == reference.name) versions.push_back(entry.version.version);
  }
  for (const CatalogContents::Alias& alias : contents.aliases) {
    if (alias.name == reference.name) aliases.push_back("@" + alias.alias);
  }
  if (versions.empty()) {
    const std::string_view nearest = Nearest(reference.name, {models.begin(), models.end()});
    return absent(fmt::format("there is no model '{}'; {}", reference.name,
                              !nearest.empty() ? fmt::format("did you mean '{}'?", nearest)
                              : models.empty() ? "there is none yet"
                                               : fmt::format("there are {}", Listed(models))));
  }
  std::string version = reference.version;
  if (version.empty()) {
    const CatalogContents::Alias* alias = contents.FindAlias(reference.name, reference.alias);
    if (alias == nullptr) {
      return absent(fmt::format("{} has no alias @{} ({}); `turnout registry tag {}:{} {}` makes it",
                                reference.name, reference.alias,
                                aliases.empty() ? "nor another" : fmt::format("it has {}", Listed(aliases)),
                                reference.name, versions.back(), reference.alias));
    }
    if (alias->damaged)
      return damaged(fmt::format("the alias {}", Printable(alias->name + "@" + alias->alias)));
    version = alias->version;
  }
  const CatalogContents::Entry* entry = contents.Find(reference.name, version);
  if (entry != nullptr) return found(*entry);
  return absent(fmt::format("{} has no version '{}'; it has {}", reference.name, version, Listed(versions)));
}

std::string Catalog::PathOf(const StoredFile& file) const {
  return fmt::format("{}/{}/{}", folder_, kFilesName, file.sha256);
}

Result<MappedFile> Catalog::OpenFile(const StoredFile& file) const {
  const std::string path = PathOf(file);
  constexpr std::string_view kCure =
      "push the same file again, which restores it, or restore it from a backup";
  auto mapped = MappedFile::Open(path);
  if (!mapped) {
    Error error = std::move(mapped).error();
    if (error.code != Code::kNotFound) return std::unexpected(std::move(error));
    return Fail(Code::kCorrupt, fmt::format("{}: missing; {}", path, kCure));
  }
  const std::size_t bytes = mapped->bytes().size();
  if (bytes != file.bytes) {
    return Fail(Code::kCorrupt,
                fmt::format("{}: damaged: {} bytes, {} recorded; {}", path, bytes, file.bytes, kCure));
  }
  if (const std::string sha256 = Sha256(mapped->bytes()); sha256 != file.sha256) {
    return Fail(Code::kCorrupt, fmt::format("{}: damaged: its SHA-256 is {}; {}", path, sha256, kCure));
  }
  return mapped;
}

// The file under its digest, durable, and read back.
Status Catalog::Place(const StoredFile& file, std::span<const uint8_t> bytes) {
  TURNOUT_ASSIGN(AtomicFile made, AtomicFile::Create(PathOf(file)));
  TURNOUT_TRY(made.Append({reinterpret_cast<const char*>(bytes.data()), bytes.size()}));
  TURNOUT_TRY(made.Commit());
  if (auto placed = OpenFile(file); !placed) {
    return Fail(Code::kUnavailable,
                fmt::format("{} (was the file changed while it was pushed?)", placed.error().message));
  }
  return {};
}

// Under the right to write, so nobody else is placing files.
Result<std::vector<std::string>> Catalog::SweepBut(const CatalogContents& contents) {
  std::set<std::string_view> named;
  for (const CatalogContents::Entry& entry : contents.versions) {
    for (const StoredFile& file : entry.version.files) named.insert(file.sha256);
  }
  std::vector<std::string> swept;
  const auto sweep = [&](const std::string& below, const auto& is_ours) {
    std::error_code error;
    for (std::filesystem::directory_iterator at(fmt::format("{}/{}", folder_, below), error), end;
         !error && at != end; at.increment(error)) {
      const std::string name = at->path().filename().string();
      if (is_ours(name) && unlink(at->path().c_str()) == 0)
        swept.push_back(below.empty() ? name : below + "/" + name);
    }
  };
  sweep("", IsLeftover);
  sweep(std::string(kFilesName), [&](const std::string& name) {
    const std::string_view digest = std::string_view(name).substr(0, 64);
    const std::string_view rest = std::string_view(name).substr(digest.size());
    return IsDigest(digest) && (rest.empty() ? !named.contains(digest) : rest.starts_with(".part-"));
  });
  std::sort(swept.begin(), swept.end());
  return swept;
}

Result<std::vector<std::string>> Catalog::Sweep() {
  TURNOUT_ASSIGN(auto transaction, database_.Write());
  TURNOUT_ASSIGN(const CatalogContents contents, ReadWhole());
  TURNOUT_ASSIGN(auto swept, SweepBut(contents));
  TURNOUT_TRY(transaction.Commit());
  return swept;
}

Result<Catalog::Added> Catalog::Add(const Release& release) {
  const CatalogVersion& version = release.version;
  TURNOUT_TRY(CheckModelName(version.name));
  TURNOUT_TRY(CheckVersionName(version.version));
  for (const auto& [key, value] : version.metadata) TURNOUT_TRY(CheckMetadata(key, value));
  assert(version.file(Part::kModel).exists());

  TURNOUT_ASSIGN(auto transaction, database_.Write());
  TURNOUT_ASSIGN(CatalogContents contents, ReadWhole());
  Added added;
  const CatalogContents::Entry* known = contents.Find(version.name, version.version);
  if (known != nullptr) {
    std::vector<std::string> others;
    for (const Part part : kParts) {
      if (known->version.file(part) != version.file(part)) others.emplace_back(Name(part));
    }
    if (known->version.tolerance != version.tolerance) others.emplace_back("tolerance");
    if (known->version.metadata != version.metadata) others.emplace_back("metadata");
    if (!others.empty()) {
      return Fail(Code::kInvalidArgument,
                  fmt::format("{} was pushed at {} with another {}; a version never changes, so push this as "
                              "another version",
                              version.reference(), known->version.pushed, fmt::join(others, ", another ")));
    }
    added.existed = true;
  }
  TURNOUT_ASSIGN(added.swept, SweepBut(contents));
  for (const Part part : kParts) {
    const StoredFile& file = version.file(part);
    if (!file.exists() || OpenFile(file)) continue;
    TURNOUT_TRY(Place(file, release.bytes[static_cast<std::size_t>(part)]));
    if (added.existed) added.restored.emplace_back(Name(part));
  }
  if (!added.existed) {
    CatalogVersion row = version;
    row.pushed = Now();
    TURNOUT_TRY(InsertVersion(database_, row));
    TURNOUT_TRY(WriteSeal(database_));
  }
  TURNOUT_TRY(transaction.Commit());
  return added;
}

Result<std::string> Catalog::SetAlias(const std::string& name, const std::string& alias,
                                      const std::string& version) {
  TURNOUT_TRY(CheckAliasName(alias));
  TURNOUT_ASSIGN(auto transaction, database_.Write());
  TURNOUT_ASSIGN(CatalogContents contents, ReadWhole());
  if (contents.Find(name, version) == nullptr) {
    return Fail(Code::kNotFound, fmt::format("{}: there is no {}:{}", folder_, name, version));
  }
  const CatalogContents::Alias* before = contents.FindAlias(name, alias);
  TURNOUT_ASSIGN(Statement insert, database_.Prepare("INSERT OR REPLACE INTO aliases VALUES (?, ?, ?, ?)"));
  insert.Bind(1, name).Bind(2, alias).Bind(3, version).Bind(4, AliasSeal(name, alias, version));
  TURNOUT_TRY(insert.Step());
  TURNOUT_TRY(WriteSeal(database_));
  TURNOUT_TRY(transaction.Commit());
  return before == nullptr ? "" : before->version;
}

Status Catalog::RemoveAlias(const std::string& name, const std::string& alias) {
  TURNOUT_ASSIGN(auto transaction, database_.Write());
  TURNOUT_ASSIGN(const CatalogContents contents, ReadWhole());
  if (contents.FindAlias(name, alias) == nullptr) {
    return Fail(Code::kNotFound,
                fmt::format("{}: there is no alias {}", folder_, Printable(name + "@" + alias)));
  }
  TURNOUT_ASSIGN(Statement remove, database_.Prepare("DELETE FROM aliases WHERE name = ? AND alias = ?"));
  remove.Bind(1, name).Bind(2, alias);
  TURNOUT_TRY(remove.Step());
  TURNOUT_TRY(WriteSeal(database_));
  return transaction.Commit();
}

Result<Catalog::Removed> Catalog::Remove(const CatalogVersion& version, bool force) {
  Removed removed;
  {
    TURNOUT_ASSIGN(auto transaction, database_.Write());
    TURNOUT_ASSIGN(CatalogContents contents, ReadWhole());
    const CatalogContents::Entry* entry = contents.Find(version.name, version.version);
    if (entry == nullptr) {
      return Fail(Code::kNotFound, fmt::format("{}: there is no {}", folder_, version.reference()));
    }
    removed.aliases = entry->version.aliases;
    if (!removed.aliases.empty() && !force) {
      return Fail(Code::kInvalidArgument,
                  fmt::format("{} is @{}; tag another version first, or --force removes the alias too",
                              version.reference(), fmt::join(removed.aliases, " and @")));
    }
    for (const std::string_view table : {"versions", "files", "metadata", "aliases"}) {
      TURNOUT_ASSIGN(Statement remove,
                     database_.Prepare(fmt::format("DELETE FROM {} WHERE name = ? AND version = ?", table)));
      remove.Bind(1, version.name).Bind(2, version.version);
      TURNOUT_TRY(remove.Step());
    }
    TURNOUT_TRY(WriteSeal(database_));
    TURNOUT_TRY(transaction.Commit());
  }
  // Only now: a file must not go before the row that names it.
  TURNOUT_ASSIGN(removed.swept, Sweep());
  return removed;
}

}  // namespace turnout
