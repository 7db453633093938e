// Catalog: the versions of a registry, in a folder.
//
//   <folder>/registry.db          what there is: SQLite
//   <folder>/files/<SHA-256>      the bytes: model files, contracts, golden rows, profiles; each once
//
// A version is added whole or not at all: its files are written beside their names, synced and renamed, the
// folder is synced, and only then is the row committed. What a crash leaves is a file that no version names;
// the next writer or Sweep() removes it. A version never changes afterwards, only aliases move.
//
// Every version and alias carries a seal, a SHA-256 over all that is recorded of it, and the database one
// over the seals. So damage anywhere in it is an error that names what is damaged, never another answer.
// Damage to one version does not keep the others from being found.
//
// Any number of processes at a time: readers see one moment, writers wait for each other. The folder has to
// be on a file system that this machine alone writes to: SQLite's log is shared memory.
//
// A Catalog is one thread's.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "registry/database.h"
#include "registry/reference.h"
#include "storage/file.h"

namespace turnout {

enum class Part : uint8_t { kModel, kContract, kRows, kExpected, kProfile };
inline constexpr std::array kParts = {Part::kModel, Part::kContract, Part::kRows, Part::kExpected,
                                      Part::kProfile};
std::string_view Name(Part part);  // "model", "contract", "rows", "expected", "profile"

struct StoredFile {
  std::string sha256;  // empty: the version has no such part
  uint64_t bytes = 0;

  bool exists() const { return !sha256.empty(); }
  bool operator==(const StoredFile&) const = default;
};

struct CatalogVersion {
  std::string name, version;
  std::string pushed;     // RFC 3339 UTC
  std::string file_name;  // that the model file had
  // As the loader read it.
  std::string library, library_version, estimator;
  double tolerance = 0;  // of the golden rows
  std::array<StoredFile, kParts.size()> files;
  std::map<std::string, std::string> metadata;
  std::vector<std::string> aliases;  // ascending

  const StoredFile& file(Part part) const { return files[static_cast<std::size_t>(part)]; }
  StoredFile& file(Part part) { return files[static_cast<std::size_t>(part)]; }
  std::string reference() const { return name + ":" + version; }
  bool operator==(const CatalogVersion&) const = default;
};

// A version to add: what is recorded, and the bytes of the parts that it has.
struct Release {
  CatalogVersion version;  // without `pushed` and aliases, which come with the adding
  std::array<std::span<const uint8_t>, kParts.size()> bytes;
};

struct CatalogContents;

class Catalog {
 public:
  // The registry in `folder`; a folder without one is an error.
  static Result<Catalog> Open(std::string folder);
  // Makes it where there is none.
  static Result<Catalog> OpenOrCreate(std::string folder);

  // By name and version, versions in the order in which they were pushed.
  Result<std::vector<CatalogVersion>> List();
  // The error tells a name that is not there from damage, and what there is.
  Result<CatalogVersion> Find(const VersionReference& reference);

  struct Added {
    bool existed = false;               // the same bytes under the same name: nothing was done, but
    std::vector<std::string> restored;  // these parts' files were missing or damaged, and are whole again
    std::vector<std::string> swept;     // see Sweep
  };
  // Refuses other bytes, or anything else recorded, under an existing name and version.
  Result<Added> Add(const Release& release);

  // Moves or makes the alias; the version that it stood for, or "".
  Result<std::string> SetAlias(const std::string& name, const std::string& alias, const std::string& version);
  Status RemoveAlias(const std::string& name, const std::string& alias);

  struct Removed {
    std::vector<std::string> aliases;  // removed with it
    std::vector<std::string> swept;
  };
  // Refuses a version that an alias stands for, unless `force`.
  Result<Removed> Remove(const CatalogVersion& version, bool force);

  // Removes the files that no version names; their paths below the folder.
  Result<std::vector<std::string>> Sweep();

  // The bytes, read again: an error where they are not those recorded, with path, size and digest.
  Result<MappedFile> OpenFile(const StoredFile& file) const;

  std::string PathOf(const StoredFile& file) const;
  const std::string& folder() const { return folder_; }

 private:
  Catalog(std::string folder, Database database)
      : folder_(std::move(folder)), database_(std::move(database)) {}
  static Result<Catalog> Open(std::string folder, bool create);
  Result<CatalogContents> ReadWhole();  // damage anywhere is an error
  Status Place(const StoredFile& file, std::span<const uint8_t> bytes);
  Result<std::vector<std::string>> SweepBut(const CatalogContents& contents);

  std::string folder_;
  Database database_;
};

}  // namespace turnout
