// What a model takes and gives, as its file says it. Contracts are checked against it; a bare model file
// is served under a contract derived from it.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <variant>
#include <vector>

namespace turnout {

// A class label in the type that the file gives it; the reply's JSON type follows.
using Label = std::variant<int64_t, double, bool, std::string>;

// "1", "0.5", "true", "gold": for column names, metric labels and messages.
std::string LabelText(const Label& label);

enum class ColumnType : uint8_t { kNumber, kText };

// One input column, in the order in which the model takes them.
struct Input {
  std::string name;  // the file's own, else x0, x1, ...
  ColumnType type = ColumnType::kNumber;
  bool accepts_missing = false;  // false: the library refuses NaN / None in this column, and so do we
  // |x| must not pass this: the largest float where the library casts to float32 (beyond is infinity,
  // which it refuses), the largest double elsewhere. Infinity is always refused.
  double largest = std::numeric_limits<double>::max();
  // What the model's functions are defined for (log1p: above -1), where that is not the same on both sides.
  double lowest = std::numeric_limits<double>::lowest();
  double highest = std::numeric_limits<double>::max();
  std::vector<std::string> categories;  // kText: the values that the model was fitted on, in its order
  std::vector<double> numbers;          // kNumber, closed: the same
  bool closed = false;                  // a value outside them is refused by the library
};

enum class Task : uint8_t { kClassification, kRegression };

struct Signature {
  Task task = Task::kRegression;
  std::vector<Input> inputs;
  bool named = false;          // the names are the file's own
  std::vector<Label> classes;  // classification: in the order of the probability columns
  bool probabilities = false;  // classification: the model has predict_proba
  int32_t values = 1;          // regression: numbers per answer
};

}  // namespace turnout
