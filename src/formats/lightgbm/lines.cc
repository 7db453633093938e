#include "formats/lightgbm/lines.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "bytes/number.h"
#include "formats/pickle/text.h"

namespace turnout::lightgbm {
namespace {

constexpr std::size_t kShown = 40;  // bytes of a bad word in a message

Result<int64_t> ToInteger(const Field& field, std::string_view word, int64_t least, int64_t most) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error == std::errc::invalid_argument || end != word.data() + word.size()) {
    return Bad(field, fmt::format("'{}' is not a whole number", pickle::Printable(word, kShown)));
  }
  if (error != std::errc{} || number < least || number > most) {
    return Bad(field, fmt::format("{}; {} to {} expected", pickle::Printable(word, kShown), least, most));
  }
  return number;
}

Result<double> ToDouble(const Field& field, std::string_view word, bool infinite) {
  if (infinite && (word == "inf" || word == "-inf")) return word[0] == '-' ? -HUGE_VAL : HUGE_VAL;
  const ParsedNumber number = ParseNumber(word);
  if (number.error == NumberError::kNone) return number.value;
  return Bad(field, fmt::format("'{}' is not a {}number", pickle::Printable(word, kShown),
                                number.error == NumberError::kTooLarge ||
                                        word.find_first_not_of("-infaINFA") == std::string_view::npos
                                    ? "finite "
                                    : ""));
}

// Calls `take` with each of the `count` words.
template <class Take>
Status EachWord(const Field& field, std::size_t count, Take take) {
  Words words(field.value);
  std::string_view word;
  std::size_t found = 0;
  for (; words.Next(word); ++found) {
    if (found < count) TURNOUT_TRY(take(word));
  }
  if (found != count) {
    return Bad(field, fmt::format("{} number{}, {} expected", found, found == 1 ? "" : "s", count));
  }
  return {};
}

// A number takes a byte and the blank before the next.
template <class T>
void Reserve(const Field& field, std::size_t count, std::vector<T>& numbers) {
  numbers.clear();
  if (count <= field.value.size() / 2 + 1) numbers.reserve(count);
}

}  // namespace

bool Lines::Next(std::string_view& line) {
  if (rest_.empty()) return false;
  const std::size_t end = rest_.find('\n');
  line = rest_.substr(0, end);
  rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  ++number_;
  return true;
}

std::unexpected<Error> Bad(const Field& field, std::string what, Code code) {
  return Fail(code, fmt::format("line {}, {}: {}", field.line, field.key, what));
}

std::unexpected<Error> Bad(std::size_t line, std::string what, Code code) {
  return Fail(code, fmt::format("line {}: {}", line, what));
}

Result<int64_t> Integer(const Field& field, int64_t least, int64_t most) {
  return ToInteger(field, field.value, least, most);
}

Status Integers(const Field& field, std::size_t count, int64_t least, int64_t most,
                std::vector<int64_t>& numbers) {
  Reserve(field, count, numbers);
  return EachWord(field, count, [&](std::string_view word) -> Status {
    TURNOUT_ASSIGN(numbers.emplace_back(), ToInteger(field, word, least, most));
    return {};
  });
}

Status Doubles(const Field& field, std::size_t count, std::vector<double>& numbers, bool infinite) {
  Reserve(field, count, numbers);
  return EachWord(field, count, [&](std::string_view word) -> Status {
    TURNOUT_ASSIGN(numbers.emplace_back(), ToDouble(field, word, infinite));
    return {};
  });
}

bool Words::Next(std::string_view& word) {
  const std::size_t start = rest_.find_first_not_of(blank_);
  if (start == std::string_view::npos) return false;
  rest_.remove_prefix(start);
  word = rest_.substr(0, rest_.find(blank_));
  rest_.remove_prefix(word.size());
  return true;
}

Status Memory::Take(std::size_t line, uint64_t bytes) {
  if (bytes <= left_) {
    left_ -= bytes;
    return {};
  }
  return Bad(
      line,
      fmt::format("up to here the model is larger than {} times its text plus {} MB; the file is damaged "
                  "or made to fill the memory",
                  kFactor, kBase >> 20));
}

}  // namespace turnout::lightgbm
