// XGBoost models with one thing wrong (tests/hostile/xgboost, written by its make.py): each gives its exact
// message. And documents that are made to fill the memory.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "formats/read_model.h"
#include "model/model.h"

namespace turnout {
namespace {

namespace fs = std::filesystem;

std::string ReadFile(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

Result<Model> Read(const std::string& bytes) {
  return ReadModel({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
}

TEST(HostileXgboost, EachFileGivesItsExactMessage) {
  std::size_t cases = 0;
  for (const auto& entry : fs::directory_iterator("tests/hostile/xgboost")) {
    if (entry.path().extension() != ".bin") continue;
    SCOPED_TRACE(entry.path().string());
    fs::path message = entry.path();
    message.replace_extension(".txt");
    const auto model = Read(ReadFile(entry.path()));
    ++cases;
    EXPECT_FALSE(model.has_value()) << "it was read";
    if (model) continue;
    EXPECT_EQ(model.error().message + "\n", ReadFile(message));
  }
  EXPECT_GT(cases, 150u);
}

// The models in which each of the files has one thing wrong.
TEST(HostileXgboost, TheGoodModelsAreRead) {
  for (const char* name : {"good.json", "good.ubj", "good.pkl"}) {
    SCOPED_TRACE(name);
    const auto model = Read(ReadFile(fs::path("tests/hostile/xgboost") / name));
    ASSERT_TRUE(model) << model.error().message;
    EXPECT_EQ(std::get<Forest>(model->predictor).nodes.size(), 14u) << "without the deleted ones";
    const auto row = [&](double age, double plan) {
      const Value values[] = {{.number = age}, {.number = plan}};
      return Predict(*model, values).raw[0];
    };
    // Both trees alike: base_score 0.25 and twice the leaf.
    EXPECT_EQ(row(std::nextafter(0.5f, 0.0f), 0), 0.25 + 2 * 1.25);
    EXPECT_EQ(row(0.5, 33), 0.25 + 2 * -2.0);  // a listed category goes right
    EXPECT_EQ(row(0.5, 2.9), 0.25 + 2 * -2.0);
    EXPECT_EQ(row(0.5, 1.4), 0.25 + 2 * 4.0);  // others left: 1.4 < 1.5
    EXPECT_EQ(row(0.5, 64), 0.25 + 2 * 8.0);
    EXPECT_EQ(row(0.5, std::nan("")), 0.25 + 2 * -2.0);  // missing: to the right, as the file says
    EXPECT_EQ(row(std::nan(""), 0), 0.25 + 2 * 1.25);
  }
  const auto legacy = Read(ReadFile("tests/hostile/xgboost/good.legacy"));
  ASSERT_TRUE(legacy) << legacy.error().message;
  const Value values[] = {{.number = 0.25}, {.number = 0}};
  EXPECT_EQ(Predict(*legacy, values).raw[0], 0.25 + 2 * 1.25);
}

// No list is as none: the iterations are counted by the trees.
TEST(HostileXgboost, AnEmptyListOfIterations) {
  std::string text = ReadFile("tests/hostile/xgboost/good.json");
  const auto replace = [&text](std::string_view from, std::string_view to) {
    const std::size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
  };
  replace(R"("iteration_indptr":[0,1,2])", R"("iteration_indptr":[])");
  replace(R"("attributes":{})", R"("attributes":{"best_iteration":"0","scikit_learn":"{}"})");
  const auto model = Read(text);
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(std::get<Forest>(model->predictor).trees(), 1u);
}

// ---- what fills the memory

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;  // memory and time are the sanitizer's own
#else
constexpr bool kSanitized = false;
#endif

// The most memory that was used since ForgetPeak (proc(5): clear_refs, status).
void ForgetPeak() { std::ofstream("/proc/self/clear_refs") << "5"; }
std::size_t Peak() {
  std::ifstream status("/proc/self/status");
  for (std::string name; status >> name;) {
    std::size_t kilobytes = 0;
    if (name == "VmHWM:" && status >> kilobytes) return kilobytes * 1024;
  }
  ADD_FAILURE() << "/proc/self/status has no VmHWM";
  return 0;
}

std::string Repeat(std::string_view text, std::size_t times) {
  std::string out;
  out.reserve(text.size() * times);
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

struct Parts {
  std::string trees, info = "0", more = "", features = "2", base = "5E-1", attributes = "";
};

std::string Document(const Parts& parts) {
  return fmt::format(
      R"({{"version":[2,1,4],"learner":{{"attributes":{{{}}},"learner_model_param":{{"base_score":"{}",)"
      R"("num_class":"0","num_feature":"{}"}},"objective":{{"name":"reg:squarederror"}},"gradient_booster":)"
      R"({{"name":"gbtree","model":{{"trees":[{}],"tree_info":[{}]}}}}{}}}}})",
      parts.attributes, parts.base, parts.features, parts.trees, parts.info, parts.more);
}

// A complete binary tree of so many leaves; `left` and `right` get the children.
std::string Tree(std::size_t leaves) {
  const std::size_t nodes = 2 * leaves - 1;
  std::string left, right;
  for (std::size_t i = 0; i < nodes; ++i) {
    const bool leaf = 2 * i + 2 >= nodes;
    left += leaf ? "-1," : fmt::format("{},", 2 * i + 1);
    right += leaf ? "-1," : fmt::format("{},", 2 * i + 2);
  }
  left.pop_back();
  right.pop_back();
  const std::string zeros = Repeat("0,", nodes - 1) + "0";
  return fmt::format(
      R"({{"left_children":[{}],"right_children":[{}],"split_indices":[{}],"split_conditions":[{}],)"
      R"("default_left":[{}],"parents":[{}],"sum_hessian":[{}]}})",
      left, right, zeros, zeros, zeros, zeros, zeros);
}

// One split on category 2^24 - 1, whose set has 2 MB.
std::string Category() {
  return R"({"left_children":[1,-1,-1],"right_children":[2,-1,-1],"split_indices":[0,0,0],"split_conditions":)"
         R"([0,0,0],"default_left":[0,0,0],"split_type":[1,0,0],"categories":[16777215],"categories_nodes":[0],)"
         R"("categories_segments":[0],"categories_sizes":[1]})";
}

std::string List(const std::string& element, std::size_t times) {
  return Repeat(element + ",", times - 1) + element;
}

std::string Big(int64_t number) {
  std::string out(8, '\0');
  for (int i = 0; i < 8; ++i) out[static_cast<std::size_t>(i)] = static_cast<char>(number >> (56 - 8 * i));
  return out;
}

// A UBJSON model of one tree whose arrays have one byte per node.
std::string Bytes(int64_t nodes) {
  const auto key = [](std::string_view name) {
    return "L" + Big(static_cast<int64_t>(name.size())) + std::string(name);
  };
  std::string tree = "{";
  for (const char* name :
       {"left_children", "right_children", "split_indices", "split_conditions", "default_left"}) {
    const char byte = name == std::string_view("default_left") ? '\0' : '\xff';
    tree += key(name) + "[$i#L" + Big(nodes) + std::string(static_cast<std::size_t>(nodes), byte);
  }
  return "{" + key("learner") + "{" + key("gradient_booster") + "{" + key("model") + "{" + key("trees") +
         "[#L" + Big(1) + tree + "}" + "}}}}";
}

TEST(HostileXgboost, MemoryAndTimeAreBounded) {
  constexpr std::size_t k10 = 10'000'000;
  constexpr std::string_view kTooMuch = "up to here the model takes more than 4 times its file";
  const std::string small = Tree(2);
  const struct {
    const char* what;
    std::string text;
    std::string_view message;  // what it says somewhere; empty: it is read
  } kCases[] = {
      {"10 MB of brackets", R"({"learner":{"x":)" + std::string(k10, '['), "more than 64"},
      {"10 MB of brackets in UBJSON", "{L" + Big(1) + "x" + std::string(k10, '['), "more than 64"},
      {"10 MB of UBJSON that does nothing", "{L" + Big(1) + "x" + std::string(k10, 'N'), "truncated"},
      {"a text of 10 MB", Document({.trees = small, .more = R"(,"x":")" + std::string(k10, 'x') + "\""}), ""},
      {"10 MB of escapes", Document({.trees = small, .more = R"(,"x":")" + Repeat("\\n", k10 / 2) + "\""}),
       ""},
      {"a number of 10 MB", Document({.trees = small, .more = R"(,"x":)" + std::string(k10, '1')}), ""},
      {"a leaf of 10 MB",
       Document(
           {.trees = R"({"left_children":[-1],"right_children":[-1],"split_indices":[0],"split_conditions":)"
                     "[" +
                     std::string(k10, '1') + R"(],"default_left":[0]})"}),
       "the leaf's value is inf"},
      {"10 MB of blanks", Document({.trees = small + std::string(k10, ' ')}), ""},
      {"half a million leaves", Document({.trees = Tree(500'000)}), ""},
      {"two million leaves", Document({.trees = Tree(2'000'000)}), ""},
      {"50,000 trees", Document({.trees = List(small, 50'000), .info = List("0", 50'000)}), ""},
      {"three million empty trees", Document({.trees = List("{}", 3'000'000)}), kTooMuch},
      {"one byte per node", Bytes(4'000'000), "has no version"},
      {"five categories", Document({.trees = List(Category(), 5), .info = List("0", 5)}), ""},
      {"a thousand categories", Document({.trees = List(Category(), 1000), .info = List("0", 1000)}),
       kTooMuch},
      {"a million attributes", Document({.trees = small, .attributes = List(R"("a":"")", 1'000'000)}),
       "\"a\" stands there twice"},
      {"a million feature names",
       Document({.trees = small, .more = R"(,"feature_names":[)" + List(R"("")", 5'000'000) + "]"}),
       kTooMuch},
      {"400,000 features", Document({.trees = small, .features = "400000"}), ""},
      {"a million features", Document({.trees = small, .features = "1000000"}), kTooMuch},
      {"three million base scores", Document({.trees = small, .base = "[" + List("0", 3'000'000) + "]"}),
       "base_score has 3000000 values"},
  };
  for (const auto& one : kCases) {
    SCOPED_TRACE(one.what);
    ForgetPeak();
    const std::size_t before = Peak();
    const std::clock_t start = std::clock();
    const auto model = Read(one.text);
    const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    const std::size_t after = Peak();
    EXPECT_EQ(model.has_value(), one.message.empty()) << (model ? "it was read" : model.error().message);
    if (!model) {
      EXPECT_NE(model.error().message.find(one.message), std::string::npos) << model.error().message;
    }
    if (kSanitized) continue;
    EXPECT_LT(seconds, 0.5 + 2.0 * static_cast<double>(one.text.size()) / k10);
    EXPECT_LT(after - before, 4 * one.text.size() + (std::size_t{64} << 20));
  }
}

}  // namespace
}  // namespace turnout
