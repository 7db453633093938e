// Typed access to the values of a Graph, for loaders: every failure names the way to the value, what was
// found and what was expected:
//   pipeline step 'clf' > GradientBoostingClassifier.estimators_[3].tree_.nodes: found a float64 array of
//   shape (3, 2), expected a structured array
//
//   Part model(graph.root());                                    // path "GradientBoostingClassifier"
//   TURNOUT_ASSIGN(Part rate, Attribute(model, "learning_rate"));
//   TURNOUT_ASSIGN(double learning_rate, AsDouble(rate));
//   if (auto names = FindAttribute(model, "feature_names_in_")) ...
//
// Array functions take any byte order and both memory orders and answer in C order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "formats/pickle/object.h"

namespace turnout::pickle {

// The way from the file to a value, as a reader of the training code would write it.
class Path {
 public:
  Path() = default;
  explicit Path(std::string text) : text_(std::move(text)) {}

  Path Attribute(std::string_view name) const;  // path.coef_
  Path Index(std::size_t index) const;          // path[3]
  Path Key(std::string_view key) const;         // path['plan']
  Path Step(std::string_view step) const;       // "path > pipeline step 'clf'", without "path > " at the root
  Path Inside(std::string_view name) const;     // "path > GradientBoostingClassifier"

  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// A value and how it was reached.
struct Part {
  // The root: its path is its class without the module, or "the file".
  explicit Part(Value root);
  Part(Value v, Path p) : value(v), path(std::move(p)) {}

  Value value;
  Path path;
};

// "<path>: <what>" as an error. For what a loader finds itself: return Fail(Code::kUnsupported, part, "...").
std::unexpected<Error> Fail(Code code, const Part& part, std::string_view what);
// "<path>: found <Describe(value)>, expected <expected>"
std::unexpected<Error> Unexpected(const Part& part, std::string_view expected);

// For messages: "None", "the int 42", "the text 'abc'", "a list of 3", "an object of class pandas.X",
// "a float64 array of shape (3, 2)". Never longer than about 120 bytes.
std::string Describe(Value value);
// "float64", "int8", "U12", "object", "structured (left_child, right_child, ...)"
std::string Describe(const Dtype& dtype);
// "(2, 3)", "(5,)"; negative lengths are "any".
std::string DescribeShape(std::span<const int64_t> shape);

// ---- objects
// ------------------------------------------------------------------------------------------------

// "sklearn.ensemble._gb.GradientBoostingClassifier"; empty if the value is not an object of a named class.
std::string_view ClassName(Value value);
// The last part of it: "GradientBoostingClassifier".
std::string_view ShortClassName(Value value);

// An attribute of an object: its state is a dict, or (dict, slots dict). Code kCorrupt if it is absent.
Result<Part> Attribute(const Part& object, std::string_view name);
// The same where the attribute may be absent or None, both of which are nullopt. (A value that is no object
// has no attributes.)
std::optional<Part> FindAttribute(const Part& object, std::string_view name);
// True if the attribute is there, even as None.
bool HasAttribute(Value object, std::string_view name);

// ---- scalars
// ------------------------------------------------------------------------------------------------

// From bool, int, float (numpy scalars are these already) and arrays of one number.
Result<double> AsDouble(const Part& part);
// From int, bool, an integral float, and integer arrays of one element.
Result<int64_t> AsInt(const Part& part);
// From bool, and from the ints 0 and 1.
Result<bool> AsBool(const Part& part);
// From text only; refuses text that is not valid UTF-8 (lone surrogates). A view, valid as long as the Graph.
Result<std::string_view> AsText(const Part& part);

// The attribute as T, or `missing` if it is absent or None.
Result<double> DoubleOr(const Part& object, std::string_view name, double missing);
Result<int64_t> IntOr(const Part& object, std::string_view name, int64_t missing);
Result<bool> BoolOr(const Part& object, std::string_view name, bool missing);
Result<std::string_view> TextOr(const Part& object, std::string_view name, std::string_view missing);

// ---- containers
// ---------------------------------------------------------------------------------------------

// Elements of a list, tuple, set, array of objects (any shape, C order), or pandas Index of texts or objects.
Result<Values> Elements(const Part& part);
// The array inside of a pandas Index, _new_Index(cls, {'data': ..., 'name': ...}), and inside of the
// StringArray that pandas 3 keeps there, whose state is (StringDtype, array of objects); any other value as
// it is.
Value Unwrapped(Value value);
// Element `index` of such a container, with its path.
Result<Part> Element(const Part& part, std::size_t index);
// The entry of a dict under a text key; kCorrupt if absent, nullopt if absent or None.
Result<Part> Entry(const Part& dict, std::string_view key);
std::optional<Part> FindEntry(const Part& dict, std::string_view key);

// ---- arrays
// -------------------------------------------------------------------------------------------------

template <class T>
struct NdArray {
  std::vector<int64_t> shape;  // empty: a single value
  std::vector<T> values;       // C order

  std::size_t size() const { return values.size(); }
  // Length of dimension d, 1 beyond the last: rows and columns of a matrix or a vector.
  int64_t dim(std::size_t d) const { return d < shape.size() ? shape[d] : 1; }
};

// From numeric arrays, arrays of objects that are all numbers, lists and tuples of numbers, single numbers.
// Integers beyond 2^53 round to the nearest double.
Result<NdArray<double>> AsDoubleArray(const Part& part);
// The same for integers; integral floats are taken, others refused.
Result<NdArray<int64_t>> AsIntArray(const Part& part);
// From arrays of dtype U, S or object and from lists, tuples and pandas Indexes; every element must be text.
Result<NdArray<std::string>> AsTextArray(const Part& part);

// As above, and the array must have this shape; -1 stands for any length.
Result<NdArray<double>> AsDoubleArray(const Part& part, std::initializer_list<int64_t> shape);
Result<NdArray<int64_t>> AsIntArray(const Part& part, std::initializer_list<int64_t> shape);

// One named field of a one-dimensional structured array.
bool HasColumn(Value array, std::string_view field);
Result<std::vector<double>> DoubleColumn(const Part& array, std::string_view field);
Result<std::vector<int64_t>> IntColumn(const Part& array, std::string_view field);

}  // namespace turnout::pickle
