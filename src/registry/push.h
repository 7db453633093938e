// From files to a version of the catalog, and back to a model that can be served.
//
// What is pushed has been proven: the model loads, the contract fits it, and on the golden rows it gives the
// recorded answers. The same is asked again when a registry is verified.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "contract/contract.h"
#include "registry/catalog.h"
#include "registry/version.h"
#include "storage/file.h"

namespace turnout {

struct PushRequest {
  std::string name, version;
  std::string model;  // path, as all that follow; empty: there is none
  // Empty: that of the version if it exists, else that of name@stable, which is what callers send.
  std::string contract;
  std::string rows, expected;   // golden rows and their answers (expected.h), both or none
  double tolerance = 0;         // of the golden rows
  std::string training, label;  // a CSV to profile (profile.h), and its column with the truth, if any
  std::map<std::string, std::string> metadata;
  std::function<void(std::string_view what)> doing = {};  // before each long step
};

// What Catalog::Add takes, and the bytes that it refers to.
class PreparedRelease {
 public:
  const CatalogVersion& version() const { return version_; }
  std::size_t golden_rows() const { return golden_rows_; }
  Release release() const;

 private:
  friend Result<PreparedRelease> PrepareRelease(Catalog&, const PushRequest&);
  PreparedRelease(CatalogVersion version, MappedFile model)
      : version_(std::move(version)), model_(std::move(model)) {}
  std::string& text(Part part) { return texts_[static_cast<std::size_t>(part)]; }

  CatalogVersion version_;
  MappedFile model_;
  std::array<std::string, kParts.size()> texts_;  // of the other parts
  std::size_t golden_rows_ = 0;
};

// Reads and checks everything. Golden rows that answer otherwise are an error that counts them and shows the
// first.
Result<PreparedRelease> PrepareRelease(Catalog& catalog, const PushRequest& request);

// A version read from the catalog: bytes with the recorded digest, and the contract that came with them.
struct RegistryModel {
  CatalogVersion version;
  ModelFile file;  // its path is "registry:churn:v2.1.0"
  std::optional<std::string> contract;
  std::string contract_path;  // for messages
};
Result<RegistryModel> LoadFromRegistry(Catalog& catalog, const VersionReference& reference);

// What is wrong with a version, a line each; empty: every file has its digest, the model loads, its contract
// fits, its golden rows hold.
std::vector<std::string> CheckVersion(const Catalog& catalog, const CatalogVersion& version);

}  // namespace turnout
