#include "tokenizer/unigram/unigram_vocab.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "bertrt/error.h"

namespace bertrt::tokenizer {
namespace {
constexpr std::size_t kMaxNodes = (1U << 24U) - 1;  // a node's number and a byte make a key of 32 bits
constexpr std::size_t kFirstEdges = 1024;

bool is_exact(double score) noexcept {
  const double scaled = score * 4294967296.0;  // 2^32
  return std::fabs(score) < 512 && std::floor(scaled) == scaled;
}
}  // namespace

void UnigramVocab::reserve(std::size_t pieces, std::size_t bytes) {
  text_.reserve(bytes);
  spans_.reserve(pieces);
  // About a third of a vocabulary's bytes make a node. A small table stays in the cache.
  ends_.reserve(bytes / 2);
  grow(std::bit_ceil(std::min(bytes * 2 / 5, kMaxNodes) + kFirstEdges));
}

void UnigramVocab::insert_edge(std::uint32_t key, Node node) noexcept {
  std::size_t at = start_of(key);
  while (edges_[at].key != kNone) at = (at + 1) & (edges_.size() - 1);
  edges_[at] = {key, node};
}

void UnigramVocab::grow(std::size_t edges) {
  if (edges <= edges_.size()) return;
  std::vector<Edge> old(edges);
  old.swap(edges_);
  shift_ = 32U - static_cast<unsigned>(std::countr_zero(edges));
  for (const Edge& edge : old) {
    if (edge.key != kNone) insert_edge(edge.key, edge.node);
  }
}

UnigramVocab::Node UnigramVocab::make_child(Node node, unsigned char byte, const std::string& where) {
  if (ends_.size() >= kMaxNodes) {
    throw Error(ErrorCode::invalid_format, where, "a vocabulary of a usual size", "a larger one");
  }
  const auto made = static_cast<Node>(ends_.size());
  ends_.emplace_back();
  ends_[node].is_leaf = false;
  if (node == kRoot) {
    first_[byte] = made;
    return made;
  }
  if (++used_ * 4 > edges_.size() * 3) grow(std::max(edges_.size() * 2, kFirstEdges));
  insert_edge(node << 8U | byte, made);
  return made;
}

void UnigramVocab::add(std::string_view piece, double score, const std::string& where) {
  if (piece.empty()) throw Error(ErrorCode::invalid_format, where, "pieces of text", "an empty piece");
  if (edges_.empty()) grow(kFirstEdges);
  Node node = kRoot;
  unsigned char before = 0x80;
  for (const char c : piece) {
    const auto byte = static_cast<unsigned char>(c);
    if ((before | byte) < 0x80) together_[before].set(byte);
    before = byte;
    const Node next = child(node, byte);
    node = next != kNone ? next : make_child(node, byte, where);
  }
  ends_[node].score = score;
  has_exact_scores_ = has_exact_scores_ && is_exact(score);
  has_small_scores_ = has_small_scores_ && std::fabs(score) < 64;
  ends_[node].id = static_cast<std::int32_t>(spans_.size());
  min_score_ = spans_.empty() ? score : std::min(min_score_, score);
  spans_.push_back({static_cast<std::uint32_t>(text_.size()), static_cast<std::uint32_t>(piece.size())});
  text_.append(piece);
}

UnigramVocab::Node UnigramVocab::walk(std::string_view piece) const noexcept {
  if (edges_.empty()) return kNone;
  Node node = kRoot;
  for (std::size_t i = 0; i < piece.size() && node != kNone; ++i)
    node = child(node, static_cast<unsigned char>(piece[i]));
  return node;
}

void UnigramVocab::mark_special(std::string_view piece) noexcept {
  const Node node = walk(piece);
  if (node != kNone && ends_[node].id >= 0) ends_[node].is_special = true;
}

const UnigramVocab::End* UnigramVocab::find_end(std::string_view piece) const noexcept {
  const Node node = walk(piece);
  return node == kNone || ends_[node].id < 0 ? nullptr : &ends_[node];
}

std::optional<std::int32_t> UnigramVocab::find(std::string_view piece) const noexcept {
  const End* end = find_end(piece);
  if (end == nullptr) return std::nullopt;
  return end->id;
}

std::optional<std::string_view> UnigramVocab::piece(std::int32_t id) const noexcept {
  if (id < 0 || static_cast<std::size_t>(id) >= spans_.size()) return std::nullopt;
  const Span span = spans_[static_cast<std::size_t>(id)];
  return std::string_view(text_).substr(span.begin, span.length);
}

}  // namespace bertrt::tokenizer
