#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

namespace bertrt::tokenizer {

/// What a key's last byte says beside the word: its length and a kind (0 or 1). For the key's last number.
inline std::uint64_t key_mark(std::size_t size, std::uint8_t kind) noexcept {
  constexpr unsigned kLastByte = std::endian::native == std::endian::little ? 56 : 0;
  return static_cast<std::uint64_t>(size | static_cast<std::size_t>(kind) << 7U) << kLastByte;
}

/// The first `size` (1 to 15) bytes at `word` as they stand in memory, zeros behind them. `readable` bytes are there.
inline std::array<std::uint64_t, 2> word_key(const char* word, std::size_t size, std::size_t readable) noexcept {
  std::array<std::uint64_t, 2> key{};
  if (readable >= sizeof key) {
    // A window onto 16 bytes of ones and 16 of zeros: the first `size` bytes stay.
    static constexpr unsigned char kWindow[32] = {255, 255, 255, 255, 255, 255, 255, 255,
                                                  255, 255, 255, 255, 255, 255, 255, 255};
    std::array<std::uint64_t, 2> mask;
    std::memcpy(key.data(), word, sizeof key);
    std::memcpy(mask.data(), kWindow + 16 - size, sizeof mask);
    key[0] &= mask[0];
    key[1] &= mask[1];
    return key;
  }
  // The end of a text: copies of known lengths, for one of unknown length would be a call.
  unsigned char bytes[16] = {};
  if (size >= 8) {
    std::memcpy(bytes + size - 8, word + size - 8, 8);
    std::memcpy(bytes, word, 8);
  } else if (size >= 4) {
    std::memcpy(bytes + size - 4, word + size - 4, 4);
    std::memcpy(bytes, word, 4);
  } else {
    bytes[0] = static_cast<unsigned char>(word[0]);
    bytes[size / 2] = static_cast<unsigned char>(word[size / 2]);
    bytes[size - 1] = static_cast<unsigned char>(word[size - 1]);
  }
  std::memcpy(key.data(), bytes, sizeof key);
  return key;
}

}  // namespace bertrt::tokenizer
