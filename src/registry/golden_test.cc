// Every golden case (tests/golden): what the real library answered against the slow model and every engine
// that fits. One test per model file, made from the folders.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "bytes/number.h"
#include "codec/csv_reply.h"
#include "registry/expected.h"
#include "registry/version.h"
#include "storage/file.h"

namespace turnout {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> Cases() {
  std::vector<std::string> cases;
  for (const auto& entry : fs::recursive_directory_iterator("tests/golden")) {
    if (entry.path().filename().string().starts_with("model.")) cases.push_back(entry.path().string());
  }
  std::sort(cases.begin(), cases.end());
  return cases;
}

// "tolerance: exact", "tolerance proba: 1e-15 (reason)".
Tolerance ToleranceOf(const std::string& about) {
  Tolerance tolerance{.all = -1, .of = {}};
  std::size_t at = 0;
  while (at < about.size()) {
    const std::size_t end = std::min(about.find('\n', at), about.size());
    const std::string line = about.substr(at, end - at);
    at = end + 1;
    if (!line.starts_with("tolerance")) continue;
    const std::size_t colon = line.find(": ");
    const std::string value = line.substr(colon + 2, line.find(' ', colon + 2) - colon - 2);
    const double number = value == "exact" ? 0 : ParseNumber(value).value;
    if (colon == 9) {
      tolerance.all = number;
    } else {
      tolerance.of.emplace_back(line.substr(10, colon - 10), number);
    }
  }
  return tolerance;
}

// The same table with its columns in reverse.
std::string Reversed(const std::string& csv) {
  const auto table = ReadTextTable(csv, "rows.csv");
  EXPECT_TRUE(table) << table.error().message;
  std::string out;
  for (std::size_t row = 0; row <= table->rows(); ++row) {
    for (std::size_t i = table->names.size(); i-- > 0;) {
      const auto cell = row == 0 ? table->names[i] : table->columns[i][row - 1];
      if (cell) AppendCsvCell(out, *cell);
      out += i == 0 ? '\n' : ',';
    }
  }
  return out;
}

class Golden : public testing::TestWithParam<std::string> {};

TEST_P(Golden, EveryEngineAnswersAsTheLibraryDid) {
  const fs::path folder = fs::path(GetParam()).parent_path();
  const auto file = LoadModelFile(GetParam());
  ASSERT_TRUE(file) << file.error().message;
  const auto rows = ReadFile((folder / "rows.csv").string(), 1 << 24);
  const auto expected = ReadFile((folder / "expected.csv").string(), 1 << 24);
  const auto about = ReadFile((folder / "about.txt").string(), 1 << 16);
  ASSERT_TRUE(rows && expected && about);
  const Tolerance tolerance = ToleranceOf(*about);
  ASSERT_GE(tolerance.all, 0) << "about.txt names no tolerance";

  int engines = 0;
  for (const EngineChoice& choice : ExplainEngines(file->model)) {
    if (!choice.reason.empty()) continue;
    ++engines;
    const auto engine = CompileEngine(file->model, choice.name);
    ASSERT_TRUE(engine) << engine.error().message;
    // Columns are taken by name: a file that has names answers alike in any order of the columns.
    const bool reversed =
        engines % 2 == 1 && file->model.signature.named && file->model.signature.inputs.size() > 1;
    const auto comparison = CompareWithExpected(file->model, **engine, reversed ? Reversed(*rows) : *rows,
                                                "rows.csv", *expected, "expected.csv", tolerance);
    ASSERT_TRUE(comparison) << comparison.error().message;
    EXPECT_GE(comparison->rows, 100u);
    EXPECT_GE(comparison->columns.size(), 1u);
    for (const ColumnComparison& column : comparison->columns) {
      EXPECT_EQ(column.wrong, 0u) << choice.name << ": " << column.column << ", row " << column.worst_row
                                  << ": got " << column.got << ", expected " << column.expected;
    }
  }
  EXPECT_GE(engines, 2) << "the slow model and a compiled engine";
}

// They are part of every clone.
TEST(GoldenCases, TakeLessThan40Megabytes) {
  uintmax_t bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator("tests/golden")) {
    if (entry.is_regular_file()) bytes += entry.file_size();
  }
  EXPECT_GT(bytes, 1'000'000u);
  EXPECT_LT(bytes, 40'000'000u);
}

INSTANTIATE_TEST_SUITE_P(Cases, Golden, testing::ValuesIn(Cases()), [](const auto& one) {
  const fs::path path(one.param);
  const fs::path folder = path.parent_path();
  std::string name = folder.parent_path().filename().string() + "_" + folder.filename().string();
  if (const std::string file = path.filename().string(); file != "model.pkl") name += file.substr(5);
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !isalnum(static_cast<unsigned char>(c)); }, '_');
  return name;
});

}  // namespace
}  // namespace turnout
