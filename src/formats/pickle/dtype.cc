#include "formats/pickle/dtype.h"

#include <cassert>
#include <charconv>
#include <cmath>

#include "base/byte_reader.h"

namespace turnout::pickle {

namespace {

template <class T>
T Load(const Dtype& dtype, const uint8_t* data) {
  return dtype.big_endian ? LoadBig<T>(data) : LoadLittle<T>(data);
}

// IEEE 754 binary16.
double HalfToDouble(uint16_t half) {
  const int exponent = half >> 10 & 31;
  const int fraction = half & 1023;
  double value = 0;
  if (exponent == 31) {
    value = fraction == 0 ? INFINITY : NAN;
  } else if (exponent == 0) {
    value = std::ldexp(fraction, -24);
  } else {
    value = std::ldexp(fraction + 1024, exponent - 25);
  }
  return (half & 0x8000) != 0 ? -value : value;
}

}  // namespace

std::optional<Dtype> ParseDtypeCode(std::string_view code) {
  Dtype dtype;
  if (!code.empty() && std::string_view("<>=|").contains(code[0])) {
    dtype.big_endian = code[0] == '>';
    code.remove_prefix(1);
  }
  if (code.empty() || !std::string_view("biufcSUVOMm").contains(code[0])) return std::nullopt;
  dtype.kind = code[0];
  code.remove_prefix(1);
  if (const std::size_t unit = code.find('['); unit != std::string_view::npos) code = code.substr(0, unit);
  uint32_t number = dtype.kind == 'O' || dtype.kind == 'M' || dtype.kind == 'm' ? 8 : 0;
  if (!code.empty()) {
    const auto [end, error] = std::from_chars(code.data(), code.data() + code.size(), number);
    if (error != std::errc() || end != code.data() + code.size()) return std::nullopt;
  }
  if (dtype.kind == 'U') {
    if (number > (uint32_t{1} << 29) - 1) return std::nullopt;
    number *= 4;
  }
  if (number > 0x7fffffff) return std::nullopt;
  dtype.itemsize = number;
  dtype.has_objects = dtype.kind == 'O';
  bool known = true;
  switch (dtype.kind) {
    case 'b': known = number == 1; break;
    case 'i':
    case 'u': known = number == 1 || number == 2 || number == 4 || number == 8; break;
    case 'f': known = number == 2 || number == 4 || number == 8 || number == 12 || number == 16; break;
    case 'c': known = number == 8 || number == 16 || number == 24 || number == 32; break;
    case 'M':
    case 'm': known = number == 8; break;
    case 'O': known = number == 4 || number == 8; break;
    default: break;
  }
  if (!known) return std::nullopt;
  return dtype;
}

bool IsInteger(const Dtype& dtype) {
  return !dtype.is_subarray && (dtype.kind == 'b' || dtype.kind == 'i' || dtype.kind == 'u');
}

bool IsNumber(const Dtype& dtype) {
  return IsInteger(dtype) || (!dtype.is_subarray && dtype.kind == 'f' && dtype.itemsize <= 8);
}

double LoadDouble(const Dtype& dtype, const uint8_t* data) {
  if (dtype.kind == 'f') {
    switch (dtype.itemsize) {
      case 2: return HalfToDouble(Load<uint16_t>(dtype, data));
      case 4: return static_cast<double>(Load<float>(dtype, data));
      default: return Load<double>(dtype, data);
    }
  }
  if (dtype.kind == 'u' && dtype.itemsize == 8) return static_cast<double>(Load<uint64_t>(dtype, data));
  return static_cast<double>(*LoadInteger(dtype, data));
}

std::optional<int64_t> LoadInteger(const Dtype& dtype, const uint8_t* data) {
  assert(IsNumber(dtype));
  switch (dtype.kind) {
    case 'b': return *data != 0;
    case 'i':
      switch (dtype.itemsize) {
        case 1: return static_cast<int8_t>(*data);
        case 2: return Load<int16_t>(dtype, data);
        case 4: return Load<int32_t>(dtype, data);
        default: return Load<int64_t>(dtype, data);
      }
    case 'u':
      switch (dtype.itemsize) {
        case 1: return *data;
        case 2: return Load<uint16_t>(dtype, data);
        case 4: return Load<uint32_t>(dtype, data);
        default: break;
      }
      if (const auto value = Load<uint64_t>(dtype, data); value <= INT64_MAX)
        return static_cast<int64_t>(value);
      return std::nullopt;
    default: {
      const double value = LoadDouble(dtype, data);
      // 2^63 is exact as a double, INT64_MAX is not.
      if (value >= -0x1p63 && value < 0x1p63 && value == std::floor(value))
        return static_cast<int64_t>(value);
      return std::nullopt;
    }
  }
}

}  // namespace turnout::pickle
