#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace bertrt::archive {

/// 128 bits of the bytes' content as 32 hexadecimal digits: tells files apart, on every machine alike.
///
/// Made for speed (all cores, some bytes a cycle), and not against an attacker: who wants to can make two files with
/// one hash.
std::string content_hash(std::span<const std::byte> bytes);

}  // namespace bertrt::archive
