// PickleStore: the flat storage behind a Graph. For the reader; loaders use object.h and access.h.
//
// A value is a 16-byte node, named by its index. Everything of variable length lies in blocks that are
// freed together, so neither depth nor cycles matter. memory() is what all of it takes; the reader compares
// it with its limit after every opcode, and asks Fits() before anything large.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <vector>

#include "formats/pickle/object.h"

namespace turnout::pickle {

using Id = uint32_t;
inline constexpr Id kNoId = 0xffffffff;

// Functions and classes that the reader itself understands; kept in the flags of a kGlobal node.
enum class Known : uint8_t {
  kNothing,
  kReconstruct,      // numpy.core.multiarray._reconstruct
  kFromBuffer,       // numpy.core.numeric._frombuffer
  kScalar,           // numpy.core.multiarray.scalar
  kDtype,            // numpy.dtype
  kEncode,           // _codecs.encode
  kBytes,            // builtins.bytes, builtins.bytearray
  kSet,              // builtins.set, builtins.frozenset
  kComplex,          // builtins.complex
  kSlice,            // builtins.slice
  kRange,            // builtins.range
  kOrderedDict,      // collections.OrderedDict
  kDefaultDict,      // collections.defaultdict
  kReconstructor,    // copyreg._reconstructor
  kNewObject,        // copyreg.__newobj__
  kNewObjectEx,      // copyreg.__newobj_ex__
  kGetattr,          // builtins.getattr
  kCythonUnpickle,   // <module>.__pyx_unpickle_<Class>
  kCarriedFunction,  // cloudpickle's _make_function and _make_skel_func
  kJoblibArray,      // joblib.numpy_pickle.NumpyArrayWrapper
};

struct ObjectBody {
  Id cls = kNoId;
  Id args = kNoId;
  Id kwargs = kNoId;
  Id state = kNoId;
  Id list_items = kNoId;
  Id dict_items = kNoId;
};

struct GlobalBody {
  std::string_view name;  // module.name
  std::size_t module_length;
};

struct ArrayBody {
  const Dtype* dtype = nullptr;
  std::span<const int64_t> shape;
  bool fortran = false;
  std::span<const uint8_t> data;
  std::span<const Id> items;  // of an array of objects, C order
};

struct Node {
  uint64_t kind : 8 = 0;
  uint64_t flags : 8 = 0;
  uint64_t size : 48 = 0;  // elements, pairs or bytes
  union {
    int64_t integer = 0;
    double real;
    const double* complex;  // real, imaginary
    const uint8_t* bytes;
    Id* items;
    ObjectBody* object;
    const GlobalBody* global;
    const ArrayBody* array;
    const Dtype* dtype;
  };

  Kind Type() const { return static_cast<Kind>(kind); }
  Known Function() const { return static_cast<Known>(flags); }
};
static_assert(sizeof(Node) == 16);

inline constexpr uint64_t kSurrogatesFlag = 1;  // of kText
inline constexpr uint64_t kBuiltFlag = 1;       // of kDtype: its BUILD was seen

// A vector that grows without moving or doubling; `memory` is charged for each new chunk.
template <class T, unsigned kBits>
class ChunkedVector {
 public:
  std::size_t size() const { return size_; }
  T& operator[](std::size_t i) { return chunks_[i >> kBits][i & kMask]; }
  const T& operator[](std::size_t i) const { return chunks_[i >> kBits][i & kMask]; }
  void Push(const T& value, std::size_t* memory) {
    if ((size_ & kMask) == 0) {
      chunks_.push_back(std::make_unique_for_overwrite<T[]>(kMask + 1));
      *memory += sizeof(T) << kBits;
    }
    (*this)[size_++] = value;
  }

 private:
  static constexpr std::size_t kMask = (std::size_t{1} << kBits) - 1;
  std::vector<std::unique_ptr<T[]>> chunks_;
  std::size_t size_ = 0;
};

class PickleStore {
 public:
  static constexpr Id kNoneId = 0, kFalseId = 1, kTrueId = 2, kEmptyTupleId = 3;

  explicit PickleStore(std::size_t memory_limit);

  const Node& operator[](Id id) const { return nodes_[id]; }
  Node& operator[](Id id) { return nodes_[id]; }
  std::size_t values() const { return nodes_.size(); }
  Value Handle(Id id) const { return Value(this, id); }

  std::size_t memory() const { return memory_; }
  std::size_t* memory_counter() { return &memory_; }
  bool OverLimit() const { return memory_ > limit_; }
  bool Fits(uint64_t bytes) const { return memory_ <= limit_ && bytes <= limit_ - memory_; }

  // New values. A None, bool, small int or empty tuple is always the same one.
  Id Add(Kind kind, uint64_t size = 0);
  Id AddInt(int64_t value);
  Id AddBool(bool value) { return value ? kTrueId : kFalseId; }
  Id AddFloat(double value);
  Id AddBytes(Kind kind, std::span<const uint8_t> bytes, uint64_t flags = 0);

  // Blocks, aligned to 8 bytes; nullptr if they do not fit the limit.
  void* Allocate(uint64_t bytes);
  template <class T>
  T* New(uint64_t count = 1) {
    void* block = count <= (uint64_t{1} << 40) ? Allocate(count * sizeof(T)) : nullptr;
    if (block == nullptr) return nullptr;
    T* first = static_cast<T*>(block);
    std::uninitialized_value_construct_n(first, count);
    return first;
  }
  // Replaces the items of a tuple, list, set or dict (ids: keys and values in turn) by a copy.
  bool SetItems(Id id, std::span<const Id> ids);
  // Appends to a list, set or dict.
  bool Append(Id id, std::span<const Id> ids);

  // The ids behind a tuple, list, set, slice, range or dict (keys and values in turn).
  std::span<const Id> Ids(const Node& node) const {
    return {node.items, static_cast<std::size_t>(node.size) * (node.Type() == Kind::kDict ? 2 : 1)};
  }
  std::span<const Id> Ids(Id id) const { return Ids(nodes_[id]); }
  std::string_view Text(Id id) const {
    return {reinterpret_cast<const char*>(nodes_[id].bytes), static_cast<std::size_t>(nodes_[id].size)};
  }
  std::span<const uint8_t> Bytes(Id id) const {
    return {nodes_[id].bytes, static_cast<std::size_t>(nodes_[id].size)};
  }
  Kind kind(Id id) const { return nodes_[id].Type(); }
  // The entry of a dict under a text key, the last one of equals; kNoId if there is none.
  Id Find(Id dict, std::string_view key) const;

 private:
  static constexpr int64_t kSmallestShared = -256, kLargestShared = 65535;
  static constexpr std::size_t kSharedPage = 256;
  // Lists, sets and dicts hold room for the next power of two, so their capacity follows from their size.
  static std::size_t Capacity(std::size_t ids) {
    return ids == 0 ? 0 : std::max<std::size_t>(4, std::bit_ceil(ids));
  }

  std::size_t limit_;
  std::size_t memory_ = 0;
  ChunkedVector<Node, 12> nodes_;
  std::vector<std::unique_ptr<uint64_t[]>> blocks_;
  uint64_t* free_ = nullptr;  // the rest of the last small block
  std::size_t free_words_ = 0;
  std::array<std::unique_ptr<Id[]>, 257> shared_ints_;  // pages of the ints in that range, made when needed
};

}  // namespace turnout::pickle
