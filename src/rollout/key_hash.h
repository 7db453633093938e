// A routing key as 64 bits that look random: XXH3 with a salt. Part of the interface: every mode and every
// replica must send a key to the same version, whatever the build.
#pragma once

#include <cstdint>
#include <string_view>

namespace turnout {

uint64_t HashKey(std::string_view key, uint64_t salt);

}  // namespace turnout
