#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "tokenizer/byte_hash.h"

namespace bertrt::tokenizer {

/// A piece of a word while it is merged: a token and the bytes that it covers.
struct BpeSymbol {
  std::int32_t id = -1;
  std::uint32_t length = 0;
};

/// What a pair of neighbours becomes, and how early.
struct BpeMerge {
  std::uint32_t rank = std::numeric_limits<std::uint32_t>::max();  ///< the largest value: no such merge
  std::int32_t id = -1;

  bool exists() const noexcept { return id >= 0; }
};

/// The merges of a byte-pair encoding, by their pair of token ids.
class BpeMerges {
 public:
  void reserve(std::size_t merges);
  /// A pair that is there already gets the new rank and token.
  void add(std::int32_t left, std::int32_t right, BpeMerge merge);
  /// Asks for the memory that add() of this pair will touch.
  void prefetch(std::int32_t left, std::int32_t right) const noexcept {
    if (!slots_.empty()) tokenizer::prefetch(&slots_[start_of(key_of(left, right))]);
  }
  BpeMerge find(std::int32_t left, std::int32_t right) const noexcept;
  std::size_t size() const noexcept { return used_; }

  /// Merges neighbours until no merge is left: always the pair of lowest rank, the leftmost of equal ones.
  /// Short words by scanning, long ones with a queue in O(n log n).
  void apply(std::vector<BpeSymbol>& symbols) const;

 private:
  struct Slot {
    std::uint64_t key = 0;
    BpeMerge merge;
  };

  static std::uint64_t key_of(std::int32_t left, std::int32_t right) noexcept {
    return static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32U | static_cast<std::uint32_t>(right);
  }
  std::size_t start_of(std::uint64_t key) const noexcept { return (key * 0x9E3779B97F4A7C15ULL) >> shift_; }
  void grow(std::size_t slots);
  void apply_by_scan(std::vector<BpeSymbol>& symbols) const;
  void apply_by_queue(std::vector<BpeSymbol>& symbols) const;

  std::vector<Slot> slots_;  ///< open addressing, a power of two
  unsigned shift_ = 63;      ///< 64 - log2(slots)
  std::size_t used_ = 0;
};

}  // namespace bertrt::tokenizer
