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

std::string DescribeShape(std::span<const int64_t> shape) {
  std::string text = "(";
  for (std::size_t d = 0; d < shape.size() && d < 8; ++d) {
    if (d > 0) text += ", ";
    text += shape[d] < 0 ? "any" : fmt::format("{}", shape[d]);
  }
  if (shape.size() > 8) text += ", ...";
  return text += shape.size() == 1 ? ",)" : ")";
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
      return fmt::format("a{} {} array of shape {}", vowel ? "n" : "", type, DescribeShape(value.Shape()));
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

}  // namespace turnout::pickle
