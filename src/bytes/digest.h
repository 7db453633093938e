// Digests of bytes (OpenSSL does the work) and a checksum.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace turnout {

// SHA-256 as 64 lower-case hexadecimal digits.
std::string Sha256(std::span<const uint8_t> bytes);

// CRC-32C (Castagnoli) of bytes that follow those of `before`.
uint32_t Crc32c(std::span<const uint8_t> bytes, uint32_t before = 0);

}  // namespace turnout
