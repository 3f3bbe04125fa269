#include "tokenizer/wordpiece/piece_trie.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "bertrt/error.h"

namespace bertrt::tokenizer {
namespace {

/// Node numbers have 24 bits and grow faster than edges.
constexpr std::size_t kMaxEdges = std::size_t{1} << 23;

using Key = PieceTrie::Key;

/// By the heads, byte by byte from the last; equal ones stay in their order.
void sort_by_head(std::vector<Key>& keys) {
  constexpr unsigned kBytes = 8;
  std::array<std::array<std::uint32_t, 256>, kBytes> places{};
  for (const Key& key : keys) {
    for (unsigned i = 0; i < kBytes; ++i) ++places[i][key.head >> 8 * i & 0xFF];
  }
  std::vector<Key> other(keys.size());
  for (unsigned i = 0; i < kBytes; ++i) {
    std::uint32_t place = 0;
    for (std::uint32_t& count : places[i]) place += std::exchange(count, place);
    for (const Key& key : keys) other[places[i][key.head >> 8 * i & 0xFF]++] = key;
    keys.swap(other);
  }
}

/// In the order of their bytes; of equal ones the last entry comes last. `text_of(key)` gives a key's text.
template <typename TextOf>
void sort(std::vector<Key>& keys, TextOf text_of) {
  sort_by_head(keys);
  const auto less = [&](const Key& a, const Key& b) {
    const int compared = text_of(a).compare(text_of(b));
    return compared != 0 ? compared < 0 : a.entry < b.entry;
  };
  for (auto begin = keys.begin(); begin != keys.end();) {
    auto end = begin + 1;
    while (end != keys.end() && end->head == begin->head) ++end;
    if (end - begin > 1) std::sort(begin, end, less);
    begin = end;
  }
}

std::uint32_t common_prefix(std::string_view a, std::string_view b) {
  const std::size_t limit = std::min(a.size(), b.size());
  std::size_t i = 0;
  while (i < limit && a[i] == b[i]) ++i;
  return static_cast<std::uint32_t>(i);
}

}  // namespace

void PieceTrie::add_edge(Edge edge) {
  std::size_t at = slot_of(edge.key);
  while (edges_[at].key != 0) ++at;
  if (at + 1 == edges_.size()) edges_.resize(edges_.size() + 256);
  edges_[at] = edge;
}

std::vector<std::uint32_t> PieceTrie::build(std::vector<Key> keys, const WordPieceVocab& vocab, std::size_t skip,
                                            const std::string& where) {
  buffer_ = vocab.text().data();
  const auto& entries = vocab.entries();
  const auto place_in_buffer = [&](const Key& key) { return entries[key.entry].begin + skip; };
  const auto text_of = [&](const Key& key) { return std::string_view(buffer_ + place_in_buffer(key), key.length); };
  sort(keys, text_of);
  std::vector<std::uint32_t> replaced;
  // How many bytes each key shares with the one before, the last entry for what follows the last key.
  std::vector<std::uint32_t> shared;
  shared.reserve(keys.size() + 1);
  std::size_t count = 0;  // keys that stay
  for (const Key& key : keys) {
    std::uint32_t common = 0;
    if (count > 0) {
      const Key& last = keys[count - 1];
      const std::uint64_t differs = last.head ^ key.head;
      common = differs != 0 ? static_cast<std::uint32_t>(std::countl_zero(differs)) / 8
                            : common_prefix(text_of(last), text_of(key));
      // A byte 0 and the end of a text look alike in the heads.
      common = std::min({common, last.length, key.length});
      if (common == key.length && common == last.length) {
        replaced.push_back(last.entry);
        keys[count - 1] = key;
        continue;
      }
    }
    keys[count++] = key;
    shared.push_back(common);
  }
  keys.resize(count);
  shared.push_back(0);

  /// The first byte from which a key's text can stand as a tail.
  const auto tail_begin = [&](std::size_t i) {
    const std::uint32_t length = keys[i].length;
    const std::uint32_t own = std::max(shared[i], shared[i + 1]);
    if (own >= length || place_in_buffer(keys[i]) + length > kMaxTailPlace) return length;
    return std::max(own, length > kMaxTail ? length - kMaxTail : 0u);
  };
  std::size_t edges = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t begin = tail_begin(i);
    edges += begin - shared[i] + (begin < keys[i].length);
  }
  if (edges > kMaxEdges) {
    throw Error(ErrorCode::invalid_format, where, "a vocabulary of at most " + std::to_string(kMaxEdges) + " letters",
                std::to_string(edges));
  }
  // Thirteen slots for eight edges. A node's children may stand 255 * kSpread behind it.
  const auto place_of = [](std::size_t used) { return static_cast<std::uint32_t>(kRoot + used + used * 5 / 8); };
  edges_.assign(place_of(edges) + 256 * kSpread, {});

  // Places in the table, as far apart as the edges that come between need.
  std::size_t used = 0;
  std::uint32_t node = kRoot;
  std::vector<std::uint32_t> path{kRoot};  // the node behind each byte of the key before
  for (std::size_t i = 0; i < count; ++i) {
    const Key& key = keys[i];
    const std::uint32_t begin = tail_begin(i);
    const std::size_t place = place_in_buffer(key);
    const std::int32_t id = entries[key.entry].id;
    const auto byte_at = [&](std::uint32_t at) -> std::uint32_t {
      return at < 8 ? key.head >> (56 - 8 * at) & 0xFF : static_cast<unsigned char>(buffer_[place + at]);
    };
    path.resize(shared[i] + 1);
    for (std::uint32_t at = shared[i]; at < begin; ++at) {
      node = std::max(node + 1, place_of(++used));
      add_edge({path[at] << 8 | byte_at(at), node, at + 1 == key.length ? id : -1});
      path.push_back(node);
    }
    if (begin == key.length) continue;
    ++used;
    const std::uint32_t rest = key.length - begin - 1;
    add_edge({path[begin] << 8 | byte_at(begin),
              kTail | rest << kTailShift | static_cast<std::uint32_t>(place + begin + 1), id});
  }
  return replaced;
}

}  // namespace bertrt::tokenizer
