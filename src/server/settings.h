// The table of settings: what a configuration may say, once.
//
// config.cc walks a file along it; the documentation is printed from it. A setting's bounds are read from the
// text that users see, in the setting's own unit.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "server/config.h"

namespace turnout {

// In a path: any name.
inline constexpr std::string_view kAnySettingName = "<name>";

struct Setting {
  std::string_view path;  // "endpoints.<name>.objective.p99"
  std::string_view meaning;
  std::string_view fallback;  // the default, as text; "required"; "none"
  std::string_view bounds;    // "0s to 1h"; empty: none
  std::string_view example;
};

// What a setting is written into while a file is walked.
struct SettingPlace {
  ServerConfig& config;
  EndpointConfig* endpoint = nullptr;
  VersionConfig* version = nullptr;
  StreamConfig* stream = nullptr;
  std::string name = {};  // the last <name> on the way
};

struct SettingEntry {
  Setting setting;
  Status (*set)(SettingPlace&, const Setting&, const std::string& value);
};
std::span<const SettingEntry> SettingEntries();

// The table as a page of Markdown.
std::string SettingsPage();

}  // namespace turnout
