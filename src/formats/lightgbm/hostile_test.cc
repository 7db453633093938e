// LightGBM models with one thing wrong (tests/hostile/lightgbm, written by its make.py): each gives its exact
// message. And texts that are made to fill the memory.
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

TEST(HostileLightGbm, EachFileGivesItsExactMessage) {
  std::size_t cases = 0;
  for (const auto& entry : fs::directory_iterator("tests/hostile/lightgbm")) {
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
  EXPECT_GT(cases, 120u);
}

// The model in which each of the files has one thing wrong.
TEST(HostileLightGbm, TheGoodModelIsRead) {
  const auto model = Read(ReadFile("tests/hostile/lightgbm/good.model"));
  ASSERT_TRUE(model) << model.error().message;
  const auto row = [&](double age, double plan) {
    const Value values[] = {{.number = age}, {.number = plan}};
    return Predict(*model, values).raw[0];
  };
  EXPECT_EQ(row(0.5, 37), 0.25 + 0.5);                // tree 1: its first leaf has no terms
  EXPECT_EQ(row(1, 2), -0.5 + 0.5);                   // 2 and 32 are in the set
  EXPECT_EQ(row(9, 1), 0.75 + 0.25 + 3 * 9 + 4 * 1);  // a linear leaf
  EXPECT_EQ(row(9, std::nan("")), 0.75 + 2);          // a missing value there: the plain one
  EXPECT_EQ(row(std::nan(""), 32.9), 0.25 + 0.5);     // missing, to the default side
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

std::string Text(std::size_t features, const std::string& trees, const std::string& pandas) {
  std::string names, infos;
  for (std::size_t f = 0; f < features; ++f) {
    names += fmt::format("{:x} ", f);
    infos += "none ";
  }
  return fmt::format(
      "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx={}\n"
      "objective=regression\nfeature_names={}\nfeature_infos={}\n\n{}\nend of trees\n\nparameters:\n"
      "[categorical_feature: 0]\nend of parameters\n\npandas_categorical:{}\n",
      features - 1, names, infos, trees, pandas);
}

// A tree whose splits are a chain or, with `wide`, as shallow as can be.
std::string Tree(std::size_t leaves) {
  std::string left, right;
  for (std::size_t i = 0; i + 1 < leaves; ++i) {
    const auto child = [&](std::size_t c) {
      const auto splits = static_cast<int64_t>(leaves) - 1, at = static_cast<int64_t>(c);
      return fmt::format("{} ", at < splits ? at : ~(at - splits));
    };
    left += child(2 * i + 1);
    right += child(2 * i + 2);
  }
  const std::string zeros = Repeat("0 ", leaves - 1);
  return fmt::format(
      "Tree=0\nnum_leaves={}\nnum_cat=0\nsplit_feature={}\nthreshold={}\nleft_child={}\nright_child={}\n"
      "leaf_value={}0\n\n",
      leaves, zeros, zeros, left, right, zeros);
}

std::string Stumps(std::size_t trees) {
  std::string text;
  for (std::size_t i = 0; i < trees; ++i) {
    text += fmt::format("Tree={}\nnum_leaves=1\nnum_cat=0\nleaf_value=1\n\n", i);
  }
  return text;
}

TEST(HostileLightGbm, MemoryAndTimeAreBounded) {
  constexpr std::size_t k10 = 10'000'000;
  const std::string small = Tree(3);
  const struct {
    const char* what;
    std::string text;
    std::string_view message;  // how it starts; empty: it is read
  } kCases[] = {
      {"a line of 10 MB",
       Text(2, "Tree=0\nnum_leaves=1\nsplit_gain=" + std::string(k10, '1') + "\nleaf_value=1\n\n", "null"),
       ""},
      {"a number of 10 MB",
       Text(2, "Tree=0\nnum_leaves=1\nleaf_value=" + std::string(k10, '1') + "\n\n", "null"),
       "line 13, leaf_value: '1111111111111111111111111111111111111111...' is not a finite number"},
      {"10 MB of blanks",
       Text(2, "Tree=0\nnum_leaves=1\nleaf_value=" + std::string(k10, ' ') + "7\n\n", "null"), ""},
      {"10 MB of line ends", Text(2, std::string(k10, '\n') + small, "null"), ""},
      {"half a million leaves", Text(2, Tree(500'000), "null"), ""},
      {"three million leaves", Text(2, Tree(3'000'000), "null"),
       "line 11: up to here the model is larger than 4 times"},
      {"200,000 trees", Text(2, Stumps(200'000), "null"), ""},
      {"200,000 features", Text(200'000, small, "null"), ""},
      {"more than a million features", Text(1'050'000, small, "null"),
       "line 6, max_feature_idx: 1049999; 0 to 1048575"},
      {"three million categories", Text(2, small, "[[" + Repeat("1,", 3'000'000) + "2]]"),
       "step 1 (columns): part 1 \"categories\": step 1 (ordinal): column 0: category 1 stands there twice"},
      {"a million categories of text", Text(2, small, "[[" + Repeat("\"\",", 4'000'000) + "\"\"]]"),
       "line 27: up to here the model is larger than 4 times"},
      {"a million columns' categories", Text(2, small, "[" + Repeat("[],", 2'000'000) + "[]]"),
       "line 27: up to here the model is larger than 4 times"},
      {"lists in lists", Text(2, small, std::string(k10, '[')),
       "line 27, pandas_categorical: a list in a list"},
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
      EXPECT_EQ(model.error().message.substr(0, one.message.size()), one.message);
    }
    if (kSanitized) continue;
    EXPECT_LT(seconds, 0.5 + 2.0 * static_cast<double>(one.text.size()) / k10);
    EXPECT_LT(after - before, 4 * one.text.size() + (std::size_t{64} << 20));
  }
}

}  // namespace
}  // namespace turnout
