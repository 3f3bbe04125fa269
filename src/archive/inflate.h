#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace bertrt::archive {

/// Inflates a raw deflate stream to exactly `size` bytes.
/// @throws Error invalid_format when the stream is damaged, or is longer or shorter than declared
std::unique_ptr<std::byte[]> inflate_raw(std::span<const std::byte> compressed, std::size_t size,
                                         const std::string& where);

}  // namespace bertrt::archive
