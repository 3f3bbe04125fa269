#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace bertrt::archive {

/// The content's cryptographic hash as 64 hexadecimal digits: nobody knows how to make another file with the same one.
///
/// A tree of one level, so that all cores can work: SHA-256 of "bertrt content 1\n", the number of bytes (8, little-
/// endian), and the SHA-256 of each 1 MiB of the content in order, the last one shorter. The length and the label
/// keep a list of digests from being taken for a content.
std::string content_hash(std::span<const std::byte> bytes);

}  // namespace bertrt::archive
