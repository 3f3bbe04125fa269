#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "bertrt/encoding.h"
#include "tokenizer/key_table.h"
#include "tokenizer/text_words.h"
#include "tokenizer/word_key.h"

namespace bertrt::tokenizer {

/// Words and the tokens that a model made of them. Two tables: one for words of up to 15 bytes and three tokens, most
/// of what is asked for, two of them in a cache line; one for words of up to 39 bytes and 14 tokens.
///
/// It belongs to one thread at a time (see WordCaches), so that no lock is taken. It grows with the words that come,
/// from 192 kB to 12 MB: 131,072 and 65,536 words.
class WordCache {
 public:
  static constexpr std::size_t kMaxKey = 39;
  static constexpr std::size_t kMaxTokens = 14;

  WordCache();

  /// Puts a word's tokens into `output` (see piece_output.h), `begin` the word's place in the text: those that are
  /// kept, else those that `make(word, pieces)` puts into `pieces`, emptied before, with offsets from the word's begin.
  /// `word` is not empty. False where it gives up.
  template <typename Output, typename Pieces, typename Make>
  bool encode(std::string_view word, std::size_t begin, Pieces& pieces, Output& output, Make make) {
    const auto make_any = [&](std::string_view whole, std::uint8_t, Pieces& made) { return make(whole, made); };
    if (word.size() > kNearKey) return look_up(nullptr, word, 0, begin, pieces, output, make_any);
    const NearKey near = near_key(word.data(), word.size(), word.size(), 0);
    return look_up(&near, word, 0, begin, pieces, output, make_any);
  }

  /// The same for many words, which stand in `text` from `base` on. `make(word, kind, pieces)`: a word's kind is a part
  /// of what it is known by.
  template <typename Output, typename Pieces, typename Make>
  bool encode_words(std::string_view text, std::size_t base, const TextWords& words, Pieces& pieces, Output& output,
                    Make make) {
    // Enough that memory has answered when the first is looked at.
    constexpr std::size_t kAhead = 16;
    NearKey keys[kAhead];
    for (std::size_t from = 0; from < words.size(); from += kAhead) {
      const std::size_t count = std::min(kAhead, words.size() - from);
      for (std::size_t i = 0; i < count; ++i) {
        const TextWord& word = words[from + i];
        if (word.size > kNearKey) continue;
        const std::size_t begin = base + word.begin;
        keys[i] = near_key(text.data() + begin, word.size, text.size() - begin, word.kind);
        near_.prefetch(keys[i].hash);
      }
      for (std::size_t i = 0; i < count; ++i) {
        const TextWord& word = words[from + i];
        const std::size_t begin = base + word.begin;
        const NearKey* near = word.size <= kNearKey ? &keys[i] : nullptr;
        if (!look_up(near, text.substr(begin, word.size), word.kind, begin, pieces, output, make)) return false;
      }
    }
    return true;
  }

 private:
  static constexpr std::size_t kNearKey = 15;
  static constexpr std::size_t kNearTokens = 3;

  struct NearEntry {
    std::array<std::uint64_t, 2> key;  ///< the word, zeros behind it, its length and kind in the last byte
    std::array<std::int32_t, kNearTokens> ids;
    std::uint32_t ranges;  ///< the number of tokens, and four bits each for their begins and ends
  };
  struct FarEntry {
    std::array<std::uint64_t, 5> key;
    std::array<std::int32_t, kMaxTokens> ids;
    std::array<std::uint8_t, kMaxTokens> begin;  ///< bytes from the word's begin
    std::array<std::uint8_t, kMaxTokens> end;
    std::uint8_t count;
    std::array<std::uint8_t, 3> unused;
  };
  static_assert(sizeof(NearEntry) == 32 && sizeof(FarEntry) == 128);

  template <typename Entry>
  struct Hashed {
    decltype(Entry::key) key;
    std::uint64_t hash;
  };
  using NearKey = Hashed<NearEntry>;
  using FarKey = Hashed<FarEntry>;

  /// `size`: at most kNearKey.
  static NearKey near_key(const char* word, std::size_t size, std::size_t readable, std::uint8_t kind) noexcept {
    NearKey near;
    near.key = word_key(word, size, readable);
    near.key[1] |= key_mark(size, kind);
    near.hash = key_hash(near.key);
    return near;
  }
  static FarKey far_key(std::string_view word, std::uint8_t kind) noexcept;
  void put_near(const NearKey& key, std::span<const std::int32_t> ids, std::span<const Offset> offsets) noexcept;
  void put_far(const FarKey& key, std::span<const std::int32_t> ids, std::span<const Offset> offsets) noexcept;

  /// `near`: null for a word that is too long for it.
  template <typename Output, typename Pieces, typename Make>
  bool look_up(const NearKey* near, std::string_view word, std::uint8_t kind, std::size_t begin, Pieces& pieces,
               Output& output, const Make& make) {
    if (const NearEntry* entry = near != nullptr ? near_.find(near->key, near->hash) : nullptr) {
      put_out(*entry, begin, output);
      return true;
    }
    return encode_rare(near, word, kind, begin, pieces, output, make);
  }

  /// A word that is not near: among the longer ones, or made.
  template <typename Output, typename Pieces, typename Make>
  bool encode_rare(const NearKey* near, std::string_view word, std::uint8_t kind, std::size_t begin, Pieces& pieces,
                   Output& output, const Make& make) {
    FarKey far{};
    if (word.size() <= kMaxKey) {
      far = far_key(word, kind);
      if (const FarEntry* entry = far_.find(far.key, far.hash)) {
        for (std::size_t i = 0; i < entry->count; ++i) {
          output.put(entry->ids[i], begin + entry->begin[i], begin + entry->end[i]);
        }
        return true;
      }
    }
    pieces.ids.clear();
    pieces.offsets.clear();
    if (!make(word, kind, pieces)) return false;
    if (near != nullptr && pieces.ids.size() <= kNearTokens) {
      put_near(*near, pieces.ids, pieces.offsets);
    } else if (word.size() <= kMaxKey && pieces.ids.size() <= kMaxTokens) {
      put_far(far, pieces.ids, pieces.offsets);
    }
    for (std::size_t i = 0; i < pieces.ids.size(); ++i) {
      output.put(pieces.ids[i], begin + pieces.offsets[i].begin, begin + pieces.offsets[i].end);
    }
    return true;
  }

  template <typename Output>
  static void put_out(const NearEntry& entry, std::size_t begin, Output& output) {
    const std::size_t count = entry.ranges & 3U;
    if constexpr (Output::kOffsets) {
      std::uint32_t ranges = entry.ranges >> 2U;
      for (std::size_t i = 0; i < count; ++i, ranges >>= 8U) {
        output.put(entry.ids[i], begin + (ranges & 15U), begin + (ranges >> 4U & 15U));
      }
    } else {
      output.template put_ids<kNearTokens>(entry.ids.data(), count);
    }
  }

  KeyTable<NearEntry, 2, 2> near_;
  KeyTable<FarEntry, 1, 4> far_;
};

/// A model's word caches, one for each thread that encodes with it (at most 12 MB each). A thread that ends gives its
/// cache back, and the next one goes on with it: the short-lived threads of batches begin warm. Thread-safe.
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
