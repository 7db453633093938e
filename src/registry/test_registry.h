// For tests of the registry: a folder of their own, and versions to add.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "bytes/digest.h"
#include "registry/catalog.h"

namespace turnout::testing {

inline std::string ReadAll(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class RegistryTest : public ::testing::Test {
 protected:
  RegistryTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "registry_test-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~RegistryTest() override { std::filesystem::remove_all(folder_); }

  std::string Path(const std::string& name) const { return (folder_ / name).string(); }
  std::string Write(const std::string& name, const std::string& bytes) const {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
    return Path(name);
  }
  std::string Registry() const { return Path("registry"); }
  std::vector<std::string> Files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / "registry" / "files")) {
      names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  std::filesystem::path folder_;
};

// A release whose parts are these texts; it refers to them.
inline Release MakeRelease(const std::string& name, const std::string& version,
                           const std::map<Part, std::string>& parts,
                           std::map<std::string, std::string> metadata = {}) {
  Release release;
  release.version.name = name;
  release.version.version = version;
  release.version.file_name = "model.pkl";
  release.version.library = "scikit-learn";
  release.version.library_version = "1.9.1";
  release.version.estimator = "sklearn.linear_model.LogisticRegression";
  release.version.tolerance = 1e-12;
  release.version.metadata = std::move(metadata);
  for (const auto& [part, text] : parts) {
    const std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t*>(text.data()), text.size());
    release.bytes[static_cast<std::size_t>(part)] = bytes;
    release.version.file(part) = {Sha256(bytes), bytes.size()};
  }
  return release;
}

}  // namespace turnout::testing
