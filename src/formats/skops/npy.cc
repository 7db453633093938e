#include "formats/skops/npy.h"

#include <fmt/format.h>

#include <charconv>
#include <string_view>

#include "base/byte_reader.h"
#include "formats/pickle/dtype.h"
#include "formats/pickle/text.h"

namespace turnout::skops {
namespace {

using pickle::Dtype;
using pickle::DtypeField;
using pickle::Printable;

constexpr std::string_view kMagic = "\x93NUMPY";
// numpy itself refuses more than 10,000 bytes unless it is told to trust the file.
constexpr std::size_t kMostHeaderBytes = 65536;
constexpr std::size_t kMostFields = 1024;
constexpr std::size_t kMostDimensions = 64;
constexpr int kMostLevels = 4;  // of structures in structures; those of real models have one

// The Python literal in the header: {'descr': ..., 'fortran_order': ..., 'shape': ...}
class HeaderReader {
 public:
  // `start`: where the text lies in the file, for messages.
  HeaderReader(std::string_view text, std::size_t start, pickle::PickleStore& store)
      : text_(text), start_(start), store_(store) {}

  Status Read(NpyArray& array) {
    bool fortran = false, shape = false;
    TURNOUT_TRY(Take('{'));
    while (!Taken('}')) {
      std::string_view key;
      TURNOUT_TRY(String(key));
      TURNOUT_TRY(Take(':'));
      if (key == "descr") {
        TURNOUT_TRY(Type(0, array.dtype));
      } else if (key == "fortran_order") {
        TURNOUT_TRY(Bool(array.fortran));
        fortran = true;
      } else if (key == "shape") {
        TURNOUT_TRY(Tuple(array.shape));
        shape = true;
      } else {
        return Wrong(fmt::format("the unknown key '{}'", Printable(key)));
      }
      if (Taken('}')) break;
      TURNOUT_TRY(Take(','));
    }
    if (array.dtype == nullptr || !fortran || !shape) {
      return Wrong("not all of descr, fortran_order and shape");
    }
    SkipBlanks();
    return at_ == text_.size() ? Status() : Wrong("something behind its end");
  }

 private:
  std::unexpected<Error> Wrong(std::string_view found) const {
    return Fail(
        Code::kCorrupt,
        fmt::format("byte {}: the header of the .npy file has {}; the file is damaged", start_ + at_, found));
  }
  std::unexpected<Error> Expected(std::string_view what) const {
    return Wrong(at_ < text_.size()
                     ? fmt::format("'{}' where {} is expected", Printable(text_.substr(at_, 1)), what)
                     : fmt::format("its end where {} is expected", what));
  }

  void SkipBlanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }
  bool Taken(char c) {
    SkipBlanks();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  Status Take(char c) { return Taken(c) ? Status() : Expected(fmt::format("'{}'", c)); }

  Status String(std::string_view& value) {
    SkipBlanks();
    const char quote = at_ < text_.size() ? text_[at_] : '\0';
    if (quote != '\'' && quote != '"') return Expected("a text");
    const std::size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) return Expected("a closed text");
    value = text_.substr(at_ + 1, end - at_ - 1);
    if (value.find('\\') != std::string_view::npos) return Wrong("a name with escapes");
    at_ = end + 1;
    return {};
  }
  Status Bool(bool& value) {
    SkipBlanks();
    for (const std::string_view word : {"True", "False"}) {
      if (!text_.substr(at_).starts_with(word)) continue;
      at_ += word.size();
      value = word == "True";
      return {};
    }
    return Expected("True or False");
  }
  Status Length(int64_t& value) {
    SkipBlanks();
    const char* first = text_.data() + at_;
    const auto [end, error] = std::from_chars(first, text_.data() + text_.size(), value);
    if (error != std::errc() || value < 0) return Expected("a length");
    at_ += static_cast<std::size_t>(end - first);
    return {};
  }
  Status Tuple(std::vector<int64_t>& values) {
    TURNOUT_TRY(Take('('));
    values.clear();
    while (!Taken(')')) {
      if (values.size() == kMostDimensions)
        return Wrong(fmt::format("more than {} dimensions", kMostDimensions));
      TURNOUT_TRY(Length(values.emplace_back()));
      if (Taken(')')) break;
      TURNOUT_TRY(Take(','));
    }
    return {};
  }

  // '<f8', or [('name', type), ('name', type, (2, 3)), ...]
  Status Type(int level, const Dtype*& result) {
    auto* dtype = store_.New<Dtype>();
    if (dtype == nullptr) return Fail(Code::kUnsupported, "no memory is left for its dtype");
    result = dtype;
    if (!Taken('[')) {
      std::string_view code;
      TURNOUT_TRY(String(code));
      const auto parsed = pickle::ParseDtypeCode(code);
      if (!parsed) return Wrong(fmt::format("the type '{}', which numpy does not know", Printable(code)));
      if (parsed->has_objects) {
        return Fail(Code::kUnsupported,
                    fmt::format("byte {}: an array of objects, whose elements are pickled; skops "
                                "never writes one, so it is refused (nothing was run)",
                                start_ + at_));
      }
      *dtype = *parsed;
      return {};
    }
    if (level == kMostLevels) return Wrong(fmt::format("structures nested deeper than {}", kMostLevels));
    std::vector<DtypeField> fields;
    uint64_t size = 0;
    while (!Taken(']')) {
      TURNOUT_TRY(Field(level, fields, size));
      if (Taken(']')) break;
      TURNOUT_TRY(Take(','));
    }
    auto* made = fields.empty() ? nullptr : store_.New<DtypeField>(fields.size());
    if (!fields.empty() && made == nullptr)
      return Fail(Code::kUnsupported, "no memory is left for its dtype");
    std::ranges::copy(fields, made);
    dtype->kind = 'V';
    dtype->itemsize = static_cast<uint32_t>(size);
    dtype->fields = {made, fields.size()};
    return {};
  }

  Status Field(int level, std::vector<DtypeField>& fields, uint64_t& size) {
    DtypeField field;
    TURNOUT_TRY(Take('('));
    if (Taken('(')) {  // (title, name)
      TURNOUT_TRY(String(field.name));
      TURNOUT_TRY(Take(','));
      TURNOUT_TRY(String(field.name));
      TURNOUT_TRY(Take(')'));
    } else {
      TURNOUT_TRY(String(field.name));
    }
    TURNOUT_TRY(Take(','));
    TURNOUT_TRY(Type(level + 1, field.dtype));
    if (!Taken(')')) {
      TURNOUT_TRY(Take(','));
      std::vector<int64_t> shape;
      TURNOUT_TRY(Tuple(shape));
      TURNOUT_TRY(Take(')'));
      uint64_t bytes = field.dtype->itemsize;
      for (const int64_t length : shape) {
        if (__builtin_mul_overflow(bytes, static_cast<uint64_t>(length), &bytes)) bytes = UINT64_MAX;
      }
      if (bytes > 0x7fffffff) return Wrong("a field of more than 2 GiB");
      auto* repeated = store_.New<Dtype>();
      if (repeated == nullptr) return Fail(Code::kUnsupported, "no memory is left for its dtype");
      *repeated = {.kind = 'V', .is_subarray = true, .itemsize = static_cast<uint32_t>(bytes), .fields = {}};
      field.dtype = repeated;
    }
    field.offset = static_cast<uint32_t>(size);
    size += field.dtype->itemsize;
    if (size > 0x7fffffff) return Wrong("elements of more than 2 GiB");
    if (field.name.empty()) return {};  // padding
    if (fields.size() == kMostFields) return Wrong(fmt::format("more than {} fields", kMostFields));
    fields.push_back(field);
    return {};
  }

  std::string_view text_;
  std::size_t start_;
  pickle::PickleStore& store_;
  std::size_t at_ = 0;
};

}  // namespace

Result<NpyArray> ReadNpy(std::span<const uint8_t> bytes, pickle::PickleStore& store) {
  ByteReader in(bytes);
  std::span<const uint8_t> magic, header;
  uint8_t major = 0, minor = 0;
  uint16_t short_length = 0;
  uint32_t length = 0;
  if (!in.ReadBytes(kMagic.size(), magic) ||
      !std::ranges::equal(magic, kMagic, {}, {}, [](char c) { return static_cast<uint8_t>(c); })) {
    return Fail(Code::kCorrupt, "byte 0: this is not a .npy file; the file is damaged");
  }
  if (!in.ReadLittle(major) || !in.ReadLittle(minor) ||
      !(major == 1 ? in.ReadLittle(short_length) : in.ReadLittle(length))) {
    return Fail(Code::kCorrupt, "byte 6: the .npy file ends in its header; it looks truncated");
  }
  if (major == 1) length = short_length;
  if (major < 1 || major > 3) {
    return Fail(Code::kUnsupported,
                fmt::format("byte 6: a .npy file of version {}.{}; versions 1 to 3 are read", major, minor));
  }
  if (length > kMostHeaderBytes) {
    return Fail(Code::kCorrupt,
                fmt::format("byte 8: a .npy file with a header of {} bytes, more than {} are not "
                            "accepted; the file is damaged",
                            length, kMostHeaderBytes));
  }
  const std::size_t start = in.offset();
  if (!in.ReadBytes(length, header)) {
    return Fail(Code::kCorrupt,
                fmt::format("byte {}: the .npy file's header has {} bytes, but {} are left; it looks "
                            "truncated",
                            start, length, in.remaining()));
  }
  if (pickle::CheckUtf8(header) == pickle::Utf8::kInvalid) {
    return Fail(Code::kCorrupt,
                fmt::format("byte {}: the .npy file's header is not text; the file is damaged", start));
  }
  NpyArray array;
  const std::string_view text(reinterpret_cast<const char*>(header.data()), header.size());
  TURNOUT_TRY(HeaderReader(text, start, store).Read(array));
  array.data = bytes.subspan(in.offset());
  return array;
}

}  // namespace turnout::skops
