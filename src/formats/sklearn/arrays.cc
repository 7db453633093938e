#include <cmath>

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

Result<std::vector<Scalar>> Scalars(const Part& part) {
  using pickle::Kind;
  std::vector<Scalar> scalars;
  const bool typed = part.value.kind() == Kind::kArray && !part.value.ElementType().has_objects;
  if (typed) {
    switch (part.value.ElementType().kind) {
      case 'b':
      case 'i':
      case 'u': {
        const bool truth = part.value.ElementType().kind == 'b';
        TURNOUT_ASSIGN(const auto array, pickle::AsIntArray(part));
        for (int64_t v : array.values) {
          if (truth) {
            scalars.emplace_back(v != 0);
          } else {
            scalars.emplace_back(v);
          }
        }
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
  TURNOUT_ASSIGN(const pickle::Values elements, pickle::Elements(part));
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const Part element(elements[i], part.path.Index(i));
    switch (element.value.kind()) {
      case Kind::kNone: scalars.emplace_back(); break;
      case Kind::kBool: scalars.emplace_back(element.value.Bool()); break;
      case Kind::kInt: scalars.emplace_back(element.value.Int()); break;
      case Kind::kFloat: scalars.emplace_back(element.value.Float()); break;
      case Kind::kText: {
        TURNOUT_ASSIGN(const std::string_view text, pickle::AsText(element));
        scalars.emplace_back(std::string(text));
        break;
      }
      default: return pickle::Unexpected(element, "a number, a bool or a text");
    }
  }
  return scalars;
}

Release ReleaseOf(const Part& estimator, const Release& parent) {
  auto text = pickle::TextOr(estimator, "_sklearn_version", "");
  if (!text || text->empty()) return parent;
  Release release;
  release.text = *text;
  int* const numbers[] = {&release.major, &release.minor, &release.patch};
  std::size_t at = 0;
  for (int* number : numbers) {
    const std::size_t start = at;
    while (at < text->size() && at - start < 4 && (*text)[at] >= '0' && (*text)[at] <= '9') {
      *number = *number * 10 + ((*text)[at++] - '0');
    }
    if (at == start || at >= text->size() || (*text)[at] != '.') break;
    ++at;
  }
  return release;
}

}  // namespace turnout::sklearn
