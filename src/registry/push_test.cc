#include "registry/push.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "registry/expected.h"
#include "registry/test_registry.h"

namespace turnout {
namespace {

namespace fs = std::filesystem;
using testing::ReadAll;

const std::string kChurn = "examples/churn/";
const std::string kLinear = "tests/golden/sklearn/lr_binary-new/";

PushRequest Churn(const std::string& version = "v2.1.0") {
  PushRequest request;
  request.name = "churn";
  request.version = version;
  request.model = kChurn + "models/churn-v2.1.0.pkl";
  request.contract = kChurn + "contract.yaml";
  request.rows = kChurn + "rows.csv";
  request.expected = kChurn + "expected.csv";
  return request;
}

PushRequest Linear(const std::string& version = "v1") {
  PushRequest request;
  request.name = "linear";
  request.version = version;
  request.model = kLinear + "model.pkl";
  request.rows = kLinear + "rows.csv";
  request.expected = kLinear + "expected.csv";
  request.tolerance = 1e-12;
  return request;
}

class PushTest : public testing::RegistryTest {
 protected:
  PushTest() : catalog_(*Catalog::OpenOrCreate(Registry())) {}

  // "" if it was pushed.
  std::string Push(const PushRequest& request) {
    const auto prepared = PrepareRelease(catalog_, request);
    if (!prepared) return prepared.error().message;
    const auto added = catalog_.Add(prepared->release());
    return added ? "" : added.error().message;
  }
  CatalogVersion Found(std::string_view reference) {
    const auto found = catalog_.Find(*ParseReference(reference));
    EXPECT_TRUE(found) << found.error().message;
    return found ? *found : CatalogVersion{};
  }
  // The linear model with one changed byte: it loads, and most of its answers are other ones.
  std::string OtherModel() const {
    const std::string intact = ReadAll(kLinear + "model.pkl");
    const std::string rows = ReadAll(kLinear + "rows.csv"), expected = ReadAll(kLinear + "expected.csv");
    for (std::size_t at = 0; at < intact.size(); ++at) {
      std::string bytes = intact;
      bytes[at] = static_cast<char>(bytes[at] ^ 1);
      const auto file =
          ReadModelFile("model", {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
      if (!file) continue;
      const auto engine = CompileEngine(file->model);
      if (!engine) continue;
      const auto compared = CompareWithExpected(file->model, **engine, rows, "rows", expected, "expected",
                                                {.all = 1e-12, .of = {}});
      if (compared && compared->wrong > 100) return Write("other.pkl", bytes);
    }
    ADD_FAILURE() << "no such byte";
    return "";
  }

  Catalog catalog_;
};

TEST_F(PushTest, WhatIsRecorded) {
  PushRequest request = Churn();
  request.metadata = {{"team", "retention"}};
  std::vector<std::string> steps;
  request.doing = [&](std::string_view what) { steps.emplace_back(what); };
  const auto prepared = PrepareRelease(catalog_, request);
  ASSERT_TRUE(prepared) << prepared.error().message;
  EXPECT_EQ(prepared->golden_rows(), 10u);
  EXPECT_EQ(steps, (std::vector<std::string>{"reading the model", "comparing the golden rows"}));
  ASSERT_TRUE(catalog_.Add(prepared->release()));
  const CatalogVersion version = Found("churn:v2.1.0");
  EXPECT_EQ(version.file_name, "churn-v2.1.0.pkl");
  EXPECT_EQ(version.library, "scikit-learn");
  EXPECT_EQ(version.library_version, "1.9.1");
  EXPECT_EQ(version.estimator, "sklearn.ensemble._gb.GradientBoostingClassifier");
  EXPECT_EQ(version.metadata.at("team"), "retention");
  EXPECT_EQ(ReadAll(catalog_.PathOf(version.file(Part::kModel))), ReadAll(request.model));
  EXPECT_EQ(ReadAll(catalog_.PathOf(version.file(Part::kContract))), ReadAll(request.contract));
  EXPECT_EQ(ReadAll(catalog_.PathOf(version.file(Part::kRows))), ReadAll(request.rows));
  EXPECT_EQ(ReadAll(catalog_.PathOf(version.file(Part::kExpected))), ReadAll(request.expected));
  EXPECT_FALSE(version.file(Part::kProfile).exists());
  EXPECT_EQ(CheckVersion(catalog_, version), std::vector<std::string>{});
}

TEST_F(PushTest, GoldenRowsThatAnswerOtherwiseRefuse) {
  PushRequest request = Linear();
  request.model = OtherModel();
  const std::string message = Push(request);
  std::size_t wrong = 0, rows = 0;
  const std::string begin = request.model + ": ";
  ASSERT_TRUE(message.starts_with(begin)) << message;
  ASSERT_EQ(std::sscanf(message.c_str() + begin.size(),
                        "%zu of %zu golden rows do not have the recorded answers (", &wrong, &rows),
            2)
      << message;
  EXPECT_GT(wrong, 100u);
  EXPECT_LT(wrong, rows + 1);
  EXPECT_NE(message.find("expected.csv, tolerance 1e-12)\n  row 1: "), std::string::npos) << message;
  EXPECT_EQ(std::count(message.begin(), message.end(), '\n'), 11)
      << "ten rows, and how many more: " << message;
  EXPECT_TRUE(message.ends_with("\n  ... and " + std::to_string(wrong - 10) + " more")) << message;
  EXPECT_TRUE(catalog_.List()->empty());
  EXPECT_TRUE(Files().empty());

  // One wrong answer of ten.
  std::string expected = ReadAll(kChurn + "expected.csv");
  const std::size_t row = expected.find('\n', expected.find('\n') + 1) + 1;  // the second
  expected[row] = expected[row] == '0' ? '1' : '0';
  request = Churn();
  request.expected = Write("expected.csv", expected);
  EXPECT_EQ(Push(request), request.model + ": 1 of 10 golden rows do not have the recorded answers (" +
                               request.expected + ", tolerance 0)\n  row 2: predict: got " +
                               (expected[row] == '0' ? "1, expected 0" : "0, expected 1"));
}

TEST_F(PushTest, OtherBytesUnderTheSameNameAreRefused) {
  EXPECT_EQ(Push(Linear()), "");
  EXPECT_EQ(Push(Linear()), "") << "the same again";
  PushRequest other = Linear();
  other.model = OtherModel();
  other.rows = other.expected = "";
  const std::string message = Push(other);
  EXPECT_TRUE(message.starts_with("linear:v1 was pushed at ")) << message;
  EXPECT_TRUE(
      message.ends_with(" with another model, another rows, another expected; a version never changes, so "
                        "push this as another version"))
      << message;
  other.version = "v2";
  EXPECT_EQ(Push(other), "");
}

TEST_F(PushTest, ContractsThatDoNotFit) {
  PushRequest request = Churn();
  request.contract = Write("c.yaml", "name: churn\nfields:\n  - {name: age, type: int}\n");
  EXPECT_TRUE(
      Push(request).starts_with(request.contract +
                                " does not fit the model: contract churn: 1 features, but the model takes 5 "
                                "inputs\n"))
      << Push(request);
  request.contract = Write("c.yaml", "name: [\n");
  EXPECT_TRUE(Push(request).starts_with(request.contract + ":")) << Push(request);
  request.contract = Path("absent.yaml");
  EXPECT_EQ(Push(request), request.contract + ": cannot open: No such file or directory");
}

TEST_F(PushTest, AVersionWithoutContractIsHeldToThatOfTheStableOne) {
  EXPECT_EQ(Push(Churn("v1")), "");
  ASSERT_TRUE(catalog_.SetAlias("churn", "stable", "v1"));
  PushRequest next = Churn("v2");
  next.contract = "";
  EXPECT_EQ(Push(next), "");
  EXPECT_EQ(Found("churn:v2").file(Part::kContract), Found("churn:v1").file(Part::kContract));
  PushRequest other = Linear("v3");
  other.name = "churn";
  EXPECT_TRUE(Push(other).starts_with("the contract of churn does not fit the model: contract churn: "))
      << Push(other);
  // Pushed again after the stable has moved on, it keeps its own.
  PushRequest first = Linear("w1");
  EXPECT_EQ(Push(first), "");
  EXPECT_EQ(Push(first), "");
  EXPECT_FALSE(Found("linear:w1").file(Part::kContract).exists());
}

TEST_F(PushTest, FilesThatAreNoModels) {
  PushRequest request = Churn();
  request.model = Write("model.pkl", "hello\n");
  EXPECT_TRUE(Push(request).starts_with(request.model + ": ")) << Push(request);
  request.model = Path("absent.pkl");
  EXPECT_EQ(Push(request), request.model + ": cannot open: No such file or directory");
  request = Churn();
  request.rows = kChurn + "expected.csv";
  EXPECT_TRUE(Push(request).starts_with(request.model + ": " + request.rows + ": ")) << Push(request);
  request = Churn();
  request.metadata[std::string(10'000, 'k')] = "x";
  EXPECT_LT(Push(request).size(), 300u);
  request.metadata.clear();
  for (int i = 0; i < 101; ++i) request.metadata["k" + std::to_string(i)] = "x";
  EXPECT_EQ(Push(request), "101 metadata keys; a version may have at most 100");
  EXPECT_TRUE(Files().empty());
}

TEST_F(PushTest, LoadedForServing) {
  EXPECT_EQ(Push(Churn()), "");
  EXPECT_EQ(Push(Linear()), "");
  auto loaded = LoadFromRegistry(catalog_, *ParseReference("churn:v2.1.0"));
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->file.path, "registry:churn:v2.1.0");
  EXPECT_EQ(loaded->file.sha256, loaded->version.file(Part::kModel).sha256);
  EXPECT_EQ(*loaded->contract, ReadAll(kChurn + "contract.yaml"));
  EXPECT_EQ(loaded->contract_path, "registry:churn:v2.1.0, its contract");
  EXPECT_FALSE(LoadFromRegistry(catalog_, *ParseReference("linear:v1"))->contract);
  EXPECT_FALSE(LoadFromRegistry(catalog_, *ParseReference("linear@stable")));
}

TEST_F(PushTest, DamageIsNamed) {
  EXPECT_EQ(Push(Churn()), "");
  const CatalogVersion version = Found("churn:v2.1.0");
  const std::string model = catalog_.PathOf(version.file(Part::kModel));
  std::string bytes = ReadAll(model);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 4);
  std::ofstream(model, std::ios::binary) << bytes;
  fs::remove(catalog_.PathOf(version.file(Part::kRows)));
  const auto problems = CheckVersion(catalog_, version);
  ASSERT_EQ(problems.size(), 2u);
  EXPECT_TRUE(problems[0].starts_with("churn:v2.1.0: model: " + model + ": damaged: its SHA-256 is "))
      << problems[0];
  EXPECT_TRUE(problems[1].starts_with("churn:v2.1.0: rows: " + catalog_.PathOf(version.file(Part::kRows)) +
                                      ": missing; "))
      << problems[1];
  const auto loaded = LoadFromRegistry(catalog_, *ParseReference("churn:v2.1.0"));
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code, Code::kCorrupt);
  EXPECT_EQ(Push(Churn()), "");
  EXPECT_EQ(CheckVersion(catalog_, version), std::vector<std::string>{});
}

// A version whose files are whole but do not belong together: someone wrote them and their seals.
TEST_F(PushTest, VersionsThatNoPushWouldLetIn) {
  const std::string model = ReadAll(kLinear + "model.pkl"), rows = ReadAll(kLinear + "rows.csv");
  const std::map<Part, std::string> wrong = {{Part::kModel, model},
                                             {Part::kContract, ReadAll(kChurn + "contract.yaml")},
                                             {Part::kRows, rows},
                                             {Part::kExpected, ReadAll(kChurn + "expected.csv")}};
  ASSERT_TRUE(catalog_.Add(testing::MakeRelease("a", "v1", wrong)));
  const std::map<Part, std::string> no_model = {{Part::kModel, "hello"}};
  ASSERT_TRUE(catalog_.Add(testing::MakeRelease("b", "v1", no_model)));
  const auto problems = CheckVersion(catalog_, Found("a:v1"));
  ASSERT_EQ(problems.size(), 2u);
  EXPECT_TRUE(problems[0].starts_with("a:v1: contract does not fit the model: ")) << problems[0];
  EXPECT_TRUE(problems[1].starts_with("a:v1: rows has ")) << problems[1];
  EXPECT_EQ(CheckVersion(catalog_, Found("b:v1")).size(), 1u);
}

}  // namespace
}  // namespace turnout
