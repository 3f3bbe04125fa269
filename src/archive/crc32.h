#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace bertrt::archive {

/// The zip format's checksum, by the processor's carry-less products where it has them (many times as fast as tables).
std::uint32_t crc32_of(std::span<const std::byte> bytes);

/// The same by zlib; `sum` is that of what stands before the bytes.
std::uint32_t crc32_portable(std::span<const std::byte> bytes, std::uint32_t sum = 0);

}  // namespace bertrt::archive
