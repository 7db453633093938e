// The lines and the lists of numbers that a LightGBM text model is made of. Every message names the line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace turnout::lightgbm {

// Lines end with LF or CR LF; the last one may lack its end.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  // The next line without its end; false: there is none.
  bool Next(std::string_view& line);
  // Of the line that Next gave last, from 1.
  std::size_t number() const { return number_; }

 private:
  std::string_view rest_;
  std::size_t number_ = 0;
};

// "key=value" of line `line`.
struct Field {
  std::string_view key;
  std::string_view value;
  std::size_t line = 0;  // 0: the field is not there
};

// "line 17, left_child: <what>"
std::unexpected<Error> Bad(const Field& field, std::string what, Code code = Code::kCorrupt);
std::unexpected<Error> Bad(std::size_t line, std::string what, Code code = Code::kCorrupt);

// A whole number from `least` to `most`.
Result<int64_t> Integer(const Field& field, int64_t least, int64_t most);

// `count` numbers, separated by blanks; replaces what is in `numbers`. Nothing is allocated for more numbers
// than the line can hold. Doubles are finite, but for infinities where `infinite`.
Status Integers(const Field& field, std::size_t count, int64_t least, int64_t most,
                std::vector<int64_t>& numbers);
Status Doubles(const Field& field, std::size_t count, std::vector<double>& numbers, bool infinite = false);

// The words of a text between blanks.
class Words {
 public:
  explicit Words(std::string_view text, char blank = ' ') : rest_(text), blank_(blank) {}
  bool Next(std::string_view& word);

 private:
  std::string_view rest_;
  char blank_;
};

// Bounds what a model may take while it is built. A text of two bytes a number becomes structs of 40 bytes a
// node, so a text made for it could fill the memory; what LightGBM writes stays far below.
class Memory {
 public:
  static constexpr uint64_t kFactor = 4, kBase = uint64_t{64} << 20;
  explicit Memory(std::size_t text_bytes) : left_(kFactor * text_bytes + kBase) {}
  Status Take(std::size_t line, uint64_t bytes);

 private:
  uint64_t left_;
};

}  // namespace turnout::lightgbm
