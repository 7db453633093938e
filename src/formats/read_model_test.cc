// Any model file, whole: hostile ones with their exact messages, good ones cut and flipped at each byte.
#include "formats/read_model.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

namespace turnout {
namespace {

namespace fs = std::filesystem;

using Bytes = std::vector<uint8_t>;

Bytes ReadFile(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(ReadModelTest, EachHostileFileGivesItsExactMessage) {
  std::size_t cases = 0;
  for (const auto& entry : fs::directory_iterator("tests/hostile/model")) {
    if (entry.path().extension() != ".bin") continue;
    const Bytes bytes = ReadFile(entry.path());
    const auto model = ReadModel(bytes);
    ASSERT_FALSE(model.has_value()) << entry.path() << " was read";
    fs::path message = entry.path();
    message.replace_extension(".txt");
    const Bytes expected = ReadFile(message);
    EXPECT_EQ(model.error().message + "\n", std::string(expected.begin(), expected.end())) << entry.path();
    ++cases;
  }
  EXPECT_GT(cases, 80u);
}

TEST(ReadModelTest, SaysWhatTheFileIs) {
  const struct {
    const char* file;
    const char* format;
  } kFiles[] = {{"joblib_rf-new/model.joblib", "pickle"},
                {"joblib_rf-old/model.joblib.z", "pickle (zlib)"},
                {"joblib_gbc-new/model.pkl.gz", "pickle (gzip)"},
                {"joblib_rf-new/model.joblib.bz2", "pickle (bzip2)"},
                {"joblib_rf-new/model.joblib.xz", "pickle (xz)"},
                {"joblib_rf-old/model.joblib.lzma", "pickle (lzma)"},
                {"joblib_rf-new/model.joblib.lz4", "pickle (lz4)"},
                {"skops_ct_lr-new/model.skops", "skops"}};
  for (const auto& [file, format] : kFiles) {
    const auto model = ReadModel(ReadFile(fs::path("tests/golden/sklearn") / file));
    ASSERT_TRUE(model) << file << ": " << model.error().message;
    EXPECT_EQ(model->origin.format, format) << file;
    EXPECT_EQ(model->origin.library, "scikit-learn");
  }
}

constexpr const char* kSmallFiles[] = {
    "joblib_rf-old/model.joblib.z",   "joblib_rf-new/model.joblib.gz",     "joblib_rf-new/model.joblib.bz2",
    "joblib_rf-new/model.joblib.xz",  "joblib_rf-new/model.joblib.lzma",   "joblib_rf-new/model.joblib.lz4",
    "skops_ridge-new/model.skops",    "skops_lr-new/model.deflated.skops", "skops_lr-new/model.lzma.skops",
    "skops_lr-new/model.bzip2.skops", "skops_dtc-new/model.skops",
};

TEST(ReadModelTest, TruncatedAtEveryByte) {
  for (const char* name : kSmallFiles) {
    const Bytes whole = ReadFile(fs::path("tests/golden/sklearn") / name);
    ASSERT_TRUE(ReadModel(whole)) << name;
    for (std::size_t size = 0; size < whole.size(); ++size) {
      // A copy of its own, so that a read behind the end is seen.
      const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      EXPECT_FALSE(ReadModel(cut)) << name << " cut at " << size;
    }
  }
}

TEST(ReadModelTest, AFlipOfEachByteIsAnErrorOrAModel) {
  std::mt19937 random(20261122);
  std::size_t errors = 0, models = 0;
  const auto flip = [&](const fs::path& path) {
    Bytes bytes = ReadFile(path);
    for (uint8_t& byte : bytes) {
      const uint8_t original = byte;
      byte = static_cast<uint8_t>(byte ^ (1 + random() % 255));
      const auto model = ReadModel(bytes);
      model ? ++models : ++errors;
      if (!model) {
        EXPECT_LT(model.error().message.size(), 2000u) << model.error().message;
      }
      byte = original;
    }
  };
  for (const char* name : kSmallFiles) flip(fs::path("tests/golden/sklearn") / name);
  EXPECT_GT(errors, 10'000u);
  EXPECT_GT(models, 10u);
}

}  // namespace
}  // namespace turnout
