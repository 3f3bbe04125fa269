#pragma once

#include <array>
#include <cstddef>

namespace bertrt::archive {

inline constexpr std::size_t kFoldedBlock = 64;
using FoldedBytes = std::array<std::byte, 16>;

/// Whether this processor multiplies without carries (PCLMULQDQ).
bool crc32_x86_supported() noexcept;

/// Folds blocks of 64 bytes, one or more, into 16 bytes: their remainder by the polynomial of CRC-32, from a register
/// of zeros, is that of the blocks from a register of ones. Only where it is supported.
FoldedBytes crc32_x86_fold(const std::byte* data, std::size_t blocks);

}  // namespace bertrt::archive
