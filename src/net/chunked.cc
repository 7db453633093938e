#include "net/chunked.h"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace turnout {
namespace {

constexpr int kMaxSizeDigits = 16;  // all that 64 bits can hold: leading zeros do not go on for ever
constexpr std::size_t kMaxTrailerBytes = 8 << 10;

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool IsTokenChar(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
}

}  // namespace

ChunkDecoder::Status ChunkDecoder::Decode(const char* in, std::size_t size, char* out, std::size_t max_body,
                                          std::size_t& consumed, std::size_t& payload) {
  payload = 0;
  for (std::size_t i = 0; i < size;) {
    consumed = i;
    const char c = in[i];
    switch (state_) {
      case State::kSize:
        remaining_ = 0;
        digits_ = 0;
        state_ = State::kSizeDigits;
        [[fallthrough]];
      case State::kSizeDigits:
        if (const int digit = HexDigit(c); digit >= 0) {
          if (++digits_ > kMaxSizeDigits) return Status::kMalformed;
          remaining_ = remaining_ * 16 + static_cast<unsigned>(digit);
        } else if (c == '\r' && digits_ > 0) {
          state_ = State::kSizeLf;
        } else {
          return Status::kMalformed;
        }
        ++i;
        break;
      case State::kSizeLf:
        if (c != '\n') return Status::kMalformed;
        if (remaining_ > max_body - total_) return Status::kTooLarge;
        state_ = remaining_ == 0 ? State::kTrailer : State::kData;
        ++i;
        break;
      case State::kData: {
        const std::size_t n = std::min<std::uint64_t>(remaining_, size - i);
        std::memmove(out + payload, in + i, n);
        payload += n;
        total_ += n;
        remaining_ -= n;
        i += n;
        if (remaining_ == 0) state_ = State::kDataCr;
        break;
      }
      case State::kDataCr:
        if (c != '\r') return Status::kMalformed;
        state_ = State::kDataLf;
        ++i;
        break;
      case State::kDataLf:
        if (c != '\n') return Status::kMalformed;
        state_ = State::kSize;
        ++i;
        break;
      case State::kTrailer:
        if (c == '\r') {
          state_ = State::kEndLf;
        } else if (IsTokenChar(c)) {
          state_ = State::kName;
        } else {
          return Status::kMalformed;
        }
        ++i;
        break;
      case State::kName:
      case State::kValue:
        if (++trailer_bytes_ > kMaxTrailerBytes) return Status::kMalformed;
        if (state_ == State::kName) {
          if (c == ':') {
            state_ = State::kValue;
          } else if (!IsTokenChar(c)) {
            return Status::kMalformed;
          }
        } else if (c == '\r') {
          state_ = State::kTrailerLf;
        } else if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f) {
          return Status::kMalformed;
        }
        ++i;
        break;
      case State::kTrailerLf:
        if (c != '\n') return Status::kMalformed;
        state_ = State::kTrailer;
        ++i;
        break;
      case State::kEndLf:
        if (c != '\n') return Status::kMalformed;
        consumed = i + 1;
        return Status::kDone;
    }
  }
  consumed = size;
  return Status::kMore;
}

}  // namespace turnout
