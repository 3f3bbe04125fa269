#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace bertrt::tokenizer {

/// A quick hash of a short string. Not for keys that an attacker could choose to collide in an unbounded table.
inline std::uint64_t byte_hash(std::string_view bytes) noexcept {
  constexpr std::uint64_t kPrime = 0x9E3779B97F4A7C15ULL;
  std::uint64_t hash = bytes.size() * kPrime;
  std::size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, 8);
    hash = (hash ^ word) * kPrime;
    hash ^= hash >> 29U;
  }
  std::uint64_t word = 0;
  if (at < bytes.size()) std::memcpy(&word, bytes.data() + at, bytes.size() - at);
  hash = (hash ^ word) * kPrime;
  return hash ^ (hash >> 32U);
}

/// Asks for a cache line that will be read soon. A hint: nothing happens where the compiler has none.
inline void prefetch([[maybe_unused]] const void* address) noexcept {
#if defined(__GNUC__)
  __builtin_prefetch(address);
#endif
}

}  // namespace bertrt::tokenizer
