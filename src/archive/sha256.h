#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace bertrt::archive {

/// 256 bits: nobody knows how to find two inputs with one digest, or an input for a given one.
using Sha256Digest = std::array<std::uint8_t, 32>;

/// SHA-256 (FIPS 180-4). Uses the processor's own instructions for it where there are some: 2 GB/s and more, else 0.2.
Sha256Digest sha256(std::span<const std::byte> bytes);

/// The same by plain C++, whatever the processor has; for the tests.
Sha256Digest sha256_portable(std::span<const std::byte> bytes);

}  // namespace bertrt::archive
