// For tests: a folder of their own, and a controller in a world that they hold in hand.
#pragma once

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "contract/contract.h"
#include "control/controller.h"
#include "predict/test_snapshot.h"

namespace turnout::testing {

class ControlFolder {
 public:
  ControlFolder() {
    // In memory where there is such a folder: what these tests ask of a disk is order, and a sync takes 8 ms.
    const std::filesystem::path memory = "/dev/shm";
    std::error_code none;
    std::string pattern =
        ((std::filesystem::is_directory(memory, none) ? memory : std::filesystem::temp_directory_path()) /
         "turnout_control-XXXXXX")
            .string();
    path_ = mkdtemp(pattern.data());
  }
  ~ControlFolder() { std::filesystem::remove_all(path_); }
  ControlFolder(const ControlFolder&) = delete;
  ControlFolder& operator=(const ControlFolder&) = delete;

  std::string path() const { return path_.string(); }
  std::string Path(const std::string& name) const { return (path_ / name).string(); }
  std::string Read(const std::string& name) const {
    std::ifstream file(path_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void Write(const std::string& name, std::string_view bytes) const {
    std::ofstream(path_ / name, std::ios::binary) << bytes;
  }

 private:
  std::filesystem::path path_;
};

// For its life no file of this process grows beyond `bytes`: a disk that is full.
class FullDisk {
 public:
  explicit FullDisk(std::size_t bytes) {
    signal(SIGXFSZ, SIG_IGN);  // an error instead of a death
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit full = before_;
    full.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &full);
  }
  ~FullDisk() { setrlimit(RLIMIT_FSIZE, &before_); }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit before_{};
};

inline constexpr std::string_view kControlContract =
    "name: t\nkey: id\nfields:\n  - {name: id, type: string}\n  - {name: x, type: float}\n  - {name: y, "
    "type: "
    "float}\n";

// Files that exist: path to digest. "nan.pkl" answers x + y with NaN where x is infinite after all.
struct World {
  std::map<std::string, std::string> files;
  bool settled = true;
  int publications = 0;
  Snapshots now, ahead;
  std::size_t moved = 0;
  Metrics metrics;

  Result<ModelFile> Read(const std::string& path) const {
    const auto found = files.find(path);
    if (found == files.end()) return Fail(Code::kNotFound, path + ": cannot open");
    ModelFile file;
    file.path = path;
    file.sha256 = found->second;
    file.model = LineModel();
    if (path.starts_with("large")) {  // answers beyond what a double holds
      file.model.predictor =
          Linear{.features = 2, .outputs = 1, .weights = {1e308, 1e308}, .intercept = {1e308}};
    }
    return file;
  }

  Outside outside() {
    return {.publish = [this](Snapshots n, Snapshots a, std::size_t m) -> Status {
              now = std::move(n);
              ahead = std::move(a);
              moved = m;
              ++publications;
              return {};
            },
            .settled = [this] { return settled; },
            .reclaim = [] {},
            .read = [this](const std::string& path) { return Read(path); }};
  }

  // The endpoint "churn", of v1 (all) and whichever others.
  ConfiguredEndpoint Churn(std::vector<std::string> others = {}) const {
    ConfiguredEndpoint endpoint;
    endpoint.name = "churn";
    auto contract = ParseContract(kControlContract, "test.yaml").value();
    std::vector<TrafficShare> shares = {{"v1", kWhole}};
    for (const std::string& other : others) shares.push_back({other, 0});
    for (const TrafficShare& share : shares) {
      endpoint.versions.push_back(
          MakeVersion(share.version, Read(share.version + ".pkl").value(), contract).value());
      endpoint.engines.emplace_back();
    }
    endpoint.contract = std::make_shared<const Contract>(std::move(contract));
    endpoint.route = Route::Make(std::move(shares), 3).value();
    endpoint.latency_bounds = {0.05, 0.5};
    endpoint.strategy.kind = StrategyKind::kCanary;
    endpoint.strategy.steps = ParseSteps("10% for 10s after 5 then 50% for 10s then 100%").value();
    endpoint.strategy.post_promote_watch = 30;
    endpoint.strategy.rollback_window = 100;
    endpoint.strategy.gates = {{GateKind::kInvalid}};
    return endpoint;
  }

  // Rows of so many keys, answered by what is published; the versions that answered.
  std::map<std::string, int> Ask(int keys, int from = 0) {
    if (predictor == nullptr) predictor = std::make_unique<Predictor>(metrics.NewShard());
    std::map<std::string, int> counts;
    for (int i = from; i < from + keys; ++i) {
      const Snapshot& snapshot = *now.front();
      Batch batch(snapshot.contract->layout());
      const std::string key = "K-" + std::to_string(i);
      batch.AppendRow(0, {});
      batch.column(0).texts.back() = key;
      batch.column(1).numbers.back() = batch.column(2).numbers.back() = 1e3;
      Answers answers;
      predictor->Predict(snapshot, batch, std::chrono::steady_clock::now(), answers);
      ++counts[answers.rows[0].by->version];
    }
    return counts;
  }
  std::unique_ptr<Predictor> predictor;
};

}  // namespace turnout::testing
