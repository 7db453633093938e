// Damaged registries: a byte of the database, of its log or of a stored file changed anywhere, and cut
// anywhere. Each gives a clear error, or exactly what was recorded.
//
// A sample of places by default; every place with TURNOUT_EXHAUSTIVE=100000.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "registry/test_registry.h"

namespace turnout {
namespace {

namespace fs = std::filesystem;
using testing::MakeRelease;
using testing::ReadAll;

std::size_t Stride(std::size_t bytes, std::size_t places) {
  const char* exhaustive = std::getenv("TURNOUT_EXHAUSTIVE");
  if (exhaustive != nullptr && bytes <= std::strtoul(exhaustive, nullptr, 10)) return 1;
  return std::max<std::size_t>(1, bytes / places);
}

class CatalogDamage : public testing::RegistryTest {
 protected:
  CatalogDamage() {
    auto catalog = Catalog::OpenOrCreate(Registry());
    EXPECT_TRUE(catalog) << catalog.error().message;
    for (const char* version : {"v1", "v2", "v3"}) {
      const std::map<Part, std::string> parts = {{Part::kModel, std::string("model ") + version},
                                                 {Part::kContract, "name: churn\n"},
                                                 {Part::kRows, "x\n1\n"},
                                                 {Part::kExpected, "predict\n1\n"}};
      EXPECT_TRUE(catalog->Add(MakeRelease("churn", version, parts, {{"team", "risk"}, {"of", version}})));
    }
    EXPECT_TRUE(catalog->SetAlias("churn", "stable", "v1"));
    EXPECT_TRUE(catalog->SetAlias("churn", "candidate", "v3"));
    before_ = *catalog->List();
  }

  static void IsClear(const Error& error, const std::string& what) {
    EXPECT_TRUE(error.code == Code::kCorrupt || error.code == Code::kUnsupported ||
                error.code == Code::kNotFound || error.code == Code::kUnavailable ||
                error.code == Code::kInvalidArgument)
        << what << ": " << error.message;
    EXPECT_GT(error.message.size(), 20u) << what;
    EXPECT_LT(error.message.size(), 3000u) << what;
  }

  // The registry of the folder is as it was, or says that it is not.
  void Look(const std::string& what) {
    auto catalog = Catalog::Open(Registry());
    if (!catalog) {
      ++errors_;
      return IsClear(catalog.error(), what);
    }
    const auto list = catalog->List();
    if (list) {
      ++good_;
      EXPECT_EQ(*list, before_) << what;
    } else {
      ++errors_;
      IsClear(list.error(), what);
    }
    for (const auto& [reference, at] : {std::pair("churn", 0u), {"churn@candidate", 2u}, {"churn:v2", 1u}}) {
      const auto found = catalog->Find(*ParseReference(reference));
      if (!found) {
        IsClear(found.error(), what);
        continue;
      }
      CatalogVersion expected = before_[at], got = *found;
      expected.aliases.clear();  // of these the list's seal knows
      got.aliases.clear();
      EXPECT_EQ(got, expected) << what;
    }
  }

  std::vector<CatalogVersion> before_;
  std::size_t errors_ = 0, good_ = 0;
};

TEST_F(CatalogDamage, AChangedByteOfTheDatabase) {
  const std::string path = Path("registry/registry.db"), intact = ReadAll(path);
  ASSERT_GT(intact.size(), 20'000u);
  EXPECT_FALSE(fs::exists(path + "-wal")) << "closed, so all is in one file";
  std::mt19937 random(20261122);
  const std::size_t stride = Stride(intact.size(), 800);
  for (std::size_t at = 0; at < intact.size(); at += stride == 1 ? 1 : 1 + random() % (2 * stride - 1)) {
    std::string bytes = intact;
    bytes[at] = static_cast<char>(bytes[at] ^ static_cast<char>(1 + random() % 255));
    Write("registry/registry.db", bytes);
    Look("byte " + std::to_string(at));
    fs::remove(path + "-wal");
    fs::remove(path + "-shm");
    if (HasFailure()) return;
  }
  EXPECT_GT(errors_, 50u);
  EXPECT_GT(good_, 50u) << "free space";
}

TEST_F(CatalogDamage, ADatabaseCutAnywhere) {
  const std::string path = Path("registry/registry.db"), intact = ReadAll(path);
  for (std::size_t size = 0; size < intact.size();
       size += std::max<std::size_t>(1, Stride(intact.size(), 150))) {
    Write("registry/registry.db", intact.substr(0, size));
    Look("cut at " + std::to_string(size));
    fs::remove(path + "-wal");
    fs::remove(path + "-shm");
    if (HasFailure()) return;
  }
  EXPECT_EQ(good_, 0u);
}

// What a killed process leaves: its commits are still in the log.
TEST_F(CatalogDamage, AChangedByteOfTheLog) {
  const std::string path = Path("registry/registry.db");
  std::vector<std::vector<CatalogVersion>> moments = {before_};
  std::string database, log;
  {
    auto catalog = Catalog::Open(Registry());
    ASSERT_TRUE(catalog);
    for (const char* version : {"v4", "v5"}) {
      const std::map<Part, std::string> parts = {{Part::kModel, std::string("model ") + version}};
      ASSERT_TRUE(catalog->Add(MakeRelease("churn", version, parts)));
      moments.push_back(*catalog->List());
    }
    database = ReadAll(path);
    log = ReadAll(path + "-wal");
  }
  ASSERT_GT(log.size(), 4096u);
  std::mt19937 random(7);
  std::vector<std::size_t> seen(moments.size());
  const std::size_t stride = Stride(log.size(), 200);
  // The last place is behind its end: the log as it was.
  for (std::size_t at = 0;;
       at = std::min(log.size(), at + (stride == 1 ? 1 : 1 + random() % (2 * stride - 1)))) {
    std::string bytes = log;
    if (at < log.size()) bytes[at] = static_cast<char>(bytes[at] ^ static_cast<char>(1 + random() % 255));
    fs::remove(path + "-shm");
    Write("registry/registry.db", database);
    Write("registry/registry.db-wal", bytes);
    auto catalog = Catalog::Open(Registry());
    ASSERT_TRUE(catalog) << at << ": " << catalog.error().message;
    const auto list = catalog->List();
    ASSERT_TRUE(list) << at << ": " << list.error().message;
    // A commit is there whole or not at all.
    const auto moment = std::find(moments.begin(), moments.end(), *list);
    ASSERT_NE(moment, moments.end()) << at;
    ++seen[static_cast<std::size_t>(moment - moments.begin())];
    if (at == log.size()) break;
  }
  EXPECT_GT(seen[0], 10u);
  EXPECT_GT(seen[1], 10u);
  EXPECT_EQ(seen[2], 1u) << "the log that was not changed";
}

TEST_F(CatalogDamage, AChangedByteOfAStoredFile) {
  auto catalog = Catalog::Open(Registry());
  ASSERT_TRUE(catalog);
  for (const Part part : {Part::kModel, Part::kContract, Part::kRows, Part::kExpected}) {
    const StoredFile& file = before_[1].file(part);
    const std::string name = "registry/files/" + file.sha256, intact = ReadAll(Path(name));
    ASSERT_EQ(intact.size(), file.bytes);
    for (std::size_t at = 0; at < intact.size(); ++at) {
      std::string bytes = intact;
      bytes[at] = static_cast<char>(bytes[at] ^ 1);
      Write(name, bytes);
      const auto opened = catalog->OpenFile(file);
      ASSERT_FALSE(opened);
      EXPECT_TRUE(opened.error().message.starts_with(Path(name) + ": damaged: its SHA-256 is ")) << at;
      Write(name, intact.substr(0, at));
      EXPECT_TRUE(catalog->OpenFile(file).error().message.starts_with(Path(name) + ": damaged: "));
    }
    Write(name, intact + "x");
    EXPECT_FALSE(catalog->OpenFile(file));
    Write(name, intact);
    EXPECT_TRUE(catalog->OpenFile(file));
  }
}

}  // namespace
}  // namespace turnout
