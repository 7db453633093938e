// A JSON or UBJSON document as a sequence of events, so that the schema of a model is read by one reader
// (document.cc) whatever it is written in. The memory is a few bytes per open container and the longest text
// with escapes.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/byte_reader.h"
#include "base/result.h"

namespace turnout::xgboost {

// Open containers at once; models need 8.
inline constexpr std::size_t kMaxDepth = 64;

class Source {
 public:
  enum class Kind : uint8_t {
    kObject,
    kArray,
    kEnd,  // of the innermost open container
    kKey,  // text(): a value follows
    kText,
    kNumber,   // AsInt(), AsFloat()
    kNumbers,  // a whole array of numbers of one type: count(), and the n-th by Int(n), Float(n)
    kBool,     // truth()
    kNull,
    kFinish,  // the document has ended
  };
  virtual ~Source() = default;

  // To the next event. Errors: "byte 17: ...".
  virtual Status Next() = 0;
  // Where the current event starts.
  virtual std::size_t offset() const = 0;
  // kNumber: as an integer; false: it is none, or beyond 64 bits.
  virtual bool AsInt(int64_t& value) const = 0;
  // kNumber: the nearest float32; NaN and infinities too.
  virtual float AsFloat() const = 0;
  virtual double AsDouble() const = 0;

  Kind kind() const { return kind_; }
  std::string_view text() const { return text_; }  // valid until Next()
  bool truth() const { return truth_; }

  std::size_t count() const { return count_; }
  bool Int(std::size_t n, int64_t& value) const;
  float Float(std::size_t n) const;
  double Double(std::size_t n) const;

 protected:
  Kind kind_ = Kind::kNull;
  bool truth_ = false;
  std::string_view text_;
  char type_ = 0;                     // kNumbers: UBJSON's marker
  std::size_t count_ = 0;             // kNumbers
  std::span<const uint8_t> numbers_;  // kNumbers: count_ big-endian values
};

// "an object", "a number": for messages.
std::string_view Name(Source::Kind kind);

// RFC 8259, and NaN, Infinity and -Infinity, as XGBoost and Python write them.
std::unique_ptr<Source> OpenJson(std::string_view text);
std::unique_ptr<Source> OpenUbjson(std::span<const uint8_t> bytes);

}  // namespace turnout::xgboost
