// What a pickle says, as inert data: a Graph of plain values. Nothing in it is code, nothing is ever called.
//
//   TURNOUT_ASSIGN(Graph graph, ReadPickle(bytes));      // formats/pickle/read.h
//   Value model = graph.root();
//   if (model.kind() == Kind::kObject) Use(model.Class().Name(), model.State());
//
// The Graph owns every value in flat storage and frees it without recursion. Sharing is normal (a Python
// object is one value however often it is referred to) and so are cycles: a walk must remember ids or bound
// its depth. Texts, bytes and array payloads are views into the bytes that ReadPickle was given wherever the
// file holds them as they are, so THE CALLER KEEPS THOSE BYTES ALIVE as long as the Graph.
//
// A Value is a borrowed handle of two words: copy it freely; it is valid while its Graph lives (also after
// the Graph has moved). Its accessors assert the kind; formats/pickle/access.h checks kinds and returns
// messages. A finished Graph is immutable and may be read from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace turnout::pickle {

class PickleStore;  // formats/pickle/store.h: the storage, for the reader only

enum class Kind : uint8_t {
  kNone,
  kBool,
  kInt,     // fits int64
  kBigInt,  // does not: two's complement bytes, little-endian
  kFloat,   // also numpy floating scalars of 2, 4 and 8 bytes
  kComplex,
  kText,
  kBytes,  // bytes and bytearray
  kTuple,
  kList,
  kDict,    // dict, OrderedDict, defaultdict: pairs in file order
  kSet,     // set and frozenset, in file order
  kSlice,   // three items: start, stop, step
  kRange,   // three items: start, stop, step
  kGlobal,  // a class or function, by name
  kObject,  // an instance of anything that is not in this list
  kArray,   // numpy.ndarray
  kDtype,   // numpy.dtype
};

// "int", "list", ...
std::string_view Name(Kind kind);

struct DtypeField;

// A numpy dtype. Immutable.
struct Dtype {
  char kind = 'V';  // b i u f c (numbers), S U (text), M m (times), O (objects), V (void, structured)
  bool big_endian = false;
  bool has_objects = false;
  bool is_subarray = false;            // each element is itself an array; nothing reads these
  uint32_t itemsize = 0;               // bytes
  std::span<const DtypeField> fields;  // of a structured dtype, in the order of its names

  const DtypeField* Find(std::string_view name) const;  // nullptr if there is none
};

struct DtypeField {
  std::string_view name;
  const Dtype* dtype = nullptr;
  uint32_t offset = 0;  // bytes; offset + dtype->itemsize <= the itemsize of the whole
};

class Values;

class Value {
 public:
  Kind kind() const;
  bool IsNone() const { return kind() == Kind::kNone; }
  // Which value this is: equal ids are one Python object (small ints and the like are always shared).
  uint32_t id() const { return id_; }
  friend bool operator==(Value, Value) = default;

  bool Bool() const;
  int64_t Int() const;
  double Float() const;
  double Real() const, Imaginary() const;  // kComplex
  std::string_view Text() const;           // UTF-8
  bool TextHasSurrogates() const;          // Python allows lone surrogates; then Text() is not valid UTF-8
  std::span<const uint8_t> Bytes() const;  // kBytes, kBigInt

  // Elements of kTuple, kList, kSet; pairs of kDict; characters of kText, bytes of kBytes; elements of
  // kArray.
  std::size_t size() const;
  // kTuple, kList, kSet, kSlice, kRange; elements, in C order, of a kArray of objects.
  Values Items() const;

  Value Key(std::size_t index) const;    // kDict
  Value Entry(std::size_t index) const;  // kDict: the value of Key(index)
  bool Find(std::string_view key,
            Value* entry) const;  // kDict: by text key; the last of equal keys, as in Python

  // kGlobal: "sklearn.ensemble._gb.GradientBoostingClassifier". Names are normalised: __builtin__ is
  // builtins, copy_reg is copyreg, numpy._core is numpy.core.
  std::string_view Name() const;
  std::string_view Module() const;

  // kObject. What is absent is None, args an empty tuple.
  Value Class() const;  // mostly a kGlobal: the class, or the function that would have made the object
  Value Args() const;   // kTuple as a rule
  Value Kwargs() const;
  Value State() const;      // what BUILD gave: a dict, as a rule
  Value ListItems() const;  // kList: what APPEND(S) gave
  Value DictItems() const;  // kDict: what SETITEM(S) gave

  // kArray. The payload is data of size() * itemsize bytes, not aligned; arrays of objects have Items()
  // instead.
  const Dtype& ElementType() const;
  std::span<const int64_t> Shape() const;
  bool IsFortran() const;  // first index runs fastest in Data(); never so in Items()
  std::span<const uint8_t> Data() const;

  const Dtype& AsDtype() const;  // kDtype

 private:
  friend class PickleStore;
  friend class Values;
  friend class Graph;
  Value(const PickleStore* store, uint32_t id) : store_(store), id_(id) {}

  const PickleStore* store_;
  uint32_t id_;
};

// The elements of a value, as a random-access range of Value.
class Values {
 public:
  class Iterator {
   public:
    Iterator(const PickleStore* store, const uint32_t* at) : store_(store), at_(at) {}
    Value operator*() const { return Value(store_, *at_); }
    Iterator& operator++() { return ++at_, *this; }
    bool operator==(const Iterator&) const = default;

   private:
    const PickleStore* store_;
    const uint32_t* at_;
  };

  Values(const PickleStore* store, std::span<const uint32_t> ids) : store_(store), ids_(ids) {}
  std::size_t size() const { return ids_.size(); }
  bool empty() const { return ids_.empty(); }
  Value operator[](std::size_t index) const { return Value(store_, ids_[index]); }
  Iterator begin() const { return {store_, ids_.data()}; }
  Iterator end() const { return {store_, ids_.data() + ids_.size()}; }

 private:
  const PickleStore* store_;
  std::span<const uint32_t> ids_;
};

class Graph {
 public:
  Graph(std::unique_ptr<PickleStore> store, uint32_t root, std::size_t end);
  Graph(Graph&&) noexcept;
  Graph& operator=(Graph&&) noexcept;
  ~Graph();

  Value root() const { return Value(store_.get(), root_); }
  // Offset just behind STOP; smaller than the file's size when other things follow the pickle.
  std::size_t end() const { return end_; }
  std::size_t values() const;        // how many values there are
  std::size_t memory_bytes() const;  // what the Graph itself holds, without the viewed file bytes

 private:
  std::unique_ptr<PickleStore> store_;
  uint32_t root_;
  std::size_t end_;
};

}  // namespace turnout::pickle
