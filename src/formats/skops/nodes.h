// Nodes: one object of schema.json, whose parts are values already -> the value that it describes.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "formats/pickle/interpret.h"
#include "formats/pickle/store.h"
#include "formats/skops/members.h"

namespace turnout::skops {

// A value of the JSON text: a member of the object that is being read, or an element of an array.
struct Entry {
  std::string_view key;  // in an object
  pickle::Id id = pickle::kNoId;
  bool scalar = false;  // a JSON string, number, true, false or null, not what a node describes
};

// Functions return false after they recorded an error in `call`.
class Nodes {
 public:
  Nodes(Members& members, pickle::PickleStore& store, pickle::Interpreter& call)
      : members_(members), store_(store), call_(call) {}

  // A node if it has a "__loader__", otherwise a dict of its entries.
  bool Make(std::span<const Entry> entries, pickle::Id* result);

 private:
  using Id = pickle::Id;
  // What all nodes have.
  struct Node {
    std::span<const Entry> entries;
    std::string_view loader, module, name;  // name: "__class__"
    Id content = pickle::kNoId;             // absent: kNoId
  };

  const Entry* Find(std::span<const Entry> entries, std::string_view key) const;
  // A JSON string of the object; empty if there is none.
  std::string_view Text(std::span<const Entry> entries, std::string_view key) const;
  // An entry of the map that is the node's content.
  bool Part(const Node& node, std::string_view key, Id* part);
  bool Content(const Node& node, pickle::Kind kind, std::string_view what);
  bool Damaged(const Node& node, std::string_view what);
  bool File(const Node& node, std::string_view* name);

  bool Global(std::string_view module, std::string_view name, Id* result);
  bool Class(const Node& node, Id* result) { return Global(node.module, node.name, result); }
  bool Call(std::string_view module, std::string_view name, std::initializer_list<Id> args, Id* result);
  bool Tuple(std::span<const Id> ids, Id* result);
  bool Stateful(Id cls, Id args, Id state, Id* result);

  bool MakeNode(const Node& node, Id* result);
  bool Dict(const Node& node, Id* result);
  bool Json(const Node& node, Id* result);
  bool Array(const Node& node, Id* result);
  bool ObjectArray(const Node& node, Id* result);
  bool Sparse(const Node& node, Id* result);
  bool Partial(const Node& node, Id* result);
  bool Slice(const Node& node, Id* result);
  bool Method(const Node& node, Id* result);
  bool Reduced(const Node& node, Id* result);
  bool Bytes(const Node& node, Id* result);
  bool Function(const Node& node, Id* result);

  Members& members_;
  pickle::PickleStore& store_;
  pickle::Interpreter& call_;
  std::unordered_map<int64_t, Id> made_;         // by "__id__"
  std::unordered_map<std::string, Id> globals_;  // by "module.name"
};

}  // namespace turnout::skops
