// What the database of a catalog says: its tables, read at one moment and held to their seals. Internal to
// registry.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "registry/catalog.h"
#include "registry/database.h"

namespace turnout {

extern const Database::Schema kCatalogSchema;

// All that the database says at one moment.
struct CatalogContents {
  struct Entry {
    CatalogVersion version;
    uint64_t number = 0;
    std::string seal;
    bool damaged = false;
  };
  struct Alias {
    std::string name, alias, version, seal;
    bool damaged = false;
  };
  std::vector<Entry> versions;  // by name and version
  std::vector<Alias> aliases;   // by name and alias
  std::vector<std::string> damage;

  Entry* Find(const std::string& name, const std::string& version);
  const Alias* FindAlias(const std::string& name, const std::string& alias) const;
  std::string Seal() const;  // over all seals, in their order
};

// Damage is told in `damage` and marked where it is; an error only where SQLite can't read on.
Result<CatalogContents> ReadContents(Database& database);

// Within a transaction: adds the rows of a version; then, behind all changes, the seal over what is there.
Status InsertVersion(Database& database, const CatalogVersion& version);
Status WriteSeal(Database& database);

// Of an alias that is written.
std::string AliasSeal(const std::string& name, const std::string& alias, const std::string& version);

}  // namespace turnout
