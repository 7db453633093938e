#include "rollout/key_hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace turnout {

uint64_t HashKey(std::string_view key, uint64_t salt) {
  return XXH3_64bits_withSeed(key.data(), key.size(), salt);
}

}  // namespace turnout
