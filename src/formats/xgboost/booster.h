// An XGBoost model as its file says it: what the three readers (JSON, UBJSON, legacy binary) fill in and
// ToModel (to_model.cc) checks and makes a Model of. Nothing here is checked but sizes against the file's.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace turnout::xgboost {

// What a file may make its reader hold: 4 times its size and 64 MB. Taken before it is allocated.
class Memory {
 public:
  explicit Memory(std::size_t file_bytes) : left_(4 * uint64_t{file_bytes} + (uint64_t{64} << 20)) {}
  // `what` is being read: "learner.feature_names".
  Status Take(std::string_view what, uint64_t bytes);

 private:
  uint64_t left_;
};

// One tree, by columns over its nodes.
struct Tree {
  static constexpr int32_t kNone = -1;  // the left child of a leaf

  int64_t num_nodes = -1;  // as declared; -1: not
  int64_t leaf_width = 1;  // size_leaf_vector: values per leaf
  std::vector<int32_t> left, right;
  std::vector<int32_t> feature;
  std::vector<float> condition;       // a split's threshold; a leaf's value if leaf_width is 1
  std::vector<uint8_t> default_left;  // where a missing value goes
  std::vector<uint8_t> categorical;   // 1: a split on categories; empty: none is (before 1.3)
  std::vector<float> base_weights;    // leaf_width per node: the leaves' values up to 3.1
  std::vector<float> leaf_weights;    // leaf_width per leaf since 3.2, whose row is the leaf's right child
  std::vector<int32_t> categories;    // of all categorical splits: those that go right
  std::vector<int32_t> categories_nodes;                       // the k-th list belongs to this node,
  std::vector<int64_t> categories_segments, categories_sizes;  // starts there and is so long
};

// The values of a categorical column that the model was trained on, in the order of their codes (since 3.1).
struct Encoding {
  bool is_text = false;
  std::vector<std::string> texts;
  std::vector<double> numbers;

  std::size_t size() const { return is_text ? texts.size() : numbers.size(); }
};

struct Booster {
  std::string format;                    // "XGBoost JSON"
  int major = -1, minor = 0, patch = 0;  // of the XGBoost that wrote it; -1: the file does not say
  bool has_patch = true;                 // false: the legacy binary has two numbers

  std::string objective;          // "binary:logistic"
  std::string name;               // "gbtree", "dart", "gblinear"
  std::vector<float> base_score;  // one, or one per output
  int64_t features = 0, classes = 0, targets = 1;
  std::vector<std::string> feature_names;  // empty: none
  std::map<std::string, std::string, std::less<>> attributes;

  int64_t declared_trees = -1;  // num_trees; -1: not declared
  int64_t parallel_trees = 1;
  std::vector<Tree> trees;
  std::vector<int32_t> tree_info;         // the output that each adds to
  std::vector<int64_t> iteration_indptr;  // the first tree of each iteration, and the end (since 2.0)
  std::vector<float> weight_drop;         // dart: what each tree's leaves are multiplied by
  std::vector<Encoding> encodings;        // one per feature, or none
  std::vector<float> weights;             // gblinear: by feature then output, the biases last

  bool AtLeast(int a, int b, int c = 0) const {
    if (major != a) return major > a;
    if (minor != b) return minor > b;
    return patch >= c;
  }
};

}  // namespace turnout::xgboost
