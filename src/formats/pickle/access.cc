#include "formats/pickle/access.h"

#include <fmt/format.h>

#include <cassert>
#include <cmath>

#include "formats/pickle/dtype.h"
#include "formats/pickle/text.h"

namespace turnout::pickle {

namespace {

std::string_view LastPart(std::string_view dotted) { return dotted.substr(dotted.rfind('.') + 1); }

bool IsObjects(Value value) { return value.kind() == Kind::kArray && value.ElementType().kind == 'O'; }

// A dict that holds attributes: the state itself, or a part of (dict or None, slots dict).
bool FindInState(Value state, std::string_view name, Value* found) {
  if (state.kind() == Kind::kDict) return state.Find(name, found);
  if (state.kind() != Kind::kTuple || state.size() != 2) return false;
  for (const Value part : state.Items()) {
    if (part.kind() == Kind::kDict && part.Find(name, found)) return true;
  }
  return false;
}

bool FindIn(Value object, std::string_view name, Value* found) {
  return object.kind() == Kind::kObject && FindInState(object.State(), name, found);
}

// "C, coef_, intercept_, ...": what an object has instead of the attribute that was looked for.
std::string AttributeNames(Value object) {
  std::string names;
  const Value state = object.State();
  if (state.kind() != Kind::kDict) return names;
  for (std::size_t i = 0; i < state.size(); ++i) {
    if (state.Key(i).kind() != Kind::kText) continue;
    if (names.size() > 200) return names + ", ...";
    if (!names.empty()) names += ", ";
    names += Printable(state.Key(i).Text(), 40);
  }
  return names;
}

// The array inside of a pandas Index, _new_Index(cls, {'data': ..., 'name': ...}), and inside of the
// StringArray that pandas 3 keeps there, whose state is (StringDtype, array of objects); any other value as
// it is.
Value Unwrapped(Value value) {
  if (ClassName(value) == "pandas.core.indexes.base._new_Index") {
    const Value args = value.Args();
    if (args.size() == 2 && args.Items()[1].kind() == Kind::kDict) args.Items()[1].Find("data", &value);
  }
  if (ClassName(value).starts_with("pandas.") && ShortClassName(value) == "StringArray" &&
      value.State().kind() == Kind::kTuple) {
    for (const Value part : value.State().Items()) {
      if (IsObjects(part)) return part;
    }
  }
  return value;
}

// Calls take(element bytes) for each element in C order.
template <class Take>
Status ForEachElement(Value array, Take take) {
  const std::span<const int64_t> shape = array.Shape();
  const std::size_t itemsize = array.ElementType().itemsize;
  const uint8_t* data = array.Data().data();
  const std::size_t count = array.size();
  if (!array.IsFortran()) {
    for (std::size_t i = 0; i < count; ++i) TURNOUT_TRY(take(data + i * itemsize));
    return {};
  }
  // The last index counts fastest in C order and has the largest stride in the data.
  std::vector<std::size_t> strides(shape.size());
  std::size_t stride = itemsize;
  for (std::size_t d = 0; d < shape.size(); ++d) {
    strides[d] = stride;
    stride *= static_cast<std::size_t>(shape[d]);
  }
  std::vector<int64_t> index(shape.size());
  std::size_t at = 0;
  for (std::size_t i = 0; i < count; ++i) {
    TURNOUT_TRY(take(data + at));
    for (std::size_t d = shape.size(); d-- > 0;) {
      at += strides[d];
      if (++index[d] < shape[d]) break;
      at -= strides[d] * static_cast<std::size_t>(shape[d]);
      index[d] = 0;
    }
  }
  return {};
}

Result<double> ToNumber(const Part& part, double*) { return AsDouble(part); }
Result<int64_t> ToNumber(const Part& part, int64_t*) { return AsInt(part); }

bool LoadNumber(const Dtype& dtype, const uint8_t* data, double* value) {
  *value = LoadDouble(dtype, data);
  return true;
}

bool LoadNumber(const Dtype& dtype, const uint8_t* data, int64_t* value) {
  const auto loaded = LoadInteger(dtype, data);
  if (loaded) *value = *loaded;
  return loaded.has_value();
}

constexpr std::string_view Expected(double*) { return "numbers"; }
constexpr std::string_view Expected(int64_t*) { return "integers"; }

template <class T>
Result<NdArray<T>> AsNumbers(const Part& part) {
  NdArray<T> result;
  const Value value = part.value;
  if (value.kind() == Kind::kArray && !IsObjects(value)) {
    const Dtype& dtype = value.ElementType();
    if (!IsNumber(dtype))
      return Unexpected(part, fmt::format("an array of {}", Expected(static_cast<T*>(nullptr))));
    result.shape.assign(value.Shape().begin(), value.Shape().end());
    result.values.reserve(value.size());
    TURNOUT_TRY(ForEachElement(value, [&](const uint8_t* data) -> Status {
      T number{};
      if (!LoadNumber(dtype, data, &number)) {
        return Fail(Code::kCorrupt, part,
                    fmt::format("element {} is not an integer of 64 bits", result.values.size()));
      }
      result.values.push_back(number);
      return {};
    }));
    return result;
  }
  if (auto elements = Elements(part)) {
    if (IsObjects(value)) {
      result.shape.assign(value.Shape().begin(), value.Shape().end());
    } else {
      result.shape = {static_cast<int64_t>(elements->size())};
    }
    result.values.reserve(elements->size());
    for (const Value element : *elements) {
      auto number = ToNumber(Part(element, Path()), static_cast<T*>(nullptr));
      if (!number) {
        return Unexpected(Part(element, part.path.Index(result.values.size())),
                          Expected(static_cast<T*>(nullptr)));
      }
      result.values.push_back(*number);
    }
    return result;
  }
  auto number = ToNumber(part, static_cast<T*>(nullptr));
  if (!number) return Unexpected(part, fmt::format("an array of {}", Expected(static_cast<T*>(nullptr))));
  result.values = {*number};
  return result;
}

std::string ShapeText(std::span<const int64_t> shape) {
  std::string text = "(";
  for (std::size_t d = 0; d < shape.size() && d < 8; ++d) {
    if (d > 0) text += ", ";
    text += shape[d] < 0 ? "any" : fmt::format("{}", shape[d]);
  }
  if (shape.size() > 8) text += ", ...";
  return text += shape.size() == 1 ? ",)" : ")";
}

template <class T>
Result<NdArray<T>> Shaped(const Part& part, Result<NdArray<T>> array, std::initializer_list<int64_t> shape) {
  if (!array) return array;
  bool fits = array->shape.size() == shape.size();
  for (std::size_t d = 0; fits && d < shape.size(); ++d) {
    const int64_t wanted = shape.begin()[d];
    fits = wanted < 0 || wanted == array->shape[d];
  }
  if (!fits) return Unexpected(part, fmt::format("shape {}", ShapeText({shape.begin(), shape.size()})));
  return array;
}

template <class T>
Result<std::vector<T>> Column(const Part& array, std::string_view name) {
  const Value value = array.value;
  if (value.kind() != Kind::kArray || value.ElementType().fields.empty() || value.Shape().size() != 1) {
    return Unexpected(array, "a structured array of one dimension");
  }
  const Dtype& dtype = value.ElementType();
  const DtypeField* field = dtype.Find(name);
  if (field == nullptr)
    return Fail(Code::kCorrupt, array, fmt::format("no field '{}' in {}", name, Describe(dtype)));
  if (!IsNumber(*field->dtype)) {
    return Fail(Code::kCorrupt, array,
                fmt::format("field '{}' is {}, {} expected", name, Describe(*field->dtype),
                            Expected(static_cast<T*>(nullptr))));
  }
  std::vector<T> column(value.size());
  const uint8_t* data = value.Data().data();
  if (data == nullptr) return column;
  data += field->offset;
  for (std::size_t i = 0; i < column.size(); ++i, data += dtype.itemsize) {
    if (!LoadNumber(*field->dtype, data, &column[i])) {
      return Fail(Code::kCorrupt, array,
                  fmt::format("element {} of field '{}' is not an integer of 64 bits", i, name));
    }
  }
  return column;
}

template <class T, class Convert>
Result<T> Or(const Part& object, std::string_view name, T missing, Convert convert) {
  const auto found = FindAttribute(object, name);
  return found ? convert(*found) : Result<T>(missing);
}

}  // namespace

// ---- paths

Path Path::Attribute(std::string_view name) const {
  return Path(fmt::format("{}.{}", text_, Printable(name)));
}
Path Path::Index(std::size_t index) const { return Path(fmt::format("{}[{}]", text_, index)); }
Path Path::Key(std::string_view key) const { return Path(fmt::format("{}['{}']", text_, Printable(key))); }
Path Path::Step(std::string_view step) const {
  return Inside(fmt::format("pipeline step '{}'", Printable(step)));
}

Path Path::Inside(std::string_view name) const {
  return Path(text_.empty() ? std::string(name) : fmt::format("{} > {}", text_, name));
}

Part::Part(Value root) : value(root), path(std::string(ShortClassName(root))) {
  if (path.text().empty()) path = Path("the file");
}

std::unexpected<Error> Fail(Code code, const Part& part, std::string_view what) {
  return Fail(code, fmt::format("{}: {}", part.path.text(), what));
}

std::unexpected<Error> Unexpected(const Part& part, std::string_view expected) {
  return Fail(Code::kCorrupt, part, fmt::format("found {}, expected {}", Describe(part.value), expected));
}

std::string Describe(const Dtype& dtype) {
  if (dtype.is_subarray) return "subarray";
  if (!dtype.fields.empty()) {
    std::string names;
    for (const DtypeField& field : dtype.fields) {
      if (names.size() > 60) return fmt::format("structured ({}, ...)", names);
      if (!names.empty()) names += ", ";
      names += Printable(field.name, 30);
    }
    return fmt::format("structured ({})", names);
  }
  switch (dtype.kind) {
    case 'b': return "bool";
    case 'i': return fmt::format("int{}", dtype.itemsize * 8);
    case 'u': return fmt::format("uint{}", dtype.itemsize * 8);
    case 'f': return fmt::format("float{}", dtype.itemsize * 8);
    case 'c': return fmt::format("complex{}", dtype.itemsize * 8);
    case 'U': return fmt::format("U{}", dtype.itemsize / 4);
    case 'O': return "object";
    case 'M': return "datetime64";
    case 'm': return "timedelta64";
    default: return fmt::format("{}{}", dtype.kind, dtype.itemsize);
  }
}

std::string Describe(Value value) {
  switch (value.kind()) {
    case Kind::kNone: return "None";
    case Kind::kBool: return value.Bool() ? "True" : "False";
    case Kind::kInt: return fmt::format("the int {}", value.Int());
    case Kind::kBigInt: return fmt::format("an int of {} bytes", value.Bytes().size());
    case Kind::kFloat: return fmt::format("the float {}", value.Float());
    case Kind::kComplex: return "a complex number";
    case Kind::kText: return fmt::format("the text '{}'", Printable(value.Text()));
    case Kind::kBytes: return fmt::format("{} bytes", value.size());
    case Kind::kTuple: return fmt::format("a tuple of {}", value.size());
    case Kind::kList: return fmt::format("a list of {}", value.size());
    case Kind::kDict: return fmt::format("a dict of {}", value.size());
    case Kind::kSet: return fmt::format("a set of {}", value.size());
    case Kind::kSlice: return "a slice";
    case Kind::kRange: return "a range";
    case Kind::kGlobal: return fmt::format("the class or function {}", Printable(value.Name(), 80));
    case Kind::kObject: {
      const std::string_view name = ClassName(value);
      if (name.empty()) return "an object of a class that the file itself makes";
      if (name == "builtins.getattr") return "a bound method or nested class (builtins.getattr)";
      if (name.starts_with("cloudpickle.")) return "Python code that the file carries (cloudpickle)";
      return fmt::format("an object of class {}", Printable(name, 80));
    }
    case Kind::kArray: {
      const std::string type = Describe(value.ElementType());
      const bool vowel = std::string_view("aeioU").contains(type[0]) && !type.starts_with('U');
      return fmt::format("a{} {} array of shape {}", vowel ? "n" : "", type, ShapeText(value.Shape()));
    }
    case Kind::kDtype: return fmt::format("the dtype {}", Describe(value.AsDtype()));
  }
  return "?";
}

// ---- objects

std::string_view ClassName(Value value) {
  if (value.kind() != Kind::kObject || value.Class().kind() != Kind::kGlobal) return {};
  return value.Class().Name();
}

std::string_view ShortClassName(Value value) { return LastPart(ClassName(value)); }

Result<Part> Attribute(const Part& object, std::string_view name) {
  if (object.value.kind() != Kind::kObject)
    return Unexpected(object, fmt::format("an object with an attribute '{}'", name));
  Value found = object.value;
  if (FindIn(object.value, name, &found)) return Part(found, object.path.Attribute(name));
  return Fail(Code::kCorrupt, object,
              fmt::format("no attribute '{}' (there are: {}); was it fitted before it was saved?", name,
                          AttributeNames(object.value)));
}

std::optional<Part> FindAttribute(const Part& object, std::string_view name) {
  Value found = object.value;
  if (!FindIn(object.value, name, &found) || found.IsNone()) return std::nullopt;
  return Part(found, object.path.Attribute(name));
}

bool HasAttribute(Value object, std::string_view name) {
  Value found = object;
  return FindIn(object, name, &found);
}

// ---- scalars

Result<double> AsDouble(const Part& part) {
  const Value value = part.value;
  switch (value.kind()) {
    case Kind::kBool: return value.Bool() ? 1.0 : 0.0;
    case Kind::kInt: return static_cast<double>(value.Int());
    case Kind::kFloat: return value.Float();
    case Kind::kArray:
      if (value.size() == 1 && IsNumber(value.ElementType()))
        return LoadDouble(value.ElementType(), value.Data().data());
      break;
    default: break;
  }
  return Unexpected(part, "a number");
}

Result<int64_t> AsInt(const Part& part) {
  const Value value = part.value;
  switch (value.kind()) {
    case Kind::kBool: return value.Bool() ? 1 : 0;
    case Kind::kInt: return value.Int();
    case Kind::kFloat:
      if (const double real = value.Float(); real == std::floor(real) && std::fabs(real) < 0x1p63) {
        return static_cast<int64_t>(real);
      }
      break;
    case Kind::kArray:
      if (value.size() == 1 && IsNumber(value.ElementType())) {
        if (const auto number = LoadInteger(value.ElementType(), value.Data().data())) return *number;
      }
      break;
    default: break;
  }
  return Unexpected(part, "an integer");
}

Result<bool> AsBool(const Part& part) {
  if (part.value.kind() == Kind::kBool) return part.value.Bool();
  if (part.value.kind() == Kind::kInt && (part.value.Int() == 0 || part.value.Int() == 1))
    return part.value.Int() == 1;
  return Unexpected(part, "True or False");
}

Result<std::string_view> AsText(const Part& part) {
  if (part.value.kind() != Kind::kText) return Unexpected(part, "a text");
  if (part.value.TextHasSurrogates()) return Unexpected(part, "a text of valid UTF-8");
  return part.value.Text();
}

Result<double> DoubleOr(const Part& object, std::string_view name, double missing) {
  return Or(object, name, missing, AsDouble);
}

Result<int64_t> IntOr(const Part& object, std::string_view name, int64_t missing) {
  return Or(object, name, missing, AsInt);
}

Result<bool> BoolOr(const Part& object, std::string_view name, bool missing) {
  return Or(object, name, missing, AsBool);
}

Result<std::string_view> TextOr(const Part& object, std::string_view name, std::string_view missing) {
  return Or(object, name, missing, AsText);
}

// ---- containers

Result<Values> Elements(const Part& part) {
  const Value value = Unwrapped(part.value);
  const Kind kind = value.kind();
  if (kind == Kind::kList || kind == Kind::kTuple || kind == Kind::kSet || IsObjects(value))
    return value.Items();
  return Unexpected(part, "a list");
}

Result<Part> Element(const Part& part, std::size_t index) {
  TURNOUT_ASSIGN(const Values elements, Elements(part));
  if (index >= elements.size()) {
    return Fail(Code::kCorrupt, part,
                fmt::format("has {} elements, but one more than {} is needed", elements.size(), index));
  }
  return Part(elements[index], part.path.Index(index));
}

Result<Part> Entry(const Part& dict, std::string_view key) {
  if (dict.value.kind() != Kind::kDict) return Unexpected(dict, "a dict");
  Value found = dict.value;
  if (!dict.value.Find(key, &found))
    return Fail(Code::kCorrupt, dict, fmt::format("no entry '{}'", Printable(key)));
  return Part(found, dict.path.Key(key));
}

std::optional<Part> FindEntry(const Part& dict, std::string_view key) {
  Value found = dict.value;
  if (dict.value.kind() != Kind::kDict || !dict.value.Find(key, &found) || found.IsNone())
    return std::nullopt;
  return Part(found, dict.path.Key(key));
}

// ---- arrays

Result<NdArray<double>> AsDoubleArray(const Part& part) { return AsNumbers<double>(part); }
Result<NdArray<int64_t>> AsIntArray(const Part& part) { return AsNumbers<int64_t>(part); }

Result<NdArray<double>> AsDoubleArray(const Part& part, std::initializer_list<int64_t> shape) {
  return Shaped(part, AsDoubleArray(part), shape);
}

Result<NdArray<int64_t>> AsIntArray(const Part& part, std::initializer_list<int64_t> shape) {
  return Shaped(part, AsIntArray(part), shape);
}

Result<NdArray<std::string>> AsTextArray(const Part& part) {
  NdArray<std::string> result;
  const Value value = Unwrapped(part.value);
  if (value.kind() == Kind::kArray) result.shape.assign(value.Shape().begin(), value.Shape().end());
  if (value.kind() == Kind::kArray && !IsObjects(value)) {
    const Dtype& dtype = value.ElementType();
    if (dtype.is_subarray || (dtype.kind != 'U' && dtype.kind != 'S'))
      return Unexpected(part, "an array of texts");
    result.values.reserve(value.size());
    TURNOUT_TRY(ForEachElement(value, [&](const uint8_t* data) -> Status {
      const std::span<const uint8_t> bytes(data, dtype.itemsize);
      auto text =
          dtype.kind == 'U' ? Utf32ToUtf8(bytes, dtype.big_endian) : std::string(bytes.begin(), bytes.end());
      if (text) text->resize(text->find_last_not_of('\0') + 1);
      if (!text ||
          CheckUtf8({reinterpret_cast<const uint8_t*>(text->data()), text->size()}) != Utf8::kValid) {
        return Fail(Code::kCorrupt, part,
                    fmt::format("element {} is not a valid text", result.values.size()));
      }
      result.values.push_back(*std::move(text));
      return {};
    }));
    return result;
  }
  TURNOUT_ASSIGN(const Values elements, Elements(part));
  if (value.kind() != Kind::kArray) result.shape = {static_cast<int64_t>(elements.size())};
  result.values.reserve(elements.size());
  for (const Value element : elements) {
    TURNOUT_ASSIGN(const std::string_view text, AsText(Part(element, part.path.Index(result.values.size()))));
    result.values.emplace_back(text);
  }
  return result;
}

bool HasColumn(Value array, std::string_view field) {
  return array.kind() == Kind::kArray && array.ElementType().Find(field) != nullptr;
}

Result<std::vector<double>> DoubleColumn(const Part& array, std::string_view field) {
  return Column<double>(array, field);
}
Result<std::vector<int64_t>> IntColumn(const Part& array, std::string_view field) {
  return Column<int64_t>(array, field);
}

}  // namespace turnout::pickle
