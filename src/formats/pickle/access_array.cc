#include <fmt/format.h>

#include "formats/pickle/access.h"
#include "formats/pickle/dtype.h"
#include "formats/pickle/text.h"

namespace turnout::pickle {

namespace {

bool IsObjects(Value value) { return value.kind() == Kind::kArray && value.ElementType().kind == 'O'; }

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

template <class T>
Result<NdArray<T>> Shaped(const Part& part, Result<NdArray<T>> array, std::initializer_list<int64_t> shape) {
  if (!array) return array;
  bool fits = array->shape.size() == shape.size();
  for (std::size_t d = 0; fits && d < shape.size(); ++d) {
    const int64_t wanted = shape.begin()[d];
    fits = wanted < 0 || wanted == array->shape[d];
  }
  if (!fits) return Unexpected(part, fmt::format("shape {}", DescribeShape({shape.begin(), shape.size()})));
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

}  // namespace

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
