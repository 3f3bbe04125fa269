#include "tokenizer/piece_trie.h"

#include <algorithm>
#include <bit>

#include "bertrt/error.h"

namespace bertrt::tokenizer {
namespace {

/// Node numbers have 24 bits, and there are at most four slots an edge.
constexpr std::size_t kMaxEdges = std::size_t{1} << 22;

/// A key on its way through the sorting.
struct SortKey {
  std::uint64_t head = 0;  // the first eight bytes, the first one highest: compares as text does
  std::uint32_t index = 0;
};

std::uint64_t head_of(std::string_view text) {
  std::uint64_t head = 0;
  for (std::size_t i = 0; i < 8; ++i) head = head << 8 | (i < text.size() ? static_cast<unsigned char>(text[i]) : 0u);
  return head;
}

/// The keys in the order of their bytes; of equal ones the last comes last. First by two bytes, which leaves short
/// runs.
std::vector<SortKey> sorted(const std::vector<PieceTrie::Key>& keys) {
  constexpr unsigned kShift = 48;
  std::vector<std::uint32_t> place((1u << 16) + 1, 0);
  std::vector<std::uint64_t> heads(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) ++place[((heads[i] = head_of(keys[i].text)) >> kShift) + 1];
  for (std::size_t i = 1; i < place.size(); ++i) place[i] += place[i - 1];
  std::vector<SortKey> order(keys.size());
  for (std::uint32_t i = 0; i < keys.size(); ++i) order[place[heads[i] >> kShift]++] = {heads[i], i};
  const auto less = [&keys](const SortKey& a, const SortKey& b) {
    if (a.head != b.head) return a.head < b.head;
    if (const int compared = keys[a.index].text.compare(keys[b.index].text); compared != 0) return compared < 0;
    return keys[a.index].order < keys[b.index].order;
  };
  for (auto begin = order.begin(); begin != order.end();) {
    auto end = begin + 1;
    while (end != order.end() && end->head >> kShift == begin->head >> kShift) ++end;
    std::sort(begin, end, less);
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

void PieceTrie::reserve(std::size_t edges, const std::string& where) {
  if (edges > kMaxEdges) {
    throw Error(ErrorCode::invalid_format, where, "a vocabulary of at most " + std::to_string(kMaxEdges) + " letters",
                std::to_string(edges));
  }
  edges_.assign(std::bit_ceil(2 * edges + 16), {});
  mask_ = edges_.size() - 1;
}

void PieceTrie::add_edge(Edge edge) {
  std::size_t at = slot_of(edge.key);
  while (edges_[at].key != 0) at = (at + 1) & mask_;
  edges_[at] = edge;
}

std::vector<std::uint32_t> PieceTrie::build(std::vector<Key> unsorted, const char* buffer, const std::string& where) {
  buffer_ = buffer;
  std::vector<std::uint32_t> replaced;
  std::vector<Key> keys;
  keys.reserve(unsorted.size());
  // How many bytes each key shares with the one before, the last entry for what follows the last key.
  std::vector<std::uint32_t> shared;
  shared.reserve(unsorted.size() + 1);
  std::uint64_t head = 0;  // of the last key
  for (const SortKey& entry : sorted(unsorted)) {
    const Key& key = unsorted[entry.index];
    std::uint32_t common = 0;
    if (!keys.empty()) {
      const std::uint64_t differs = head ^ entry.head;
      common = differs != 0 ? static_cast<std::uint32_t>(std::countl_zero(differs)) / 8
                            : common_prefix(keys.back().text, key.text);
      // A byte 0 and the end of a text look alike in the heads.
      common = static_cast<std::uint32_t>(std::min({std::size_t{common}, keys.back().text.size(), key.text.size()}));
      if (common == key.text.size() && common == keys.back().text.size()) {
        replaced.push_back(keys.back().order);
        keys.back() = key;
        continue;
      }
    }
    keys.push_back(key);
    shared.push_back(common);
    head = entry.head;
  }
  shared.push_back(0);

  /// The first byte from which a key's text can stand as a tail.
  const auto tail_begin = [&](std::size_t i) {
    const auto length = static_cast<std::uint32_t>(keys[i].text.size());
    const std::uint32_t own = std::max(shared[i], shared[i + 1]);
    const auto place = static_cast<std::size_t>(keys[i].text.data() - buffer) + length;
    if (own >= length || place > kMaxTailPlace) return length;
    return std::max(own, length > kMaxTail ? length - kMaxTail : 0u);
  };
  std::size_t edges = 0;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const std::uint32_t begin = tail_begin(i);
    edges += begin - shared[i] + (begin < keys[i].text.size());
  }
  reserve(edges, where);

  // Places in the table, as far apart as the edges that come between need.
  std::size_t used = 0;
  std::uint32_t node = kRoot;
  std::vector<std::uint32_t> path{kRoot};  // the node behind each byte of the key before
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const std::string_view text = keys[i].text;
    const auto length = static_cast<std::uint32_t>(text.size());
    const std::uint32_t begin = tail_begin(i);
    path.resize(shared[i] + 1);
    for (std::uint32_t at = shared[i]; at < begin; ++at) {
      const std::uint32_t key = path[at] << 8 | static_cast<unsigned char>(text[at]);
      node = std::max(node + 1, static_cast<std::uint32_t>(++used * edges_.size() / (edges + 1)));
      add_edge({key, node, at + 1 == length ? keys[i].id : -1});
      path.push_back(node);
    }
    if (begin == length) continue;
    ++used;
    const std::uint32_t key = path[begin] << 8 | static_cast<unsigned char>(text[begin]);
    const auto place = static_cast<std::uint32_t>(text.data() - buffer) + begin + 1;
    add_edge({key, kTail | (length - begin - 1) << kTailShift | place, keys[i].id});
  }
  return replaced;
}

}  // namespace bertrt::tokenizer
