#include "tokenizer/wordpiece_lexicon.h"

#include <bit>
#include <cstring>

namespace bertrt::tokenizer {
namespace {

unsigned shift_for(std::size_t slots) { return 64u - static_cast<unsigned>(std::countr_zero(slots)); }

}  // namespace

WordPieceLexicon::WordPieceLexicon(std::size_t tokens) {
  words_.resize(std::bit_ceil(tokens + tokens / 2 + 16));
  word_mask_ = words_.size() - 1;
  word_shift_ = shift_for(words_.size());
  edges_.resize(std::bit_ceil(3 * tokens + 16));
  edge_mask_ = edges_.size() - 1;
  edge_shift_ = shift_for(edges_.size());
}

void WordPieceLexicon::add_initial(std::string_view text, std::int32_t id) {
  if (text.empty()) return;
  if (text.size() <= kMaxWord && text.find('\0') == std::string_view::npos) add_word(text, id);
  add_path(kInitial, text, id);
}

void WordPieceLexicon::add_continuation(std::string_view text, std::int32_t id) {
  if (!text.empty()) add_path(kContinuation, text, id);
}

void WordPieceLexicon::add_word(std::string_view text, std::int32_t id) {
  char bytes[kMaxWord] = {};
  std::memcpy(bytes, text.data(), text.size());
  WordKey key;
  std::memcpy(&key.low, bytes, 8);
  std::memcpy(&key.high, bytes + 8, 8);
  std::size_t at = slot_of(key);
  while (words_[at].id >= 0 && (words_[at].low != key.low || words_[at].high != key.high)) at = (at + 1) & word_mask_;
  words_[at] = {key.low, key.high, id};
}

void WordPieceLexicon::add_path(std::uint32_t node, std::string_view text, std::int32_t id) {
  Edge* last = nullptr;
  for (const char c : text) {
    const std::uint32_t key = node << 8 | static_cast<unsigned char>(c);
    std::size_t at = edge_slot(key);
    while (edges_[at].key != key && edges_[at].key != 0) at = (at + 1) & edge_mask_;
    if (edges_[at].key == 0) {
      if (2 * ++edges_used_ > edges_.size()) {
        grow_edges();
        at = edge_slot(key);
        while (edges_[at].key != 0) at = (at + 1) & edge_mask_;
      }
      edges_[at] = {key, next_node_++, -1};
    }
    last = &edges_[at];
    node = last->child;
  }
  last->id = id;
}

void WordPieceLexicon::grow_edges() {
  std::vector<Edge> old(edges_.size() * 2);
  old.swap(edges_);
  edge_mask_ = edges_.size() - 1;
  edge_shift_ = shift_for(edges_.size());
  for (const Edge& edge : old) {
    if (edge.key == 0) continue;
    std::size_t at = edge_slot(edge.key);
    while (edges_[at].key != 0) at = (at + 1) & edge_mask_;
    edges_[at] = edge;
  }
}

}  // namespace bertrt::tokenizer
