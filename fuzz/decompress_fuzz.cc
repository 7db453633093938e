// Any bytes as data of each format: contents within the limits, or one line that names a byte; the same
// contents again into a buffer of their size, and an error for one more.
// Seeds: tests/golden/sklearn/joblib_rf-new tests/hostile/model.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "bytes/decompress.h"

namespace {

void Check(bool holds) {
  if (!holds) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace turnout;
  const std::span<const uint8_t> compressed(data, size);
  const DecompressLimits limits{.bytes = 4 << 20, .ratio_from = 1 << 20, .decoder_bytes = 16 << 20};
  for (const Compression compression :
       {Compression::kZlib, Compression::kGzip, Compression::kDeflate, Compression::kBzip2, Compression::kXz,
        Compression::kLzma, Compression::kLz4}) {
    const auto contents = Decompress(compressed, compression, limits);
    if (!contents) {
      Check(contents.error().message.starts_with("byte "));
      continue;
    }
    Check(contents->size() <= limits.bytes);
    std::vector<uint8_t> again(contents->size());
    Check(DecompressInto(compressed, compression, again, limits).has_value());
    Check(std::ranges::equal(again, contents->bytes()));
    again.push_back(0);
    Check(!DecompressInto(compressed, compression, again, limits));
  }
  return 0;
}
