// Interpreter: what the calls in a pickle mean, without making them.
//
// Reduce, NewObject and Build resolve pure data (numpy arrays and scalars, bytes, sets, ...) and keep
// everything else as inert objects. Each returns false after it has recorded an error, of which the first one
// stays. One Interpreter serves one ReadPickle call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "formats/pickle/read.h"
#include "formats/pickle/store.h"

namespace turnout::pickle {

class Interpreter {
 public:
  Interpreter(PickleStore& store, const Limits& limits, std::size_t file_bytes);

  // The opcode that is being read: errors name its offset.
  void set_offset(std::size_t offset) { offset_ = offset; }

  // All return false.
  bool Fail(Code code, std::string message);
  bool Corrupt(std::string message) { return Fail(Code::kCorrupt, std::move(message)); }
  bool OutOfMemory();
  // Counts bytes that are copied or converted; false when it is more than an honest file needs.
  bool Work(uint64_t bytes);

  Error TakeError() { return std::move(error_); }

  bool Global(std::string_view module, std::string_view name, Id* result);
  // REDUCE: `callable` applied to the tuple `args`.
  bool Reduce(Id callable, Id args, Id* result);
  // NEWOBJ, NEWOBJ_EX (kwargs may be kNoId).
  bool NewObject(Id cls, Id args, Id kwargs, Id* result);
  bool Build(Id target, Id state);

  // A text node from UTF-8, a copy.
  bool AddText(std::string_view text, Id* result);
  // A text node from latin-1 bytes; a view if they are ASCII.
  bool AddLatin1(std::span<const uint8_t> bytes, Id* result);

  // The state of joblib's NumpyArrayWrapper: what its array looks like.
  struct RawArray {
    const Dtype* dtype;
    Id shape;
    bool fortran;
    bool padded;     // a byte n and n bytes of padding precede the elements
    uint64_t bytes;  // of all elements
  };
  bool ReadJoblibState(Id state, RawArray* array);
  // Turns `target` into an array over `data`, whose size is array.bytes.
  bool SetRawArray(Id target, const RawArray& array, std::span<const uint8_t> data);

 private:
  enum class Outcome { kDone, kInert, kFailed };

  bool AddObject(Id cls, Id args, Id kwargs, Id* result);
  bool Shape(Id shape, std::span<const int64_t>* lengths, uint64_t* count);
  bool CheckSize(const Dtype& dtype, std::span<const int64_t> shape, uint64_t count, uint64_t found);

  // Each answers kInert when the arguments are not those that this reader knows.
  Outcome Interpret(Known function, Id callable, std::span<const Id> args, Id* result);
  Outcome Encode(std::span<const Id> args, Id* result);
  Outcome MakeBytes(std::span<const Id> args, Id* result);
  Outcome Scalar(std::span<const Id> args, Id* result);
  Outcome MakeDtype(std::span<const Id> args, Id* result);
  Outcome BuildDtype(Id target, Id state);
  Outcome Fields(Id names, Id fields, Dtype* dtype);
  Outcome MakeArray(Id target, Id shape, Id dtype, bool fortran, Id data);
  Outcome Reconstruct(std::span<const Id> args, Id* result);
  Outcome Getattr(std::span<const Id> args);
  Outcome Latin1(Id text, Id* result);
  Outcome Copy(Kind kind, Id source, Id* result);

  PickleStore& store_;
  const Limits& limits_;
  uint64_t work_left_;
  std::size_t offset_ = 0;
  bool failed_ = false;
  Error error_;
};

}  // namespace turnout::pickle
