// Universal Binary JSON as XGBoost writes and reads it (src/common/json.cc, UBJReader): big-endian; arrays of
// one type hold their numbers side by side and have no closing bracket.
#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <vector>

#include "bytes/utf8.h"
#include "formats/xgboost/source.h"

namespace turnout::xgboost {
namespace {

// Bytes of a number's type; 0: the marker is of no number.
std::size_t SizeOf(char type) {
  switch (type) {
    case 'i':
    case 'U': return 1;
    case 'I': return 2;
    case 'l':
    case 'd': return 4;
    case 'L':
    case 'D': return 8;
    default: return 0;
  }
}

int64_t LoadInt(char type, const uint8_t* at) {
  switch (type) {
    case 'i': return static_cast<int8_t>(*at);
    case 'U': return *at;
    case 'I': return LoadBig<int16_t>(at);
    case 'l': return LoadBig<int32_t>(at);
    default: return LoadBig<int64_t>(at);
  }
}

bool ToInt(char type, const uint8_t* at, int64_t& value) {
  if (type != 'd' && type != 'D') {
    value = LoadInt(type, at);
    return true;
  }
  const double number = type == 'd' ? static_cast<double>(LoadBig<float>(at)) : LoadBig<double>(at);
  if (!(std::fabs(number) < 0x1p53) || number != std::floor(number)) return false;
  value = static_cast<int64_t>(number);
  return true;
}

template <class Float>
Float ToFloat(char type, const uint8_t* at) {
  if (type == 'd') return static_cast<Float>(LoadBig<float>(at));
  if (type == 'D') return static_cast<Float>(LoadBig<double>(at));
  return static_cast<Float>(LoadInt(type, at));
}

class UbjsonSource final : public Source {
 public:
  explicit UbjsonSource(std::span<const uint8_t> bytes) : in_(bytes), bytes_(bytes) {}

  Status Next() override;
  std::size_t offset() const override { return start_; }
  bool AsInt(int64_t& value) const override { return ToInt(type_, numbers_.data(), value); }
  float AsFloat() const override { return ToFloat<float>(type_, numbers_.data()); }
  double AsDouble() const override { return ToFloat<double>(type_, numbers_.data()); }

 private:
  struct Open {
    bool object = false;
    bool counted = false;
    uint64_t left = 0;  // values still to come, if counted
  };

  std::unexpected<Error> Truncated(std::string_view what, uint64_t needed) const {
    return Fail(Code::kCorrupt,
                fmt::format("byte {}: {} of {} bytes, but {} are left; the file looks truncated",
                            in_.offset(), what, needed, in_.remaining()));
  }
  std::unexpected<Error> BadMarker(std::size_t at, char marker, std::string_view what) const {
    const auto byte = static_cast<unsigned char>(marker);
    return Fail(Code::kCorrupt,
                byte >= 0x20 && byte < 0x7F
                    ? fmt::format("byte {}: found the marker '{}', {} expected", at, marker, what)
                    : fmt::format("byte {}: found the byte {:02x}, {} expected", at, byte, what));
  }
  char Peek() const { return in_.remaining() == 0 ? '\0' : static_cast<char>(bytes_[in_.offset()]); }
  void Skip() {
    uint8_t byte = 0;
    in_.ReadLittle(byte);
  }
  Status Marker(char& marker) {
    uint8_t byte = 0;
    do {
      if (!in_.ReadLittle(byte)) return Truncated("a marker", 1);
    } while (byte == 'N');  // no operation
    marker = static_cast<char>(byte);
    return {};
  }
  Status Length(uint64_t& length);
  Status Text(Kind kind);
  Status Value(char marker);
  Status Array();
  Status Push(Open open, Kind kind);

  ByteReader in_;
  std::span<const uint8_t> bytes_;
  std::size_t start_ = 0;
  std::vector<Open> open_;
  bool started_ = false, after_key_ = false;
};

Status UbjsonSource::Next() {
  char marker = 0;
  if (after_key_ || (open_.empty() && !started_)) {
    after_key_ = false;
    started_ = true;
    TURNOUT_TRY(Marker(marker));
    return Value(marker);
  }
  start_ = in_.offset();
  if (open_.empty()) {
    if (in_.remaining() > 0) {
      return Fail(Code::kCorrupt, fmt::format("byte {}: {} bytes behind the end of the model", in_.offset(),
                                              in_.remaining()));
    }
    kind_ = Kind::kFinish;
    return {};
  }
  Open& top = open_.back();
  if (top.counted) {
    if (top.left-- == 0) {
      open_.pop_back();
      kind_ = Kind::kEnd;
      return {};
    }
  } else {
    while (Peek() == 'N') Skip();
    if (Peek() == (top.object ? '}' : ']')) {
      Skip();
      open_.pop_back();
      kind_ = Kind::kEnd;
      return {};
    }
  }
  if (top.object) {
    after_key_ = true;
    return Text(Kind::kKey);
  }
  TURNOUT_TRY(Marker(marker));
  return Value(marker);
}

Status UbjsonSource::Length(uint64_t& length) {
  const std::size_t at = in_.offset();
  char type = 0;
  TURNOUT_TRY(Marker(type));
  if (SizeOf(type) == 0 || type == 'd' || type == 'D') return BadMarker(at, type, "a length");
  std::span<const uint8_t> digits;
  if (!in_.ReadBytes(SizeOf(type), digits)) return Truncated("a length", SizeOf(type));
  const int64_t value = LoadInt(type, digits.data());
  if (value < 0) return Fail(Code::kCorrupt, fmt::format("byte {}: the length {}", at, value));
  length = static_cast<uint64_t>(value);
  return {};
}

Status UbjsonSource::Text(Kind kind) {
  uint64_t length = 0;
  TURNOUT_TRY(Length(length));
  std::span<const uint8_t> bytes;
  if (!in_.ReadBytes(length, bytes)) return Truncated("a text", length);
  text_ = {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  for (std::size_t at = 0; at < text_.size();) {
    const std::size_t character = Utf8Length(text_, at);
    if (character == 0) {
      return Fail(Code::kCorrupt,
                  fmt::format("byte {}: the text is not UTF-8", in_.offset() - text_.size() + at));
    }
    at += character;
  }
  kind_ = kind;
  return {};
}

Status UbjsonSource::Push(Open open, Kind kind) {
  if (open_.size() == kMaxDepth) {
    return Fail(Code::kCorrupt, fmt::format("byte {}: more than {} objects and arrays inside of each other",
                                            start_, kMaxDepth));
  }
  open_.push_back(open);
  kind_ = kind;
  return {};
}

Status UbjsonSource::Value(char marker) {
  start_ = in_.offset() - 1;
  switch (marker) {
    case '{': {
      if (Peek() != '#') return Push({.object = true}, Kind::kObject);
      Skip();
      Open open{.object = true, .counted = true};
      TURNOUT_TRY(Length(open.left));
      return Push(open, Kind::kObject);
    }
    case '[': return Array();
    case 'S': return Text(Kind::kText);
    case 'C':
    case 'H':
      return Fail(Code::kUnsupported,
                  fmt::format("byte {}: a value of the UBJSON type '{}', which XGBoost does not write",
                              start_, marker));
    case 'T':
    case 'F':
      kind_ = Kind::kBool;
      truth_ = marker == 'T';
      return {};
    case 'Z': kind_ = Kind::kNull; return {};
    default: break;
  }
  if (SizeOf(marker) == 0) return BadMarker(start_, marker, "a value");
  type_ = marker;
  if (!in_.ReadBytes(SizeOf(marker), numbers_)) return Truncated("a number", SizeOf(marker));
  kind_ = Kind::kNumber;
  return {};
}

Status UbjsonSource::Array() {
  char marker = 0;
  if (Peek() == '#') {
    Skip();
    Open open{.counted = true};
    TURNOUT_TRY(Length(open.left));
    return Push(open, Kind::kArray);
  }
  if (Peek() != '$') return Push({}, Kind::kArray);
  Skip();
  std::size_t at = in_.offset();
  TURNOUT_TRY(Marker(marker));
  if (SizeOf(marker) == 0) return BadMarker(at, marker, "the type of an array's numbers");
  type_ = marker;
  at = in_.offset();
  TURNOUT_TRY(Marker(marker));
  if (marker != '#') return BadMarker(at, marker, "'#'");
  uint64_t count = 0;
  TURNOUT_TRY(Length(count));
  if (count > in_.remaining() / SizeOf(type_)) {
    return Fail(
        Code::kCorrupt,
        fmt::format("byte {}: an array of {} numbers of {} bytes, but {} bytes are left; the file looks "
                    "truncated",
                    start_, count, SizeOf(type_), in_.remaining()));
  }
  count_ = static_cast<std::size_t>(count);
  in_.ReadBytes(count * SizeOf(type_), numbers_);
  kind_ = Kind::kNumbers;
  return {};
}

}  // namespace

bool Source::Int(std::size_t n, int64_t& value) const {
  return ToInt(type_, numbers_.data() + n * SizeOf(type_), value);
}

float Source::Float(std::size_t n) const {
  return ToFloat<float>(type_, numbers_.data() + n * SizeOf(type_));
}

double Source::Double(std::size_t n) const {
  return ToFloat<double>(type_, numbers_.data() + n * SizeOf(type_));
}

std::string_view Name(Source::Kind kind) {
  switch (kind) {
    case Source::Kind::kObject: return "an object";
    case Source::Kind::kArray: return "an array";
    case Source::Kind::kEnd: return "the end of an array or object";
    case Source::Kind::kKey: return "a name";
    case Source::Kind::kText: return "a text";
    case Source::Kind::kNumber: return "a number";
    case Source::Kind::kNumbers: return "an array of numbers";
    case Source::Kind::kBool: return "true or false";
    case Source::Kind::kNull: return "null";
    case Source::Kind::kFinish: return "the end of the file";
  }
  return "?";
}

std::unique_ptr<Source> OpenUbjson(std::span<const uint8_t> bytes) {
  return std::make_unique<UbjsonSource>(bytes);
}

}  // namespace turnout::xgboost
