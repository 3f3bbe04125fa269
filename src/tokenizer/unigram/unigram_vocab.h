#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bertrt::tokenizer {

/// A unigram model's pieces: a trie over their bytes, with each piece's id and score where it ends.
///
/// The trie's edges stand in one hash table, (node, byte) to node, which is made in a few milliseconds.
class UnigramVocab {
 public:
  using Node = std::uint32_t;
  static constexpr Node kRoot = 0;
  static constexpr Node kNone = 0xFFFFFFFF;

  struct End {
    double score = 0;
    std::int32_t id = -1;     ///< -1: no piece ends here
    bool is_special = false;  ///< a control piece, kept out of a text that may not name it
    bool is_leaf = true;      ///< no longer piece goes on from here
  };

  /// Makes room, so that filling does not grow step by step.
  void reserve(std::size_t pieces, std::size_t bytes);
  /// Adds the next piece; its id is the number of those before it. The same text again counts with its last id.
  /// @throws Error invalid_format with `where`: empty, or too much of them
  void add(std::string_view piece, double score, const std::string& where);
  /// The piece is a control piece. No effect on a text that is no piece.
  void mark_special(std::string_view piece) noexcept;

  Node child(Node node, unsigned char byte) const noexcept {
    if (node == kRoot) return first_[byte];
    const std::uint32_t key = node << 8U | byte;
    for (std::size_t at = start_of(key);; at = (at + 1) & (edges_.size() - 1)) {
      if (edges_[at].key == key) return edges_[at].node;
      if (edges_[at].key == kNone) return kNone;
    }
  }
  const End& end(Node node) const noexcept { return ends_[node]; }

  /// nullptr for a text that is no piece.
  const End* find_end(std::string_view piece) const noexcept;
  std::optional<std::int32_t> find(std::string_view piece) const noexcept;
  std::optional<std::string_view> piece(std::int32_t id) const noexcept;
  /// Of the piece that has this text last; 0 for an id that has none.
  double score(std::int32_t id) const noexcept {
    const auto text = piece(id);
    const End* end = text ? find_end(*text) : nullptr;
    return end == nullptr ? 0 : end->score;
  }
  std::size_t size() const noexcept { return spans_.size(); }
  /// The lowest score of all pieces.
  double min_score() const noexcept { return min_score_; }
  /// Each score is a multiple of 2^-32 below 512, as scores that were floats are: sums of some thousand lose nothing.
  bool has_exact_scores() const noexcept { return has_exact_scores_; }
  /// Each score is between -64 and 64, as logarithms of probabilities are: sums of some thousand lose little.
  bool has_small_scores() const noexcept { return has_small_scores_; }
  /// `b` stands right behind `a` in some piece. Both are ASCII.
  bool are_together(unsigned char a, unsigned char b) const noexcept { return together_[a].test(b); }

 private:
  struct Edge {
    std::uint32_t key = kNone;
    Node node = kNone;
  };
  struct Span {
    std::uint32_t begin;
    std::uint32_t length;
  };

  std::size_t start_of(std::uint32_t key) const noexcept { return (key * 0x9E3779B1U) >> shift_; }
  Node walk(std::string_view piece) const noexcept;
  Node make_child(Node node, unsigned char byte, const std::string& where);
  void insert_edge(std::uint32_t key, Node node) noexcept;
  void grow(std::size_t edges);

  std::string text_;
  std::vector<Span> spans_;   ///< by id
  std::vector<Edge> edges_;   ///< open addressing, a power of two, at most three quarters full
  std::vector<End> ends_{1};  ///< by node
  std::array<Node, 256> first_ = filled();
  unsigned shift_ = 0;
  std::size_t used_ = 0;
  double min_score_ = 0;
  bool has_exact_scores_ = true;
  bool has_small_scores_ = true;
  std::array<std::bitset<128>, 128> together_;

  static constexpr std::array<Node, 256> filled() {
    std::array<Node, 256> nodes{};
    for (Node& node : nodes) node = kNone;
    return nodes;
  }
};

}  // namespace bertrt::tokenizer
