#include "formats/pickle/object.h"

#include <cassert>

#include "formats/pickle/store.h"

namespace turnout::pickle {

namespace {

constexpr std::string_view kKindNames[] = {"None",  "bool",  "int",   "big int", "float", "complex",
                                           "text",  "bytes", "tuple", "list",    "dict",  "set",
                                           "slice", "range", "class", "object",  "array", "dtype"};
static_assert(std::size(kKindNames) == static_cast<std::size_t>(Kind::kDtype) + 1);

constexpr std::size_t kBlockWords = 8192;
constexpr std::size_t kLargeWords = 2048;

const Node& At(const PickleStore* store, uint32_t id, [[maybe_unused]] Kind kind) {
  const Node& node = (*store)[id];
  assert(node.Type() == kind);
  return node;
}

}  // namespace

std::string_view Name(Kind kind) { return kKindNames[static_cast<std::size_t>(kind)]; }

const DtypeField* Dtype::Find(std::string_view name) const {
  for (const DtypeField& field : fields) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

// ---- PickleStore

PickleStore::PickleStore(std::size_t memory_limit) : limit_(memory_limit) {
  Add(Kind::kNone);
  Add(Kind::kBool);
  Add(Kind::kBool);
  (*this)[kTrueId].integer = 1;
  Add(Kind::kTuple);
  (*this)[kEmptyTupleId].items = nullptr;
}

Id PickleStore::Add(Kind kind, uint64_t size) {
  Node node;
  node.kind = static_cast<uint64_t>(kind);
  node.size = size & ((uint64_t{1} << 48) - 1);
  nodes_.Push(node, &memory_);
  return static_cast<Id>(nodes_.size() - 1);
}

Id PickleStore::AddInt(int64_t value) {
  Id* shared = nullptr;
  if (value >= kSmallestShared && value <= kLargestShared) {
    const auto slot = static_cast<std::size_t>(value - kSmallestShared);
    std::unique_ptr<Id[]>& page = shared_ints_[slot / kSharedPage];
    if (page == nullptr) {
      page = std::make_unique_for_overwrite<Id[]>(kSharedPage);
      std::fill_n(page.get(), kSharedPage, kNoId);
      memory_ += kSharedPage * sizeof(Id);
    }
    shared = &page[slot % kSharedPage];
    if (*shared != kNoId) return *shared;
  }
  const Id id = Add(Kind::kInt);
  (*this)[id].integer = value;
  if (shared != nullptr) *shared = id;
  return id;
}

Id PickleStore::AddFloat(double value) {
  const Id id = Add(Kind::kFloat);
  (*this)[id].real = value;
  return id;
}

Id PickleStore::AddBytes(Kind kind, std::span<const uint8_t> bytes, uint64_t flags) {
  const Id id = Add(kind, bytes.size());
  (*this)[id].bytes = bytes.data();
  (*this)[id].flags = flags & 0xff;
  return id;
}

void* PickleStore::Allocate(uint64_t bytes) {
  if (bytes > limit_) return nullptr;
  const auto words = std::max<std::size_t>(1, static_cast<std::size_t>((bytes + 7) / 8));
  if (words > kLargeWords) {
    if (!Fits(words * 8)) return nullptr;
    blocks_.push_back(std::make_unique_for_overwrite<uint64_t[]>(words));
    memory_ += words * 8;
    return blocks_.back().get();
  }
  if (words > free_words_) {
    blocks_.push_back(std::make_unique_for_overwrite<uint64_t[]>(kBlockWords));
    memory_ += kBlockWords * 8;
    free_ = blocks_.back().get();
    free_words_ = kBlockWords;
  }
  uint64_t* block = free_;
  free_ += words;
  free_words_ -= words;
  return block;
}

bool PickleStore::SetItems(Id id, std::span<const Id> ids) {
  const Kind type = kind(id);
  const bool fixed = type == Kind::kTuple || type == Kind::kSlice || type == Kind::kRange;
  Id* items = nullptr;
  if (!ids.empty()) {
    items = New<Id>(fixed ? ids.size() : Capacity(ids.size()));
    if (items == nullptr) return false;
    std::ranges::copy(ids, items);
  }
  Node& node = (*this)[id];
  node.items = items;
  node.size = (type == Kind::kDict ? ids.size() / 2 : ids.size()) & ((uint64_t{1} << 48) - 1);
  return true;
}

bool PickleStore::Append(Id id, std::span<const Id> ids) {
  const std::span<const Id> old = Ids(id);
  const std::size_t total = old.size() + ids.size();
  Node& node = (*this)[id];
  if (Capacity(total) > Capacity(old.size())) {
    Id* items = New<Id>(Capacity(total));
    if (items == nullptr) return false;
    std::ranges::copy(old, items);
    node.items = items;
  }
  std::ranges::copy(ids, node.items + old.size());
  node.size = (node.Type() == Kind::kDict ? total / 2 : total) & ((uint64_t{1} << 48) - 1);
  return true;
}

Id PickleStore::Find(Id dict, std::string_view key) const {
  const std::span<const Id> ids = Ids(dict);
  for (std::size_t i = ids.size(); i >= 2; i -= 2) {
    if (kind(ids[i - 2]) == Kind::kText && Text(ids[i - 2]) == key) return ids[i - 1];
  }
  return kNoId;
}

// ---- Value

Kind Value::kind() const { return (*store_)[id_].Type(); }
bool Value::Bool() const { return At(store_, id_, Kind::kBool).integer != 0; }
int64_t Value::Int() const { return At(store_, id_, Kind::kInt).integer; }
double Value::Float() const { return At(store_, id_, Kind::kFloat).real; }
double Value::Real() const { return At(store_, id_, Kind::kComplex).complex[0]; }
double Value::Imaginary() const { return At(store_, id_, Kind::kComplex).complex[1]; }

std::string_view Value::Text() const {
  assert(kind() == Kind::kText);
  return store_->Text(id_);
}

bool Value::TextHasSurrogates() const { return (At(store_, id_, Kind::kText).flags & kSurrogatesFlag) != 0; }

std::span<const uint8_t> Value::Bytes() const {
  assert(kind() == Kind::kBytes || kind() == Kind::kBigInt);
  return store_->Bytes(id_);
}

std::size_t Value::size() const { return static_cast<std::size_t>((*store_)[id_].size); }

Values Value::Items() const {
  const Node& node = (*store_)[id_];
  switch (node.Type()) {
    case Kind::kTuple:
    case Kind::kList:
    case Kind::kSet:
    case Kind::kSlice:
    case Kind::kRange: return {store_, store_->Ids(node)};
    case Kind::kArray: return {store_, node.array->items};
    default: assert(false && "a value without items"); return {store_, {}};
  }
}

Value Value::Key(std::size_t index) const { return {store_, At(store_, id_, Kind::kDict).items[2 * index]}; }

Value Value::Entry(std::size_t index) const {
  return {store_, At(store_, id_, Kind::kDict).items[2 * index + 1]};
}

bool Value::Find(std::string_view key, Value* entry) const {
  assert(kind() == Kind::kDict);
  const Id found = store_->Find(id_, key);
  if (found == kNoId) return false;
  *entry = {store_, found};
  return true;
}

std::string_view Value::Name() const { return At(store_, id_, Kind::kGlobal).global->name; }

std::string_view Value::Module() const {
  const GlobalBody& global = *At(store_, id_, Kind::kGlobal).global;
  return global.name.substr(0, global.module_length);
}

Value Value::Class() const { return {store_, At(store_, id_, Kind::kObject).object->cls}; }

Value Value::Args() const {
  const Id args = At(store_, id_, Kind::kObject).object->args;
  return {store_, args == kNoId ? PickleStore::kEmptyTupleId : args};
}

Value Value::Kwargs() const {
  const Id kwargs = At(store_, id_, Kind::kObject).object->kwargs;
  return {store_, kwargs == kNoId ? PickleStore::kNoneId : kwargs};
}

Value Value::State() const {
  const Id state = At(store_, id_, Kind::kObject).object->state;
  return {store_, state == kNoId ? PickleStore::kNoneId : state};
}

Value Value::ListItems() const {
  const Id items = At(store_, id_, Kind::kObject).object->list_items;
  return {store_, items == kNoId ? PickleStore::kNoneId : items};
}

Value Value::DictItems() const {
  const Id items = At(store_, id_, Kind::kObject).object->dict_items;
  return {store_, items == kNoId ? PickleStore::kNoneId : items};
}

const Dtype& Value::ElementType() const { return *At(store_, id_, Kind::kArray).array->dtype; }
std::span<const int64_t> Value::Shape() const { return At(store_, id_, Kind::kArray).array->shape; }
bool Value::IsFortran() const { return At(store_, id_, Kind::kArray).array->fortran; }
std::span<const uint8_t> Value::Data() const { return At(store_, id_, Kind::kArray).array->data; }
const Dtype& Value::AsDtype() const { return *At(store_, id_, Kind::kDtype).dtype; }

// ---- Graph

Graph::Graph(std::unique_ptr<PickleStore> store, uint32_t root, std::size_t end)
    : store_(std::move(store)), root_(root), end_(end) {}
Graph::Graph(Graph&&) noexcept = default;
Graph& Graph::operator=(Graph&&) noexcept = default;
Graph::~Graph() = default;

std::size_t Graph::values() const { return store_->values(); }
std::size_t Graph::memory_bytes() const { return store_->memory(); }

}  // namespace turnout::pickle
