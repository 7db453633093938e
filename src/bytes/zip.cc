// The format: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3 and 4.5.3.
#include "bytes/zip.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>

#include "base/byte_reader.h"
#include "bytes/decompress.h"

namespace turnout {
namespace {

constexpr uint32_t kLocalHeader = 0x04034b50;
constexpr uint32_t kDirectoryHeader = 0x02014b50;
constexpr uint32_t kDirectoryEnd = 0x06054b50;
constexpr uint32_t kDirectoryEnd64 = 0x06064b50;
constexpr uint32_t kDirectoryLocator64 = 0x07064b50;
constexpr std::size_t kLocalHeaderBytes = 30;
constexpr std::size_t kDirectoryHeaderBytes = 46;
constexpr std::size_t kDirectoryEndBytes = 22;
constexpr std::size_t kDirectoryEnd64Bytes = 56;
constexpr std::size_t kLocatorBytes = 20;
constexpr uint16_t kEncrypted = 1;
constexpr uint16_t kExtra64 = 1;

std::unexpected<Error> Corrupt(std::size_t offset, std::string_view what) {
  return Fail(Code::kCorrupt, fmt::format("byte {}: {}", offset, what));
}

// A name as messages show it.
std::string Shown(std::string_view name) {
  std::string text;
  for (const char c : name.substr(0, 80)) text.push_back(c >= 0x20 && c < 0x7f ? c : '?');
  return name.size() > 80 ? text + "..." : text;
}

struct Directory {
  uint64_t offset = 0;
  uint64_t size = 0;
  uint64_t members = 0;
};

// The end record lies at the end of the file, but for a comment of up to 64 KiB.
Result<Directory> FindDirectory(std::span<const uint8_t> bytes) {
  const auto missing = [&] {
    return Corrupt(bytes.size(), "the zip archive has no directory at its end; the file looks truncated");
  };
  if (bytes.size() < kDirectoryEndBytes) return missing();
  std::size_t end = bytes.size() - kDirectoryEndBytes;
  const std::size_t first = end > 0xffff ? end - 0xffff : 0;
  for (;; --end) {
    if (LoadLittle<uint32_t>(&bytes[end]) == kDirectoryEnd &&
        LoadLittle<uint16_t>(&bytes[end + 20]) == bytes.size() - end - kDirectoryEndBytes) {
      break;
    }
    if (end == first) return missing();
  }
  const uint8_t* record = &bytes[end];
  Directory directory{.offset = LoadLittle<uint32_t>(record + 16),
                      .size = LoadLittle<uint32_t>(record + 12),
                      .members = LoadLittle<uint16_t>(record + 10)};
  uint64_t disk = LoadLittle<uint16_t>(record + 4) | LoadLittle<uint16_t>(record + 6);
  uint64_t on_disk = LoadLittle<uint16_t>(record + 8);
  if (end >= kLocatorBytes && LoadLittle<uint32_t>(&bytes[end - kLocatorBytes]) == kDirectoryLocator64) {
    const std::size_t locator = end - kLocatorBytes;
    const auto at = LoadLittle<uint64_t>(&bytes[locator + 8]);
    if (at > locator || locator - at < kDirectoryEnd64Bytes ||
        LoadLittle<uint32_t>(&bytes[static_cast<std::size_t>(at)]) != kDirectoryEnd64) {
      return Corrupt(locator,
                     "the zip archive's 64-bit end record is not where its locator says; the file is "
                     "damaged");
    }
    end = static_cast<std::size_t>(at);
    record = &bytes[end];
    disk = LoadLittle<uint32_t>(record + 16) | LoadLittle<uint32_t>(record + 20);
    on_disk = LoadLittle<uint64_t>(record + 24);
    directory = {.offset = LoadLittle<uint64_t>(record + 48),
                 .size = LoadLittle<uint64_t>(record + 40),
                 .members = LoadLittle<uint64_t>(record + 32)};
  }
  if (disk != 0 || on_disk != directory.members) {
    return Corrupt(end, "the zip archive is one of several parts; put them together into one file");
  }
  if (directory.offset > end || directory.size != end - directory.offset) {
    return Corrupt(
        end, fmt::format("the zip archive's directory should lie at bytes {} to {}, just before its end "
                         "record; the file is damaged or something was put before or into it",
                         directory.offset, directory.offset + directory.size));
  }
  return directory;
}

// The values that did not fit 32 bits, in their order.
bool ReadExtra64(std::span<const uint8_t> extra, std::span<uint64_t* const> wanted) {
  ByteReader in(extra);
  uint16_t id = 0, size = 0;
  std::span<const uint8_t> field;
  while (in.ReadLittle(id) && in.ReadLittle(size) && in.ReadBytes(size, field)) {
    if (id != kExtra64) continue;
    ByteReader values(field);
    return std::ranges::all_of(wanted, [&](uint64_t* value) { return values.ReadLittle(*value); });
  }
  return false;
}

Compression CompressionOf(uint16_t method) {
  switch (method) {
    case 8: return Compression::kDeflate;
    case 12: return Compression::kBzip2;
    default: return Compression::kLzma;
  }
}

std::unexpected<Error> WithinMember(const ZipMember& member, Error error) {
  return Within(fmt::format("member '{}'", Shown(member.name)), std::move(error));
}

Status CheckSum(const ZipMember& member, std::span<const uint8_t> contents) {
  const uLong sum = crc32_z(crc32_z(0, nullptr, 0), contents.data(), contents.size());
  if (sum == member.checksum) return {};
  return Fail(Code::kCorrupt,
              fmt::format("member '{}': its checksum is {:08x}, {:08x} expected; the file is damaged",
                          Shown(member.name), sum, member.checksum));
}

}  // namespace

Result<ZipArchive> ZipArchive::Open(std::span<const uint8_t> bytes, const ZipLimits& limits) {
  TURNOUT_ASSIGN(const Directory directory, FindDirectory(bytes));
  if (directory.members > limits.members) {
    return Fail(Code::kUnsupported, fmt::format("a zip archive of {} members, more than {} are not accepted",
                                                directory.members, limits.members));
  }
  if (directory.members > directory.size / kDirectoryHeaderBytes) {
    return Corrupt(
        static_cast<std::size_t>(directory.offset),
        fmt::format("the zip archive's directory has {} bytes, too few for {} members; the file is damaged",
                    directory.size, directory.members));
  }
  ZipArchive zip;
  zip.members_.reserve(static_cast<std::size_t>(directory.members));
  zip.by_name_.reserve(static_cast<std::size_t>(directory.members));
  const auto files = bytes.first(static_cast<std::size_t>(directory.offset));
  ByteReader in(bytes.first(static_cast<std::size_t>(directory.offset + directory.size)), files.size());
  for (uint64_t i = 0; i < directory.members; ++i) {
    const std::size_t at = in.offset();
    std::span<const uint8_t> header, name, extra, comment;
    if (!in.ReadBytes(kDirectoryHeaderBytes, header) ||
        LoadLittle<uint32_t>(header.data()) != kDirectoryHeader ||
        !in.ReadBytes(LoadLittle<uint16_t>(&header[28]), name) ||
        !in.ReadBytes(LoadLittle<uint16_t>(&header[30]), extra) ||
        !in.ReadBytes(LoadLittle<uint16_t>(&header[32]), comment)) {
      return Corrupt(
          at, fmt::format("entry {} of the zip archive's directory is not one; the file is damaged", i));
    }
    ZipMember member{.name = {reinterpret_cast<const char*>(name.data()), name.size()},
                     .size = LoadLittle<uint32_t>(&header[24]),
                     .checksum = LoadLittle<uint32_t>(&header[16]),
                     .method = LoadLittle<uint16_t>(&header[10]),
                     .data = {}};
    uint64_t packed = LoadLittle<uint32_t>(&header[20]), offset = LoadLittle<uint32_t>(&header[42]);
    std::vector<uint64_t*> wide;
    for (uint64_t* value : {&member.size, &packed, &offset}) {
      if (*value == 0xffffffff) wide.push_back(value);
    }
    const auto wrong = [&](std::string_view what) {
      return Corrupt(at, fmt::format("member '{}' of the zip archive {}", Shown(member.name), what));
    };
    if (!wide.empty() && !ReadExtra64(extra, wide)) return wrong("has no 64-bit sizes; the file is damaged");
    if ((LoadLittle<uint16_t>(&header[8]) & kEncrypted) != 0) {
      return Fail(Code::kUnsupported,
                  wrong("is encrypted; save the model without a password").error().message);
    }

    // The member itself must say the same of itself.
    ByteReader local(files, static_cast<std::size_t>(std::min<uint64_t>(offset, files.size())));
    std::span<const uint8_t> local_header, local_name, local_extra;
    if (!local.ReadBytes(kLocalHeaderBytes, local_header) ||
        LoadLittle<uint32_t>(local_header.data()) != kLocalHeader ||
        !local.ReadBytes(LoadLittle<uint16_t>(&local_header[26]), local_name) ||
        !local.ReadBytes(LoadLittle<uint16_t>(&local_header[28]), local_extra) ||
        !std::ranges::equal(local_name, name) || LoadLittle<uint16_t>(&local_header[8]) != member.method ||
        !local.ReadBytes(packed, member.data)) {
      return wrong(fmt::format("is not at byte {}, where the directory has it; the file is damaged", offset));
    }
    if (member.stored() && packed != member.size) {
      return wrong(
          fmt::format("is stored as {} bytes, but should have {}; the file is damaged", packed, member.size));
    }
    zip.content_bytes_ += std::min(member.size, UINT64_MAX - zip.content_bytes_);
    if (!zip.by_name_.emplace(member.name, static_cast<uint32_t>(i)).second) {
      return wrong("is in it twice, so it is not clear which one is meant; it is refused");
    }
    zip.members_.push_back(member);
  }
  if (in.remaining() != 0)
    return Corrupt(in.offset(), "something lies between the zip archive's directory and its end");
  if (zip.content_bytes_ > limits.bytes ||
      (zip.content_bytes_ > limits.ratio_from && zip.content_bytes_ / limits.ratio >= bytes.size())) {
    return Fail(
        Code::kUnsupported,
        fmt::format("a zip archive of {} bytes that holds {} bytes, more than {} in all or {} times its size "
                    "are not accepted; it is made to fill the memory",
                    bytes.size(), zip.content_bytes_, limits.bytes, limits.ratio));
  }
  return zip;
}

const ZipMember* ZipArchive::Find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &members_[found->second];
}

Status CheckStored(const ZipMember& member) { return CheckSum(member, member.data); }

Status ReadMember(const ZipMember& member, std::span<uint8_t> out) {
  switch (member.method) {
    case 0: std::ranges::copy(member.data, out.begin()); break;
    case 8:
    case 12:
      if (auto read = DecompressInto(member.data, CompressionOf(member.method), out); !read) {
        return WithinMember(member, std::move(read).error());
      }
      break;
    case 14: {
      // Two bytes of version, the size of the properties, 5 bytes of properties, then what lzma-alone has
      // behind its 13-byte header: properties and size.
      constexpr std::size_t kBefore = 4, kProperties = 5;
      if (member.data.size() < kBefore + kProperties ||
          LoadLittle<uint16_t>(&member.data[2]) != kProperties) {
        return WithinMember(member, {Code::kCorrupt, "byte 0: no lzma properties; the file is damaged"});
      }
      const std::span<const uint8_t> packed = member.data.subspan(kBefore);
      std::vector<uint8_t> alone(packed.begin(), packed.begin() + kProperties);
      alone.resize(kProperties + 8, 0xff);  // size unknown: there is a mark at the end
      alone.insert(alone.end(), packed.begin() + kProperties, packed.end());
      if (auto read = DecompressInto(alone, Compression::kLzma, out); !read) {
        return WithinMember(member, std::move(read).error());
      }
      break;
    }
    default:
      return Fail(
          Code::kUnsupported,
          fmt::format("member '{}' is compressed by method {}; stored, deflated, bzip2 and lzma members are "
                      "read: save the model again with compression=zipfile.ZIP_DEFLATED",
                      Shown(member.name), member.method));
  }
  return CheckSum(member, out);
}

}  // namespace turnout
