// Members: the contents of a skops file's members, each read and checked once, as values.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "bytes/zip.h"
#include "formats/pickle/interpret.h"
#include "formats/pickle/store.h"

namespace turnout::skops {

// Functions return false after they recorded an error in `call`.
class Members {
 public:
  // All of them outlive this.
  Members(const ZipArchive& zip, pickle::PickleStore& store, pickle::Interpreter& call)
      : zip_(zip), store_(store), call_(call) {}

  // The contents: a view of the file, or inflated into the store.
  bool Contents(std::string_view name, std::span<const uint8_t>* contents);
  // A .npy member as an array.
  bool Array(std::string_view name, pickle::Id* array);
  // A .npz member (an archive in the archive, from scipy.sparse.save_npz) as a dict of its arrays.
  bool Arrays(std::string_view name, pickle::Id* dict);

 private:
  using Id = pickle::Id;
  bool Read(const ZipMember& member, std::span<const uint8_t>* contents);
  bool MakeArray(std::string_view name, std::span<const uint8_t> contents, Id* array);

  const ZipArchive& zip_;
  pickle::PickleStore& store_;
  pickle::Interpreter& call_;
  std::unordered_map<std::string_view, std::span<const uint8_t>> contents_;
  std::unordered_map<std::string_view, Id> made_;  // arrays and dicts
};

}  // namespace turnout::skops
