// Where the commas, quotes and line breaks of a CSV text are, 64 bytes at a time.
//
// Inside codec/ only. Both readers of CSV (csv_splitter, csv_rows) step through a text with this, so that
// they can't disagree on where a record ends. Never reads outside the text.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace turnout {

class CsvScan {
 public:
  static constexpr std::size_t kBlock = 64;

  // `commas`: stop at them too.
  CsvScan(std::string_view text, bool commas) : text_(text), commas_(commas) { Load(0); }

  // Offset of the next comma, quote or line break at or after the place reached; text.size() at the end.
  std::size_t Next() {
    while (mask_ == 0) {
      if (block_ + kBlock >= text_.size()) return text_.size();
      Load(block_ + kBlock);
    }
    const std::size_t at = block_ + static_cast<std::size_t>(std::countr_zero(mask_));
    mask_ &= mask_ - 1;
    return at;
  }

  // Goes on at `offset`, which is not before the place reached.
  void SkipTo(std::size_t offset) {
    if (offset >= text_.size()) {
      block_ = text_.size();
      mask_ = 0;
      return;
    }
    if (offset >= block_ + kBlock) Load(offset / kBlock * kBlock);
    mask_ &= ~uint64_t{0} << (offset - block_);
  }

  // Some byte of the blocks looked at is above 0x7F.
  bool saw_high() const { return high_; }

 private:
  void Load(std::size_t block) {
    block_ = block;
    if (block + kBlock <= text_.size()) {
      mask_ = Marks(text_.data() + block);
    } else if (block < text_.size()) {
      char rest[kBlock] = {};
      std::memcpy(rest, text_.data() + block, text_.size() - block);
      mask_ = Marks(rest);
    } else {
      mask_ = 0;
    }
  }

#ifdef __SSE2__
  uint64_t Marks(const char* bytes) {
    const __m128i quote = _mm_set1_epi8('"'), line = _mm_set1_epi8('\n');
    const __m128i comma = _mm_set1_epi8(commas_ ? ',' : '\n');
    uint64_t marks = 0;
    __m128i all = _mm_setzero_si128();
    for (std::size_t i = 0; i < kBlock; i += 16) {
      const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + i));
      const __m128i hit = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(x, quote), _mm_cmpeq_epi8(x, line)),
                                       _mm_cmpeq_epi8(x, comma));
      marks |= static_cast<uint64_t>(static_cast<uint32_t>(_mm_movemask_epi8(hit))) << i;
      all = _mm_or_si128(all, x);
    }
    high_ |= _mm_movemask_epi8(all) != 0;
    return marks;
  }
#else
  uint64_t Marks(const char* bytes) {
    uint64_t marks = 0;
    unsigned all = 0;
    for (std::size_t i = 0; i < kBlock; ++i) {
      const char c = bytes[i];
      marks |= static_cast<uint64_t>(c == '"' || c == '\n' || (commas_ && c == ',')) << i;
      all |= static_cast<unsigned char>(c);
    }
    high_ |= all > 0x7F;
    return marks;
  }
#endif

  std::string_view text_;
  std::size_t block_ = 0;
  uint64_t mask_ = 0;  // bits of the block not yet handed out
  bool commas_;
  bool high_ = false;
};

// A quoted cell whose opening quote is at text[open].
struct CsvQuoted {
  std::size_t end = std::string_view::npos;  // just after the closing quote; npos: the text ends before it
  uint64_t line_breaks = 0;
  bool doubled = false;  // holds doubled quotes
};

// A carriage return before the line end (or the end of the file) belongs to it.
inline std::string_view WithoutReturn(std::string_view record) {
  if (!record.empty() && record.back() == '\r') record.remove_suffix(1);
  return record;
}

inline CsvQuoted ScanQuoted(std::string_view text, std::size_t open) {
  CsvQuoted cell;
  std::size_t from = open + 1;
  for (;;) {
    const std::size_t quote = text.find('"', from);
    const std::size_t stop = quote == std::string_view::npos ? text.size() : quote;
    for (const char c : text.substr(from, stop - from)) cell.line_breaks += c == '\n';
    if (quote == std::string_view::npos) return cell;
    if (quote + 1 < text.size() && text[quote + 1] == '"') {
      cell.doubled = true;
      from = quote + 2;
      continue;
    }
    cell.end = quote + 1;
    return cell;
  }
}

}  // namespace turnout
