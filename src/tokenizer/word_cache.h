#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

#include "bertrt/encoding.h"

namespace bertrt::tokenizer {

/// Words and the tokens that a model made of them: a bounded table, one cache line a word, two places to look.
///
/// It belongs to one thread at a time (see WordCaches), so that no lock is taken.
class WordCache {
 public:
  static constexpr std::size_t kMaxKey = 23;
  static constexpr std::size_t kMaxTokens = 6;

  struct alignas(64) Entry {
    std::array<std::uint64_t, 3> key{};  ///< the word, zeros behind it, its length in the last byte
    std::array<std::int32_t, kMaxTokens> ids{};
    std::array<std::uint8_t, kMaxTokens> begin{};  ///< bytes from the word's begin
    std::array<std::uint8_t, kMaxTokens> end{};
    std::uint8_t count = 0;
  };

  WordCache() : entries_(new Entry[kEntries]) {}

  /// A word in the form of a table's key.
  struct Key {
    std::array<std::uint64_t, 3> words{};
    std::size_t slot = 0;
  };

  /// `word` is not empty and at most kMaxKey bytes.
  static Key key_of(std::string_view word) noexcept {
    Key key;
    key.words = pack(word);
    constexpr std::uint64_t kPrime = 0x9E3779B97F4A7C15ULL;
    std::uint64_t hash = (key.words[0] ^ (key.words[1] * 0xD6E8FEB86659FD93ULL)) * kPrime;
    hash = (hash ^ (hash >> 32U) ^ key.words[2]) * kPrime;
    key.slot = hash >> (64U - kLog2Entries);
    return key;
  }

  /// nullptr where it is not there.
  const Entry* find(const Key& key) const noexcept {
    const Entry& first = entries_[key.slot];
    if (same(first.key, key.words)) return &first;
    const Entry& second = entries_[key.slot ^ 1U];
    return same(second.key, key.words) ? &second : nullptr;
  }

  /// Puts a word in; the one that stood there moves to its neighbour's place.
  void put(const Key& key, std::span<const std::int32_t> ids, std::span<const Offset> offsets) noexcept {
    if (ids.size() > kMaxTokens) return;
    Entry& entry = entries_[key.slot];
    entries_[key.slot ^ 1U] = entry;
    entry.key = key.words;
    entry.count = static_cast<std::uint8_t>(ids.size());
    for (std::size_t i = 0; i < ids.size(); ++i) {
      entry.ids[i] = ids[i];
      entry.begin[i] = static_cast<std::uint8_t>(offsets[i].begin);
      entry.end[i] = static_cast<std::uint8_t>(offsets[i].end);
    }
  }

  /// Puts a word's tokens into `output` (see piece_output.h), `begin` the word's place in the text: those that are
  /// kept, else those that `make(word, pieces)` puts into `pieces`, emptied before, with offsets from the word's begin.
  /// False where it gives up.
  template <typename Output, typename Pieces, typename Make>
  bool encode(std::string_view word, std::size_t begin, Pieces& pieces, Output& output, Make make) {
    Key key;
    const bool fits = word.size() <= kMaxKey;
    if (fits) {
      key = key_of(word);
      if (const Entry* entry = find(key)) {
        for (std::size_t i = 0; i < entry->count; ++i) {
          output.put(entry->ids[i], begin + entry->begin[i], begin + entry->end[i]);
        }
        return true;
      }
    }
    pieces.ids.clear();
    pieces.offsets.clear();
    if (!make(word, pieces)) return false;
    if (fits) put(key, pieces.ids, pieces.offsets);
    for (std::size_t i = 0; i < pieces.ids.size(); ++i) {
      output.put(pieces.ids[i], begin + pieces.offsets[i].begin, begin + pieces.offsets[i].end);
    }
    return true;
  }

 private:
  using Words = std::array<std::uint64_t, 3>;

  // Spelled out: std::array's operator== becomes a call of memcmp.
  static bool same(const Words& a, const Words& b) noexcept {
    return ((a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2])) == 0;
  }

  template <typename T>
  static std::uint64_t load(const char* from) noexcept {
    T value;
    std::memcpy(&value, from, sizeof(T));
    return value;
  }

  /// The word's bytes, zeros, and its length in the last byte.
  static Words pack(std::string_view word) noexcept {
    Words words{};
    const char* from = word.data();
    const std::size_t size = word.size();
    if constexpr (std::endian::native != std::endian::little) {
      std::array<char, sizeof(Words)> bytes{};
      std::memcpy(bytes.data(), from, size);
      bytes.back() = static_cast<char>(size);
      std::memcpy(words.data(), bytes.data(), bytes.size());
      return words;
    }
    // Overlapping reads in place of a copy of unknown length, which would be a call.
    if (size >= 8) {
      words[0] = load<std::uint64_t>(from);
      if (size > 16) {
        words[1] = load<std::uint64_t>(from + 8);
        words[2] = load<std::uint64_t>(from + size - 8) >> (8U * (24 - size));
      } else if (size > 8) {
        words[1] = load<std::uint64_t>(from + size - 8) >> (8U * (16 - size));
      }
    } else if (size >= 4) {
      words[0] = load<std::uint32_t>(from) | load<std::uint32_t>(from + size - 4) << (8U * (size - 4));
    } else {
      words[0] = load<std::uint8_t>(from) | load<std::uint8_t>(from + size / 2) << (8U * (size / 2)) |
                 load<std::uint8_t>(from + size - 1) << (8U * (size - 1));
    }
    words[2] |= std::uint64_t{size} << 56U;
    return words;
  }

  static constexpr unsigned kLog2Entries = 14;
  static constexpr std::size_t kEntries = std::size_t{1} << kLog2Entries;

  std::unique_ptr<Entry[]> entries_;
};

/// A model's word caches, one for each thread that encodes with it (1 MB each). A thread that ends gives its cache
/// back, and the next one goes on with it: the short-lived threads of batches begin warm. Thread-safe.
class WordCaches {
 public:
  WordCaches();
  ~WordCaches();
  WordCaches(const WordCaches&) = delete;
  WordCaches& operator=(const WordCaches&) = delete;

  /// This thread's. A thread keeps those of the last four models that it used. Good until the thread asks for another
  /// model's.
  WordCache& mine() const;

  /// The caches that no thread has.
  class Shelf;

 private:
  std::shared_ptr<Shelf> shelf_;
};

}  // namespace bertrt::tokenizer
