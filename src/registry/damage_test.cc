// Damaged model files: cut anywhere, a byte changed anywhere. Each gives one clear error, or a model that is
// consistent, that predicts, and on which all engines agree.
//
// A sample of places by default; every place of files up to so many bytes with TURNOUT_EXHAUSTIVE=100000.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <random>

#include "engine/agreement.h"
#include "formats/read_model.h"
#include "storage/file.h"

namespace turnout {
namespace {

namespace fs = std::filesystem;

// How far apart the places to damage are: about `places` of them in a large file.
std::size_t Stride(std::size_t bytes, std::size_t places) {
  const char* exhaustive = std::getenv("TURNOUT_EXHAUSTIVE");
  if (exhaustive != nullptr && bytes <= std::strtoul(exhaustive, nullptr, 10)) return 1;
  return std::max<std::size_t>(1, bytes / places);
}

struct File {
  std::string name;  // library/case
  std::string bytes;

  // A LightGBM text is whole without what follows its parameters.
  std::size_t needed() const {
    constexpr std::string_view kEnd = "\nend of parameters";
    const std::size_t end = bytes.starts_with("tree\n") ? bytes.find(kEnd) : std::string::npos;
    return end == std::string::npos ? bytes.size() : end + kEnd.size();
  }
};

// The smallest golden model of each kind and release, smallest first.
std::vector<File> Files() {
  std::vector<File> files;
  for (const auto& entry : fs::recursive_directory_iterator("tests/golden")) {
    const std::string file = entry.path().filename().string();
    const std::string end = entry.path().extension().string();
    const bool plain = file == "model.pkl" || file == "model.txt";
    if (!plain && file != "model.json" && file != "model.ubj" && file != "model.bin") continue;
    auto bytes = ReadFile(entry.path().string(), 1 << 26);
    const fs::path folder = entry.path().parent_path();
    const std::string library = folder.parent_path().filename().string() + (plain ? "" : end);
    const std::string name = library + "/" + folder.filename().string();
    if (bytes) files.push_back({name, *std::move(bytes)});
  }
  std::sort(files.begin(), files.end(), [](const File& a, const File& b) {
    return std::pair(a.bytes.size(), a.name) < std::pair(b.bytes.size(), b.name);
  });
  std::vector<File> sample;
  for (std::string_view kind : {"sklearn/linear",
                                "sklearn/lr_ovr",
                                "sklearn/lr_scaled",
                                "sklearn/ct_lr",
                                "sklearn/ct_impute_lr",
                                "sklearn/gbc_protocol",
                                "sklearn/gbc_three",
                                "sklearn/dtc",
                                "sklearn/rf_",
                                "sklearn/hgb_categories",
                                "sklearn/hgr",
                                "sklearn/ct_ordinal",
                                "lightgbm/one_leaf_linear",
                                "lightgbm/linear_nan",
                                "lightgbm/pandas",
                                "lightgbm/categories",
                                "lightgbm/pipeline",
                                "lightgbm/trained_multiclass",
                                "xgboost/pipeline_missing",
                                "xgboost/dart",
                                "xgboost.json/codes",
                                "xgboost.json/numbered",
                                "xgboost.json/stopped",
                                "xgboost.ubj/codes_parts",
                                "xgboost.ubj/targets",
                                "xgboost.ubj/texts",
                                "xgboost.bin/dart",
                                "xgboost.bin/linear",
                                "xgboost.bin/missing_number"}) {
    for (std::string_view release : {"-old", "-new"}) {
      const auto one = std::find_if(files.begin(), files.end(), [&](const File& file) {
        return file.name.starts_with(kind) && file.name.ends_with(release);
      });
      if (one != files.end()) sample.push_back(*one);
    }
  }
  return sample;
}

class Damage : public testing::Test {
 protected:
  // `bytes` is a copy of its own, so that a read behind the end is seen.
  void Read(const std::vector<uint8_t>& bytes, const std::string& what) {
    const auto model = ReadModel(bytes);
    if (!model) {
      ++errors_;
      EXPECT_GT(model.error().message.size(), 10u) << what;
      EXPECT_LT(model.error().message.size(), 2000u) << what << model.error().message;
      return;
    }
    ++models_;
    const Status checked = CheckModel(*model);
    ASSERT_TRUE(checked) << what << ": " << checked.error().message;
    EXPECT_EQ(FindDisagreement(*model, 20, errors_), "") << what;
  }

  std::size_t errors_ = 0, models_ = 0;
};

TEST_F(Damage, CutAnywhereIsAnError) {
  const auto files = Files();
  EXPECT_GE(files.size(), 20u);
  for (const File& file : files) {
    const std::size_t stride = Stride(file.bytes.size(), 400);
    for (std::size_t size = 0; size < file.needed(); size += stride) {
      Read({file.bytes.begin(), file.bytes.begin() + static_cast<std::ptrdiff_t>(size)},
           file.name + " cut at " + std::to_string(size));
      if (HasFatalFailure()) return;
    }
  }
  EXPECT_EQ(models_, 0u);
}

TEST_F(Damage, AChangedByteIsAnErrorOrAnotherModel) {
  std::mt19937 random(20261122);
  for (const File& file : Files()) {
    std::vector<uint8_t> bytes(file.bytes.begin(), file.bytes.end());
    // Large files are mostly numbers of nodes: there fewer bytes are changed.
    const std::size_t stride = Stride(bytes.size(), 1500);
    for (std::size_t at = random() % stride; at < bytes.size(); at += 1 + random() % (2 * stride - 1)) {
      const uint8_t original = bytes[at];
      bytes[at] = static_cast<uint8_t>(original ^ (1 + random() % 255));
      Read(bytes, file.name + ", byte " + std::to_string(at) + " is " + std::to_string(bytes[at]));
      if (HasFatalFailure()) return;
      bytes[at] = original;
    }
  }
  EXPECT_GT(errors_, 3000u);
  EXPECT_GT(models_, 3000u);
}

}  // namespace
}  // namespace turnout
