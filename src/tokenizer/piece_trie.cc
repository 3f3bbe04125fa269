#include "tokenizer/piece_trie.h"

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

/// A key on its way through the sorting.
struct SortKey {
  std::uint64_t head = 0;  // the first eight bytes, the first one highest: compares as text does
  std::uint32_t index = 0;
};

std::uint64_t head_of(std::string_view text) {
  unsigned char bytes[8] = {};
  std::memcpy(bytes, text.data(), std::min<std::size_t>(text.size(), 8));
  std::uint64_t head = 0;
  for (const unsigned char byte : bytes) head = head << 8 | byte;
  return head;
}

/// By the heads, byte by byte from the last; equal ones stay in their order.
std::vector<SortKey> sorted_by_head(std::vector<SortKey> keys) {
  constexpr unsigned kBytes = 8;
  std::array<std::array<std::uint32_t, 256>, kBytes> places{};
  for (const SortKey& key : keys) {
    for (unsigned i = 0; i < kBytes; ++i) ++places[i][key.head >> 8 * i & 0xFF];
  }
  std::vector<SortKey> other(keys.size());
  for (unsigned i = 0; i < kBytes; ++i) {
    std::uint32_t place = 0;
    for (std::uint32_t& count : places[i]) place += std::exchange(count, place);
    for (const SortKey& key : keys) other[places[i][key.head >> 8 * i & 0xFF]++] = key;
    keys.swap(other);
  }
  return keys;
}

/// The keys in the order of their bytes; of equal ones the last comes last.
std::vector<SortKey> sorted(const std::vector<PieceTrie::Key>& keys) {
  std::vector<SortKey> order(keys.size());
  for (std::uint32_t i = 0; i < keys.size(); ++i) order[i] = {head_of(keys[i].text), i};
  order = sorted_by_head(std::move(order));
  const auto less = [&keys](const SortKey& a, const SortKey& b) {
    const int compared = keys[a.index].text.compare(keys[b.index].text);
    return compared != 0 ? compared < 0 : keys[a.index].order < keys[b.index].order;
  };
  for (auto begin = order.begin(); begin != order.end();) {
    auto end = begin + 1;
    while (end != order.end() && end->head == begin->head) ++end;
    if (end - begin > 1) std::sort(begin, end, less);
    begin = end;
  }
  return order;
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

std::vector<std::uint32_t> PieceTrie::build(const std::vector<Key>& unsorted, const char* buffer,
                                            const std::string& where) {
  buffer_ = buffer;
  std::vector<std::uint32_t> replaced;
  std::vector<SortKey> order = sorted(unsorted);
  // How many bytes each key shares with the one before, the last entry for what follows the last key.
  std::vector<std::uint32_t> shared;
  shared.reserve(order.size() + 1);
  std::size_t count = 0;  // keys that stay
  for (const SortKey& entry : order) {
    std::uint32_t common = 0;
    if (count > 0) {
      const SortKey& last = order[count - 1];
      const std::string_view before = unsorted[last.index].text;
      const std::string_view text = unsorted[entry.index].text;
      const std::uint64_t differs = last.head ^ entry.head;
      common = differs != 0 ? static_cast<std::uint32_t>(std::countl_zero(differs)) / 8 : common_prefix(before, text);
      // A byte 0 and the end of a text look alike in the heads.
      common = static_cast<std::uint32_t>(std::min({std::size_t{common}, before.size(), text.size()}));
      if (common == text.size() && common == before.size()) {
        replaced.push_back(unsorted[last.index].order);
        order[count - 1] = entry;
        continue;
      }
    }
    order[count++] = entry;
    shared.push_back(common);
  }
  order.resize(count);
  shared.push_back(0);
  const auto key_at = [&](std::size_t i) -> const Key& { return unsorted[order[i].index]; };

  /// The first byte from which a key's text can stand as a tail.
  const auto tail_begin = [&](std::size_t i) {
    const auto length = static_cast<std::uint32_t>(key_at(i).text.size());
    const std::uint32_t own = std::max(shared[i], shared[i + 1]);
    const auto place = static_cast<std::size_t>(key_at(i).text.data() - buffer) + length;
    if (own >= length || place > kMaxTailPlace) return length;
    return std::max(own, length > kMaxTail ? length - kMaxTail : 0u);
  };
  std::size_t edges = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t begin = tail_begin(i);
    edges += begin - shared[i] + (begin < key_at(i).text.size());
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
    const std::string_view text = key_at(i).text;
    const auto length = static_cast<std::uint32_t>(text.size());
    const std::uint32_t begin = tail_begin(i);
    path.resize(shared[i] + 1);
    for (std::uint32_t at = shared[i]; at < begin; ++at) {
      const std::uint32_t key = path[at] << 8 | static_cast<unsigned char>(text[at]);
      node = std::max(node + 1, place_of(++used));
      add_edge({key, node, at + 1 == length ? key_at(i).id : -1});
      path.push_back(node);
    }
    if (begin == length) continue;
    ++used;
    const std::uint32_t key = path[begin] << 8 | static_cast<unsigned char>(text[begin]);
    const auto place = static_cast<std::uint32_t>(text.data() - buffer) + begin + 1;
    add_edge({key, kTail | (length - begin - 1) << kTailShift | place, key_at(i).id});
  }
  return replaced;
}

}  // namespace bertrt::tokenizer
