#include "registry/version.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace turnout {
namespace {

const std::string kModel = "examples/churn/models/churn-v2.1.0.pkl";

std::string Message(const std::string& path) {
  const auto file = LoadModelFile(path);
  return file ? "" : file.error().message;
}

class VersionTest : public testing::Test {
 protected:
  VersionTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "version_test-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~VersionTest() override { std::filesystem::remove_all(folder_); }
  std::string Write(const std::string& name, const std::string& bytes) {
    const std::string path = (folder_ / name).string();
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  std::filesystem::path folder_;
};

TEST_F(VersionTest, AModelFileTellsItsFacts) {
  const auto file = LoadModelFile(kModel);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->path, kModel);
  EXPECT_EQ(file->bytes, std::filesystem::file_size(kModel));
  EXPECT_EQ(file->sha256.size(), 64u);
  EXPECT_EQ(file->sha256.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_GT(file->seconds, 0);
  EXPECT_EQ(file->model.origin.library, "scikit-learn");
  EXPECT_EQ(file->model.signature.inputs.size(), 5u);
}

TEST_F(VersionTest, AVersionIsBoundCompiledAndCheckedForItsContract) {
  auto file = LoadModelFile(kModel);
  ASSERT_TRUE(file);
  Contract contract = DeriveContract(file->model.signature, "churn");
  const std::string sha256 = file->sha256;
  const auto version = MakeVersion("v1", *std::move(file), contract);
  ASSERT_TRUE(version) << version.error().message;
  EXPECT_EQ((*version)->name, "v1");
  EXPECT_EQ((*version)->path, kModel);
  EXPECT_EQ((*version)->sha256, sha256);
  EXPECT_EQ((*version)->engine->name(), "portable");
  EXPECT_EQ((*version)->answerer.class_text, (std::vector<std::string>{"0", "1"}));
  EXPECT_EQ((*version)->closed.size(), 5u);
  EXPECT_GT((*version)->load_seconds, 0);
  EXPECT_TRUE(contract.bound);
}

TEST_F(VersionTest, AnEngineCanBePinned) {
  const auto made = [](std::string_view engine) -> std::string {
    auto file = LoadModelFile(kModel);
    if (!file) return file.error().message;
    Contract contract = DeriveContract(file->model.signature, "churn");
    const auto version = MakeVersion("v1", *std::move(file), contract, engine);
    return version ? std::string((*version)->engine->name()) : version.error().message;
  };
  EXPECT_EQ(made("reference"), "reference");
  EXPECT_EQ(made("linear"),
            kModel + ": the engine linear does not fit this model: the predictor is a forest");
  EXPECT_EQ(made("fast"),
            kModel + ": no engine \"fast\"; there are portable, sparse, linear, rows, reference");
}

TEST_F(VersionTest, AContractThatDoesNotFitIsRefused) {
  auto file = LoadModelFile(kModel);
  ASSERT_TRUE(file);
  auto contract = ParseContract("name: c\nfields:\n  - {name: age, type: int}\n", "c.yaml");
  ASSERT_TRUE(contract);
  const auto version = MakeVersion("v1", *std::move(file), *contract);
  ASSERT_FALSE(version);
  EXPECT_EQ(version.error().code, Code::kInvalidArgument);
  EXPECT_TRUE(version.error().message.starts_with(kModel +
                                                  ": contract c: 1 features, but the model takes 5 inputs\n"))
      << version.error().message;
  EXPECT_FALSE(contract->bound);
}

TEST_F(VersionTest, FilesThatAreNoModels) {
  EXPECT_EQ(Message("no/such.pkl"), "no/such.pkl: cannot open: No such file or directory");
  const auto absent = LoadModelFile("no/such.pkl");
  EXPECT_EQ(absent.error().code, Code::kNotFound);
  EXPECT_TRUE(Message(folder_.string()).starts_with(folder_.string() + ": ")) << Message(folder_.string());
  for (const auto& [name, bytes] :
       {std::pair("empty.pkl", ""), {"text.pkl", "hello\n"}, {"cut.pkl", "\x80\x04"}}) {
    const std::string path = Write(name, bytes);
    EXPECT_TRUE(Message(path).starts_with(path + ": ")) << Message(path);
    EXPECT_GT(Message(path).size(), path.size() + 10) << Message(path);
  }
}

}  // namespace
}  // namespace turnout
