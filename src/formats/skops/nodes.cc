#include "formats/skops/nodes.h"

#include <fmt/format.h>

#include <vector>

#include "bytes/json_events.h"
#include "formats/pickle/access.h"
#include "formats/pickle/text.h"
#include "formats/skops/number.h"

namespace turnout::skops {

using pickle::Id;
using pickle::Kind;
using pickle::kNoId;
using pickle::PickleStore;
using pickle::Printable;

namespace {

// What the two hash maps take for an entry, about.
constexpr std::size_t kMapBytes = 64;

}  // namespace

// ---- parts of a node

// The last of equal names, as in Python.
const Entry* Nodes::Find(std::span<const Entry> entries, std::string_view key) const {
  for (std::size_t i = entries.size(); i > 0; --i) {
    if (entries[i - 1].key == key) return &entries[i - 1];
  }
  return nullptr;
}

std::string_view Nodes::Text(std::span<const Entry> entries, std::string_view key) const {
  const Entry* entry = Find(entries, key);
  return entry != nullptr && entry->scalar && store_.kind(entry->id) == Kind::kText ? store_.Text(entry->id)
                                                                                    : std::string_view();
}

bool Nodes::Damaged(const Node& node, std::string_view what) {
  return call_.Corrupt(fmt::format("a {} of {}.{} {}; the file is damaged", Printable(node.loader, 40),
                                   Printable(node.module, 60), Printable(node.name, 60), what));
}

bool Nodes::Part(const Node& node, std::string_view key, Id* part) {
  if (!Content(node, Kind::kDict, "a map")) return false;
  *part = store_.Find(node.content, key);
  return *part != kNoId || Damaged(node, fmt::format("has no '{}' in its content", key));
}

bool Nodes::Content(const Node& node, Kind kind, std::string_view what) {
  if (node.content != kNoId && store_.kind(node.content) == kind) return true;
  return Damaged(node, node.content == kNoId
                           ? std::string("has no content")
                           : fmt::format("has {} as its content, {} expected",
                                         pickle::Describe(store_.Handle(node.content)), what));
}

bool Nodes::File(const Node& node, std::string_view* name) {
  *name = Text(node.entries, "file");
  return !name->empty() || Damaged(node, "names no file");
}

// ---- names and calls

bool Nodes::Global(std::string_view module, std::string_view name, Id* result) {
  std::string full = fmt::format("{}.{}", module, name);
  if (const auto found = globals_.find(full); found != globals_.end()) {
    *result = found->second;
    return true;
  }
  if (!call_.Global(module, name, result)) return false;
  *store_.memory_counter() += kMapBytes + full.size();
  globals_.emplace(std::move(full), *result);
  return true;
}

bool Nodes::Tuple(std::span<const Id> ids, Id* result) {
  *result = store_.Add(Kind::kTuple);
  return store_.SetItems(*result, ids) || call_.OutOfMemory();
}

bool Nodes::Call(std::string_view module, std::string_view name, std::initializer_list<Id> args, Id* result) {
  Id callable = kNoId, tuple = kNoId;
  return Global(module, name, &callable) && Tuple(args, &tuple) && call_.Reduce(callable, tuple, result);
}

bool Nodes::Stateful(Id cls, Id args, Id state, Id* result) {
  if (!(args == kNoId ? call_.NewObject(cls, PickleStore::kEmptyTupleId, kNoId, result)
                      : call_.Reduce(cls, args, result))) {
    return false;
  }
  return state == kNoId || state == PickleStore::kNoneId || call_.Build(*result, state);
}

// ---- nodes

bool Nodes::Make(std::span<const Entry> entries, Id* result) {
  Node node{.entries = entries, .loader = Text(entries, "__loader__"), .module = {}, .name = {}};
  if (node.loader.empty()) {
    std::vector<Id> pairs;
    for (const Entry& entry : entries) {
      const std::span<const uint8_t> key(reinterpret_cast<const uint8_t*>(entry.key.data()),
                                         entry.key.size());
      pairs.push_back(store_.AddBytes(Kind::kText, key));
      pairs.push_back(entry.id);
    }
    *result = store_.Add(Kind::kDict);
    return store_.SetItems(*result, pairs) || call_.OutOfMemory();
  }
  const Entry* number = Find(entries, "__id__");
  const bool has_number = number != nullptr && store_.kind(number->id) == Kind::kInt;
  const int64_t key = has_number ? store_[number->id].integer : 0;
  if (has_number) {
    if (const auto found = made_.find(key); found != made_.end()) {
      *result = found->second;
      return true;
    }
  }
  node.module = Text(entries, "__module__");
  node.name = Text(entries, "__class__");
  if (const Entry* content = Find(entries, "content")) node.content = content->id;
  if (!MakeNode(node, result)) return false;
  if (has_number) {
    made_.emplace(key, *result);
    *store_.memory_counter() += kMapBytes;
  }
  return true;
}

bool Nodes::MakeNode(const Node& node, Id* result) {
  using Maker = bool (Nodes::*)(const Node&, Id*);
  static constexpr std::pair<std::string_view, Maker> kMakers[] = {
      {"DictNode", &Nodes::Dict},         {"JsonNode", &Nodes::Json},
      {"NdArrayNode", &Nodes::Array},     {"SparseMatrixNode", &Nodes::Sparse},
      {"PartialNode", &Nodes::Partial},   {"SliceNode", &Nodes::Slice},
      {"MethodNode", &Nodes::Method},     {"TreeNode", &Nodes::Reduced},
      {"LossNode", &Nodes::Reduced},      {"ReduceNode", &Nodes::Reduced},
      {"BytesNode", &Nodes::Bytes},       {"BytearrayNode", &Nodes::Bytes},
      {"FunctionNode", &Nodes::Function}, {"TypeNode", &Nodes::Class},
  };
  for (const auto& [loader, maker] : kMakers) {
    if (loader == node.loader) return (this->*maker)(node, result);
  }
  Id cls = kNoId;
  if (node.loader == "ListNode") {
    if (!Content(node, Kind::kList, "an array")) return false;
    *result = node.content;
    return true;
  }
  if (node.loader == "TupleNode") {
    return Content(node, Kind::kList, "an array") && Tuple(store_.Ids(node.content), result);
  }
  if (node.loader == "SetNode") {
    if (!Content(node, Kind::kList, "an array")) return false;
    *result = store_.Add(Kind::kSet);
    return store_.SetItems(*result, store_.Ids(node.content)) || call_.OutOfMemory();
  }
  if (node.loader == "DefaultDictNode" || node.loader == "_DictWithDeprecatedKeysNode") {
    return Part(node, "main", result);
  }
  if (node.loader == "DTypeNode") {
    if (!Content(node, Kind::kArray, "an array of that dtype")) return false;
    *result = store_.Add(Kind::kDtype);
    store_[*result].dtype = store_[node.content].array->dtype;
    return true;
  }
  if (node.loader == "ConstructorFromReduceNode") {
    return Content(node, Kind::kTuple, "a tuple of arguments") && Class(node, &cls) &&
           call_.Reduce(cls, node.content, result);
  }
  if (node.loader == "OperatorFuncNode") {
    const Entry* attrs = Find(node.entries, "attrs");
    if (attrs == nullptr || store_.kind(attrs->id) != Kind::kTuple)
      return Damaged(node, "has no tuple 'attrs'");
    return Global("operator", node.name, &cls) && call_.Reduce(cls, attrs->id, result);
  }
  if (node.loader == "CachedNode") return Damaged(node, "refers to an object that did not come before");
  // ObjectNode; RandomStateNode, MaskedArrayNode and what later releases add: inert, with what they hold.
  return Class(node, &cls) && Stateful(cls, kNoId, node.content, result);
}

bool Nodes::Dict(const Node& node, Id* result) {
  if (!Content(node, Kind::kDict, "a map")) return false;
  *result = node.content;
  // JSON's keys are texts; "key_types" has what they were.
  const Entry* types = Find(node.entries, "key_types");
  if (types == nullptr || store_.kind(types->id) != Kind::kList ||
      store_[types->id].size != store_[*result].size) {
    return true;
  }
  std::vector<Id> pairs;
  bool changed = false;
  for (std::size_t i = 0; i < store_[types->id].size; ++i) {
    const Id type = store_.Ids(types->id)[i];
    Id key = store_.Ids(node.content)[2 * i];
    if (store_.kind(type) == Kind::kGlobal && store_.kind(key) == Kind::kText) {
      const std::string_view text = store_.Text(key);
      const std::string_view full = store_[type].global->name;
      const std::string_view name = full.substr(store_[type].global->module_length + 1);
      const Id before = key;
      if (name.starts_with("int") || name.starts_with("uint") || name.starts_with("float")) {
        if (!ReadNumber(text, store_, &key)) {
          return Damaged(node, fmt::format("has the key '{}', a number expected", Printable(text)));
        }
      } else if (name.starts_with("bool")) {
        key = store_.AddBool(text == "true" || text == "True");
      } else if (name == "NoneType") {
        key = PickleStore::kNoneId;
      }
      changed |= key != before;
    }
    pairs.push_back(key);
    pairs.push_back(store_.Ids(node.content)[2 * i + 1]);
  }
  if (!changed) return true;
  *result = store_.Add(Kind::kDict);
  return store_.SetItems(*result, pairs) || call_.OutOfMemory();
}

// A text that is JSON itself: "true", "2", "\"abc\"", "NaN".
bool Nodes::Json(const Node& node, Id* result) {
  if (!Content(node, Kind::kText, "a text")) return false;
  const std::string_view text = store_.Text(node.content);
  if (ReadNumber(text, store_, result)) return true;
  using TokenKind = JsonToken::Kind;
  bool made = false;
  const Status read = ForEachJsonToken(text, 0, [&](const JsonToken& token) -> Status {
    switch (token.kind) {
      case TokenKind::kNull: *result = PickleStore::kNoneId; break;
      case TokenKind::kTrue: *result = PickleStore::kTrueId; break;
      case TokenKind::kFalse: *result = PickleStore::kFalseId; break;
      case TokenKind::kString:
        if (!call_.AddText(token.text, result)) return {};
        break;
      default: return {};
    }
    made = true;
    return {};
  });
  if (read && made) return true;
  return Damaged(
      node, fmt::format("holds '{}', which is no JSON text, number, true, false or null", Printable(text)));
}

bool Nodes::Array(const Node& node, Id* result) {
  if (Text(node.entries, "type") == "json") return ObjectArray(node, result);
  std::string_view file;
  if (!File(node, &file) || !members_.Array(file, result)) return false;
  const bool scalar = node.name != "ndarray" && node.name != "matrix" && node.name != "memmap";
  const pickle::ArrayBody& array = *store_[*result].array;
  if (!scalar || !array.shape.empty()) return true;
  const Id dtype = store_.Add(Kind::kDtype);
  store_[dtype].dtype = array.dtype;
  return Call("numpy.core.multiarray", "scalar", {dtype, store_.AddBytes(Kind::kBytes, array.data)}, result);
}

// An array of objects is nested lists, one level for each dimension.
bool Nodes::ObjectArray(const Node& node, Id* result) {
  const Entry* shape = Find(node.entries, "shape");
  if (!Content(node, Kind::kList, "an array")) return false;
  if (shape == nullptr || store_.kind(shape->id) != Kind::kTuple) return Damaged(node, "has no shape");
  Id items = node.content;
  std::vector<Id> level, next;
  for (std::size_t d = 1; d < store_[shape->id].size; ++d) {
    level.assign(store_.Ids(items).begin(), store_.Ids(items).end());
    next.clear();
    for (const Id list : level) {
      if (store_.kind(list) != Kind::kList) {
        return Damaged(node, fmt::format("holds {} in dimension {}, a list expected",
                                         pickle::Describe(store_.Handle(list)), d));
      }
      const std::span<const Id> ids = store_.Ids(list);
      if (!call_.Work((ids.size() + 1) * sizeof(Id))) return false;
      if (!store_.Fits((next.size() + ids.size()) * 3 * sizeof(Id))) return call_.OutOfMemory();
      next.insert(next.end(), ids.begin(), ids.end());
    }
    items = store_.Add(Kind::kList);
    if (!store_.SetItems(items, next)) return call_.OutOfMemory();
  }
  Id dtype = kNoId, state = kNoId, code = kNoId;
  if (!call_.AddText("O8", &code) || !Call("numpy", "dtype", {code}, &dtype)) return false;
  const Id parts[] = {store_.AddInt(1), shape->id, dtype, PickleStore::kFalseId, items};
  return Call("numpy.core.multiarray", "_reconstruct", {}, result) && Tuple(parts, &state) &&
         call_.Build(*result, state);
}

bool Nodes::Sparse(const Node& node, Id* result) {
  std::string_view file;
  Id arrays = kNoId, cls = kNoId;
  if (!File(node, &file) || !members_.Arrays(file, &arrays) || !Class(node, &cls)) return false;
  // As a pickle has it: "_shape" is a tuple.
  std::vector<Id> pairs(store_.Ids(arrays).begin(), store_.Ids(arrays).end());
  if (const Id shape = store_.Find(arrays, "shape"); shape != kNoId && store_.kind(shape) == Kind::kArray) {
    const auto lengths = pickle::AsIntArray(pickle::Part(store_.Handle(shape), pickle::Path("shape")));
    if (!lengths || lengths->size() != 2) return Damaged(node, "has no two lengths as its shape");
    Id name = kNoId, tuple = kNoId;
    const Id both[] = {store_.AddInt(lengths->values[0]), store_.AddInt(lengths->values[1])};
    if (!call_.AddText("_shape", &name) || !Tuple(both, &tuple)) return false;
    pairs.push_back(name);
    pairs.push_back(tuple);
  }
  const Id state = store_.Add(Kind::kDict);
  if (!store_.SetItems(state, pairs)) return call_.OutOfMemory();
  return Stateful(cls, kNoId, state, result);
}

// functools.partial's own state: (function, arguments, named arguments, its __dict__).
bool Nodes::Partial(const Node& node, Id* result) {
  Id parts[4] = {}, cls = kNoId, args = kNoId, state = kNoId;
  return Part(node, "func", &parts[0]) && Part(node, "args", &parts[1]) && Part(node, "kwds", &parts[2]) &&
         Part(node, "namespace", &parts[3]) && Global("functools", "partial", &cls) &&
         Tuple(std::span(parts).first(1), &args) && Tuple(parts, &state) &&
         Stateful(cls, args, state, result);
}

bool Nodes::Slice(const Node& node, Id* result) {
  Id start = kNoId, stop = kNoId, step = kNoId;
  return Part(node, "start", &start) && Part(node, "stop", &stop) && Part(node, "step", &step) &&
         Call("builtins", "slice", {start, stop, step}, result);
}

bool Nodes::Method(const Node& node, Id* result) {
  Id object = kNoId, function = kNoId;
  return Part(node, "obj", &object) && Part(node, "func", &function) &&
         Call("builtins", "getattr", {object, function}, result);
}

bool Nodes::Reduced(const Node& node, Id* result) {
  const Entry* reduce = Find(node.entries, "__reduce__");
  const Id args =
      reduce != nullptr && store_.kind(reduce->id) == Kind::kDict ? store_.Find(reduce->id, "args") : kNoId;
  if (args == kNoId || store_.kind(args) != Kind::kTuple) return Damaged(node, "has no tuple of arguments");
  const bool empty =
      node.content == kNoId || (store_.kind(node.content) == Kind::kDict && store_[node.content].size == 0);
  Id cls = kNoId;
  return Class(node, &cls) && Stateful(cls, args, empty ? kNoId : node.content, result);
}

bool Nodes::Bytes(const Node& node, Id* result) {
  std::string_view file;
  std::span<const uint8_t> contents;
  if (!File(node, &file) || !members_.Contents(file, &contents)) return false;
  *result = store_.AddBytes(Kind::kBytes, contents);
  return true;
}

bool Nodes::Function(const Node& node, Id* result) {
  if (node.content == kNoId) return Class(node, result);
  Id module = kNoId, name = kNoId;  // protocol 0
  if (!Part(node, "module_path", &module) || !Part(node, "function", &name)) return false;
  if (store_.kind(module) != Kind::kText || store_.kind(name) != Kind::kText)
    return Damaged(node, "has no name");
  return Global(store_.Text(module), store_.Text(name), result);
}

}  // namespace turnout::skops
