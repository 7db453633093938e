#include "registry/catalog_contents.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "bytes/digest.h"
#include "bytes/number.h"

namespace turnout {
namespace {

// As SQLite keeps them, to the byte. Of versions pushed within a second, `number` tells the order.
constexpr std::string_view kTables[] = {
    R"(CREATE TABLE versions (
  name TEXT NOT NULL, version TEXT NOT NULL, number INTEGER NOT NULL, pushed TEXT NOT NULL,
  file_name TEXT NOT NULL, library TEXT NOT NULL, library_version TEXT NOT NULL, estimator TEXT NOT NULL,
  tolerance REAL NOT NULL, seal TEXT NOT NULL, PRIMARY KEY (name, version)) STRICT, WITHOUT ROWID)",
    R"(CREATE TABLE files (
  name TEXT NOT NULL, version TEXT NOT NULL, part TEXT NOT NULL, sha256 TEXT NOT NULL, bytes INTEGER NOT NULL,
  PRIMARY KEY (name, version, part)) STRICT, WITHOUT ROWID)",
    R"(CREATE TABLE metadata (
  name TEXT NOT NULL, version TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY (name, version, key)) STRICT, WITHOUT ROWID)",
    R"(CREATE TABLE aliases (
  name TEXT NOT NULL, alias TEXT NOT NULL, version TEXT NOT NULL, seal TEXT NOT NULL,
  PRIMARY KEY (name, alias)) STRICT, WITHOUT ROWID)",
    R"(CREATE TABLE seal (seal TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID)",
};

// Texts one after the other such that no two lists of them give the same bytes; their digest.
class Sealer {
 public:
  Sealer& Add(std::string_view text) {
    bytes_ += fmt::format("{}:", text.size());
    bytes_ += text;
    return *this;
  }
  Sealer& Add(uint64_t number) { return Add(fmt::format("{}", number)); }
  std::string Digest() const {
    return Sha256({reinterpret_cast<const uint8_t*>(bytes_.data()), bytes_.size()});
  }

 private:
  std::string bytes_;
};

std::string SealOf(const CatalogVersion& version, uint64_t number) {
  Sealer sealer;
  std::string tolerance;
  AppendNumber(tolerance, version.tolerance);
  sealer.Add("version").Add(version.name).Add(version.version).Add(number).Add(version.pushed);
  sealer.Add(version.file_name).Add(version.library).Add(version.library_version).Add(version.estimator);
  sealer.Add(tolerance);
  for (const StoredFile& file : version.files) sealer.Add(file.sha256).Add(file.bytes);
  for (const auto& [key, value] : version.metadata) sealer.Add(key).Add(value);
  return sealer.Digest();
}

std::optional<Part> PartNamed(std::string_view name) {
  for (const Part part : kParts) {
    if (Name(part) == name) return part;
  }
  return std::nullopt;
}

}  // namespace

std::string AliasSeal(const std::string& name, const std::string& alias, const std::string& version) {
  return Sealer().Add("alias").Add(name).Add(alias).Add(version).Digest();
}

constinit const Database::Schema kCatalogSchema = {
    .application = 0x54726e74, .version = 1, .tables = kTables};  // "Trnt"

CatalogContents::Entry* CatalogContents::Find(const std::string& name, const std::string& version) {
  const auto key = [](const Entry& entry) { return std::tie(entry.version.name, entry.version.version); };
  const auto at =
      std::lower_bound(versions.begin(), versions.end(), std::tie(name, version),
                       [&](const Entry& entry, const auto& wanted) { return key(entry) < wanted; });
  return at != versions.end() && key(*at) == std::tie(name, version) ? &*at : nullptr;
}

const CatalogContents::Alias* CatalogContents::FindAlias(const std::string& name,
                                                         const std::string& alias) const {
  for (const Alias& one : aliases) {
    if (one.name == name && one.alias == alias) return &one;
  }
  return nullptr;
}

std::string CatalogContents::Seal() const {
  Sealer sealer;
  sealer.Add("registry").Add(versions.size()).Add(aliases.size());
  for (const Entry& entry : versions) sealer.Add(entry.seal);
  for (const Alias& alias : aliases) sealer.Add(alias.seal);
  return sealer.Digest();
}

Result<CatalogContents> ReadContents(Database& database) {
  CatalogContents contents;
  const auto damage = [&](std::string what) { contents.damage.push_back(std::move(what)); };
  TURNOUT_ASSIGN(
      Statement versions,
      database.Prepare("SELECT name, version, number, pushed, file_name, library, library_version, "
                       "estimator, tolerance, seal FROM versions ORDER BY name, version"));
  for (;;) {
    TURNOUT_ASSIGN(const bool row, versions.Step());
    if (!row) break;
    CatalogContents::Entry& entry = contents.versions.emplace_back();
    entry.version = {.name = versions.Text(0),
                     .version = versions.Text(1),
                     .pushed = versions.Text(3),
                     .file_name = versions.Text(4),
                     .library = versions.Text(5),
                     .library_version = versions.Text(6),
                     .estimator = versions.Text(7),
                     .tolerance = versions.Real(8)};
    entry.number = static_cast<uint64_t>(versions.Integer(2));
    entry.seal = versions.Text(9);
  }
  // Damage may have broken the order, on which Find relies.
  std::sort(contents.versions.begin(), contents.versions.end(), [](const auto& a, const auto& b) {
    return std::tie(a.version.name, a.version.version) < std::tie(b.version.name, b.version.version);
  });

  TURNOUT_ASSIGN(Statement files, database.Prepare("SELECT name, version, part, sha256, bytes FROM files "
                                                   "ORDER BY name, version, part"));
  for (;;) {
    TURNOUT_ASSIGN(const bool row, files.Step());
    if (!row) break;
    CatalogContents::Entry* entry = contents.Find(files.Text(0), files.Text(1));
    const auto part = PartNamed(files.Text(2));
    if (entry == nullptr || !part) {
      damage(fmt::format("a file of {}, of which there is no more",
                         Printable(files.Text(0) + ":" + files.Text(1))));
      continue;
    }
    entry->version.file(*part) = {files.Text(3), static_cast<uint64_t>(files.Integer(4))};
  }
  TURNOUT_ASSIGN(Statement metadata, database.Prepare("SELECT name, version, key, value FROM metadata "
                                                      "ORDER BY name, version, key"));
  for (;;) {
    TURNOUT_ASSIGN(const bool row, metadata.Step());
    if (!row) break;
    CatalogContents::Entry* entry = contents.Find(metadata.Text(0), metadata.Text(1));
    if (entry == nullptr) {
      damage(fmt::format("metadata of {}, of which there is no more",
                         Printable(metadata.Text(0) + ":" + metadata.Text(1))));
      continue;
    }
    entry->version.metadata[metadata.Text(2)] = metadata.Text(3);
  }
  for (CatalogContents::Entry& entry : contents.versions) {
    const CatalogVersion& version = entry.version;
    bool good = SealOf(version, entry.number) == entry.seal && version.file(Part::kModel).exists();
    // Whoever can write the file can write seals too: nothing that becomes a path is taken on trust.
    good = good && CheckModelName(version.name) && CheckVersionName(version.version);
    for (const StoredFile& file : version.files) good = good && (!file.exists() || IsDigest(file.sha256));
    entry.damaged = !good;
    if (!good) damage(fmt::format("the record of {}", Printable(version.reference())));
  }

  TURNOUT_ASSIGN(Statement aliases,
                 database.Prepare("SELECT name, alias, version, seal FROM aliases ORDER BY name, alias"));
  for (;;) {
    TURNOUT_ASSIGN(const bool row, aliases.Step());
    if (!row) break;
    CatalogContents::Alias alias{aliases.Text(0), aliases.Text(1), aliases.Text(2), aliases.Text(3)};
    CatalogContents::Entry* entry = contents.Find(alias.name, alias.version);
    alias.damaged = AliasSeal(alias.name, alias.alias, alias.version) != alias.seal || entry == nullptr ||
                    !CheckAliasName(alias.alias);
    if (alias.damaged) {
      damage(fmt::format("the alias {}", Printable(alias.name + "@" + alias.alias)));
    } else {
      entry->version.aliases.push_back(alias.alias);
    }
    contents.aliases.push_back(std::move(alias));
  }

  TURNOUT_ASSIGN(Statement seal, database.Prepare("SELECT seal FROM seal"));
  TURNOUT_ASSIGN(const bool sealed, seal.Step());
  // A registry to which nothing was ever pushed has none.
  const bool untouched = !sealed && contents.versions.empty() && contents.aliases.empty();
  if (!untouched && (!sealed || seal.Text(0) != contents.Seal())) {
    damage("the list of versions and aliases (its seal is of another list)");
  }
  return contents;
}

Status InsertVersion(Database& database, const CatalogVersion& version) {
  TURNOUT_ASSIGN(Statement last, database.Prepare("SELECT max(number) FROM versions"));
  TURNOUT_TRY(last.Step());
  const int64_t number = last.Integer(0) + 1;
  TURNOUT_ASSIGN(Statement row,
                 database.Prepare("INSERT INTO versions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
  row.Bind(1, version.name).Bind(2, version.version).Bind(3, number).Bind(4, version.pushed);
  row.Bind(5, version.file_name).Bind(6, version.library).Bind(7, version.library_version);
  row.Bind(8, version.estimator).Bind(9, version.tolerance);
  row.Bind(10, SealOf(version, static_cast<uint64_t>(number)));
  TURNOUT_TRY(row.Step());
  for (const Part part : kParts) {
    const StoredFile& file = version.file(part);
    if (!file.exists()) continue;
    TURNOUT_ASSIGN(Statement insert, database.Prepare("INSERT INTO files VALUES (?, ?, ?, ?, ?)"));
    insert.Bind(1, version.name).Bind(2, version.version).Bind(3, Name(part)).Bind(4, file.sha256);
    insert.Bind(5, static_cast<int64_t>(file.bytes));
    TURNOUT_TRY(insert.Step());
  }
  for (const auto& [key, value] : version.metadata) {
    TURNOUT_ASSIGN(Statement insert, database.Prepare("INSERT INTO metadata VALUES (?, ?, ?, ?)"));
    insert.Bind(1, version.name).Bind(2, version.version).Bind(3, key).Bind(4, value);
    TURNOUT_TRY(insert.Step());
  }
  return {};
}

Status WriteSeal(Database& database) {
  TURNOUT_ASSIGN(const CatalogContents contents, ReadContents(database));
  TURNOUT_TRY(database.Run("DELETE FROM seal"));
  TURNOUT_ASSIGN(Statement insert, database.Prepare("INSERT INTO seal VALUES (?)"));
  insert.Bind(1, contents.Seal());
  TURNOUT_TRY(insert.Step());
  return {};
}

}  // namespace turnout
