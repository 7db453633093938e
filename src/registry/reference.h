// How versions of a registry are named, and what names there may be.
//
//   churn:v2.1.0            the version v2.1.0 of the model churn
//   churn@candidate         the one that the alias stands for
//   churn                   churn@stable
//   sha256:9f86d081884c     the one whose model file has that digest; 12 digits or more of it
//
// A configuration and the commands write "registry:" before it, where a path could stand too.
//
// Names stand in paths, metrics, headers and on the command line: 1 to 100 letters, digits, '.', '_', '-'
// (in versions also '+'), beginning with a letter or a digit. No model is called "sha256".
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace turnout {

struct VersionReference {
  std::string name;     // of the model; empty: by digest
  std::string version;  // this version, or
  std::string alias;    // what this alias stands for, or
  std::string digest;   // the beginning of the model file's SHA-256, lower case

  std::string text() const;  // as above; "churn@stable" for "churn"
};
// `text` without "registry:". Errors say what was found and what a reference looks like.
Result<VersionReference> ParseReference(std::string_view text);

// "registry:churn@stable".
inline constexpr std::string_view kRegistryPrefix = "registry:";
inline bool IsRegistryReference(std::string_view path) { return path.starts_with(kRegistryPrefix); }

inline constexpr std::string_view kStableAlias = "stable";

// Whether it may be a name of this kind; the error quotes what was given, shortened, and says what may be.
Status CheckModelName(std::string_view name);
Status CheckVersionName(std::string_view name);
Status CheckAliasName(std::string_view name);
// key=value that somebody wants to keep with a version: a key of up to 100 letters, digits, '.', '_', '-',
// '/'; a value of up to 4096 bytes of UTF-8 without control characters.
Status CheckMetadata(std::string_view key, std::string_view value);

// For messages: control characters and what is no UTF-8 as '?', cut after 60 bytes.
std::string Printable(std::string_view text);

// 64 digits, as Sha256() gives them.
bool IsDigest(std::string_view text);

}  // namespace turnout
