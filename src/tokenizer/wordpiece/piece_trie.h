#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/wordpiece/wordpiece_vocab.h"

namespace bertrt::tokenizer {

/// Finds the longest token that begins a text.
///
/// A trie whose edges stand in one hash table, keyed by node and byte. Where only one token is left below an edge, the
/// edge carries the rest of its text instead of further edges: half of all the nodes that a plain trie would have.
/// Built once, then immutable.
class PieceTrie {
 public:
  struct Match {
    std::int32_t id = -1;  ///< -1: no token begins the text
    std::uint32_t length = 0;
  };

  /// A token on its way into the trie. Small, and with the bytes that most comparisons need: sorting and building read
  /// it in place of the text.
  struct Key {
    std::uint64_t head = 0;    ///< the first eight bytes of its text, the first one highest: compares as text does
    std::uint32_t entry = 0;   ///< in the vocabulary; of tokens that come twice the last one counts
    std::uint32_t length = 0;  ///< of its text, not 0
  };

  /// `keys` of tokens of `vocab` without their first `skip` bytes. The vocabulary's text must outlive the trie and stay
  /// where it is. Gives the entries that a later one replaces.
  /// @throws Error invalid_format with `where` for more text than any vocabulary has
  std::vector<std::uint32_t> build(std::vector<Key> keys, const WordPieceVocab& vocab, std::size_t skip,
                                   const std::string& where);

  Match longest(std::string_view text) const noexcept {
    Match best;
    std::uint32_t node = kRoot;
    for (std::uint32_t i = 0; i < text.size(); ++i) {
      const std::uint32_t key = node << 8 | static_cast<unsigned char>(text[i]);
      std::size_t at = slot_of(key);
      while (edges_[at].key != key) {
        if (edges_[at].key == 0) return best;
        ++at;  // the last slot is free, so this ends
      }
      const Edge& edge = edges_[at];
      if (edge.child & kTail) {
        const std::string_view rest = tail(edge);
        if (text.substr(i + 1).starts_with(rest)) best = {edge.id, i + 1 + static_cast<std::uint32_t>(rest.size())};
        return best;
      }
      node = edge.child;
      if (edge.id >= 0) best = {edge.id, i + 1};
    }
    return best;
  }

  /// The id of this very token, -1 if there is none.
  std::int32_t find(std::string_view token) const noexcept {
    const Match match = longest(token);
    return match.length == token.size() ? match.id : -1;
  }

 private:
  struct Edge {
    std::uint32_t key = 0;    // node << 8 | byte; 0: free
    std::uint32_t child = 0;  // a node, or kTail with the length and the place of the text that is left
    std::int32_t id = -1;     // of the token that ends at the child, or with the tail
  };
  static constexpr std::uint32_t kRoot = 1;
  static constexpr std::uint32_t kTail = 1u << 31;
  static constexpr std::size_t kSpread = 9;
  static constexpr unsigned kTailShift = 24;
  static constexpr std::uint32_t kMaxTail = 127;
  static constexpr std::uint32_t kMaxTailPlace = (1u << kTailShift) - 1;

  /// A node's number is also its place in the table, and nodes follow each other depth first: a walk down stays in few
  /// cache lines. The children of one node are spread a little, so that they do not make one long run.
  static std::size_t slot_of(std::uint32_t key) noexcept { return (key >> 8) + (key & 0xFF) * kSpread; }
  std::string_view tail(const Edge& edge) const noexcept {
    return {buffer_ + (edge.child & kMaxTailPlace), edge.child >> kTailShift & kMaxTail};
  }
  void add_edge(Edge edge);

  std::vector<Edge> edges_;
  const char* buffer_ = nullptr;
};

}  // namespace bertrt::tokenizer
