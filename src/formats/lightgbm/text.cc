#include "formats/lightgbm/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "formats/lightgbm/tree.h"
#include "formats/pickle/text.h"
#include "model/step.h"

namespace turnout::lightgbm {
namespace {

constexpr std::string_view kTree = "Tree=", kEndOfTrees = "end of trees";

// Reads the sections one after the other; `line_` is the line that the next one starts with.
class TextReader {
 public:
  TextReader(std::string_view text, int64_t iterations)
      : text_(text), lines_(text), memory_(text.size()), limit_(iterations) {}

  Result<Booster> Read();

 private:
  bool Next() { return more_ = lines_.Next(line_); }
  Field Split() const;  // the line as a field
  Status ReadHeader();
  Status CheckHeader();
  Status ReadNames();
  Status ReadTrees();
  Result<TreeBlock> ReadBlock(int64_t index);
  void Reserve();
  Status ReadRest();

  std::string_view text_;
  Lines lines_;
  Memory memory_;
  int64_t limit_;  // iterations
  std::string_view line_;
  bool more_ = true;

  Booster booster_;
  Field num_class_, per_iteration_, max_feature_idx_, tree_sizes_;
};

Field TextReader::Split() const {
  const std::size_t equals = line_.find('=');
  if (equals == std::string_view::npos) return {line_, {}, lines_.number()};
  return {line_.substr(0, equals), line_.substr(equals + 1), lines_.number()};
}

Status TextReader::ReadHeader() {
  Field version;
  const std::pair<std::string_view, Field*> fields[] = {{"version", &version},
                                                        {"num_class", &num_class_},
                                                        {"num_tree_per_iteration", &per_iteration_},
                                                        {"max_feature_idx", &max_feature_idx_},
                                                        {"objective", &booster_.objective},
                                                        {"feature_names", &booster_.feature_names},
                                                        {"feature_infos", &booster_.feature_infos},
                                                        {"tree_sizes", &tree_sizes_}};
  if (!Next() || line_ != "tree") return Bad(1, "it is not 'tree', with which a LightGBM model starts");
  while (Next() && !line_.starts_with(kTree) && line_ != kEndOfTrees) {
    if (line_ == "average_output") booster_.average_output = true;
    const Field field = Split();
    for (const auto& [key, to] : fields) {
      if (field.key != key) continue;
      if (to->line != 0) return Bad(field, fmt::format("it stands on line {} too", to->line));
      *to = field;
    }
  }
  if (!more_) {
    return Fail(
        Code::kCorrupt,
        fmt::format("the text ends on line {}, before the first tree; it is cut short", lines_.number()));
  }
  if (version.line == 0) return Bad(1, "no version=... follows");
  for (const int known : {2, 3, 4}) {
    if (version.value == fmt::format("v{}", known)) booster_.version = known;
  }
  if (booster_.version == 0) {
    return Bad(
        version,
        fmt::format("'{}'; v2, v3 and v4 are read (LightGBM 2 to 4)", pickle::Printable(version.value, 20)),
        Code::kUnsupported);
  }
  return {};
}

Status TextReader::CheckHeader() {
  for (const auto& [field, key] : {std::pair{&num_class_, "num_class"},
                                   {&max_feature_idx_, "max_feature_idx"},
                                   {&booster_.feature_names, "feature_names"},
                                   {&booster_.feature_infos, "feature_infos"}}) {
    if (field->line == 0) return Bad(1, fmt::format("no {}=... follows", key));
  }
  constexpr int64_t kMost = std::numeric_limits<int32_t>::max();
  TURNOUT_ASSIGN(const int64_t classes, Integer(num_class_, 1, kMost));
  booster_.num_class = static_cast<int32_t>(classes);
  int64_t outputs = classes;
  if (per_iteration_.line != 0) {
    TURNOUT_ASSIGN(outputs, Integer(per_iteration_, 1, kMost));
  }
  TURNOUT_ASSIGN(const int64_t last, Integer(max_feature_idx_, 0, static_cast<int64_t>(kMaxColumns) - 1));
  booster_.forest.outputs = static_cast<int32_t>(outputs);
  booster_.forest.features = static_cast<int32_t>(last + 1);
  booster_.forest.category_cast = CategoryCast::kInt;
  return ReadNames();
}

Status TextReader::ReadNames() {
  const auto features = static_cast<std::size_t>(booster_.forest.features);
  for (const auto& [field, words] :
       {std::pair{&booster_.feature_names, &booster_.names}, {&booster_.feature_infos, &booster_.infos}}) {
    if (features > field->value.size() / 2 + 1) {
      return Bad(max_feature_idx_, fmt::format("{}, more features than {} on line {} has", features - 1,
                                               field->key, field->line));
    }
    TURNOUT_TRY(memory_.Take(field->line, features * (sizeof(std::string_view) + sizeof(Input))));
    words->reserve(features);
    Words split(field->value);
    std::string_view word;
    std::size_t found = 0;
    for (; split.Next(word); ++found) {
      if (found < features) words->push_back(word);
    }
    if (found != features) {
      return Bad(*field,
                 fmt::format("{} words for {} features (max_feature_idx={})", found, features, features - 1));
    }
  }
  return {};
}

// The nodes of all trees at once, where what the trees say of themselves can be true.
void TextReader::Reserve() {
  constexpr std::string_view kLeaves = "\nnum_leaves=";
  uint64_t leaves = 0, trees = 0;
  for (std::size_t at = text_.find(kLeaves); at != std::string_view::npos; at = text_.find(kLeaves, at)) {
    at += kLeaves.size();
    uint64_t number = 0;
    for (; at < text_.size() && text_[at] >= '0' && text_[at] <= '9' && number < text_.size(); ++at) {
      number = number * 10 + static_cast<uint64_t>(text_[at] - '0');
    }
    leaves += number;
    ++trees;
    if (leaves > text_.size()) return;
  }
  if (leaves < trees || leaves * sizeof(Node) * 2 > Memory::kFactor * text_.size() + Memory::kBase) return;
  booster_.forest.nodes.reserve(2 * leaves - trees);
  booster_.forest.leaves.reserve(leaves);
}

Result<TreeBlock> TextReader::ReadBlock(int64_t index) {
  TreeBlock block(lines_.number());
  const Field number = Split();
  if (number.value != fmt::to_string(index)) {
    return Bad(number, fmt::format("'{}' is tree number {} of the file; a tree is lost, or their order",
                                   pickle::Printable(number.value, 20), index));
  }
  while (Next() && !line_.empty()) {
    const Field field = Split();
    if (line_.find('=') == std::string_view::npos) {
      return Bad(field.line, fmt::format("'{}' stands in a tree, where all lines are name=value",
                                         pickle::Printable(line_, 40)));
    }
    TURNOUT_TRY(block.Add(field));
  }
  return block;
}

Status TextReader::ReadTrees() {
  Forest& forest = booster_.forest;
  const auto outputs = int64_t{forest.outputs};
  Reserve();
  TreeReader reader(forest, memory_);
  int64_t trees = 0;
  while (more_ && line_ != kEndOfTrees) {
    if (line_.empty()) {
      Next();
      continue;
    }
    if (!line_.starts_with(kTree)) {
      return Bad(lines_.number(), fmt::format("'{}' stands where a tree starts or '{}'",
                                              pickle::Printable(line_, 40), kEndOfTrees));
    }
    TURNOUT_ASSIGN(const TreeBlock block, ReadBlock(trees));
    if (limit_ <= 0 || trees / outputs < limit_) {
      TURNOUT_TRY(reader.Add(block, static_cast<int32_t>(trees % outputs)));
    }
    ++trees;
  }
  if (!more_) {
    return Fail(Code::kCorrupt,
                fmt::format("the text ends on line {}, in or behind tree {}, without '{}'; it is cut short",
                            lines_.number(), trees - 1, kEndOfTrees));
  }
  if (trees == 0) {
    return Fail(Code::kUnsupported,
                "there is no tree in it: nothing was trained, or its trees were left out");
  }
  if (trees % outputs != 0) {
    return Bad(
        lines_.number(),
        fmt::format("{} trees before it, not a multiple of the {} trees of an iteration", trees, outputs));
  }
  if (tree_sizes_.line != 0) {
    int64_t sizes = 0;
    Words words(tree_sizes_.value);
    for (std::string_view word; words.Next(word);) ++sizes;
    if (sizes != trees) return Bad(tree_sizes_, fmt::format("{} sizes, {} trees follow", sizes, trees));
  }
  booster_.iterations = trees / outputs;
  booster_.iterations_used = limit_ > 0 ? std::min(limit_, booster_.iterations) : booster_.iterations;
  forest.base.assign(static_cast<std::size_t>(outputs), 0.0);
  CompleteLinearLeaves(forest);
  return {};
}

// Importances, parameters, a parser, pandas_categorical.
Status TextReader::ReadRest() {
  constexpr std::string_view kParameter = "[categorical_feature: ", kPandas = "pandas_categorical:";
  bool inside = false, ended = false;
  while (Next()) {
    if (line_ == "parameters:") inside = true;
    if (line_ == "end of parameters") ended = true;
    if (inside && !ended && line_.starts_with(kParameter) && line_.ends_with(']')) {
      booster_.categorical_feature = {"categorical_feature",
                                      line_.substr(kParameter.size(), line_.size() - kParameter.size() - 1),
                                      lines_.number()};
    }
    if ((ended || !inside) && line_.starts_with(kPandas)) {
      booster_.pandas_categorical = {"pandas_categorical", line_.substr(kPandas.size()), lines_.number()};
    } else if (ended && !line_.empty() && kPandas.starts_with(line_)) {
      return Bad(lines_.number(),
                 fmt::format("'{}' is the start of {}; the text is cut short", line_, kPandas));
    }
  }
  // Without them, a text that is cut short behind its trees would have lost its categories unnoticed.
  if (!ended && (inside || booster_.version >= 3)) {
    return Fail(Code::kCorrupt,
                fmt::format("the text ends on line {} without 'end of parameters'; it is cut short",
                            lines_.number()));
  }
  return {};
}

Result<Booster> TextReader::Read() {
  TURNOUT_TRY(ReadHeader());
  TURNOUT_TRY(CheckHeader());
  TURNOUT_TRY(ReadTrees());
  TURNOUT_TRY(ReadRest());
  return std::move(booster_);
}

}  // namespace

Result<Booster> ReadText(std::string_view text, int64_t iterations) {
  return TextReader(text, iterations).Read();
}

}  // namespace turnout::lightgbm
