// The schema of XGBoost's JSON and UBJSON models: src/learner.cc, src/gbm/, src/tree/ and
// src/data/cat_container.cc of XGBoost 1.6 to 3.4. Unknown members are skipped; a known one that stands there
// twice, or is of another type, is an error that names it.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <utility>

#include "base/function_ref.h"
#include "formats/xgboost/read.h"

namespace turnout::xgboost {
namespace {

using Kind = Source::Kind;

class Reader {
 public:
  Reader(Source& source, Memory& memory, Booster& booster)
      : in_(source), memory_(memory), booster_(booster) {}

  Status Read() {
    TURNOUT_TRY(in_.Next());
    if (in_.kind() != Kind::kObject) return Unexpected("an object with \"learner\"");
    bool nested = false;
    TURNOUT_TRY(Object({
        {"Model",
         [&] {
           return nested = true,
                  Object({{"learner", [&] { return Learner(); }}, {"version", [&] { return Version(); }}});
         }},
        {"learner", [&] { return nested ? Bad("there is one in \"Model\" already") : Learner(); }},
        {"version", [&] { return Version(); }},
    }));
    if (!has_learner_) return Bad("there is no \"learner\", so it is no model of XGBoost");
    return in_.Next();  // behind the end there is nothing
  }

 private:
  struct Member {
    std::string_view name;
    FunctionRef<Status()> read;
  };
  using Members = std::initializer_list<Member>;

  // ---- messages
  std::unexpected<Error> Bad(std::string_view what) const {
    return Fail(Code::kCorrupt,
                fmt::format("byte {}: {}{}{}", in_.offset(), path_, path_.empty() ? "" : ": ", what));
  }
  std::unexpected<Error> Unexpected(std::string_view expected) const {
    return Bad(fmt::format("found {}, {} expected", Name(in_.kind()), expected));
  }

  // ---- structure
  // Reads the members of the object that has just begun.
  Status Object(Members members) {
    if (in_.kind() != Kind::kObject) return Unexpected("an object");
    uint64_t seen = 0;
    const std::size_t length = path_.size();
    for (;;) {
      TURNOUT_TRY(in_.Next());
      if (in_.kind() == Kind::kEnd) return {};
      const auto member = std::find_if(members.begin(), members.end(),
                                       [&](const Member& one) { return one.name == in_.text(); });
      if (member == members.end()) {
        TURNOUT_TRY(in_.Next());
        TURNOUT_TRY(Skip());
        continue;
      }
      const uint64_t bit = uint64_t{1} << (member - members.begin());
      if (seen & bit) return Bad(fmt::format("\"{}\" stands there twice", member->name));
      seen |= bit;
      if (length > 0) path_ += '.';
      path_ += member->name;
      TURNOUT_TRY(in_.Next());
      TURNOUT_TRY(member->read());
      path_.resize(length);
    }
  }

  // Calls `element` for each element of the array that has just begun.
  Status Array(FunctionRef<Status()> element) {
    if (in_.kind() != Kind::kArray) return Unexpected("an array");
    const std::size_t length = path_.size();
    for (std::size_t i = 0;; ++i) {
      TURNOUT_TRY(in_.Next());
      if (in_.kind() == Kind::kEnd) return {};
      path_ += fmt::format("[{}]", i);
      TURNOUT_TRY(element());
      path_.resize(length);
    }
  }

  // The value that has just begun, whatever it is.
  Status Skip() {
    std::size_t open = 0;
    for (;;) {
      switch (in_.kind()) {
        case Kind::kObject:
        case Kind::kArray: ++open; break;
        case Kind::kEnd: --open; break;
        default: break;
      }
      if (open == 0) return {};
      TURNOUT_TRY(in_.Next());
    }
  }

  // ---- values
  Status Text(std::string& text) {
    if (in_.kind() != Kind::kText) return Unexpected("a text");
    // Twice: a vector of texts that grows has both its old and its new memory.
    TURNOUT_TRY(memory_.Take(path_, in_.text().size() + 2 * sizeof(std::string)));
    text = in_.text();
    return {};
  }

  // A parameter: an integer in a text.
  Status Integer(int64_t& value) {
    if (in_.kind() == Kind::kNumber) {
      if (in_.AsInt(value)) return {};
      return Bad("an integer expected");
    }
    if (in_.kind() != Kind::kText) return Unexpected("a text with an integer");
    const std::string_view text = in_.text();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) {
      return Bad(fmt::format("found the text \"{}\", an integer expected", text.substr(0, 40)));
    }
    return {};
  }

  template <class T>
  Status Convert(bool is_integer, int64_t value, std::vector<T>& values) {
    if (!is_integer || value < std::numeric_limits<T>::min() || value > std::numeric_limits<T>::max()) {
      return Bad(fmt::format("element {} is no integer of {} bits", values.size(), 8 * sizeof(T)));
    }
    values.push_back(static_cast<T>(value));
    return {};
  }

  Status Append(std::size_t n, std::vector<float>& values) {
    values.push_back(in_.Float(n));
    return {};
  }
  template <class T>
  Status Append(std::size_t n, std::vector<T>& values) {
    int64_t value = 0;
    const bool is_integer = in_.Int(n, value);
    return Convert(is_integer, value, values);
  }
  Status Append(std::size_t n, std::vector<double>& values) {
    values.push_back(in_.Double(n));
    return {};
  }
  Status Append(std::vector<float>& values) {
    if (in_.kind() != Kind::kNumber) return Unexpected("a number");
    values.push_back(in_.AsFloat());
    return {};
  }
  Status Append(std::vector<double>& values) {
    if (in_.kind() != Kind::kNumber) return Unexpected("a number");
    values.push_back(in_.AsDouble());
    return {};
  }
  template <class T>
  Status Append(std::vector<T>& values) {
    int64_t value = in_.truth();
    if (in_.kind() == Kind::kBool) return Convert(true, value, values);
    if (in_.kind() != Kind::kNumber) return Unexpected("a number");
    const bool is_integer = in_.AsInt(value);
    return Convert(is_integer, value, values);
  }

  template <class T>
  Status Numbers(std::vector<T>& values) {
    if (in_.kind() == Kind::kNumbers) {
      const std::size_t count = in_.count();
      TURNOUT_TRY(memory_.Take(path_, count * sizeof(T)));
      values.reserve(count);
      for (std::size_t n = 0; n < count; ++n) TURNOUT_TRY(Append(n, values));
      return {};
    }
    if (in_.kind() != Kind::kArray) return Unexpected("an array of numbers");
    for (;;) {
      TURNOUT_TRY(in_.Next());
      if (in_.kind() == Kind::kEnd) return {};
      // While it grows a vector has up to three times its elements in memory.
      TURNOUT_TRY(memory_.Take(path_, 2 * sizeof(T)));
      TURNOUT_TRY(Append(values));
    }
  }

  // ---- the schema
  Status Version() {
    std::vector<int32_t> numbers;
    TURNOUT_TRY(Numbers(numbers));
    if (numbers.size() != 3 || std::any_of(numbers.begin(), numbers.end(), [](int n) { return n < 0; })) {
      return Bad("three numbers expected");
    }
    booster_.major = numbers[0];
    booster_.minor = numbers[1];
    booster_.patch = numbers[2];
    return {};
  }

  Status Learner() {
    if (std::exchange(has_learner_, true)) return Bad("it stands there a second time");
    return Object({
        {"attributes", [&] { return Attributes(); }},
        {"feature_names", [&] { return FeatureNames(); }},
        {"learner_model_param", [&] { return LearnerParameters(); }},
        {"objective", [&] { return Object({{"name", [&] { return Text(booster_.objective); }}}); }},
        {"gradient_booster", [&] { return GradientBooster(); }},
    });
  }

  Status Attributes() {
    if (in_.kind() != Kind::kObject) return Unexpected("an object");
    for (;;) {
      TURNOUT_TRY(in_.Next());
      if (in_.kind() == Kind::kEnd) return {};
      TURNOUT_TRY(memory_.Take(path_, in_.text().size() + 128));
      const auto [entry, is_new] = booster_.attributes.emplace(in_.text(), "");
      if (!is_new) return Bad(fmt::format("\"{}\" stands there twice", in_.text().substr(0, 64)));
      TURNOUT_TRY(in_.Next());
      TURNOUT_TRY(Text(entry->second));
    }
  }

  Status FeatureNames() {
    return Array([&] { return Text(booster_.feature_names.emplace_back()); });
  }

  Status LearnerParameters() {
    return Object({
        {"base_score",
         [&]() -> Status {
           if (in_.kind() != Kind::kText) return Unexpected("a text with a number or several");
           TURNOUT_TRY(memory_.Take(path_, 2 * in_.text().size()));
           if (ParseFloats(in_.text(), booster_.base_score)) return {};
           return Bad(
               fmt::format("found the text \"{}\", a number or several expected", in_.text().substr(0, 40)));
         }},
        {"num_class", [&] { return Integer(booster_.classes); }},
        {"num_feature", [&] { return Integer(booster_.features); }},
        {"num_target", [&] { return Integer(booster_.targets); }},
    });
  }

  // DART's model is nested up to 3.2; its weights stand beside the model up to 3.3.
  Status GradientBooster() {
    return Object({
        {"name", [&] { return Text(booster_.name); }},
        {"model", [&] { return Model(); }},
        {"gbtree", [&] { return Object({{"model", [&] { return Model(); }}}); }},
        {"weight_drop", [&] { return WeightDrop(); }},
    });
  }

  Status WeightDrop() {
    if (std::exchange(has_weight_drop_, true)) return Bad("it stands there a second time");
    return Numbers(booster_.weight_drop);
  }

  Status Model() {
    if (std::exchange(has_model_, true)) return Bad("it stands there a second time");
    return Object({
        {"gbtree_model_param",
         [&] {
           return Object({{"num_trees", [&] { return Integer(booster_.declared_trees); }},
                          {"num_parallel_tree", [&] { return Integer(booster_.parallel_trees); }}});
         }},
        {"trees",
         [&] {
           return Array([&]() -> Status {
             TURNOUT_TRY(memory_.Take(path_, 2 * sizeof(Tree)));
             return OneTree(booster_.trees.emplace_back());
           });
         }},
        {"tree_info", [&] { return Numbers(booster_.tree_info); }},
        {"iteration_indptr", [&] { return Numbers(booster_.iteration_indptr); }},
        {"weight_drop", [&] { return WeightDrop(); }},
        {"cats", [&] { return Object({{"enc", [&] { return Encodings(); }}}); }},
        {"weights", [&] { return Numbers(booster_.weights); }},
    });
  }

  Status OneTree(Tree& tree) {
    return Object({
        {"tree_param",
         [&] {
           return Object({{"num_nodes", [&] { return Integer(tree.num_nodes); }},
                          {"size_leaf_vector", [&] { return Integer(tree.leaf_width); }}});
         }},
        {"left_children", [&] { return Numbers(tree.left); }},
        {"right_children", [&] { return Numbers(tree.right); }},
        {"split_indices", [&] { return Numbers(tree.feature); }},
        {"split_conditions", [&] { return Numbers(tree.condition); }},
        {"default_left", [&] { return Numbers(tree.default_left); }},
        {"split_type", [&] { return Numbers(tree.categorical); }},
        {"base_weights", [&] { return Numbers(tree.base_weights); }},
        {"leaf_weights", [&] { return Numbers(tree.leaf_weights); }},
        {"categories", [&] { return Numbers(tree.categories); }},
        {"categories_nodes", [&] { return Numbers(tree.categories_nodes); }},
        {"categories_segments", [&] { return Numbers(tree.categories_segments); }},
        {"categories_sizes", [&] { return Numbers(tree.categories_sizes); }},
    });
  }

  Status Encodings() {
    return Array([&]() -> Status {
      TURNOUT_TRY(memory_.Take(path_, 2 * sizeof(Encoding)));
      return OneEncoding(booster_.encodings.emplace_back());
    });
  }

  // Texts as the bytes of all of them and where each starts; integers as they are, but that UBJSON has no
  // unsigned ones of 2 bytes and more: XGBoost stores their bits.
  Status OneEncoding(Encoding& encoding) {
    std::vector<int32_t> offsets;
    std::vector<double> values;
    int64_t type = -1;
    bool has_offsets = false;
    TURNOUT_TRY(Object({
        {"offsets", [&] { return has_offsets = true, Numbers(offsets); }},
        {"values", [&] { return Numbers(values); }},
        {"type", [&] { return Integer(type); }},
    }));
    if (!has_offsets) {
      if (type < 0) return Bad("neither \"offsets\" nor \"type\"");
      return NumberCategories(type, values, encoding);
    }
    encoding.is_text = true;
    if (offsets.empty()) return {};  // of a column of numbers
    std::string texts;
    for (const double value : values) {
      if (!(value >= -128 && value < 256)) return Bad("texts expected as bytes");
      texts.push_back(static_cast<char>(static_cast<int>(value)));
    }
    if (offsets.front() != 0 || static_cast<std::size_t>(offsets.back()) != texts.size() ||
        !std::is_sorted(offsets.begin(), offsets.end())) {
      return Bad(fmt::format("offsets that do not ascend from 0 to {}", texts.size()));
    }
    TURNOUT_TRY(memory_.Take(path_, texts.size() + offsets.size() * sizeof(std::string)));
    for (std::size_t i = 0; i + 1 < offsets.size(); ++i) {
      const auto from = static_cast<std::size_t>(offsets[i]), to = static_cast<std::size_t>(offsets[i + 1]);
      encoding.texts.push_back(texts.substr(from, to - from));
    }
    return {};
  }

  Status NumberCategories(int64_t type, const std::vector<double>& values, Encoding& encoding) {
    TURNOUT_TRY(memory_.Take(path_, values.size() * sizeof(double)));
    // enum CatIndexType of cat_container.cc: two floats; signed and unsigned integers of 8, 16, 32 and 64
    // bits.
    constexpr int64_t kFloat = 7, kSigned = 9, kLast = 16;
    if (type < kFloat || type > kLast) {
      return Bad(fmt::format("categories of the type {}; {} to {} expected", type, kFloat, kLast));
    }
    const bool is_unsigned = type > kSigned && (type - kSigned) % 2 == 1;
    const auto bits = type < kSigned ? 0 : 8 << ((type - kSigned) / 2);
    for (const double value : values) {
      encoding.numbers.push_back(is_unsigned && value < 0 ? std::ldexp(1.0, bits) + value : value);
    }
    return {};
  }

  Source& in_;
  Memory& memory_;
  Booster& booster_;
  std::string path_;
  bool has_learner_ = false, has_model_ = false, has_weight_drop_ = false;
};

}  // namespace

Status ReadDocument(Source& source, Memory& memory, Booster& booster) {
  return Reader(source, memory, booster).Read();
}

}  // namespace turnout::xgboost
