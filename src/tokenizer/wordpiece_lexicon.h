#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace bertrt::tokenizer {

/// Up to 16 bytes of a word, zeros behind them.
struct WordKey {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
};

/// A WordPiece vocabulary in the two forms that encoding asks for: short words whole, by one probe of a hash table, and
/// the longest piece at the start of a text, by a trie. Filled once, then immutable.
class WordPieceLexicon {
 public:
  static constexpr std::size_t kMaxWord = 16;

  struct Match {
    std::int32_t id = -1;  ///< -1: no piece is a prefix of the text
    std::uint32_t length = 0;
  };

  /// @param tokens  how many will come, so that tables do not grow while they are filled
  explicit WordPieceLexicon(std::size_t tokens);

  /// A piece that begins a word.
  void add_initial(std::string_view text, std::int32_t id);
  /// A piece that continues one, without its prefix.
  void add_continuation(std::string_view text, std::int32_t id);

  /// The id of a whole word of at most 16 bytes, -1 if it is no piece itself. No byte of the word may be 0.
  std::int32_t find_word(WordKey key) const noexcept {
    for (std::size_t at = slot_of(key);; at = (at + 1) & word_mask_) {
      const WordSlot& slot = words_[at];
      if (slot.low == key.low && slot.high == key.high) return slot.id;
      if (slot.id < 0) return -1;
    }
  }

  Match longest_initial(std::string_view text) const noexcept { return longest(kInitial, text); }
  Match longest_continuation(std::string_view text) const noexcept { return longest(kContinuation, text); }

  /// Bytes of memory.
  std::size_t memory() const noexcept { return words_.size() * sizeof(WordSlot) + edges_.size() * sizeof(Edge); }

 private:
  static constexpr std::uint32_t kInitial = 1;
  static constexpr std::uint32_t kContinuation = 2;
  static constexpr std::uint64_t kMix = 0x9E3779B97F4A7C15ULL;

  struct WordSlot {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    std::int32_t id = -1;  // -1: free
  };
  /// An edge of the trie, in an open table: the node it leaves and its byte make the key.
  struct Edge {
    std::uint32_t key = 0;  // node << 8 | byte; 0: free
    std::uint32_t child = 0;
    std::int32_t id = -1;  // of the piece that ends at the child
  };

  std::size_t slot_of(WordKey key) const noexcept {
    const std::uint64_t mixed = (key.low ^ (key.high * 0xD6E8FEB86659FD93ULL)) * kMix;
    return static_cast<std::size_t>((mixed ^ mixed >> 32) * kMix >> word_shift_);
  }
  std::size_t edge_slot(std::uint32_t key) const noexcept {
    return static_cast<std::size_t>(key * kMix >> edge_shift_);
  }
  void add_word(std::string_view text, std::int32_t id);
  void add_path(std::uint32_t node, std::string_view text, std::int32_t id);
  void grow_edges();

  Match longest(std::uint32_t node, std::string_view text) const noexcept {
    Match best;
    for (std::uint32_t i = 0; i < text.size(); ++i) {
      const std::uint32_t key = node << 8 | static_cast<unsigned char>(text[i]);
      std::size_t at = edge_slot(key);
      while (edges_[at].key != key) {
        if (edges_[at].key == 0) return best;
        at = (at + 1) & edge_mask_;
      }
      node = edges_[at].child;
      if (edges_[at].id >= 0) best = {edges_[at].id, i + 1};
    }
    return best;
  }

  std::vector<WordSlot> words_;
  std::size_t word_mask_ = 0;
  unsigned word_shift_ = 0;
  std::vector<Edge> edges_;
  std::size_t edge_mask_ = 0;
  unsigned edge_shift_ = 0;
  std::size_t edges_used_ = 0;
  std::uint32_t next_node_ = kContinuation + 1;
};

}  // namespace bertrt::tokenizer
