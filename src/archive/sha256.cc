#include "archive/sha256.h"

#include <bit>
#include <cstring>

#include "archive/sha256_x86.h"

namespace bertrt::archive {
namespace {

constexpr std::size_t kBlock = 64;

using State = Sha256State;

constexpr State kStart = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                          0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

std::uint32_t load_big(const std::byte* from) {
  std::uint32_t word = 0;
  for (int i = 0; i < 4; ++i) word = word << 8U | std::to_integer<std::uint32_t>(from[i]);
  return word;
}

// FIPS 180-4, 6.2.2, with its names.
void add_blocks(State& state, const std::byte* data, std::size_t blocks) {
  for (; blocks > 0; --blocks, data += kBlock) {
    std::array<std::uint32_t, 64> w{};
    for (std::size_t t = 0; t < 16; ++t) w[t] = load_big(data + 4 * t);
    for (std::size_t t = 16; t < 64; ++t) {
      const std::uint32_t s0 = std::rotr(w[t - 15], 7) ^ std::rotr(w[t - 15], 18) ^ (w[t - 15] >> 3U);
      const std::uint32_t s1 = std::rotr(w[t - 2], 17) ^ std::rotr(w[t - 2], 19) ^ (w[t - 2] >> 10U);
      w[t] = w[t - 16] + s0 + w[t - 7] + s1;
    }
    auto [a, b, c, d, e, f, g, h] = state;
    for (std::size_t t = 0; t < 64; ++t) {
      const std::uint32_t sum1 = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
      const std::uint32_t t1 = h + sum1 + ((e & f) ^ (~e & g)) + kSha256Constants[t] + w[t];
      const std::uint32_t sum0 = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
      const std::uint32_t t2 = sum0 + ((a & b) ^ (a & c) ^ (b & c));
      h = g;
      g = f;
      f = e;
      e = d + t1;
      d = c;
      c = b;
      b = a;
      a = t1 + t2;
    }
    const State round = {a, b, c, d, e, f, g, h};
    for (std::size_t i = 0; i < state.size(); ++i) state[i] += round[i];
  }
}

template <typename AddBlocks>
Sha256Digest digest_of(std::span<const std::byte> bytes, const AddBlocks& add) {
  State state = kStart;
  const std::size_t whole = bytes.size() / kBlock;
  add(state, bytes.data(), whole);
  // What is left, a one bit, zeros, and the length in bits: one block or two.
  std::array<std::byte, 2 * kBlock> last{};
  const std::size_t left = bytes.size() % kBlock;
  if (left > 0) std::memcpy(last.data(), bytes.data() + whole * kBlock, left);
  last[left] = std::byte{0x80};
  const std::size_t blocks = left + 9 > kBlock ? 2 : 1;
  const std::uint64_t bits = std::uint64_t{bytes.size()} * 8;
  for (std::size_t i = 0; i < 8; ++i) last[blocks * kBlock - 1 - i] = static_cast<std::byte>(bits >> (8 * i));
  add(state, last.data(), blocks);
  Sha256Digest digest{};
  for (std::size_t i = 0; i < digest.size(); ++i) {
    digest[i] = static_cast<std::uint8_t>(state[i / 4] >> (24 - 8 * (i % 4)));
  }
  return digest;
}

}  // namespace

Sha256Digest sha256_portable(std::span<const std::byte> bytes) { return digest_of(bytes, add_blocks); }

Sha256Digest sha256(std::span<const std::byte> bytes) {
  static const bool has_instructions = sha256_x86_supported();
  return has_instructions ? digest_of(bytes, sha256_x86_add_blocks) : sha256_portable(bytes);
}

}  // namespace bertrt::archive
