#include "formats/pickle/read.h"

#include <fmt/format.h>

#include <charconv>
#include <memory>
#include <vector>

#include "base/byte_reader.h"
#include "formats/pickle/access.h"
#include "formats/pickle/interpret.h"
#include "formats/pickle/opcodes.h"
#include "formats/pickle/store.h"
#include "formats/pickle/text.h"

namespace turnout::pickle {

namespace {

class Reader {
 public:
  Reader(std::span<const uint8_t> bytes, const Limits& limits, PickleStore& store)
      : limits_(limits), store_(store), in_(bytes), call_(store, limits, bytes.size()) {}

  // Reads up to the outermost STOP; false: TakeError() says why.
  bool Read();
  Error TakeError() { return call_.TakeError(); }
  Id root() const { return root_; }
  std::size_t end() const { return in_.offset(); }

 private:
  // What a pickle inside the pickle hides of the outer one.
  struct Outer {
    std::size_t stack_base;
    std::size_t mark_base;
    ChunkedVector<Id, 10> memo;
    std::size_t memo_count;
    Id wrapper;  // the joblib wrapper that becomes the inner pickle's array
  };

  bool Step(uint8_t opcode);
  bool Stop();

  // The stack. Values under the last mark cannot be reached.
  std::size_t Fence() const { return marks_.size() > mark_base_ ? marks_.back() : stack_base_; }
  bool Need(std::size_t count, std::string_view opcode);
  bool Push(Id id);
  Id Pop() {
    const Id id = stack_.back();
    stack_.pop_back();
    return id;
  }
  Id Top() const { return stack_.back(); }
  // The values above the last mark; EndMark() drops them and the mark.
  bool Marked(std::string_view opcode, std::span<const Id>* ids);
  void EndMark() {
    stack_.resize(marks_.back());
    marks_.pop_back();
  }

  bool Truncated(std::string_view opcode);
  template <class T>
  bool Argument(std::string_view opcode, T* value) {
    return in_.ReadLittle(*value) || Truncated(opcode);
  }
  bool Line(std::string_view opcode, std::string_view* line);
  // A length of type T, then as many bytes.
  template <class T>
  bool Payload(std::string_view opcode, std::span<const uint8_t>* bytes);

  bool PushSequence(Kind kind, std::span<const Id> ids);
  bool PushTop(std::size_t count);  // TUPLE1..3
  bool PushInteger(std::span<const uint8_t> bytes);
  bool PushDecimal(std::string_view line, std::string_view opcode);
  bool PushText(std::span<const uint8_t> bytes);
  bool PushLatin1(std::span<const uint8_t> bytes);
  bool PushFloat(std::string_view line);
  bool MemoIndex(std::string_view line, std::string_view opcode, uint64_t* index);
  bool Put(uint64_t index, std::string_view opcode);
  bool Get(uint64_t index, std::string_view opcode);
  bool AppendTo(Id target, std::span<const Id> ids, std::string_view opcode);
  bool SetIn(Id target, std::span<const Id> ids, std::string_view opcode);
  bool AddTo(Id target, std::span<const Id> ids);
  bool StackGlobal();
  bool Instance();
  bool Build();

  const Limits& limits_;
  PickleStore& store_;
  ByteReader in_;
  Interpreter call_;
  std::vector<Id> stack_;
  std::vector<std::size_t> marks_;
  std::size_t stack_base_ = 0;  // of the innermost pickle
  std::size_t mark_base_ = 0;
  ChunkedVector<Id, 10> memo_;
  std::size_t memo_count_ = 0;  // entries that are set
  std::vector<Outer> outer_;
  Id root_ = kNoId;
};

bool Reader::Read() {
  if (in_.size() > limits_.file_bytes) {
    return call_.Fail(Code::kUnsupported, fmt::format("a file of {} bytes, more than {} are not accepted",
                                                      in_.size(), limits_.file_bytes));
  }
  if (in_.size() == 0) return call_.Corrupt("the file is empty");
  while (root_ == kNoId) {
    const std::size_t offset = in_.offset();
    call_.set_offset(offset);
    uint8_t opcode = 0;
    if (!in_.ReadLittle(opcode))
      return call_.Corrupt("the file ends before its STOP opcode; it looks truncated");
    if (opcode == kStop ? !Stop() : !Step(opcode)) return false;
    if (store_.OverLimit()) return call_.OutOfMemory();
  }
  return true;
}

bool Reader::Stop() {
  if (!Need(1, "STOP")) return false;
  const Id result = Top();
  if (outer_.empty()) {
    root_ = result;
    return true;
  }
  if (store_.kind(result) != Kind::kArray && store_.kind(result) != Kind::kObject) {
    return call_.Corrupt(fmt::format("a joblib array that is {}, an array expected; the file is damaged",
                                     Describe(store_.Handle(result))));
  }
  Outer& outer = outer_.back();
  stack_.resize(stack_base_);
  marks_.resize(mark_base_);
  stack_base_ = outer.stack_base;
  mark_base_ = outer.mark_base;
  memo_ = std::move(outer.memo);
  memo_count_ = outer.memo_count;
  store_[outer.wrapper] = Node(store_[result]);
  outer_.pop_back();
  return true;
}

// ---- stack

bool Reader::Need(std::size_t count, std::string_view opcode) {
  const std::size_t have = stack_.size() - Fence();
  if (have >= count) return true;
  return call_.Corrupt(fmt::format("{} takes {} value{} from the stack, which has {}; the file is damaged",
                                   opcode, count, count == 1 ? "" : "s", have));
}

bool Reader::Push(Id id) {
  if (stack_.size() >= limits_.stack) {
    return call_.Fail(Code::kUnsupported,
                      fmt::format("the stack grows beyond {} values, which no model needs", limits_.stack));
  }
  stack_.push_back(id);
  return true;
}

bool Reader::Marked(std::string_view opcode, std::span<const Id>* ids) {
  if (marks_.size() <= mark_base_)
    return call_.Corrupt(fmt::format("{} without a MARK; the file is damaged", opcode));
  *ids = std::span<const Id>(stack_).subspan(marks_.back());
  return true;
}

// ---- arguments

bool Reader::Truncated(std::string_view opcode) {
  return call_.Corrupt(fmt::format("{} is cut short, {} byte{} left; the file looks truncated", opcode,
                                   in_.remaining(), in_.remaining() == 1 ? " is" : "s are"));
}

bool Reader::Line(std::string_view opcode, std::string_view* line) {
  if (!in_.ReadLine(*line))
    return call_.Corrupt(fmt::format("{} without a line end; the file looks truncated", opcode));
  return true;
}

template <class T>
bool Reader::Payload(std::string_view opcode, std::span<const uint8_t>* bytes) {
  T length = 0;
  if (!Argument(opcode, &length)) return false;
  if constexpr (std::is_signed_v<T>) {
    if (length < 0) return call_.Corrupt(fmt::format("{} of {} bytes; the file is damaged", opcode, length));
  }
  if (!in_.ReadBytes(static_cast<uint64_t>(length), *bytes)) {
    return call_.Corrupt(fmt::format("{} of {} bytes, but {} are left; the file looks truncated", opcode,
                                     length, in_.remaining()));
  }
  return true;
}

// ---- values

bool Reader::PushSequence(Kind kind, std::span<const Id> ids) {
  const Id id = store_.Add(kind);
  return (store_.SetItems(id, ids) || call_.OutOfMemory()) && Push(id);
}

bool Reader::PushTop(std::size_t count) {
  const Id id = store_.Add(Kind::kTuple);
  if (!store_.SetItems(id, std::span<const Id>(stack_).last(count))) return call_.OutOfMemory();
  stack_.resize(stack_.size() - count);
  return Push(id);
}

// Two's complement, little-endian.
bool Reader::PushInteger(std::span<const uint8_t> bytes) {
  if (bytes.size() > limits_.integer_bytes) {
    return call_.Fail(Code::kUnsupported, fmt::format("an integer of {} bytes, more than {} are not accepted",
                                                      bytes.size(), limits_.integer_bytes));
  }
  if (bytes.size() > 8) return Push(store_.AddBytes(Kind::kBigInt, bytes));
  uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) value |= uint64_t{bytes[i]} << (8 * i);
  if (!bytes.empty() && bytes.size() < 8 && (bytes.back() & 0x80) != 0)
    value |= ~uint64_t{0} << (8 * bytes.size());
  return Push(store_.AddInt(static_cast<int64_t>(value)));
}

bool Reader::PushDecimal(std::string_view line, std::string_view opcode) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (opcode == "INT" && (line == "00" || line == "01")) return Push(store_.AddBool(line == "01"));
  if (line.ends_with('L')) line.remove_suffix(1);
  int64_t value = 0;
  const auto [stop, error] = std::from_chars(line.data(), line.data() + line.size(), value);
  if (error == std::errc() && stop == line.data() + line.size()) return Push(store_.AddInt(value));
  const auto big = line.size() <= limits_.integer_bytes * 2 ? DecimalToBytes(line) : std::nullopt;
  if (!big) {
    return call_.Corrupt(
        fmt::format("{} of '{}', which is not an integer; the file is damaged", opcode, Printable(line)));
  }
  if (big->size() <= 8) return PushInteger(*big);
  auto* copy = store_.New<uint8_t>(big->size());
  if (copy == nullptr) return call_.OutOfMemory();
  std::ranges::copy(*big, copy);
  return Push(store_.AddBytes(Kind::kBigInt, {copy, big->size()}));
}

bool Reader::PushFloat(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  double value = 0;
  const auto [stop, error] = std::from_chars(line.data(), line.data() + line.size(), value);
  if (error != std::errc() || stop != line.data() + line.size()) {
    return call_.Corrupt(
        fmt::format("FLOAT of '{}', which is not a number; the file is damaged", Printable(line)));
  }
  return Push(store_.AddFloat(value));
}

bool Reader::PushText(std::span<const uint8_t> bytes) {
  const Utf8 check = CheckUtf8(bytes);
  if (check == Utf8::kInvalid) return call_.Corrupt("a text is not valid UTF-8; the file is damaged");
  return Push(store_.AddBytes(Kind::kText, bytes, check == Utf8::kSurrogates ? kSurrogatesFlag : 0));
}

bool Reader::PushLatin1(std::span<const uint8_t> bytes) {
  Id id = kNoId;
  return call_.AddLatin1(bytes, &id) && Push(id);
}

// ---- memo

bool Reader::MemoIndex(std::string_view line, std::string_view opcode, uint64_t* index) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  const auto [stop, error] = std::from_chars(line.data(), line.data() + line.size(), *index);
  if (error == std::errc() && stop == line.data() + line.size()) return true;
  return call_.Corrupt(
      fmt::format("{} of '{}', a memo index expected; the file is damaged", opcode, Printable(line)));
}

bool Reader::Put(uint64_t index, std::string_view opcode) {
  if (!Need(1, opcode)) return false;
  // Python numbers its memo without gaps. A hostile index must not make the memo grow.
  if (index > memo_count_ + limits_.memo_gap) {
    return call_.Corrupt(
        fmt::format("{} to memo index {}, but only {} values are in the memo; the file is damaged", opcode,
                    index, memo_count_));
  }
  if (index >= limits_.memo) {
    return call_.Fail(Code::kUnsupported,
                      fmt::format("the memo grows beyond {} values, which no model needs", limits_.memo));
  }
  while (memo_.size() <= index) memo_.Push(kNoId, store_.memory_counter());
  Id& entry = memo_[static_cast<std::size_t>(index)];
  memo_count_ += entry == kNoId;
  entry = Top();
  return true;
}

bool Reader::Get(uint64_t index, std::string_view opcode) {
  const Id id = index < memo_.size() ? memo_[static_cast<std::size_t>(index)] : kNoId;
  if (id == kNoId) {
    return call_.Corrupt(
        fmt::format("{} of memo index {}, which was never set; the file is damaged", opcode, index));
  }
  return Push(id);
}

// ---- containers

bool Reader::AppendTo(Id target, std::span<const Id> ids, std::string_view opcode) {
  switch (store_.kind(target)) {
    case Kind::kList: break;
    case Kind::kObject: {  // a deque or a class derived from list
      Id& items = store_[target].object->list_items;
      if (items == kNoId) items = store_.Add(Kind::kList);
      target = items;
      break;
    }
    default:
      return call_.Corrupt(fmt::format("{} to {}, a list expected; the file is damaged", opcode,
                                       Describe(store_.Handle(target))));
  }
  return store_.Append(target, ids) || call_.OutOfMemory();
}

bool Reader::SetIn(Id target, std::span<const Id> ids, std::string_view opcode) {
  if (ids.size() % 2 != 0) {
    return call_.Corrupt(
        fmt::format("{} with {} values, which are not pairs; the file is damaged", opcode, ids.size()));
  }
  switch (store_.kind(target)) {
    case Kind::kDict: break;
    case Kind::kObject: {  // a class derived from dict
      Id& items = store_[target].object->dict_items;
      if (items == kNoId) items = store_.Add(Kind::kDict);
      target = items;
      break;
    }
    default:
      return call_.Corrupt(fmt::format("{} in {}, a dict expected; the file is damaged", opcode,
                                       Describe(store_.Handle(target))));
  }
  return store_.Append(target, ids) || call_.OutOfMemory();
}

bool Reader::AddTo(Id target, std::span<const Id> ids) {
  if (store_.kind(target) != Kind::kSet) {
    return call_.Corrupt(
        fmt::format("ADDITEMS to {}, a set expected; the file is damaged", Describe(store_.Handle(target))));
  }
  return store_.Append(target, ids) || call_.OutOfMemory();
}

// ---- classes

bool Reader::StackGlobal() {
  if (!Need(2, "STACK_GLOBAL")) return false;
  const Id name = Pop(), module = Pop();
  for (const Id id : {module, name}) {
    if (store_.kind(id) != Kind::kText) {
      return call_.Corrupt(fmt::format("STACK_GLOBAL with {}, a name expected; the file is damaged",
                                       Describe(store_.Handle(id))));
    }
  }
  Id global = kNoId;
  return call_.Global(store_.Text(module), store_.Text(name), &global) && Push(global);
}

// INST: a Python 2 instance; only its name is of interest, for the message.
bool Reader::Instance() {
  std::string_view module, name;
  Id global = kNoId;
  if (!Line("INST", &module) || !Line("INST", &name) || !call_.Global(module, name, &global)) return false;
  return call_.Fail(
      Code::kUnsupported,
      fmt::format(
          "opcode INST asks to make a Python 2 instance of {}, which no model file of Python 3 holds; "
          "it is refused (nothing was run)",
          Printable(store_.Handle(global).Name(), 100)));
}

bool Reader::Build() {
  if (!Need(2, "BUILD")) return false;
  const Id state = Pop(), target = Top();
  const bool joblib = store_.kind(target) == Kind::kObject && store_[target].object->state == kNoId &&
                      store_.kind(store_[target].object->cls) == Kind::kGlobal &&
                      store_[store_[target].object->cls].Function() == Known::kJoblibArray;
  if (!joblib) return call_.Build(target, state);

  // The array's elements follow in the file (joblib/numpy_pickle.py).
  Interpreter::RawArray array;
  if (!call_.ReadJoblibState(state, &array)) return false;
  if (array.dtype->has_objects) {
    if (outer_.size() >= limits_.nested_pickles) {
      return call_.Fail(Code::kUnsupported,
                        fmt::format("pickles inside of pickles, more than {} deep, which no model needs",
                                    limits_.nested_pickles));
    }
    outer_.push_back({stack_base_, mark_base_, std::move(memo_), memo_count_, target});
    stack_base_ = stack_.size();
    mark_base_ = marks_.size();
    memo_ = {};
    memo_count_ = 0;
    return true;
  }
  std::span<const uint8_t> data;
  if (array.padded) {
    uint8_t padding = 0;
    if (!in_.ReadLittle(padding) || !in_.ReadBytes(padding, data))
      return Truncated("the padding of a joblib array");
  }
  if (!in_.ReadBytes(array.bytes, data)) {
    return call_.Corrupt(fmt::format("a joblib array of {} bytes, but {} are left; the file looks truncated",
                                     array.bytes, in_.remaining()));
  }
  return call_.SetRawArray(target, array, data);
}

// ---- opcodes

bool Reader::Step(uint8_t opcode) {
  std::span<const uint8_t> bytes;
  std::span<const Id> ids;
  std::string_view line, second;
  Id id = kNoId;
  uint8_t u1 = 0;
  uint16_t u2 = 0;
  uint32_t u4 = 0;
  uint64_t u8 = 0;
  int32_t i4 = 0;
  double f8 = 0;
  switch (opcode) {
    case kProto:
      if (!Argument("PROTO", &u1)) return false;
      if (u1 <= 5) return true;
      return call_.Fail(Code::kUnsupported, fmt::format("pickle protocol {}; protocols 0 to 5 are read", u1));
    case kFrame:
      if (!Argument("FRAME", &u8)) return false;
      if (u8 <= in_.remaining()) return true;  // frames only help readers of streams
      return call_.Corrupt(
          fmt::format("FRAME of {} bytes, but {} are left; the file looks truncated", u8, in_.remaining()));
    case kMark:
      if (marks_.size() >= limits_.marks) {
        return call_.Fail(Code::kUnsupported,
                          fmt::format("more than {} marks are open, which no model needs", limits_.marks));
      }
      marks_.push_back(stack_.size());
      return true;
    case kPop:
      if (marks_.size() > mark_base_ && marks_.back() == stack_.size()) {
        marks_.pop_back();
        return true;
      }
      return Need(1, "POP") && (Pop(), true);
    case kPopMark: return Marked("POP_MARK", &ids) && (EndMark(), true);
    case kDup: return Need(1, "DUP") && Push(Top());

    case kNone: return Push(PickleStore::kNoneId);
    case kNewTrue: return Push(PickleStore::kTrueId);
    case kNewFalse: return Push(PickleStore::kFalseId);
    case kBinInt1: return Argument("BININT1", &u1) && Push(store_.AddInt(u1));
    case kBinInt2: return Argument("BININT2", &u2) && Push(store_.AddInt(u2));
    case kBinInt: return Argument("BININT", &i4) && Push(store_.AddInt(i4));
    case kLong1: return Payload<uint8_t>("LONG1", &bytes) && PushInteger(bytes);
    case kLong4: return Payload<int32_t>("LONG4", &bytes) && PushInteger(bytes);
    case kInt: return Line("INT", &line) && PushDecimal(line, "INT");
    case kLong: return Line("LONG", &line) && PushDecimal(line, "LONG");
    case kFloat: return Line("FLOAT", &line) && PushFloat(line);
    case kBinFloat: return (in_.ReadBig(f8) || Truncated("BINFLOAT")) && Push(store_.AddFloat(f8));

    case kShortBinUnicode: return Payload<uint8_t>("SHORT_BINUNICODE", &bytes) && PushText(bytes);
    case kBinUnicode: return Payload<uint32_t>("BINUNICODE", &bytes) && PushText(bytes);
    case kBinUnicode8: return Payload<uint64_t>("BINUNICODE8", &bytes) && PushText(bytes);
    case kUnicode: {
      if (!Line("UNICODE", &line)) return false;
      const auto text = DecodeRawUnicodeEscape(line);
      if (!text) return call_.Corrupt("UNICODE with a broken \\u escape; the file is damaged");
      return call_.AddText(*text, &id) && Push(id);
    }
    case kShortBinString: return Payload<uint8_t>("SHORT_BINSTRING", &bytes) && PushLatin1(bytes);
    case kBinString: return Payload<int32_t>("BINSTRING", &bytes) && PushLatin1(bytes);
    case kString: {
      if (!Line("STRING", &line)) return false;
      const auto text = DecodeStringLiteral(line);
      if (!text) return call_.Corrupt("STRING that is not a quoted literal; the file is damaged");
      auto* copy = store_.New<uint8_t>(text->size());
      if (copy == nullptr) return call_.OutOfMemory();
      std::ranges::copy(*text, copy);
      return PushLatin1({copy, text->size()});
    }
    case kShortBinBytes:
      return Payload<uint8_t>("SHORT_BINBYTES", &bytes) && Push(store_.AddBytes(Kind::kBytes, bytes));
    case kBinBytes:
      return Payload<uint32_t>("BINBYTES", &bytes) && Push(store_.AddBytes(Kind::kBytes, bytes));
    case kBinBytes8:
      return Payload<uint64_t>("BINBYTES8", &bytes) && Push(store_.AddBytes(Kind::kBytes, bytes));
    case kByteArray8:
      return Payload<uint64_t>("BYTEARRAY8", &bytes) && Push(store_.AddBytes(Kind::kBytes, bytes));

    case kEmptyTuple: return Push(PickleStore::kEmptyTupleId);
    case kTuple1: return Need(1, "TUPLE1") && PushTop(1);
    case kTuple2: return Need(2, "TUPLE2") && PushTop(2);
    case kTuple3: return Need(3, "TUPLE3") && PushTop(3);
    case kTuple:
    case kList:
    case kFrozenSet: {
      const Kind kind = opcode == kTuple ? Kind::kTuple : opcode == kList ? Kind::kList : Kind::kSet;
      if (!Marked(opcode == kTuple ? "TUPLE" : opcode == kList ? "LIST" : "FROZENSET", &ids)) return false;
      id = store_.Add(kind);
      if (!store_.SetItems(id, ids)) return call_.OutOfMemory();
      EndMark();
      return Push(id);
    }
    case kEmptyList: return PushSequence(Kind::kList, {});
    case kAppend:
      if (!Need(2, "APPEND")) return false;
      id = Pop();
      return AppendTo(Top(), {&id, 1}, "APPEND");
    case kAppends:
    case kAddItems:
    case kSetItems: {
      const std::string_view name = opcode == kAppends    ? "APPENDS"
                                    : opcode == kAddItems ? "ADDITEMS"
                                                          : "SETITEMS";
      if (!Marked(name, &ids)) return false;
      const std::size_t at = marks_.back();
      const std::size_t floor = marks_.size() - 1 > mark_base_ ? marks_[marks_.size() - 2] : stack_base_;
      if (at <= floor)
        return call_.Corrupt(fmt::format("{} without a target under its MARK; the file is damaged", name));
      const Id target = stack_[at - 1];
      const bool added = opcode == kAppends    ? AppendTo(target, ids, name)
                         : opcode == kAddItems ? AddTo(target, ids)
                                               : SetIn(target, ids, name);
      EndMark();
      return added;
    }
    case kEmptyDict: return PushSequence(Kind::kDict, {});
    case kDict:
      if (!Marked("DICT", &ids)) return false;
      id = store_.Add(Kind::kDict);
      if (!SetIn(id, ids, "DICT")) return false;
      EndMark();
      return Push(id);
    case kSetItem: {
      if (!Need(3, "SETITEM")) return false;
      const Id value = Pop(), key = Pop();
      const Id pair[] = {key, value};
      return SetIn(Top(), pair, "SETITEM");
    }
    case kEmptySet: return PushSequence(Kind::kSet, {});

    case kPut: return Line("PUT", &line) && MemoIndex(line, "PUT", &u8) && Put(u8, "PUT");
    case kBinPut: return Argument("BINPUT", &u1) && Put(u1, "BINPUT");
    case kLongBinPut: return Argument("LONG_BINPUT", &u4) && Put(u4, "LONG_BINPUT");
    case kMemoize: return Put(memo_count_, "MEMOIZE");
    case kGet: return Line("GET", &line) && MemoIndex(line, "GET", &u8) && Get(u8, "GET");
    case kBinGet: return Argument("BINGET", &u1) && Get(u1, "BINGET");
    case kLongBinGet: return Argument("LONG_BINGET", &u4) && Get(u4, "LONG_BINGET");

    case kGlobal:
      return Line("GLOBAL", &line) && Line("GLOBAL", &second) && call_.Global(line, second, &id) && Push(id);
    case kStackGlobal: return StackGlobal();
    case kReduce: {
      if (!Need(2, "REDUCE")) return false;
      const Id args = Pop(), callable = Pop();
      return call_.Reduce(callable, args, &id) && Push(id);
    }
    case kNewObj: {
      if (!Need(2, "NEWOBJ")) return false;
      const Id args = Pop(), cls = Pop();
      return call_.NewObject(cls, args, kNoId, &id) && Push(id);
    }
    case kNewObjEx: {
      if (!Need(3, "NEWOBJ_EX")) return false;
      const Id kwargs = Pop(), args = Pop(), cls = Pop();
      return call_.NewObject(cls, args, kwargs, &id) && Push(id);
    }
    case kBuild: return Build();

    case kInst: return Instance();
    case kObj:
      return call_.Fail(
          Code::kUnsupported,
          "opcode OBJ asks to make a Python 2 instance, which no model file of Python 3 holds; it is refused "
          "(nothing was run)");
    case kPersId:
    case kBinPersId:
      return call_.Fail(
          Code::kUnsupported,
          fmt::format("opcode {} refers to an object outside of the file (as torch checkpoints do); only "
                      "pickles that are complete in themselves are read",
                      opcode == kPersId ? "PERSID" : "BINPERSID"));
    case kExt1:
    case kExt2:
    case kExt4:
      return call_.Fail(
          Code::kUnsupported,
          fmt::format(
              "opcode EXT{} names a class by a number of the writer's copyreg extension registry, which "
              "is not in the file; it is refused",
              opcode == kExt1   ? 1
              : opcode == kExt2 ? 2
                                : 4));
    case kNextBuffer:
    case kReadOnlyBuffer:
      return call_.Fail(
          Code::kUnsupported,
          fmt::format("opcode {} refers to a buffer outside of the file; save the model without a "
                      "buffer_callback",
                      opcode == kNextBuffer ? "NEXT_BUFFER" : "READONLY_BUFFER"));
    default:
      return call_.Corrupt(
          in_.offset() == 1
              ? fmt::format("0x{:02x} is no pickle opcode; this is not a pickle file", opcode)
              : fmt::format("0x{:02x} is no pickle opcode; the file is damaged or not a pickle", opcode));
  }
}

}  // namespace

Result<Graph> ReadPickle(std::span<const uint8_t> bytes, const Limits& limits) {
  auto store = std::make_unique<PickleStore>(limits.memory_factor * bytes.size() + limits.memory_base);
  Reader reader(bytes, limits, *store);
  if (!reader.Read()) return std::unexpected(reader.TakeError());
  return Graph(std::move(store), reader.root(), reader.end());
}

}  // namespace turnout::pickle
