// For tests: a folder of their own.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace turnout::testing {

class TestFolder {
 public:
  TestFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "turnout_test-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~TestFolder() { std::filesystem::remove_all(path_); }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  std::string Path(const std::string& name) const { return (path_ / name).string(); }
  std::string Write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path_ / name, std::ios::binary) << bytes;
    return Path(name);
  }
  // A configuration of one endpoint, churn, with the example's contract and the model at `model`.
  std::string WriteConfig(const std::string& model, const std::string& more = "") const {
    const std::string contract = std::filesystem::absolute("examples/churn/contract.yaml").string();
    return Write("server.yaml", "endpoints:\n  churn:\n    contract: " + contract +
                                    "\n    versions: {v2.1.0: {model: " + model + "}}\n" + more);
  }

 private:
  std::filesystem::path path_;
};

inline std::string ChurnModelPath() {
  return std::filesystem::absolute("examples/churn/models/churn-v2.1.0.pkl").string();
}

}  // namespace turnout::testing
