#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <span>
#include <utility>

#include "base/fresh_memory.h"
#include "tokenizer/byte_hash.h"

namespace bertrt::tokenizer {

/// A hash of a key of whole numbers, for KeyTable: its upper bits are the good ones.
template <std::size_t kWords>
std::uint64_t key_hash(const std::array<std::uint64_t, kWords>& key) noexcept {
  constexpr std::uint64_t kPrime = 0x9E3779B97F4A7C15ULL;
  std::uint64_t hash = 0;
  for (const std::uint64_t word : key) {
    hash = (hash ^ word) * kPrime;
    hash ^= hash >> 32U;
  }
  return hash * 0xD6E8FEB86659FD93ULL;
}

/// Entries by their keys, in lines of kPerLine. An entry stands in the line that its hash names or in one of its
/// neighbours, kLines (a power of two) in all, so that it is found by looking at one line, seldom at more.
///
/// Begins small and doubles as it fills, up to a bound; from then on a new entry takes an old one's place. Entry has
/// `key`, an array of numbers whose last is never 0, and is plain memory.
template <typename Entry, std::size_t kPerLine, std::size_t kLines>
class KeyTable {
 public:
  using Key = decltype(Entry::key);

  /// The bounds are powers of two: a line takes kPerLine * sizeof(Entry) bytes.
  KeyTable(unsigned log2_lines, unsigned log2_most) : log2_most_(log2_most) {
    base::FreshMemory memory = empty_lines(log2_lines);
    if (memory == nullptr) throw std::bad_alloc();
    use(std::move(memory), log2_lines);
  }

  void prefetch(std::uint64_t hash) const noexcept { tokenizer::prefetch(lines_ + slot(hash)); }

  /// null: it is not there. Good until the next put().
  const Entry* find(const Key& key, std::uint64_t hash) const noexcept {
    const std::size_t home = slot(hash);
    for (std::size_t i = 0; i < kLines; ++i) {
      if (const Entry* entry = find_in(lines_[home ^ i], key)) return entry;
    }
    return nullptr;
  }

  /// The place of an entry that is not there yet; the caller fills it, the key too.
  Entry& put(std::uint64_t hash) noexcept {
    // Fuller, and more than one in fifty would find its lines taken.
    if (8 * (used_ + 1) > 3 * kPerLine << log2_lines_ && log2_lines_ < log2_most_) grow();
    const std::size_t home = slot(hash);
    for (std::size_t i = 0; i < kLines; ++i) {
      for (Entry& entry : lines_[home ^ i]) {
        if (entry.key.back() != 0) continue;
        ++used_;
        return entry;
      }
    }
    // The last places are for what comes last: what came first is asked for most.
    for (std::size_t i = kLines - 1; i > 0; --i) lines_[home ^ i].back() = lines_[home ^ (i - 1)].back();
    return lines_[home].back();
  }

 private:
  using Line = std::array<Entry, kPerLine>;

  static const Entry* find_in(const Line& line, const Key& key) noexcept {
    for (const Entry& entry : line) {
      // Spelled out: std::array's operator== becomes a call of memcmp.
      std::uint64_t different = 0;
      for (std::size_t i = 0; i < key.size(); ++i) different |= entry.key[i] ^ key[i];
      if (different == 0) return &entry;
    }
    return nullptr;
  }

  std::size_t slot(std::uint64_t hash) const noexcept { return static_cast<std::size_t>(hash >> (64U - log2_lines_)); }

  static base::FreshMemory empty_lines(unsigned log2_lines) noexcept {
    const std::size_t bytes = sizeof(Line) << log2_lines;
    base::FreshMemory memory = base::fresh_memory(bytes, std::bit_ceil(kLines * sizeof(Line)));
    if (memory != nullptr) std::memset(memory.get(), 0, bytes);
    return memory;
  }

  void use(base::FreshMemory memory, unsigned log2_lines) noexcept {
    memory_ = std::move(memory);
    lines_ = static_cast<Line*>(static_cast<void*>(memory_.get()));
    log2_lines_ = log2_lines;
    used_ = 0;
  }

  void grow() noexcept {
    base::FreshMemory memory = empty_lines(log2_lines_ + 1);
    if (memory == nullptr) {
      log2_most_ = log2_lines_;  // it goes on as it is
      return;
    }
    const std::span<const Line> lines(lines_, std::size_t{1} << log2_lines_);
    const base::FreshMemory old = std::move(memory_);
    use(std::move(memory), log2_lines_ + 1);
    for (const Line& line : lines) {
      for (const Entry& entry : line) {
        if (entry.key.back() != 0) put(key_hash(entry.key)) = entry;
      }
    }
  }

  base::FreshMemory memory_;
  Line* lines_ = nullptr;
  unsigned log2_lines_ = 0;
  unsigned log2_most_;
  std::size_t used_ = 0;
};

}  // namespace bertrt::tokenizer
