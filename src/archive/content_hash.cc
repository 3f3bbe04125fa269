#include "archive/content_hash.h"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <vector>

#include "archive/parallel.h"

namespace bertrt::archive {
namespace {

constexpr std::size_t kLanes = 8;
constexpr std::size_t kBlock = std::size_t{1} << 20;  // hashed alone, so that blocks can be done side by side
constexpr std::size_t kBytesPerThread = std::size_t{8} << 20;
// Odd, so that multiplying by them loses nothing: the fractional parts of the golden ratio and of the root of three.
constexpr std::uint64_t kMultiplier = 0x9E3779B97F4A7C15ULL;
constexpr std::uint64_t kSecond = 0xBB67AE8584CAA73BULL;

using Digest = std::array<std::uint64_t, 2>;

std::uint64_t load_little(const std::byte* from) {
  std::uint64_t word = 0;
  std::memcpy(&word, from, sizeof(word));
  if constexpr (std::endian::native == std::endian::little) return word;
  std::uint64_t swapped = 0;
  for (int i = 0; i < 8; ++i) swapped |= (word >> (8 * i) & 0xFFU) << (56 - 8 * i);
  return swapped;
}

// Each step can be undone, so that two blocks that differ in one word never meet again.
std::uint64_t step(std::uint64_t lane, std::uint64_t word) {
  lane = (lane ^ word) * kMultiplier;
  return lane ^ (lane >> 32U);
}

Digest hash_block(std::span<const std::byte> bytes) {
  std::array<std::uint64_t, kLanes> lanes{};
  for (std::size_t i = 0; i < kLanes; ++i) lanes[i] = kSecond * (i + 1) + bytes.size();
  const std::size_t stripe = kLanes * sizeof(std::uint64_t);
  std::size_t at = 0;
  for (; at + stripe <= bytes.size(); at += stripe) {
    for (std::size_t i = 0; i < kLanes; ++i) {
      lanes[i] = step(lanes[i], load_little(bytes.data() + at + i * sizeof(std::uint64_t)));
    }
  }
  std::array<std::byte, kLanes * sizeof(std::uint64_t)> rest{};
  if (at < bytes.size()) std::memcpy(rest.data(), bytes.data() + at, bytes.size() - at);
  Digest digest = {kMultiplier, kSecond};
  for (std::size_t i = 0; i < kLanes; ++i) {
    const std::uint64_t lane = step(lanes[i], load_little(rest.data() + i * sizeof(std::uint64_t)));
    digest[0] = step(digest[0], lane);
    digest[1] = step(digest[1] + kSecond, std::rotl(lane, 23) * kSecond);
  }
  return digest;
}

}  // namespace

std::string content_hash(std::span<const std::byte> bytes) {
  std::vector<Digest> digests((bytes.size() + kBlock - 1) / kBlock);
  const std::size_t parts = parts_for(bytes.size(), kBytesPerThread);
  run_parts(parts, [&](std::size_t part) {
    const std::size_t end = digests.size() * (part + 1) / parts;
    for (std::size_t block = digests.size() * part / parts; block < end; ++block) {
      digests[block] = hash_block(bytes.subspan(block * kBlock).first(std::min(kBlock, bytes.size() - block * kBlock)));
    }
  });
  Digest all = {bytes.size(), kSecond};
  for (const Digest& digest : digests) {
    all[0] = step(step(all[0], digest[0]), digest[1]);
    all[1] = step(step(all[1], digest[1]), digest[0] * kSecond);
  }
  std::string text;
  for (const std::uint64_t half : all) {
    for (int digit = 15; digit >= 0; --digit) text += "0123456789abcdef"[half >> (4 * digit) & 0xFU];
  }
  return text;
}

}  // namespace bertrt::archive
