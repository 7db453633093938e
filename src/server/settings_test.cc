#include "server/settings.h"

#include <gtest/gtest.h>

#include "storage/file.h"

namespace turnout {
namespace {

// "endpoints.<name>.contract" and a value as YAML: {"endpoints": {"n": {"contract": "value"}}}.
std::string Nested(std::string_view path, std::string_view value) {
  std::string yaml, close;
  while (!path.empty()) {
    std::string_view name = path.substr(0, path.find('.'));
    path.remove_prefix(std::min(name.size() + 1, path.size()));
    if (name == kAnySettingName) name = "n";
    yaml.append("{\"").append(name).append("\": ");
    close += '}';
  }
  return yaml.append("\"").append(value).append("\"").append(close);
}

// What the table says of the setting with this value: its problem, or nothing.
std::string ProblemOf(const Setting& setting, std::string_view value) {
  const auto config = ParseServerConfig(Nested(setting.path, value), "s.yaml");
  if (config) return "";
  std::string path(setting.path);
  for (std::size_t at; (at = path.find(kAnySettingName)) != path.npos;) path.replace(at, 6, "n");
  const std::string& message = config.error().message;
  const std::size_t at = message.find(path + ": ");
  return at == message.npos ? "" : message.substr(at, message.find('\n', at) - at);
}

TEST(SettingsTest, EveryExampleAndEveryBoundIsAccepted) {
  for (const SettingEntry& entry : SettingEntries()) {
    const Setting& setting = entry.setting;
    const std::string problem = ProblemOf(setting, setting.example);
    EXPECT_TRUE(problem.empty() || problem == "streams.n.endpoint: there is no endpoint 'churn'") << problem;
    if (setting.bounds.empty()) continue;
    const std::size_t to = setting.bounds.find(" to ");
    ASSERT_NE(to, setting.bounds.npos) << setting.path;
    EXPECT_EQ(ProblemOf(setting, setting.bounds.substr(0, to)), "") << setting.path;
    EXPECT_EQ(ProblemOf(setting, setting.bounds.substr(to + 4)), "") << setting.path;
    EXPECT_NE(ProblemOf(setting, "x"), "") << setting.path;
  }
}

// The defaults that users read are those that the program has.
TEST(SettingsTest, TheDefaultsAreTheOnesOfTheTable) {
  const std::string rest = "endpoints: {n: {versions: {v: {model: m}}}}\n";
  const auto plain = ParseServerConfig(rest, "s.yaml");
  ASSERT_TRUE(plain);
  int checked = 0;
  for (const SettingEntry& entry : SettingEntries()) {
    const Setting& setting = entry.setting;
    if (setting.path.find(kAnySettingName) != setting.path.npos || setting.fallback == "none") continue;
    ServerConfig config = *plain;
    SettingPlace place{.config = config};
    const Status set = entry.set(place, setting, std::string(setting.fallback));
    ASSERT_TRUE(set) << setting.path << ": " << set.error().message;
    EXPECT_EQ(config.address, plain->address) << setting.path;
    EXPECT_EQ(config.port, plain->port) << setting.path;
    EXPECT_EQ(config.threads, plain->threads) << setting.path;
    EXPECT_EQ(config.max_rows, plain->max_rows) << setting.path;
    EXPECT_EQ(config.drain_seconds, plain->drain_seconds) << setting.path;
    EXPECT_EQ(config.limits.connections, plain->limits.connections) << setting.path;
    EXPECT_EQ(config.limits.header_bytes, plain->limits.header_bytes) << setting.path;
    EXPECT_EQ(config.limits.body_bytes, plain->limits.body_bytes) << setting.path;
    EXPECT_EQ(config.limits.min_rate, plain->limits.min_rate) << setting.path;
    EXPECT_EQ(config.limits.idle, plain->limits.idle) << setting.path;
    EXPECT_EQ(config.limits.header, plain->limits.header) << setting.path;
    EXPECT_EQ(config.limits.body, plain->limits.body) << setting.path;
    EXPECT_EQ(config.limits.write, plain->limits.write) << setting.path;
    EXPECT_EQ(config.registry, plain->registry) << setting.path;
    EXPECT_EQ(config.log.sample_ppm, plain->log.sample_ppm) << setting.path;
    EXPECT_EQ(config.log.files.file_bytes, plain->log.files.file_bytes) << setting.path;
    EXPECT_EQ(config.log.files.files, plain->log.files.files) << setting.path;
    EXPECT_EQ(config.log.files.keep, plain->log.files.keep) << setting.path;
    ++checked;
  }
  EXPECT_EQ(checked, 17);
}

TEST(SettingsTest, ThePageIsCurrent) {
  const auto page = ReadFile("docs/settings.md", 1 << 20);
  ASSERT_TRUE(page) << page.error().message;
  EXPECT_EQ(*page, SettingsPage()) << "turnout check --settings > docs/settings.md";
}

}  // namespace
}  // namespace turnout
