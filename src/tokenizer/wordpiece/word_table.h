#pragma once

#include <bit>
#include <cstdint>
#include <vector>

namespace bertrt::tokenizer {

/// Up to 16 bytes of a word as they stand in memory, zeros behind them.
struct WordKey {
  std::uint64_t low = 0;
  std::uint64_t high = 0;

  /// From numbers whose lowest byte is the first one.
  static WordKey of(std::uint64_t low, std::uint64_t high) noexcept {
    if constexpr (std::endian::native == std::endian::little) return {low, high};
    WordKey key;
    for (unsigned i = 0; i < 8; ++i) {
      reinterpret_cast<unsigned char*>(&key.low)[i] = static_cast<unsigned char>(low >> 8 * i);
      reinterpret_cast<unsigned char*>(&key.high)[i] = static_cast<unsigned char>(high >> 8 * i);
    }
    return key;
  }
};

/// The tokens of at most 16 bytes by their text: one probe, mostly in one cache line. Words of up to 8 bytes, most of
/// what is asked for, have a table of their own that is half as large. Filled once, then immutable.
class WordTable {
 public:
  static constexpr std::size_t kMaxWord = 16;

  /// How many words of up to 8 bytes, and of up to 16, will come.
  void reserve(std::size_t short_words, std::size_t long_words);

  /// The last id counts where a word comes twice. The word has 1 to 16 bytes, none of them 0.
  void add(WordKey key, std::int32_t id);

  /// -1 where there is no such word.
  std::int32_t find(WordKey key) const noexcept { return key.high == 0 ? find_short(key.low) : find_long(key); }

 private:
  struct ShortSlot {
    std::uint64_t key = 0;  // 0: free
    std::int32_t id = -1;
  };
  struct LongSlot {
    WordKey key;
    std::int32_t id = -1;
  };
  static constexpr std::uint64_t kMix = 0x9E3779B97F4A7C15ULL;

  static std::uint64_t mix(std::uint64_t key) noexcept {
    const std::uint64_t mixed = key * kMix;
    return (mixed ^ mixed >> 32) * kMix;
  }
  std::size_t short_slot(std::uint64_t key) const noexcept {
    return static_cast<std::size_t>(mix(key) >> short_shift_);
  }
  std::size_t long_slot(WordKey key) const noexcept {
    return static_cast<std::size_t>(mix(key.low ^ key.high * 0xD6E8FEB86659FD93ULL) >> long_shift_);
  }

  std::int32_t find_short(std::uint64_t key) const noexcept {
    for (std::size_t at = short_slot(key);; at = (at + 1) & short_mask_) {
      const ShortSlot& slot = short_[at];
      if (slot.key == key) return slot.id;
      if (slot.key == 0) return -1;
    }
  }
  std::int32_t find_long(WordKey key) const noexcept {
    for (std::size_t at = long_slot(key);; at = (at + 1) & long_mask_) {
      const LongSlot& slot = long_[at];
      if (slot.key.low == key.low && slot.key.high == key.high) return slot.id;
      if (slot.id < 0) return -1;
    }
  }

  std::vector<ShortSlot> short_;
  std::vector<LongSlot> long_;
  std::size_t short_mask_ = 0;
  std::size_t long_mask_ = 0;
  unsigned short_shift_ = 0;
  unsigned long_shift_ = 0;
};

}  // namespace bertrt::tokenizer
