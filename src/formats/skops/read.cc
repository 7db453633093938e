#include "formats/skops/read.h"

#include <fmt/format.h>

#include <memory>
#include <vector>

#include "bytes/json_events.h"
#include "bytes/zip.h"
#include "formats/pickle/interpret.h"
#include "formats/pickle/store.h"
#include "formats/pickle/text.h"
#include "formats/skops/members.h"
#include "formats/skops/nodes.h"
#include "formats/skops/number.h"

namespace turnout::skops {
namespace {

using pickle::Id;
using pickle::Kind;
using pickle::kNoId;
using pickle::PickleStore;

constexpr std::string_view kSchema = "schema.json";
// A stacking ensemble of pipelines needs about 60; each is a bit of memory.
constexpr std::size_t kMostLevels = 1000;
constexpr int64_t kNewestProtocol = 2;

// schema.json, bottom up: the values of what is open lie on a stack; the end of an object or an array takes
// its own from there and leaves one value.
class Schema {
 public:
  Schema(Nodes& nodes, PickleStore& store, pickle::Interpreter& call, const pickle::Limits& limits)
      : nodes_(nodes), store_(store), call_(call), limits_(limits) {}

  bool Take(const JsonToken& token) {
    using enum JsonToken::Kind;
    Id id = kNoId;
    call_.set_offset(token.byte);
    switch (token.kind) {
      case kObject:
      case kArray:
        open_.push_back({entries_.size(), key_, token.byte});
        key_ = {};
        return true;
      case kKey: return Keep(token, &key_);
      case kObjectEnd: return End(true);
      case kArrayEnd: return End(false);
      case kString: {
        std::string_view text;
        if (!Keep(token, &text)) return false;
        return Push(
            store_.AddBytes(Kind::kText, {reinterpret_cast<const uint8_t*>(text.data()), text.size()}), true);
      }
      case kNumber:
        if (!ReadNumber(token.text, store_, &id)) return call_.Corrupt("a number of too many digits");
        return Push(id, true);
      case kTrue: return Push(PickleStore::kTrueId, true);
      case kFalse: return Push(PickleStore::kFalseId, true);
      case kNull: return Push(PickleStore::kNoneId, true);
    }
    return false;
  }

  // After the document. False: it is no object.
  bool Root(Id* root) const {
    *root = entries_.front().id;
    return is_object_;
  }

 private:
  struct Open {
    std::size_t first;     // of its entries
    std::string_view key;  // its own, in what it is in
    uint32_t byte;
  };

  // A text that outlives the token.
  bool Keep(const JsonToken& token, std::string_view* text) {
    *text = token.text;
    if (!token.unescaped) return true;
    if (!call_.Work(token.text.size())) return false;
    auto* copy = store_.New<char>(token.text.size());
    if (copy == nullptr) return call_.OutOfMemory();
    std::ranges::copy(token.text, copy);
    *text = {copy, token.text.size()};
    return true;
  }

  bool Push(Id id, bool scalar) {
    if (entries_.size() >= limits_.stack) {
      return call_.Fail(
          Code::kUnsupported,
          fmt::format("more than {} values in what is open here, which no model needs", limits_.stack));
    }
    entries_.push_back({key_, id, scalar});
    key_ = {};
    return !store_.OverLimit() || call_.OutOfMemory();
  }

  bool End(bool object) {
    const Open open = open_.back();
    open_.pop_back();
    const auto own = std::span<const Entry>(entries_).subspan(open.first);
    call_.set_offset(open.byte);
    Id id = kNoId;
    if (!object) {
      ids_.clear();
      for (const Entry& entry : own) ids_.push_back(entry.id);
      id = store_.Add(Kind::kList);
      if (!store_.SetItems(id, ids_)) return call_.OutOfMemory();
    } else {
      is_object_ = open_.empty();
      if ((is_object_ && !CheckProtocol(own)) || !nodes_.Make(own, &id)) return false;
    }
    entries_.resize(open.first);
    key_ = open.key;
    return Push(id, false);
  }

  // The root has two entries of its own.
  bool CheckProtocol(std::span<const Entry> root) {
    Id protocol = kNoId;
    bool node = false;
    for (const Entry& entry : root) {
      if (entry.key == "protocol") protocol = entry.id;
      node |= entry.key == "__loader__";
    }
    if (!node || protocol == kNoId || store_.kind(protocol) != Kind::kInt) {
      return call_.Corrupt("its root has no '__loader__' or no 'protocol'; this is no skops file");
    }
    if (const int64_t found = store_[protocol].integer; found < 0 || found > kNewestProtocol) {
      return call_.Fail(Code::kUnsupported,
                        fmt::format("skops protocol {}; protocols 0 to {} are read: save the model "
                                    "with a release of skops that writes one of these",
                                    found, kNewestProtocol));
    }
    return true;
  }

  Nodes& nodes_;
  PickleStore& store_;
  pickle::Interpreter& call_;
  const pickle::Limits& limits_;
  std::vector<Entry> entries_;
  std::vector<Open> open_;
  std::vector<Id> ids_;
  std::string_view key_;    // of the value that comes next
  bool is_object_ = false;  // the root, once it is read
};

std::unexpected<Error> InSchema(Error error) { return Within(kSchema, std::move(error)); }

Error NoSchema(const ZipArchive& zip) {
  std::string holds = "nothing";
  if (const auto members = zip.members(); !members.empty()) {
    holds = fmt::format("'{}'", pickle::Printable(members[0].name));
    if (members.size() > 1) holds += fmt::format(" and {} more", members.size() - 1);
  }
  return {
      Code::kUnsupported,
      fmt::format(
          "this zip archive has no schema.json, so it is no skops file (it holds {}); of zip archives only "
          "skops files are read",
          holds)};
}

}  // namespace

Result<pickle::Graph> ReadSkops(std::span<const uint8_t> bytes, const pickle::Limits& limits) {
  TURNOUT_ASSIGN(const auto zip, ZipArchive::Open(bytes));
  if (zip.Find(kSchema) == nullptr) return std::unexpected(NoSchema(zip));

  const std::size_t content_bytes = static_cast<std::size_t>(zip.content_bytes());
  auto store = std::make_unique<PickleStore>(limits.memory_factor * content_bytes + limits.memory_base);
  pickle::Interpreter call(*store, limits, content_bytes);
  Members members(zip, *store, call);
  Nodes nodes(members, *store, call);
  Schema schema(nodes, *store, call, limits);
  std::span<const uint8_t> contents;
  if (!members.Contents(kSchema, &contents)) return InSchema(call.TakeError());
  const std::string_view text(reinterpret_cast<const char*>(contents.data()), contents.size());
  const Status read = ForEachJsonToken(text, kMostLevels, [&](const JsonToken& token) -> Status {
    if (schema.Take(token)) return {};
    return std::unexpected(call.TakeError());
  });
  if (!read) {
    const bool not_json = read.error().code == Code::kInvalidArgument;
    return InSchema({not_json ? Code::kCorrupt : read.error().code, read.error().message});
  }
  Id root = kNoId;
  if (!schema.Root(&root))
    return InSchema({Code::kCorrupt, "byte 0: its root is no object; this is no skops file"});
  return pickle::Graph(std::move(store), root, bytes.size());
}

}  // namespace turnout::skops
