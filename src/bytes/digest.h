// Digests of bytes (OpenSSL does the work).
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace turnout {

// SHA-256 as 64 lower-case hexadecimal digits.
std::string Sha256(std::span<const uint8_t> bytes);

}  // namespace turnout
