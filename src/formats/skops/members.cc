#include "formats/skops/members.h"

#include <fmt/format.h>

#include "formats/pickle/text.h"
#include "formats/skops/npy.h"

namespace turnout::skops {

using pickle::Id;
using pickle::Kind;
using pickle::Printable;

bool Members::Read(const ZipMember& member, std::span<const uint8_t>* contents) {
  Status read;
  if (member.stored()) {
    *contents = member.data;
    read = CheckStored(member);
  } else {
    auto* out = store_.New<uint8_t>(member.size);
    if (out == nullptr) return call_.OutOfMemory();
    *contents = {out, static_cast<std::size_t>(member.size)};
    read = ReadMember(member, {out, static_cast<std::size_t>(member.size)});
  }
  return read || call_.Fail(read.error().code, std::move(read.error().message));
}

bool Members::Contents(std::string_view name, std::span<const uint8_t>* contents) {
  if (const auto found = contents_.find(name); found != contents_.end()) {
    *contents = found->second;
    return true;
  }
  const ZipMember* member = zip_.Find(name);
  if (member == nullptr) {
    return call_.Corrupt(
        fmt::format("it refers to '{}', which is not in the archive; the file is damaged", Printable(name)));
  }
  if (!Read(*member, contents)) return false;
  contents_.emplace(member->name, *contents);
  return true;
}

bool Members::MakeArray(std::string_view name, std::span<const uint8_t> contents, Id* array) {
  const auto npy = ReadNpy(contents, store_);
  if (!npy)
    return call_.Fail(npy.error().code, fmt::format("member '{}': {}", Printable(name), npy.error().message));
  std::vector<Id> lengths;
  for (const int64_t length : npy->shape) lengths.push_back(store_.AddInt(length));
  const Id shape = store_.Add(Kind::kTuple);
  if (!store_.SetItems(shape, lengths)) return call_.OutOfMemory();
  *array = store_.Add(Kind::kNone);
  return call_.SetRawArray(
      *array, {.dtype = npy->dtype, .shape = shape, .fortran = npy->fortran, .padded = false, .bytes = 0},
      npy->data);
}

bool Members::Array(std::string_view name, Id* array) {
  if (const auto found = made_.find(name); found != made_.end()) {
    *array = found->second;
    return true;
  }
  std::span<const uint8_t> contents;
  if (!Contents(name, &contents) || !MakeArray(name, contents, array)) return false;
  made_.emplace(zip_.Find(name)->name, *array);
  return true;
}

bool Members::Arrays(std::string_view name, Id* dict) {
  if (const auto found = made_.find(name); found != made_.end()) {
    *dict = found->second;
    return true;
  }
  std::span<const uint8_t> contents;
  if (!Contents(name, &contents)) return false;
  const auto inner = ZipArchive::Open(contents);
  if (!inner) {
    return call_.Fail(inner.error().code,
                      fmt::format("member '{}': {}", Printable(name), inner.error().message));
  }
  std::vector<Id> pairs;
  for (const ZipMember& member : inner->members()) {
    std::string_view key = member.name;
    if (!key.ends_with(".npy")) continue;
    key.remove_suffix(4);
    std::span<const uint8_t> array_contents;
    Id array = pickle::kNoId, text = pickle::kNoId;
    if (!Read(member, &array_contents) || !MakeArray(member.name, array_contents, &array)) return false;
    if (!call_.AddText(key, &text)) return false;
    pairs.push_back(text);
    pairs.push_back(array);
  }
  *dict = store_.Add(Kind::kDict);
  if (!store_.SetItems(*dict, pairs)) return call_.OutOfMemory();
  made_.emplace(zip_.Find(name)->name, *dict);
  return true;
}

}  // namespace turnout::skops
