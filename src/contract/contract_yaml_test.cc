// tests/contract/good/*.yaml and what they say, tests/contract/bad/*.yaml and the errors they give.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "bytes/number.h"
#include "contract/contract.h"

namespace turnout {
namespace {

namespace fs = std::filesystem;
using What = ReplyItem::What;

std::string ReadAll(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  std::ostringstream out;
  out << file.rdbuf();
  return out.str();
}

std::vector<fs::path> Files(const char* folder) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".yaml") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::string Text(double number) {
  std::string out;
  AppendNumber(out, number);
  return out;
}

std::string Shown(const Field& field) {
  std::string out = "field " + field.name + " " + std::string(Name(field.type));
  if (field.required) out += " required";
  if (field.nullable) out += " nullable";
  if (field.show) out += " show";
  if (field.min) out += " min=" + Text(*field.min);
  if (field.max) out += " max=" + Text(*field.max);
  if (field.fallback) out += " default='" + *field.fallback + "'";
  if (!field.message.empty()) out += " message='" + field.message + "'";
  if (field.values_from == Field::Values::kModel) out += " values of the model";
  if (!field.values.empty()) out += " values";
  for (const auto& category : field.values) out += " " + category.text + "=" + Text(category.code);
  return out + " number=" + (field.column() == ColumnType::kNumber ? "1" : "0") + "\n";
}

std::string Shown(const Contract& contract, const std::vector<ReplyItem>& items) {
  static const char* const kNames[] = {
      "key",           "field", "class",    "class_is", "top_probability", "probability_of",
      "probabilities", "value", "value_of", "version",  "latency",         "job_time"};
  std::string out;
  for (const ReplyItem& item : items) {
    out += " " + item.name + "=" + kNames[static_cast<int>(item.what)];
    if (item.field >= 0) out += "(" + std::string(contract.column_name(item.field)) + ")";
    if (item.what == What::kClassIs || item.what == What::kProbabilityOf)
      out += "(" + LabelText(item.label) + ")";
    if (item.what == What::kLatency) out += "*" + Text(item.per_second);
    if (item.decimals >= 0) out += "." + std::to_string(item.decimals);
  }
  return out + "\n";
}

std::string Shown(const Contract& contract) {
  std::string out = "name " + contract.name + ", " +
                    (contract.key < 0 ? "no key" : "key " + std::string(contract.column_name(contract.key))) +
                    ", unknown " + (contract.reject_unknown ? "rejected" : "ignored") + "\n";
  for (const Field& field : contract.fields) out += Shown(field);
  for (const Derived& derived : contract.derived)
    out += "derived " + derived.name + " = " + derived.expression.text() + "\n";
  std::set<std::string> names;
  for (const auto& [name, slot] : contract.names) names.insert(name + (slot.codes ? "(codes)" : ""));
  out += "names";
  for (const std::string& name : names) out += " " + name;
  out += "\nfeatures";
  for (const int32_t column : contract.features) out += " " + std::string(contract.column_name(column));
  return out + "\nreply" + Shown(contract, contract.reply) + "columns" + Shown(contract, contract.columns);
}

TEST(ParseContractTest, ReadsTheGoodFiles) {
  int files = 0;
  for (const fs::path& path : Files("tests/contract/good")) {
    ++files;
    const auto contract = ParseContract(ReadAll(path), path.filename().string());
    ASSERT_TRUE(contract) << contract.error().message;
    EXPECT_EQ(Shown(*contract), ReadAll(fs::path(path).replace_extension(".txt"))) << path;
  }
  EXPECT_GE(files, 3);
}

TEST(ParseContractTest, ReportsEveryErrorOfTheBadFilesWithItsLine) {
  int files = 0;
  for (const fs::path& path : Files("tests/contract/bad")) {
    ++files;
    const auto contract = ParseContract(ReadAll(path), path.filename().string());
    ASSERT_FALSE(contract) << path;
    EXPECT_EQ(contract.error().code, Code::kInvalidArgument);
    EXPECT_EQ(contract.error().message + "\n", ReadAll(fs::path(path).replace_extension(".txt"))) << path;
  }
  EXPECT_GE(files, 8);
}

TEST(ParseContractTest, SurvivesEveryTruncationAndChangedByte) {
  const std::string churn = ReadAll("tests/contract/good/everything.yaml");
  for (std::size_t size = 0; size < churn.size(); ++size) {
    const auto contract = ParseContract(std::string_view(churn).substr(0, size), "c.yaml");
    if (!contract) {
      EXPECT_TRUE(contract.error().message.starts_with("c.yaml:")) << contract.error().message;
    }
    for (const char c : {'[', '}', '*', '\0', '\xff', ':'}) {
      std::string changed = churn;
      changed[size] = c;
      const auto other = ParseContract(changed, "c.yaml");
      if (!other) {
        EXPECT_TRUE(other.error().message.starts_with("c.yaml:")) << other.error().message;
      }
    }
  }
}

}  // namespace
}  // namespace turnout
