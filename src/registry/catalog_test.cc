#include "registry/catalog.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/wait.h>

#include "registry/test_registry.h"

namespace turnout {
namespace {

namespace fs = std::filesystem;
using testing::MakeRelease;
using testing::ReadAll;

const std::map<Part, std::string> kOne = {{Part::kModel, "the first model"},
                                          {Part::kContract, "name: churn\n"}};
const std::map<Part, std::string> kTwo = {{Part::kModel, "the second model"},
                                          {Part::kContract, "name: churn\n"}};

class CatalogTest : public testing::RegistryTest {
 protected:
  Catalog Opened() const {
    auto catalog = Catalog::OpenOrCreate(Registry());
    EXPECT_TRUE(catalog) << catalog.error().message;
    return *std::move(catalog);
  }
  static std::string Added(Catalog& catalog, const std::string& version,
                           const std::map<Part, std::string>& parts,
                           std::map<std::string, std::string> metadata = {}) {
    const auto added = catalog.Add(MakeRelease("churn", version, parts, std::move(metadata)));
    if (!added) return added.error().message;
    return added->existed ? "existed" : "new";
  }
  static std::string Found(Catalog& catalog, std::string_view reference) {
    const auto parsed = ParseReference(reference);
    if (!parsed) return parsed.error().message;
    const auto found = catalog.Find(*parsed);
    return found ? found->reference() : found.error().message;
  }
  void Sql(const std::string& sql) const {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(Path("registry/registry.db").c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sql;
    sqlite3_close(database);
  }
};

TEST_F(CatalogTest, WhatWasAddedIsThere) {
  {
    Catalog catalog = Opened();
    EXPECT_EQ(Added(catalog, "v1", kOne, {{"team", "risk"}, {"git/commit", "0a1b"}}), "new");
    EXPECT_EQ(Added(catalog, "v0", kTwo), "new");
  }
  auto catalog = Catalog::Open(Registry() + "//");
  ASSERT_TRUE(catalog) << catalog.error().message;
  const auto versions = catalog->List();
  ASSERT_TRUE(versions) << versions.error().message;
  ASSERT_EQ(versions->size(), 2u);
  EXPECT_EQ((*versions)[1].version, "v0") << "in the order in which they came";
  const CatalogVersion& one = (*versions)[0];
  EXPECT_EQ(one.reference(), "churn:v1");
  EXPECT_EQ(one.pushed.size(), 20u);
  EXPECT_EQ(one.file_name, "model.pkl");
  EXPECT_EQ(one.library, "scikit-learn");
  EXPECT_EQ(one.library_version, "1.9.1");
  EXPECT_EQ(one.estimator, "sklearn.linear_model.LogisticRegression");
  EXPECT_EQ(one.tolerance, 1e-12);
  EXPECT_EQ(one.metadata, (std::map<std::string, std::string>{{"git/commit", "0a1b"}, {"team", "risk"}}));
  EXPECT_TRUE(one.aliases.empty());
  EXPECT_EQ(one.file(Part::kModel).bytes, 15u);
  EXPECT_FALSE(one.file(Part::kRows).exists());
  EXPECT_EQ(Files().size(), 3u) << "the contract once";
  const auto model = catalog->OpenFile(one.file(Part::kModel));
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(std::string(model->bytes().begin(), model->bytes().end()), "the first model");
  EXPECT_EQ(ReadAll(catalog->PathOf(one.file(Part::kContract))), "name: churn\n");
}

TEST_F(CatalogTest, AVersionNeverChanges) {
  Catalog catalog = Opened();
  EXPECT_EQ(Added(catalog, "v1", kOne), "new");
  EXPECT_EQ(Added(catalog, "v1", kOne), "existed");
  const std::string pushed = (*catalog.List())[0].pushed;
  EXPECT_EQ(Added(catalog, "v1", kTwo), "churn:v1 was pushed at " + pushed +
                                            " with another model; a version never changes, so push this as "
                                            "another version");
  EXPECT_EQ(Added(catalog, "v1", {{Part::kModel, "the first model"}}, {{"team", "risk"}}),
            "churn:v1 was pushed at " + pushed +
                " with another contract, another metadata; a version never changes, so push this as another "
                "version");
  EXPECT_EQ(Files().size(), 2u) << "nothing of what was refused";
  EXPECT_EQ(Added(catalog, "v2", kTwo), "new");
}

TEST_F(CatalogTest, Aliases) {
  Catalog catalog = Opened();
  Added(catalog, "v1", kOne);
  Added(catalog, "v2", kTwo);
  EXPECT_EQ(Found(catalog, "churn"), Registry() +
                                         ": churn has no alias @stable (nor another); `turnout registry "
                                         "tag churn:v2 stable` makes it");
  EXPECT_EQ(catalog.SetAlias("churn", "stable", "v1"), "");
  EXPECT_EQ(catalog.SetAlias("churn", "candidate", "v2"), "");
  EXPECT_EQ(Found(catalog, "churn"), "churn:v1");
  EXPECT_EQ(Found(catalog, "churn@candidate"), "churn:v2");
  EXPECT_EQ(catalog.SetAlias("churn", "stable", "v2"), "v1");
  EXPECT_EQ(Found(catalog, "churn@stable"), "churn:v2");
  EXPECT_EQ((*catalog.List())[1].aliases, (std::vector<std::string>{"candidate", "stable"}));
  EXPECT_EQ(Found(catalog, "churn@blue"), Registry() +
                                              ": churn has no alias @blue (it has @candidate, @stable); "
                                              "`turnout registry tag churn:v2 blue` makes it");
  EXPECT_TRUE(catalog.RemoveAlias("churn", "candidate"));
  EXPECT_EQ(catalog.RemoveAlias("churn", "candidate").error().message,
            Registry() + ": there is no alias 'churn@candidate'");
  EXPECT_EQ(catalog.SetAlias("churn", "stable", "v9").error().code, Code::kNotFound);
  EXPECT_EQ(catalog.SetAlias("churn", "../x", "v1").error().code, Code::kInvalidArgument);
  EXPECT_EQ(Found(catalog, "churn"), "churn:v2");
}

TEST_F(CatalogTest, NamesThatAreNotThere) {
  Catalog catalog = Opened();
  EXPECT_EQ(Found(catalog, "churn:v1"), Registry() + ": there is no model 'churn'; there is none yet");
  Added(catalog, "v1", kOne);
  ASSERT_TRUE(catalog.Add(MakeRelease("fraud", "v1", kOne)));
  EXPECT_EQ(Found(catalog, "chrun:v1"), Registry() + ": there is no model 'chrun'; did you mean 'churn'?");
  EXPECT_EQ(Found(catalog, "prices"), Registry() + ": there is no model 'prices'; there are churn, fraud");
  EXPECT_EQ(Found(catalog, "churn:v3"), Registry() + ": churn has no version 'v3'; it has v1");
  const std::string digest = (*catalog.List())[0].file(Part::kModel).sha256;
  EXPECT_EQ(Found(catalog, "sha256:000000000000"),
            Registry() + ": no version has a model of sha256:000000000000");
  EXPECT_EQ(
      Found(catalog, "sha256:" + digest.substr(0, 12)),
      Registry() + ": sha256:" + digest.substr(0, 12) + " is of 2 versions: churn:v1, fraud:v1; name one");
  Added(catalog, "v2", kTwo);
  EXPECT_EQ(Found(catalog, "sha256:" + (*catalog.List())[1].file(Part::kModel).sha256), "churn:v2");
}

TEST_F(CatalogTest, Remove) {
  Catalog catalog = Opened();
  Added(catalog, "v1", kOne);
  Added(catalog, "v2", kTwo, {{"team", "risk"}});
  ASSERT_TRUE(catalog.SetAlias("churn", "stable", "v2"));
  ASSERT_TRUE(catalog.SetAlias("churn", "blue", "v2"));
  const CatalogVersion two = *catalog.Find({.name = "churn", .version = "v2"});
  const auto refused = catalog.Remove(two, false);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message,
            "churn:v2 is @blue and @stable; tag another version first, or --force removes the alias too");
  const auto removed = catalog.Remove(two, true);
  ASSERT_TRUE(removed) << removed.error().message;
  EXPECT_EQ(removed->aliases, (std::vector<std::string>{"blue", "stable"}));
  EXPECT_EQ(removed->swept, (std::vector<std::string>{"files/" + two.file(Part::kModel).sha256}))
      << "the contract is the other version's too";
  EXPECT_EQ((*catalog.List()).size(), 1u);
  EXPECT_EQ(Found(catalog, "churn:v1"), "churn:v1");
  EXPECT_EQ(catalog.Remove(two, true).error().code, Code::kNotFound);
  EXPECT_EQ(Added(catalog, "v2", kOne), "new") << "the name is free again";
}

TEST_F(CatalogTest, WhatACrashLeftIsSweptAndNothingElse) {
  Catalog catalog = Opened();
  Added(catalog, "v1", kOne);
  const std::string digest(64, 'a');
  Write("registry/files/" + digest, "whole, but no version names it");
  Write("registry/files/" + digest + ".part-123", "half");
  Write("registry/files/notes.txt", "somebody's");
  Write("registry/registry.db.new-999999999", "half");
  Write("registry/registry.db.new-" + std::to_string(getpid()), "being made");
  const auto added = catalog.Add(MakeRelease("churn", "v2", kTwo));
  ASSERT_TRUE(added) << added.error().message;
  EXPECT_EQ(added->swept, (std::vector<std::string>{"files/" + digest, "files/" + digest + ".part-123",
                                                    "registry.db.new-999999999"}));
  EXPECT_EQ(Files().size(), 4u);
  EXPECT_TRUE(fs::exists(Path("registry/files/notes.txt")));
  EXPECT_TRUE(fs::exists(Path("registry/registry.db.new-" + std::to_string(getpid()))));
  Write("registry/files/" + digest, "again");
  EXPECT_EQ(*catalog.Sweep(), (std::vector<std::string>{"files/" + digest}));
  EXPECT_EQ(*catalog.Sweep(), std::vector<std::string>{});
}

TEST_F(CatalogTest, PushingAgainRestoresDamagedFiles) {
  Catalog catalog = Opened();
  Added(catalog, "v1", kOne);
  const CatalogVersion one = (*catalog.List())[0];
  const std::string model = catalog.PathOf(one.file(Part::kModel)),
                    contract = catalog.PathOf(one.file(Part::kContract));
  std::ofstream(model, std::ios::binary) << "the first nodel";
  fs::remove(contract);
  EXPECT_TRUE(catalog.OpenFile(one.file(Part::kModel))
                  .error()
                  .message.starts_with(model + ": damaged: its SHA-256 is "));
  EXPECT_EQ(catalog.OpenFile(one.file(Part::kContract)).error().message,
            contract + ": missing; push the same file again, which restores it, or restore it from a backup");
  std::ofstream(model, std::ios::binary) << "the first";
  EXPECT_EQ(catalog.OpenFile(one.file(Part::kModel)).error().message,
            model +
                ": damaged: 9 bytes, 15 recorded; push the same file again, which restores it, or restore it "
                "from a backup");
  const auto added = catalog.Add(MakeRelease("churn", "v1", kOne));
  ASSERT_TRUE(added);
  EXPECT_TRUE(added->existed);
  EXPECT_EQ(added->restored, (std::vector<std::string>{"model", "contract"}));
  EXPECT_EQ(ReadAll(model), "the first model");
  EXPECT_TRUE(catalog.OpenFile(one.file(Part::kContract)));
}

TEST_F(CatalogTest, HostileNamesAndValues) {
  Catalog catalog = Opened();
  for (const std::string& name :
       {std::string("../../etc/passwd"), std::string("a/b"), std::string("a\nb"), std::string("a\0b", 3),
        std::string(10'000, 'a'), std::string("'; DROP TABLE versions")}) {
    const auto by_name = catalog.Add(MakeRelease(name, "v1", kOne));
    ASSERT_FALSE(by_name);
    EXPECT_EQ(by_name.error().code, Code::kInvalidArgument);
    EXPECT_LT(by_name.error().message.size(), 300u);
    EXPECT_FALSE(catalog.Add(MakeRelease("churn", name, kOne)));
    EXPECT_FALSE(catalog.SetAlias("churn", name, "v1"));
    EXPECT_FALSE(catalog.Find({.name = name, .version = "v1"})) << "even if nobody checked it";
    EXPECT_FALSE(catalog.RemoveAlias(name, name));
  }
  EXPECT_EQ(
      Added(catalog, "v1", kOne, {{"note", "two\nlines"}}),
      "metadata 'note': 'two?lines' is not a value: at most 4096 bytes of UTF-8 without control characters");
  EXPECT_TRUE(Files().empty());
  const std::string value = "'; DROP TABLE versions; -- \"é\" \\ %s {}";
  EXPECT_EQ(Added(catalog, "v1", kOne, {{"note", value}}), "new");
  EXPECT_EQ((*catalog.List())[0].metadata.at("note"), value);
}

TEST_F(CatalogTest, FoldersThatAreNoRegistry) {
  EXPECT_EQ(Catalog::Open(Registry()).error().message,
            Registry() +
                ": no registry there (no registry.db in it); `turnout registry push` makes one, --registry "
                "names another folder");
  EXPECT_EQ(Catalog::Open(Registry()).error().code, Code::kNotFound);
  EXPECT_FALSE(fs::exists(Registry()));
  Write("file", "x");
  EXPECT_FALSE(Catalog::OpenOrCreate(Path("file")));
  EXPECT_FALSE(Catalog::OpenOrCreate(Path("file/registry")));
  fs::create_directories(Registry());
  const std::string database = Write("registry/registry.db",
                                     "this is no database, but long enough to be looked at. "
                                     "It says nothing of versions or of what they are.");
  const auto text = Catalog::Open(Registry());
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, Code::kCorrupt);
  EXPECT_EQ(text.error().message, database + ": damaged: file is not a database; restore it from a backup");
  Write("registry/registry.db", "");
  EXPECT_EQ(Catalog::Open(Registry()).error().code, Code::kCorrupt);
}

TEST_F(CatalogTest, ALostDatabaseDoesNotCostTheFiles) {
  Catalog catalog = Opened();
  Added(catalog, "v1", kOne);
  const auto files = Files();
  fs::remove(Path("registry/registry.db"));
  const auto opened = Catalog::OpenOrCreate(Registry());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().message, Path("registry/registry.db") + ": missing, although there are files in " +
                                        Path("registry/files") +
                                        "; restore it from a backup, or push to another folder");
  EXPECT_EQ(Files(), files);
}

TEST_F(CatalogTest, OtherSchemas) {
  {
    Catalog catalog = Opened();
  }
  Sql("PRAGMA user_version = 2");
  auto opened = Catalog::Open(Registry());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::kUnsupported);
  EXPECT_EQ(opened.error().message,
            Path("registry/registry.db") +
                ": its schema has version 2, this program reads 1; use the program that "
                "wrote it, or a newer one");
  Sql("PRAGMA user_version = 1");
  Sql("CREATE TRIGGER t AFTER INSERT ON aliases BEGIN DELETE FROM versions; END");
  opened = Catalog::Open(Registry());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().message,
            Path("registry/registry.db") +
                ": damaged: its tables are not those of a registry; restore it from a backup");
  Sql("DROP TRIGGER t");
  EXPECT_TRUE(Catalog::Open(Registry()));
  Sql("PRAGMA application_id = 1");
  EXPECT_TRUE(Catalog::Open(Registry())
                  .error()
                  .message.starts_with(Path("registry/registry.db") +
                                       ": not a registry's database, or damaged (application_id 1); "));
}

// Rows that were changed behind the registry's back.
TEST_F(CatalogTest, ChangedRowsAreNamedAndOthersStillFound) {
  {
    Catalog catalog = Opened();
    Added(catalog, "v1", kOne, {{"team", "risk"}});
    Added(catalog, "v2", kTwo);
    ASSERT_TRUE(catalog.SetAlias("churn", "stable", "v2"));
  }
  const std::string intact = ReadAll(Path("registry/registry.db"));
  const std::string damaged = Path("registry/registry.db") + ": damaged: ";
  const std::pair<std::string, std::string> changes[] = {
      {"UPDATE versions SET estimator = 'other' WHERE version = 'v1'", "the record of 'churn:v1'"},
      {"UPDATE versions SET number = 7 WHERE version = 'v1'", "the record of 'churn:v1'"},
      {"UPDATE versions SET tolerance = 1 WHERE version = 'v1'", "the record of 'churn:v1'"},
      {"UPDATE files SET sha256 = '../../secret' WHERE version = 'v1'", "the record of 'churn:v1'"},
      {"UPDATE files SET bytes = 1 WHERE version = 'v1'", "the record of 'churn:v1'"},
      {"DELETE FROM files WHERE version = 'v1' AND part = 'contract'", "the record of 'churn:v1'"},
      {"UPDATE metadata SET value = 'fraud'", "the record of 'churn:v1'"},
      {"DELETE FROM metadata", "the record of 'churn:v1'"},
      {"DELETE FROM versions WHERE version = 'v1'",
       "a file of 'churn:v1', of which there is no more, a file of 'churn:v1', of which there is no more, "
       "metadata "
       "of 'churn:v1', of which there is no more, the list of versions and aliases (its seal is of another "
       "list)"},
      {"DELETE FROM versions WHERE version = 'v1'; DELETE FROM files WHERE version = 'v1'; DELETE FROM "
       "metadata",
       "the list of versions and aliases (its seal is of another list)"},
  };
  for (const auto& [sql, what] : changes) {
    Write("registry/registry.db", intact);
    Sql(sql);
    auto catalog = Catalog::Open(Registry());
    ASSERT_TRUE(catalog) << catalog.error().message;
    const auto list = catalog->List();
    ASSERT_FALSE(list) << sql;
    EXPECT_EQ(list.error().message, damaged + what + "; restore it from a backup") << sql;
    EXPECT_EQ(list.error().code, Code::kCorrupt);
    EXPECT_TRUE(Found(*catalog, "churn:v1").starts_with(damaged)) << Found(*catalog, "churn:v1");
    EXPECT_EQ(Found(*catalog, "churn"), "churn:v2") << sql;
    EXPECT_FALSE(catalog->Add(MakeRelease("churn", "v3", kOne))) << "nothing is built on damage";
    EXPECT_FALSE(catalog->Sweep());
    EXPECT_EQ(Files().size(), 3u);
  }
  Write("registry/registry.db", intact);
  Sql("UPDATE aliases SET version = 'v1'");
  auto catalog = Catalog::Open(Registry());
  ASSERT_TRUE(catalog);
  EXPECT_EQ(Found(*catalog, "churn"), damaged + "the alias 'churn@stable'; restore it from a backup");
  EXPECT_EQ(Found(*catalog, "churn:v1"), "churn:v1");
}

// Each of two processes adds versions, some of them the same; `ready` starts them together.
TEST_F(CatalogTest, TwoProcessesAtOnce) {
  constexpr int kVersions = 15;
  int gate[2];
  ASSERT_EQ(pipe(gate), 0);
  std::vector<pid_t> children;
  for (int child = 0; child < 2; ++child) {
    const pid_t pid = fork();
    ASSERT_GE(pid, 0);
    if (pid > 0) {
      children.push_back(pid);
      continue;
    }
    close(gate[1]);
    char byte = 0;
    static_cast<void>(!read(gate[0], &byte, 1));  // until the parent closes its end
    int failed = 0;
    auto catalog = Catalog::OpenOrCreate(Registry());
    if (!catalog) {
      std::fprintf(stderr, "%s\n", catalog.error().message.c_str());
      _exit(1);
    }
    for (int i = 0; i < kVersions; ++i) {
      const std::string own = "own-" + std::to_string(child) + "-" + std::to_string(i);
      const std::map<Part, std::string> parts = {{Part::kModel, own}, {Part::kContract, "shared"}};
      const std::map<Part, std::string> both = {{Part::kModel, "both " + std::to_string(i)}};
      for (const auto& status : {catalog->Add(MakeRelease("churn", own, parts)),
                                 catalog->Add(MakeRelease("churn", "v" + std::to_string(i), both))}) {
        if (!status) std::fprintf(stderr, "%s\n", status.error().message.c_str());
        failed += !status;
      }
      failed += !catalog->SetAlias("churn", "stable", own) || !catalog->List();
    }
    _exit(failed == 0 ? 0 : 1);
  }
  close(gate[0]);
  close(gate[1]);
  for (const pid_t pid : children) {
    int status = 0;
    ASSERT_EQ(waitpid(pid, &status, 0), pid);
    EXPECT_EQ(status, 0);
  }
  Catalog catalog = Opened();
  const auto versions = catalog.List();
  ASSERT_TRUE(versions) << versions.error().message;
  EXPECT_EQ(versions->size(), 3u * kVersions);
  EXPECT_EQ(Files().size(), 3u * kVersions + 1);
  for (const CatalogVersion& version : *versions) EXPECT_TRUE(catalog.OpenFile(version.file(Part::kModel)));
  EXPECT_EQ(*catalog.Sweep(), std::vector<std::string>{});
  EXPECT_EQ(fs::directory_iterator(Registry()) == fs::directory_iterator(), false);
}

}  // namespace
}  // namespace turnout
