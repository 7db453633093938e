// XGBoost's binary format: written by default up to 2.0, at all up to 3.0 (LearnerIO::LoadModel of
// src/learner.cc, src/gbm/gbtree_model.h, src/tree/tree_model.h there). Structs as they stood in memory,
// little-endian; what was added over the years lies in what used to be reserved.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/byte_reader.h"
#include "formats/xgboost/read.h"

namespace turnout::xgboost {
namespace {

constexpr std::size_t kLearnerParameters = 136, kTreesParameters = 160, kTreeParameters = 148,
                      kLinearParameters = 136, kNode = 20, kStatistics = 16;
constexpr std::string_view kMagic = "binf";  // of old files

bool IsNameCharacter(uint8_t c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == ':' || c == '_';
}

class Reader {
 public:
  Reader(std::span<const uint8_t> bytes, Memory& memory, Booster& booster)
      : in_(bytes), memory_(memory), booster_(booster) {}

  Status Read();

 private:
  std::unexpected<Error> Bad(std::string_view what) const {
    return Fail(Code::kCorrupt, fmt::format("byte {}: {}", in_.offset(), what));
  }
  Status Bytes(std::string_view what, uint64_t count, std::span<const uint8_t>& bytes) {
    if (in_.ReadBytes(count, bytes)) return {};
    return Bad(fmt::format("{} of {} bytes, but {} are left; the file looks truncated", what, count,
                           in_.remaining()));
  }
  Status Count(std::string_view what, uint64_t& count) {
    if (in_.ReadLittle(count)) return {};
    return Bad(fmt::format("the length of {}, but {} bytes are left; the file looks truncated", what,
                           in_.remaining()));
  }
  Status Text(std::string_view what, std::string& text);
  template <class T>
  Status Vector(std::string_view what, uint64_t count, std::vector<T>& values);
  Status Trees();
  Status OneTree(Tree& tree);
  Status Attributes();

  ByteReader in_;
  Memory& memory_;
  Booster& booster_;
};

Status Reader::Text(std::string_view what, std::string& text) {
  uint64_t length = 0;
  std::span<const uint8_t> bytes;
  TURNOUT_TRY(Count(what, length));
  TURNOUT_TRY(Bytes(what, length, bytes));
  TURNOUT_TRY(memory_.Take(what, length));
  text.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return {};
}

template <class T>
Status Reader::Vector(std::string_view what, uint64_t count, std::vector<T>& values) {
  if (count > in_.remaining() / sizeof(T)) {
    return Bad(fmt::format("{}: {} numbers of {} bytes, but {} bytes are left; the file looks truncated",
                           what, count, sizeof(T), in_.remaining()));
  }
  TURNOUT_TRY(memory_.Take(what, count * sizeof(T)));
  values.resize(static_cast<std::size_t>(count));
  for (T& value : values) in_.ReadLittle(value);
  return {};
}

Status Reader::Read() {
  std::span<const uint8_t> parameters;
  if (in_.remaining() >= kMagic.size()) {
    std::span<const uint8_t> magic;
    ByteReader behind = in_;
    behind.ReadBytes(kMagic.size(), magic);
    if (std::equal(magic.begin(), magic.end(), kMagic.begin())) in_ = behind;
  }
  TURNOUT_TRY(Bytes("the learner's parameters", kLearnerParameters, parameters));
  const uint8_t* const at = parameters.data();
  booster_.base_score = {LoadLittle<float>(at)};
  booster_.features = LoadLittle<uint32_t>(at + 4);
  booster_.classes = LoadLittle<int32_t>(at + 8);
  const bool has_attributes = LoadLittle<int32_t>(at + 12) != 0;
  const bool has_metrics = LoadLittle<int32_t>(at + 16) != 0;
  booster_.major = static_cast<int>(LoadLittle<uint32_t>(at + 20) & 0xFFFF);
  booster_.minor = static_cast<int>(LoadLittle<uint32_t>(at + 24) & 0xFFFF);
  booster_.has_patch = false;
  booster_.targets = std::max<int64_t>(1, LoadLittle<uint32_t>(at + 28));  // 0 before 1.7
  TURNOUT_TRY(Text("the objective's name", booster_.objective));
  TURNOUT_TRY(Text("the booster's name", booster_.name));
  if (booster_.name == "gblinear") {
    TURNOUT_TRY(Bytes("the linear model's parameters", kLinearParameters, parameters));
    uint64_t count = 0;
    TURNOUT_TRY(Count("the weights", count));
    TURNOUT_TRY(Vector("the weights", count, booster_.weights));
  } else {
    TURNOUT_TRY(Trees());
  }
  if (has_attributes) TURNOUT_TRY(Attributes());
  if (booster_.major >= 1) return {};
  // Up to 0.9 a text with a setting of this objective and the metrics' names stand here.
  std::string text;
  if (booster_.objective == "count:poisson") TURNOUT_TRY(Text("max_delta_step", text));
  uint64_t metrics = 0;
  if (has_metrics) TURNOUT_TRY(Count("the metrics", metrics));
  for (uint64_t i = 0; i < metrics; ++i) TURNOUT_TRY(Text("a metric's name", text));
  return {};
}

Status Reader::Trees() {
  std::span<const uint8_t> parameters;
  TURNOUT_TRY(Bytes("the forest's parameters", kTreesParameters, parameters));
  const auto trees = LoadLittle<int32_t>(parameters.data());
  if (trees < 0) return Bad(fmt::format("{} trees", trees));
  // Until 1.3 the number of roots stood here.
  if (booster_.AtLeast(1, 3)) booster_.parallel_trees = LoadLittle<int32_t>(parameters.data() + 4);
  booster_.declared_trees = trees;
  if (static_cast<uint64_t>(trees) > in_.remaining() / kTreeParameters) {
    return Bad(
        fmt::format("{} trees, but {} bytes are left; the file looks truncated", trees, in_.remaining()));
  }
  TURNOUT_TRY(memory_.Take("the trees", static_cast<uint64_t>(trees) * sizeof(Tree)));
  booster_.trees.resize(static_cast<std::size_t>(trees));
  for (std::size_t i = 0; i < booster_.trees.size(); ++i) {
    if (auto read = OneTree(booster_.trees[i]); !read) {
      return Within(fmt::format("tree {}", i), std::move(read).error());
    }
  }
  TURNOUT_TRY(Vector("the trees' outputs", static_cast<uint64_t>(trees), booster_.tree_info));
  if (booster_.name != "dart" || trees == 0) return {};
  uint64_t count = 0;
  TURNOUT_TRY(Count("the trees' weights", count));
  return Vector("the trees' weights", count, booster_.weight_drop);
}

Status Reader::OneTree(Tree& tree) {
  std::span<const uint8_t> parameters, nodes, statistics;
  TURNOUT_TRY(Bytes("its parameters", kTreeParameters, parameters));
  const auto count = LoadLittle<int32_t>(parameters.data() + 4);
  const auto width = LoadLittle<int32_t>(parameters.data() + 20);
  if (count < 1) return Bad(fmt::format("{} nodes", count));
  if (width > 1) return Bad(fmt::format("leaves of {} values, which this format can't hold", width));
  const auto size = static_cast<std::size_t>(count);
  tree.num_nodes = count;
  TURNOUT_TRY(Bytes("its nodes", size * kNode, nodes));
  TURNOUT_TRY(Bytes("the nodes' statistics", size * kStatistics, statistics));
  TURNOUT_TRY(memory_.Take("a tree", size * (4 * sizeof(int32_t) + 1)));
  for (auto* values : {&tree.left, &tree.right, &tree.feature}) values->resize(size);
  tree.condition.resize(size);
  tree.default_left.resize(size);
  for (std::size_t i = 0; i < size; ++i) {
    const uint8_t* const node = nodes.data() + i * kNode;  // parent, left, right, split, value
    tree.left[i] = LoadLittle<int32_t>(node + 4);
    tree.right[i] = LoadLittle<int32_t>(node + 8);
    const auto split = LoadLittle<uint32_t>(node + 12);
    tree.feature[i] = static_cast<int32_t>(split & 0x7FFF'FFFF);
    tree.default_left[i] = (split >> 31) != 0;
    tree.condition[i] = LoadLittle<float>(node + 16);
  }
  return {};
}

Status Reader::Attributes() {
  uint64_t count = 0;
  TURNOUT_TRY(Count("the attributes", count));
  std::string name, value;
  for (uint64_t i = 0; i < count; ++i) {
    TURNOUT_TRY(Text("an attribute's name", name));
    TURNOUT_TRY(Text("an attribute", value));
    TURNOUT_TRY(memory_.Take("the attributes", 128));
    booster_.attributes.insert_or_assign(std::move(name), std::move(value));
  }
  return {};
}

}  // namespace

// An objective's and a booster's name where the parameters end.
bool IsLegacy(std::span<const uint8_t> bytes) {
  const bool magic = bytes.size() >= kMagic.size() && std::equal(kMagic.begin(), kMagic.end(), bytes.begin());
  ByteReader in(bytes, (magic ? kMagic.size() : 0) + kLearnerParameters);
  constexpr uint64_t kLongest = 64;
  for (int name = 0; name < 2; ++name) {
    uint64_t length = 0;
    std::span<const uint8_t> text;
    if (!in.ReadLittle(length) || length == 0 || length > kLongest || !in.ReadBytes(length, text))
      return false;
    if (!std::all_of(text.begin(), text.end(), IsNameCharacter)) return false;
  }
  return true;
}

Status ReadLegacy(std::span<const uint8_t> bytes, Memory& memory, Booster& booster) {
  return Reader(bytes, memory, booster).Read();
}

}  // namespace turnout::xgboost
