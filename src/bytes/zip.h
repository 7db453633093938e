// ZipArchive: the members of a zip file that lies in memory, by name. For reading files that programs made:
// what real writers do is read, what is ambiguous is refused (the same name twice, bytes before the first
// member, directories that disagree with the members).
//
//   TURNOUT_ASSIGN(const auto zip, ZipArchive::Open(bytes));
//   if (const ZipMember* schema = zip.Find("schema.json")) ...
//
// Names are only looked up, never used as paths. All sizes are known, and held against the limits, before
// anything is inflated. The archive and its views belong to the bytes that Open was given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"

namespace turnout {

struct ZipLimits {
  std::size_t members = 1'000'000;
  // Of all members together, as the directory announces them; reading holds each member to it.
  uint64_t bytes = uint64_t{8} << 30;
  uint64_t ratio = 1000;
  uint64_t ratio_from = uint64_t{16} << 20;
};

struct ZipMember {
  std::string_view name;
  uint64_t size = 0;
  uint32_t checksum = 0;  // CRC-32 of the contents
  uint16_t method = 0;    // 0 stored, 8 deflate, 12 bzip2, 14 lzma
  std::span<const uint8_t> data;

  bool stored() const { return method == 0; }
};

class ZipArchive {
 public:
  static Result<ZipArchive> Open(std::span<const uint8_t> bytes, const ZipLimits& limits = {});

  std::span<const ZipMember> members() const { return members_; }
  const ZipMember* Find(std::string_view name) const;
  // The contents of all members together.
  uint64_t content_bytes() const { return content_bytes_; }

 private:
  std::vector<ZipMember> members_;
  std::unordered_map<std::string_view, uint32_t> by_name_;
  uint64_t content_bytes_ = 0;
};

// Checks the checksum of a stored member, whose contents are member.data.
Status CheckStored(const ZipMember& member);
// Writes the contents of any member; `out` has room for member.size bytes, no more and no less.
Status ReadMember(const ZipMember& member, std::span<uint8_t> out);

}  // namespace turnout
