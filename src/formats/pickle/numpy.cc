// The part of the Interpreter that knows numpy and joblib: scalars, dtypes, arrays.
// Formats: numpy/_core/src/multiarray/{methods.c,descriptor.c}, joblib/numpy_pickle.py.
#include <fmt/format.h>

#include "formats/pickle/access.h"
#include "formats/pickle/dtype.h"
#include "formats/pickle/interpret.h"
#include "formats/pickle/text.h"

namespace turnout::pickle {

namespace {

// A structured dtype of a model has a dozen fields; many would make their look-up quadratic.
constexpr std::size_t kMostFields = 1024;
// Elements without bytes (dtype U0) cost nothing in the file.
constexpr uint64_t kMostEmptyElements = 65536;
constexpr std::size_t kMostDimensions = 64;

}  // namespace

// ---- numpy

Interpreter::Outcome Interpreter::Scalar(std::span<const Id> args, Id* result) {
  if (args.size() != 2 || store_.kind(args[0]) != Kind::kDtype) return Outcome::kInert;
  const Dtype& dtype = *store_[args[0]].dtype;
  if (dtype.kind == 'O') {
    *result = args[1];
    return Outcome::kDone;
  }
  Id data = args[1];
  if (store_.kind(data) == Kind::kText && Latin1(data, &data) == Outcome::kFailed) return Outcome::kFailed;
  if (store_.kind(data) != Kind::kBytes) return Outcome::kInert;
  std::span<const uint8_t> bytes = store_.Bytes(data);
  if (bytes.size() != dtype.itemsize) {
    Corrupt(fmt::format("a numpy {} of {} bytes, {} expected; the file is damaged", Describe(dtype),
                        bytes.size(), dtype.itemsize));
    return Outcome::kFailed;
  }
  if (IsInteger(dtype)) {
    const auto value = LoadInteger(dtype, bytes.data());
    if (dtype.kind == 'b') {
      *result = store_.AddBool(*value != 0);
    } else if (value) {
      *result = store_.AddInt(*value);
    } else {  // a uint64 over INT64_MAX
      auto* copy = store_.New<uint8_t>(9);
      if (copy == nullptr) return OutOfMemory(), Outcome::kFailed;
      for (std::size_t i = 0; i < 8; ++i) copy[i] = bytes[dtype.big_endian ? 7 - i : i];
      *result = store_.AddBytes(Kind::kBigInt, {copy, 9});
    }
    return Outcome::kDone;
  }
  if (IsNumber(dtype)) {
    *result = store_.AddFloat(LoadDouble(dtype, bytes.data()));
    return Outcome::kDone;
  }
  if (dtype.is_subarray) return Outcome::kInert;
  if (dtype.kind == 'U') {
    if (!Work(bytes.size())) return Outcome::kFailed;
    auto text = Utf32ToUtf8(bytes, dtype.big_endian);
    if (!text)
      return Corrupt("a numpy text with a character above 0x10FFFF; the file is damaged"), Outcome::kFailed;
    text->resize(text->find_last_not_of('\0') + 1);
    return AddText(*text, result) ? Outcome::kDone : Outcome::kFailed;
  }
  if (dtype.kind == 'S') {
    if (!Work(bytes.size())) return Outcome::kFailed;
    while (!bytes.empty() && bytes.back() == 0) bytes = bytes.first(bytes.size() - 1);
    *result = store_.AddBytes(Kind::kBytes, bytes);
    return Outcome::kDone;
  }
  return Outcome::kInert;  // times, complex, extended precision, records
}

Interpreter::Outcome Interpreter::MakeDtype(std::span<const Id> args, Id* result) {
  if (args.empty() || store_.kind(args[0]) != Kind::kText) return Outcome::kInert;
  const auto parsed = ParseDtypeCode(store_.Text(args[0]));
  if (!parsed) return Outcome::kInert;
  auto* dtype = store_.New<Dtype>();
  if (dtype == nullptr) return OutOfMemory(), Outcome::kFailed;
  *dtype = *parsed;
  *result = store_.Add(Kind::kDtype);
  store_[*result].dtype = dtype;
  return Outcome::kDone;
}

// (version, byte order, subarray, names, fields, itemsize, alignment[, flags[, metadata]])
Interpreter::Outcome Interpreter::BuildDtype(Id target, Id state) {
  if (store_[target].flags & kBuiltFlag)
    return Corrupt("a dtype gets a second state; the file is damaged"), Outcome::kFailed;
  if (store_.kind(state) != Kind::kTuple || store_[state].size < 7 ||
      store_.kind(store_.Ids(state)[1]) != Kind::kText) {
    Corrupt(fmt::format("the state of a dtype is {}, a tuple of at least 7 expected; the file is damaged",
                        Describe(store_.Handle(state))));
    return Outcome::kFailed;
  }
  const std::span<const Id> parts = store_.Ids(state);
  // A copy: arrays that were made with the dtype keep what was checked for them.
  auto* dtype = store_.New<Dtype>();
  if (dtype == nullptr) return OutOfMemory(), Outcome::kFailed;
  *dtype = *store_[target].dtype;
  if (const std::string_view order = store_.Text(parts[1]); order != "|") dtype->big_endian = order == ">";
  const Kind subarray = store_.kind(parts[2]);
  if (subarray != Kind::kNone) {
    dtype->is_subarray = true;
    if (subarray == Kind::kTuple && store_[parts[2]].size > 0) {
      const Node& base = store_[store_.Ids(parts[2])[0]];
      dtype->has_objects = base.Type() != Kind::kDtype || base.dtype->has_objects;
    }
  }
  const bool flexible = dtype->kind == 'U' || dtype->kind == 'S' || dtype->kind == 'V';
  if (flexible && store_.kind(parts[5]) == Kind::kInt && store_[parts[5]].integer >= 0) {
    const int64_t itemsize = store_[parts[5]].integer;
    if (itemsize > 0x7fffffff || (dtype->kind == 'U' && itemsize % 4 != 0)) {
      Corrupt(fmt::format("a dtype with elements of {} bytes; the file is damaged", itemsize));
      return Outcome::kFailed;
    }
    dtype->itemsize = static_cast<uint32_t>(itemsize);
  }
  if (store_.kind(parts[3]) == Kind::kTuple && store_.kind(parts[4]) == Kind::kDict) {
    if (const Outcome made = Fields(parts[3], parts[4], dtype); made != Outcome::kDone) return made;
  }
  store_[target].dtype = dtype;
  store_[target].flags = kBuiltFlag;
  return Outcome::kDone;
}

Interpreter::Outcome Interpreter::Fields(Id names, Id fields, Dtype* dtype) {
  const std::span<const Id> list = store_.Ids(names);
  if (list.size() > kMostFields || store_[fields].size > kMostFields) {
    Fail(Code::kUnsupported, fmt::format("a dtype of {} fields, more than {} are not accepted",
                                         std::max<uint64_t>(list.size(), store_[fields].size), kMostFields));
    return Outcome::kFailed;
  }
  if (!Work(list.size() * store_[fields].size * 16)) return Outcome::kFailed;
  if (dtype->kind != 'V') return Corrupt("a plain dtype with fields; the file is damaged"), Outcome::kFailed;
  auto* made = list.empty() ? nullptr : store_.New<DtypeField>(list.size());
  if (!list.empty() && made == nullptr) return OutOfMemory(), Outcome::kFailed;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Id entry = store_.kind(list[i]) == Kind::kText ? store_.Find(fields, store_.Text(list[i])) : kNoId;
    const bool pair = entry != kNoId && store_.kind(entry) == Kind::kTuple && store_[entry].size >= 2;
    if (!pair || store_.kind(store_.Ids(entry)[1]) != Kind::kInt) {
      Corrupt(fmt::format("field {} of a structured dtype has no type and offset; the file is damaged", i));
      return Outcome::kFailed;
    }
    const Id type = store_.Ids(entry)[0];
    const int64_t offset = store_[store_.Ids(entry)[1]].integer;
    if (store_.kind(type) != Kind::kDtype) return Outcome::kInert;
    const Dtype* element = store_[type].dtype;
    if (offset < 0 || offset > int64_t{dtype->itemsize} - int64_t{element->itemsize}) {
      Corrupt(
          fmt::format("field '{}' of a structured dtype lies at bytes {} to {} of {}; the file is damaged",
                      Printable(store_.Text(list[i])), offset, offset + element->itemsize, dtype->itemsize));
      return Outcome::kFailed;
    }
    made[i] = {store_.Text(list[i]), element, static_cast<uint32_t>(offset)};
    dtype->has_objects |= element->has_objects;
  }
  dtype->fields = {made, list.size()};
  return Outcome::kDone;
}

bool Interpreter::Shape(Id shape, std::span<const int64_t>* lengths, uint64_t* count) {
  const std::span<const Id> ids = store_.Ids(shape);
  const std::size_t most = std::min(limits_.dimensions, kMostDimensions);
  if (ids.size() > most) {
    return Corrupt(fmt::format("an array of {} dimensions, more than {} are not accepted", ids.size(), most));
  }
  auto* made = store_.New<int64_t>(ids.size());
  if (made == nullptr) return OutOfMemory();
  bool empty = false, overflow = false;
  *count = 1;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (store_.kind(ids[i]) != Kind::kInt || store_[ids[i]].integer < 0) {
      return Corrupt(fmt::format("dimension {} of an array is {}, a length expected; the file is damaged", i,
                                 Describe(store_.Handle(ids[i]))));
    }
    made[i] = store_[ids[i]].integer;
    empty |= made[i] == 0;
    overflow |= __builtin_mul_overflow(*count, static_cast<uint64_t>(made[i]), count);
  }
  *lengths = {made, ids.size()};
  if (empty) {
    *count = 0;
  } else if (overflow || *count > INT64_MAX) {
    return Corrupt(fmt::format("an array of shape {}; the file is damaged", DescribeShape(*lengths)));
  }
  return true;
}

bool Interpreter::CheckSize(const Dtype& dtype, std::span<const int64_t> shape, uint64_t count,
                            uint64_t found) {
  uint64_t needed = 0;
  if (__builtin_mul_overflow(count, uint64_t{dtype.itemsize}, &needed) || needed != found) {
    return Corrupt(fmt::format(
        "a {} array of shape {} holds {} bytes, which is not {} elements of {} bytes; the file is "
        "damaged",
        Describe(dtype), DescribeShape(shape), found, count, dtype.itemsize));
  }
  if (dtype.itemsize == 0 && count > kMostEmptyElements) {
    return Corrupt(fmt::format("an array of {} elements of no bytes; the file is damaged", count));
  }
  return true;
}

Interpreter::Outcome Interpreter::MakeArray(Id target, Id shape, Id dtype_id, bool fortran, Id data) {
  if (store_.kind(shape) != Kind::kTuple || store_.kind(dtype_id) != Kind::kDtype) return Outcome::kInert;
  const Dtype& dtype = *store_[dtype_id].dtype;
  const Kind kind = store_.kind(data);
  const bool objects = dtype.kind == 'O';
  if (dtype.has_objects && (!objects || kind != Kind::kList)) return Outcome::kInert;
  if (!objects && kind != Kind::kBytes && kind != Kind::kText) return Outcome::kInert;

  auto* array = store_.New<ArrayBody>();
  if (array == nullptr) return OutOfMemory(), Outcome::kFailed;
  uint64_t count = 0;
  if (!Shape(shape, &array->shape, &count)) return Outcome::kFailed;
  array->dtype = &dtype;
  if (objects) {
    const std::span<const Id> elements = store_.Ids(data);
    if (elements.size() != count) {
      Corrupt(fmt::format("an object array of shape {} holds {} elements, not {}; the file is damaged",
                          DescribeShape(array->shape), elements.size(), count));
      return Outcome::kFailed;
    }
    if (!Work(count * sizeof(Id))) return Outcome::kFailed;
    auto* items = store_.New<Id>(count);
    if (items == nullptr) return OutOfMemory(), Outcome::kFailed;
    std::ranges::copy(elements, items);  // in C order even when the array was a Fortran one (_getlist_pkl)
    array->items = {items, static_cast<std::size_t>(count)};
  } else {
    if (kind == Kind::kText && Latin1(data, &data) == Outcome::kFailed) return Outcome::kFailed;
    array->data = store_.Bytes(data);
    array->fortran = fortran && array->shape.size() > 1;
    if (!CheckSize(dtype, array->shape, count, array->data.size())) return Outcome::kFailed;
  }
  Node& node = store_[target];
  node.kind = static_cast<uint64_t>(Kind::kArray);
  node.flags = 0;
  node.size = count & ((uint64_t{1} << 48) - 1);
  node.array = array;
  return Outcome::kDone;
}

// ---- joblib

bool Interpreter::ReadJoblibState(Id state, RawArray* array) {
  if (store_.kind(state) != Kind::kDict)
    return Corrupt("a joblib array without a description; the file is damaged");
  if (!Work(store_[state].size * 64)) return false;
  const Id shape = store_.Find(state, "shape"), order = store_.Find(state, "order"),
           dtype = store_.Find(state, "dtype");
  if (shape == kNoId || store_.kind(shape) != Kind::kTuple || order == kNoId ||
      store_.kind(order) != Kind::kText || dtype == kNoId || store_.kind(dtype) != Kind::kDtype) {
    return Corrupt("a joblib array without shape, order or dtype; the file is damaged");
  }
  const Id padding = store_.Find(state, "numpy_array_alignment_bytes");
  array->dtype = store_[dtype].dtype;
  array->shape = shape;
  array->fortran = store_.Text(order) == "F";
  array->padded = padding != kNoId && store_.kind(padding) != Kind::kNone;
  std::span<const int64_t> lengths;
  uint64_t count = 0;
  if (!Shape(shape, &lengths, &count)) return false;
  if (__builtin_mul_overflow(count, uint64_t{array->dtype->itemsize}, &array->bytes)) {
    return Corrupt(fmt::format("a joblib array of shape {}; the file is damaged", DescribeShape(lengths)));
  }
  return true;
}

bool Interpreter::SetRawArray(Id target, const RawArray& array, std::span<const uint8_t> data) {
  auto* body = store_.New<ArrayBody>();
  if (body == nullptr) return OutOfMemory();
  uint64_t count = 0;
  if (!Shape(array.shape, &body->shape, &count)) return false;
  body->dtype = array.dtype;
  body->data = data;
  body->fortran = array.fortran && body->shape.size() > 1;
  if (!CheckSize(*array.dtype, body->shape, count, data.size())) return false;
  Node& node = store_[target];
  node.kind = static_cast<uint64_t>(Kind::kArray);
  node.flags = 0;
  node.size = count & ((uint64_t{1} << 48) - 1);
  node.array = body;
  return true;
}

}  // namespace turnout::pickle
