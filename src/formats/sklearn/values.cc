#include <fmt/format.h>

#include <cmath>
#include <unordered_set>

#include "formats/sklearn/parts.h"

namespace turnout::sklearn {

double NumpySum(std::span<const double> x) {
  if (x.size() < 8) {
    double sum = 0;
    for (double v : x) sum += v;
    return sum;
  }
  if (x.size() <= 128) {
    double r[8];
    for (std::size_t k = 0; k < 8; ++k) r[k] = x[k];
    std::size_t i = 8;
    for (; i + 8 <= x.size(); i += 8) {
      for (std::size_t k = 0; k < 8; ++k) r[k] += x[i + k];
    }
    double sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
    for (; i < x.size(); ++i) sum += x[i];
    return sum;
  }
  const std::size_t half = x.size() / 2 - (x.size() / 2) % 8;
  return NumpySum(x.first(half)) + NumpySum(x.subspan(half));
}

double ScipyLogit(double p) {
  if (p < 0.3 || p > 0.65) return std::log(p / (1 - p));
  const double s = 2 * (p - 0.5);
  return std::log1p(s) - std::log1p(-s);
}

namespace {

// The elements of an array or another container, `each` bytes and their texts. (Texts may be one object many
// times over: their bytes count each time.)
Status TakeElements(const Part& part, uint64_t each, Budget& budget) {
  uint64_t bytes = 0;
  if (part.value.kind() == pickle::Kind::kArray && !part.value.ElementType().has_objects) {
    bytes = part.value.size() * (each + part.value.ElementType().itemsize);
  } else if (const auto elements = pickle::Elements(part)) {
    for (const pickle::Value element : *elements) {
      bytes += each + (element.kind() == pickle::Kind::kText ? element.Text().size() : 0);
    }
  }
  return budget.Take(part, bytes);
}

Result<Scalar> ToScalar(const Part& part) {
  using pickle::Kind;
  switch (part.value.kind()) {
    case Kind::kNone: return Scalar();
    case Kind::kBool: return Scalar(part.value.Bool());
    case Kind::kInt: return Scalar(part.value.Int());
    case Kind::kFloat: return Scalar(part.value.Float());
    case Kind::kText: {
      TURNOUT_ASSIGN(const std::string_view text, pickle::AsText(part));
      return Scalar(std::string(text));
    }
    default: return pickle::Unexpected(part, "a number, a bool or a text");
  }
}

}  // namespace

Result<Doubles> AsDoubles(const Part& part, Budget& budget) {
  TURNOUT_TRY(TakeElements(part, sizeof(double), budget));
  return pickle::AsDoubleArray(part);
}

Result<Doubles> AsDoubles(const Part& part, std::initializer_list<int64_t> shape, Budget& budget) {
  TURNOUT_TRY(TakeElements(part, sizeof(double), budget));
  return pickle::AsDoubleArray(part, shape);
}

Result<Integers> AsIntegers(const Part& part, Budget& budget) {
  TURNOUT_TRY(TakeElements(part, sizeof(int64_t), budget));
  return pickle::AsIntArray(part);
}

Result<Integers> AsIntegers(const Part& part, std::initializer_list<int64_t> shape, Budget& budget) {
  TURNOUT_TRY(TakeElements(part, sizeof(int64_t), budget));
  return pickle::AsIntArray(part, shape);
}

Result<std::vector<std::string>> AsTexts(const Part& part, Budget& budget) {
  TURNOUT_TRY(TakeElements(part, sizeof(Input), budget));
  TURNOUT_ASSIGN(auto array, pickle::AsTextArray(part));
  return std::move(array.values);
}

Result<std::vector<Scalar>> AsScalars(const Part& part, Budget& budget) {
  TURNOUT_TRY(TakeElements(part, sizeof(Scalar) + sizeof(std::string), budget));
  std::vector<Scalar> scalars;
  if (part.value.kind() != pickle::Kind::kArray || part.value.ElementType().has_objects) {
    TURNOUT_ASSIGN(const pickle::Values elements, pickle::Elements(part));
    for (std::size_t i = 0; i < elements.size(); ++i) {
      TURNOUT_ASSIGN(scalars.emplace_back(), ToScalar(Part(elements[i], part.path.Index(i))));
    }
    return scalars;
  }
  switch (part.value.ElementType().kind) {
    case 'b': {
      TURNOUT_ASSIGN(const auto array, pickle::AsIntArray(part));
      for (int64_t v : array.values) scalars.emplace_back(v != 0);
      return scalars;
    }
    case 'i':
    case 'u': {
      TURNOUT_ASSIGN(const auto array, pickle::AsIntArray(part));
      scalars.assign(array.values.begin(), array.values.end());
      return scalars;
    }
    case 'f': {
      TURNOUT_ASSIGN(const auto array, pickle::AsDoubleArray(part));
      scalars.assign(array.values.begin(), array.values.end());
      return scalars;
    }
    case 'U':
    case 'S': {
      TURNOUT_ASSIGN(auto array, pickle::AsTextArray(part));
      for (std::string& v : array.values) scalars.emplace_back(std::move(v));
      return scalars;
    }
    default: return pickle::Unexpected(part, "an array of numbers, bools or texts");
  }
}

Result<std::vector<Label>> Labels(const Part& classes, Budget& budget) {
  TURNOUT_ASSIGN(auto scalars, AsScalars(classes, budget));
  std::vector<Label> labels;
  std::unordered_set<std::string> texts;
  for (Scalar& scalar : scalars) {
    if (std::holds_alternative<std::monostate>(scalar)) {
      return pickle::Fail(Code::kUnsupported, classes,
                          "None is a class; classes are numbers, bools or texts");
    }
    std::visit(
        [&](auto& value) {
          if constexpr (!std::is_same_v<decltype(value), std::monostate&>)
            labels.emplace_back(std::move(value));
        },
        scalar);
    if (!texts.insert(LabelText(labels.back())).second) {
      return pickle::Fail(Code::kCorrupt, classes,
                          fmt::format("the class {} stands there twice", LabelText(labels.back())));
    }
  }
  if (labels.size() < 2) {
    return pickle::Fail(Code::kUnsupported, classes,
                        fmt::format("{} class{}; a classifier needs two or more", labels.size(),
                                    labels.size() == 1 ? "" : "es"));
  }
  return labels;
}

}  // namespace turnout::sklearn
