#include "formats/pickle/interpret.h"

#include <fmt/format.h>

#include <algorithm>

#include "formats/pickle/access.h"
#include "formats/pickle/globals.h"
#include "formats/pickle/text.h"

namespace turnout::pickle {

namespace {

double Number(const Node& node) {
  return node.Type() == Kind::kFloat ? node.real : static_cast<double>(node.integer);
}

bool IsNumberNode(const Node& node) {
  return node.Type() == Kind::kFloat || node.Type() == Kind::kInt || node.Type() == Kind::kBool;
}

}  // namespace

Interpreter::Interpreter(PickleStore& store, const Limits& limits, std::size_t file_bytes)
    : store_(store), limits_(limits), work_left_(limits.work_factor * file_bytes + limits.work_base) {}

bool Interpreter::Fail(Code code, std::string message) {
  if (!failed_) error_ = {code, fmt::format("byte {}: {}", offset_, message)};
  failed_ = true;
  return false;
}

bool Interpreter::OutOfMemory() {
  return Fail(
      Code::kUnsupported,
      fmt::format(
          "the values read so far take more than {} times the file's size plus {} MB, which no model needs; "
          "the file is damaged or made to fill the memory",
          limits_.memory_factor, limits_.memory_base >> 20));
}

bool Interpreter::Work(uint64_t bytes) {
  if (bytes > work_left_) {
    work_left_ = 0;
    return Fail(Code::kUnsupported, fmt::format("the file asks to copy or convert the same data again and "
                                                "again, more than {} times its size plus "
                                                "{} MB; it is damaged or made to keep the reader busy",
                                                limits_.work_factor, limits_.work_base >> 20));
  }
  work_left_ -= bytes;
  return true;
}

bool Interpreter::AddText(std::string_view text, Id* result) {
  if (!Work(text.size())) return false;
  auto* copy = store_.New<uint8_t>(text.size());
  if (copy == nullptr) return OutOfMemory();
  std::ranges::copy(text, copy);
  const std::span<const uint8_t> bytes(copy, text.size());
  const Utf8 check = CheckUtf8(bytes);
  if (check == Utf8::kInvalid) return Corrupt("a text is not valid UTF-8");
  *result = store_.AddBytes(Kind::kText, bytes, check == Utf8::kSurrogates ? kSurrogatesFlag : 0);
  return true;
}

bool Interpreter::AddLatin1(std::span<const uint8_t> bytes, Id* result) {
  if (!Work(bytes.size())) return false;
  if (!IsAscii(bytes)) {
    auto* copy = store_.New<uint8_t>(bytes.size() * 2);
    if (copy == nullptr) return OutOfMemory();
    bytes = {copy, Latin1ToUtf8(bytes, copy)};
  }
  *result = store_.AddBytes(Kind::kText, bytes);
  return true;
}

// ---- names and objects

bool Interpreter::Global(std::string_view module, std::string_view name, Id* result) {
  if (module.empty() || name.empty()) return Corrupt("a class without a name; the file is damaged");
  if (module.size() + name.size() > limits_.name_bytes) {
    return Corrupt(fmt::format("a class name of {} bytes, more than {} are not accepted; the file is damaged",
                               module.size() + name.size(), limits_.name_bytes));
  }
  std::size_t module_length = 0;
  const std::string full = NormalisedName(module, name, &module_length);
  if (IsRefused(full, module_length)) {
    return Fail(
        Code::kUnsupported,
        fmt::format(
            "the file asks to call {}; a model file never needs this, so it is refused (nothing was run)",
            Printable(full, 100)));
  }
  const std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t*>(full.data()), full.size());
  if (CheckUtf8(bytes) != Utf8::kValid ||
      std::ranges::any_of(bytes, [](uint8_t byte) { return byte < 0x21; })) {
    return Corrupt(fmt::format("a class named '{}'; the file is damaged", Printable(full, 40)));
  }
  if (full.ends_with(".NDArrayWrapper") || full.ends_with(".ZNDArrayWrapper")) {
    return Fail(
        Code::kUnsupported,
        fmt::format(
            "{}: the file was written by joblib before 0.10, as several files; load it in Python and save it "
            "again with a current joblib",
            Printable(full, 100)));
  }
  auto* text = store_.New<char>(full.size());
  auto* body = store_.New<GlobalBody>();
  if (text == nullptr || body == nullptr) return OutOfMemory();
  std::ranges::copy(full, text);
  *body = {{text, full.size()}, module_length};
  *result = store_.Add(Kind::kGlobal);
  store_[*result].global = body;
  store_[*result].flags = static_cast<uint64_t>(KnownFunction(full)) & 0xff;
  return true;
}

bool Interpreter::AddObject(Id cls, Id args, Id kwargs, Id* result) {
  auto* body = store_.New<ObjectBody>();
  if (body == nullptr) return OutOfMemory();
  body->cls = cls;
  body->args = args;
  body->kwargs = kwargs;
  *result = store_.Add(Kind::kObject);
  store_[*result].object = body;
  return true;
}

bool Interpreter::Reduce(Id callable, Id args, Id* result) {
  if (store_.kind(args) != Kind::kTuple) {
    return Corrupt(fmt::format("the arguments of a call are {}, not a tuple; the file is damaged",
                               Describe(store_.Handle(args))));
  }
  switch (store_.kind(callable)) {
    case Kind::kGlobal:
      switch (Interpret(store_[callable].Function(), callable, store_.Ids(args), result)) {
        case Outcome::kDone: return true;
        case Outcome::kFailed: return false;
        case Outcome::kInert: return AddObject(callable, args, kNoId, result);
      }
      return false;
    case Kind::kObject: {
      // Something that was itself made by a call: a nested class (getattr) or a carried class (cloudpickle).
      const ObjectBody& object = *store_[callable].object;
      const Known maker =
          store_.kind(object.cls) == Kind::kGlobal ? store_[object.cls].Function() : Known::kNothing;
      if (maker == Known::kCarriedFunction) {
        return Fail(Code::kUnsupported,
                    "the file asks to call a Python function that it carries itself (cloudpickle); a model "
                    "file never needs "
                    "this, so it is refused (nothing was run)");
      }
      if (maker == Known::kGetattr && store_.kind(store_.Ids(object.args)[0]) != Kind::kGlobal) {
        return Fail(
            Code::kUnsupported,
            fmt::format(
                "the file asks to call the method '{}' that it looks up with builtins.getattr; a model file "
                "never needs this, so it is refused (nothing was run)",
                Printable(store_.Text(store_.Ids(object.args)[1]))));
      }
      return AddObject(callable, args, kNoId, result);
    }
    default:
      return Corrupt(fmt::format("a call of {}, which is not callable; the file is damaged",
                                 Describe(store_.Handle(callable))));
  }
}

bool Interpreter::NewObject(Id cls, Id args, Id kwargs, Id* result) {
  if (store_.kind(args) != Kind::kTuple) {
    return Corrupt(fmt::format("the arguments of a new object are {}, not a tuple; the file is damaged",
                               Describe(store_.Handle(args))));
  }
  if (kwargs != kNoId && store_.kind(kwargs) != Kind::kDict) {
    return Corrupt(fmt::format("the named arguments of a new object are {}, not a dict; the file is damaged",
                               Describe(store_.Handle(kwargs))));
  }
  if (kwargs != kNoId && store_[kwargs].size == 0) kwargs = kNoId;
  const Kind kind = store_.kind(cls);
  if (kind == Kind::kGlobal) {
    const Known function = store_[cls].Function();
    if (function == Known::kOrderedDict || function == Known::kDefaultDict || function == Known::kSet ||
        function == Known::kGetattr) {
      return Reduce(cls, args, result);
    }
  }
  if (kind == Kind::kObject) {
    const Id maker = store_[cls].object->cls;
    if (store_.kind(maker) == Kind::kGlobal && store_[maker].Function() == Known::kCarriedFunction) {
      return Reduce(cls, args, result);
    }
  } else if (kind != Kind::kGlobal) {
    return Corrupt(fmt::format("a new object of {}, which is not a class; the file is damaged",
                               Describe(store_.Handle(cls))));
  }
  return AddObject(cls, args, kwargs, result);
}

Interpreter::Outcome Interpreter::Interpret(Known function, Id callable, std::span<const Id> args,
                                            Id* result) {
  const auto done = [](bool ok) { return ok ? Outcome::kDone : Outcome::kFailed; };
  const auto numbers = [&] {
    return std::ranges::all_of(args, [&](Id id) { return IsNumberNode(store_[id]); });
  };
  switch (function) {
    case Known::kNothing:
    case Known::kReconstruct:  // becomes an array when BUILD brings its state
    case Known::kCarriedFunction:
    case Known::kJoblibArray: return Outcome::kInert;
    case Known::kFromBuffer: {
      if (args.size() < 4 || store_.kind(args[3]) != Kind::kText) return Outcome::kInert;
      const std::string_view order = store_.Text(args[3]);
      if (order != "C" && order != "F") return Outcome::kInert;
      *result = store_.Add(Kind::kNone);
      const Outcome made = MakeArray(*result, args[2], args[1], order == "F", args[0]);
      if (made == Outcome::kInert) *result = kNoId;
      return made;
    }
    case Known::kScalar: return Scalar(args, result);
    case Known::kDtype: return MakeDtype(args, result);
    case Known::kEncode: return Encode(args, result);
    case Known::kBytes: return MakeBytes(args, result);
    case Known::kSet:
      if (args.size() > 1) return Outcome::kInert;
      return Copy(Kind::kSet, args.empty() ? PickleStore::kEmptyTupleId : args[0], result);
    case Known::kComplex: {
      if (args.empty() || args.size() > 2 || !numbers()) return Outcome::kInert;
      auto* parts = store_.New<double>(2);
      if (parts == nullptr) return done(OutOfMemory());
      parts[0] = Number(store_[args[0]]);
      parts[1] = args.size() == 2 ? Number(store_[args[1]]) : 0;
      *result = store_.Add(Kind::kComplex);
      store_[*result].complex = parts;
      return Outcome::kDone;
    }
    case Known::kSlice:
      if (args.size() != 3) return Outcome::kInert;
      *result = store_.Add(Kind::kSlice);
      return done(store_.SetItems(*result, args) || OutOfMemory());
    case Known::kRange: {
      if (args.empty() || args.size() > 3 || !numbers()) return Outcome::kInert;
      const Id zero = store_.AddInt(0), one = store_.AddInt(1);
      const Id all[] = {args.size() == 1 ? zero : args[0], args.size() == 1 ? args[0] : args[1],
                        args.size() == 3 ? args[2] : one};
      *result = store_.Add(Kind::kRange);
      return done(store_.SetItems(*result, all) || OutOfMemory());
    }
    case Known::kOrderedDict: {
      if (args.size() > 1 || (args.size() == 1 && store_.kind(args[0]) != Kind::kList))
        return Outcome::kInert;
      std::vector<Id> pairs;  // Python 2 pickles OrderedDict([[key, value], ...])
      if (!args.empty()) {
        if (!Work(store_[args[0]].size * 2 * sizeof(Id))) return Outcome::kFailed;
        for (const Id pair : store_.Ids(args[0])) {
          const Kind kind = store_.kind(pair);
          if ((kind != Kind::kList && kind != Kind::kTuple) || store_[pair].size != 2) return Outcome::kInert;
          pairs.insert(pairs.end(), store_[pair].items, store_[pair].items + 2);
        }
      }
      *result = store_.Add(Kind::kDict);
      return done(store_.SetItems(*result, pairs) || OutOfMemory());
    }
    case Known::kDefaultDict:
      if (args.size() > 1) return Outcome::kInert;
      *result = store_.Add(Kind::kDict);
      return done(store_.SetItems(*result, {}));
    case Known::kReconstructor: return Reconstruct(args, result);
    case Known::kNewObject:
    case Known::kNewObjectEx: {
      if (args.empty()) return Outcome::kInert;
      if (function == Known::kNewObjectEx) {
        return args.size() == 3 ? done(NewObject(args[0], args[1], args[2], result)) : Outcome::kInert;
      }
      if (!Work(args.size() * sizeof(Id))) return Outcome::kFailed;
      const Id rest = store_.Add(Kind::kTuple);
      if (!store_.SetItems(rest, args.subspan(1))) return done(OutOfMemory());
      return done(NewObject(args[0], rest, kNoId, result));
    }
    case Known::kGetattr: return Getattr(args);
    case Known::kCythonUnpickle: {
      // (class, checksum, state): an object of that class.
      if (args.size() != 3 || store_.kind(args[0]) != Kind::kGlobal) return Outcome::kInert;
      if (!AddObject(args[0], PickleStore::kEmptyTupleId, kNoId, result)) return Outcome::kFailed;
      if (store_.kind(args[2]) != Kind::kNone) store_[*result].object->state = args[2];
      return Outcome::kDone;
    }
  }
  (void)callable;
  return Outcome::kInert;
}

Interpreter::Outcome Interpreter::Copy(Kind kind, Id source, Id* result) {
  const Kind from = store_.kind(source);
  if (from != Kind::kList && from != Kind::kTuple && from != Kind::kSet) return Outcome::kInert;
  if (!Work(store_[source].size * sizeof(Id))) return Outcome::kFailed;
  *result = store_.Add(kind);
  if (!store_.SetItems(*result, store_.Ids(source))) return OutOfMemory(), Outcome::kFailed;
  return Outcome::kDone;
}

// copyreg._reconstructor(class, base, state of the base), of protocols 0 and 1.
Interpreter::Outcome Interpreter::Reconstruct(std::span<const Id> args, Id* result) {
  if (args.size() != 3) return Outcome::kInert;
  Id rest = PickleStore::kEmptyTupleId;
  const Kind kind = store_.kind(args[2]);
  if (kind != Kind::kNone && kind != Kind::kDict && kind != Kind::kList) {
    rest = store_.Add(Kind::kTuple);
    if (!store_.SetItems(rest, args.last(1))) return OutOfMemory(), Outcome::kFailed;
  }
  if (!NewObject(args[0], rest, kNoId, result)) return Outcome::kFailed;
  if (store_.kind(*result) == Kind::kObject) {
    ObjectBody& object = *store_[*result].object;
    if (kind == Kind::kDict) object.dict_items = args[2];
    if (kind == Kind::kList) object.list_items = args[2];
  }
  return Outcome::kDone;
}

// Honest files hold getattr(object, "method") for a bound method and getattr(Outer, "Inner") for a nested
// class.
Interpreter::Outcome Interpreter::Getattr(std::span<const Id> args) {
  if (args.size() < 2 || args.size() > 3 || store_.kind(args[1]) != Kind::kText) {
    return Corrupt("builtins.getattr without an attribute name; the file is damaged"), Outcome::kFailed;
  }
  const std::string_view name = store_.Text(args[1]);
  bool chained = false;
  if (store_.kind(args[0]) == Kind::kObject) {
    const Id maker = store_[args[0]].object->cls;
    chained = store_.kind(maker) == Kind::kGlobal && store_[maker].Function() == Known::kGetattr;
  }
  if (chained || IsRefusedAttribute(name)) {
    Fail(Code::kUnsupported,
         fmt::format("the file asks to look up '{}' with builtins.getattr{}; a model file never needs this, "
                     "so it is refused "
                     "(nothing was run)",
                     Printable(name), chained ? " in what another builtins.getattr found" : ""));
    return Outcome::kFailed;
  }
  return Outcome::kInert;
}

// ---- bytes

Interpreter::Outcome Interpreter::Latin1(Id text, Id* result) {
  const std::span<const uint8_t> bytes = store_.Bytes(text);
  if (!Work(bytes.size())) return Outcome::kFailed;
  if (IsAscii(bytes)) {
    *result = store_.AddBytes(Kind::kBytes, bytes);
    return Outcome::kDone;
  }
  auto* copy = store_.New<uint8_t>(bytes.size());
  if (copy == nullptr) return OutOfMemory(), Outcome::kFailed;
  const auto size = Utf8ToLatin1(bytes, copy);
  if (!size) {
    Corrupt("bytes that are written as text hold a character above 255; the file is damaged");
    return Outcome::kFailed;
  }
  *result = store_.AddBytes(Kind::kBytes, {copy, *size});
  return Outcome::kDone;
}

Interpreter::Outcome Interpreter::Encode(std::span<const Id> args, Id* result) {
  if (args.size() != 2 || store_.kind(args[0]) != Kind::kText || store_.kind(args[1]) != Kind::kText)
    return Outcome::kInert;
  const std::string_view encoding = store_.Text(args[1]);
  if (encoding != "latin1" && encoding != "latin-1") return Outcome::kInert;
  return Latin1(args[0], result);
}

Interpreter::Outcome Interpreter::MakeBytes(std::span<const Id> args, Id* result) {
  if (args.empty()) {
    *result = store_.AddBytes(Kind::kBytes, {});
    return Outcome::kDone;
  }
  if (args.size() == 1 && store_.kind(args[0]) == Kind::kBytes) {
    *result = store_.AddBytes(Kind::kBytes, store_.Bytes(args[0]));
    return Outcome::kDone;
  }
  if (args.size() == 2) return Encode(args, result);
  return Outcome::kInert;
}

bool Interpreter::Build(Id target, Id state) {
  switch (store_.kind(target)) {
    case Kind::kObject: {
      ObjectBody& object = *store_[target].object;
      if (object.state != kNoId)
        return Corrupt("an object gets a second state (BUILD twice), which no model file needs");
      if (store_.kind(object.cls) == Kind::kGlobal && store_[object.cls].Function() == Known::kReconstruct &&
          store_.kind(state) == Kind::kTuple && (store_[state].size == 4 || store_[state].size == 5)) {
        // ([version,] shape, dtype, is_fortran, data)
        const std::span<const Id> parts = store_.Ids(state).last(4);
        if (const Node& fortran = store_[parts[2]];
            fortran.Type() == Kind::kBool || fortran.Type() == Kind::kInt) {
          const Outcome made = MakeArray(target, parts[0], parts[1], fortran.integer != 0, parts[3]);
          if (made != Outcome::kInert) return made == Outcome::kDone;
        }
      }
      object.state = state;
      return true;
    }
    case Kind::kDtype: {
      const Outcome made = BuildDtype(target, state);
      if (made == Outcome::kInert) return Corrupt("the fields of a dtype are not dtypes");
      return made == Outcome::kDone;
    }
    case Kind::kDict:
    case Kind::kSet: return true;  // attributes of an OrderedDict or a set: nothing reads them
    case Kind::kGlobal:
      return Fail(Code::kUnsupported, fmt::format("the file asks to change the class {}; a model file never "
                                                  "needs this, so it is refused (nothing "
                                                  "was run)",
                                                  Printable(store_.Handle(target).Name(), 100)));
    default:
      return Corrupt(fmt::format("a state for {}, which has none; the file is damaged",
                                 Describe(store_.Handle(target))));
  }
}

}  // namespace turnout::pickle
