#include "registry/reference.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "bytes/utf8.h"

namespace turnout {
namespace {

constexpr std::size_t kLongestName = 100;
constexpr std::size_t kLongestValue = 4096;
constexpr std::size_t kShownBytes = 60;
constexpr std::size_t kShortestDigest = 12, kDigestDigits = 64;

bool IsAlphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

bool IsHex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

Status CheckName(std::string_view name, std::string_view what, std::string_view others) {
  const bool good = !name.empty() && name.size() <= kLongestName && IsAlphanumeric(name.front()) &&
                    std::all_of(name.begin(), name.end(),
                                [&](char c) { return IsAlphanumeric(c) || others.find(c) != others.npos; });
  if (good) return {};
  std::string listed;
  for (const char c : others) listed += fmt::format("{}'{}'", listed.empty() ? "" : ", ", c);
  return Fail(
      Code::kInvalidArgument,
      fmt::format("{} is not the name of {}: 1 to {} letters, digits, {}, beginning with a letter or a "
                  "digit",
                  Printable(name), what, kLongestName, listed));
}

}  // namespace

std::string Printable(std::string_view text) {
  std::string out = "'";
  std::size_t at = 0;
  while (at < text.size() && out.size() <= kShownBytes) {
    const std::size_t length = Utf8Length(text, at);
    if (length == 0 || IsControl(text[at])) {
      out += '?';
    } else {
      out.append(text.substr(at, length));
    }
    at += std::max<std::size_t>(length, 1);
  }
  if (at < text.size()) return out + fmt::format("...' ({} bytes)", text.size());
  return out + "'";
}

bool IsDigest(std::string_view text) {
  return text.size() == kDigestDigits && std::all_of(text.begin(), text.end(), IsHex);
}

Status CheckModelName(std::string_view name) {
  TURNOUT_TRY(CheckName(name, "a model", "._-"));
  if (name != "sha256") return {};
  return Fail(Code::kInvalidArgument, "'sha256' begins a digest, so no model may be called that");
}

Status CheckVersionName(std::string_view name) { return CheckName(name, "a version", "._-+"); }

Status CheckAliasName(std::string_view name) { return CheckName(name, "an alias", "._-"); }

Status CheckMetadata(std::string_view key, std::string_view value) {
  TURNOUT_TRY(CheckName(key, "metadata", "._-/"));
  bool good = value.size() <= kLongestValue;
  for (std::size_t at = 0; good && at < value.size();) {
    const std::size_t length = Utf8Length(value, at);
    good = length > 0 && !IsControl(value[at]);
    at += length;
  }
  if (good) return {};
  return Fail(Code::kInvalidArgument,
              fmt::format("metadata '{}': {} is not a value: at most {} bytes of UTF-8 without control "
                          "characters",
                          key, Printable(value), kLongestValue));
}

std::string VersionReference::text() const {
  if (name.empty()) return "sha256:" + digest;
  return version.empty() ? name + "@" + alias : name + ":" + version;
}

Result<VersionReference> ParseReference(std::string_view text) {
  VersionReference reference;
  const auto within = [&](const Status& status) -> Result<VersionReference> {
    if (status) return std::move(reference);
    return Fail(
        Code::kInvalidArgument,
        fmt::format("{} names no version: {}; write churn:v2.1.0, churn@stable or sha256:<{} digits or "
                    "more>",
                    Printable(text), status.error().message, kShortestDigest));
  };
  const std::size_t mark = text.find_first_of(":@");
  const std::string_view name = text.substr(0, mark);
  const std::string_view rest = mark == text.npos ? std::string_view{} : text.substr(mark + 1);
  if (name == "sha256" && mark != text.npos && text[mark] == ':') {
    const bool good = rest.size() >= kShortestDigest && rest.size() <= kDigestDigits &&
                      std::all_of(rest.begin(), rest.end(), IsHex);
    if (!good) {
      return within(
          Fail(Code::kInvalidArgument, fmt::format("{} is not {} to {} digits of a SHA-256, 0-9 and a-f",
                                                   Printable(rest), kShortestDigest, kDigestDigits)));
    }
    reference.digest = rest;
    return reference;
  }
  reference.name = name;
  if (auto status = CheckModelName(name); !status) return within(status);
  if (mark == text.npos) {
    reference.alias = kStableAlias;
    return reference;
  }
  (text[mark] == ':' ? reference.version : reference.alias) = rest;
  return within(text[mark] == ':' ? CheckVersionName(rest) : CheckAliasName(rest));
}

}  // namespace turnout
