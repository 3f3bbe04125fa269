#include "tokenizer/bpe/bpe_merges.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <functional>
#include <queue>

namespace bertrt::tokenizer {
namespace {
// Up to here looking at all pairs again beats the queue.
constexpr std::size_t kScanLimit = 64;
constexpr std::uint64_t kNoPair = std::numeric_limits<std::uint64_t>::max();
}  // namespace

void BpeMerges::reserve(std::size_t merges) { grow(std::bit_ceil(merges + merges / 4 + 16)); }

void BpeMerges::grow(std::size_t slots) {
  if (slots <= slots_.size()) return;
  std::vector<Slot> old(slots);
  old.swap(slots_);
  shift_ = 64U - static_cast<unsigned>(std::countr_zero(slots));
  used_ = 0;
  for (const Slot& slot : old) {
    if (!slot.merge.exists()) continue;
    add(static_cast<std::int32_t>(slot.key >> 32U), static_cast<std::int32_t>(slot.key & 0xFFFFFFFFU), slot.merge);
  }
}

void BpeMerges::add(std::int32_t left, std::int32_t right, BpeMerge merge) {
  if ((used_ + 1) * 5 > slots_.size() * 4) grow(std::bit_ceil((used_ + 1) * 2 + 16));
  const std::uint64_t key = key_of(left, right);
  std::size_t at = start_of(key);
  while (slots_[at].merge.exists() && slots_[at].key != key) at = (at + 1) & (slots_.size() - 1);
  if (!slots_[at].merge.exists()) ++used_;
  slots_[at] = {key, merge};
}

BpeMerge BpeMerges::find(std::int32_t left, std::int32_t right) const noexcept {
  if (slots_.empty()) return {};
  const std::uint64_t key = key_of(left, right);
  std::size_t at = start_of(key);
  while (slots_[at].merge.exists()) {
    if (slots_[at].key == key) return slots_[at].merge;
    at = (at + 1) & (slots_.size() - 1);
  }
  return {};
}

void BpeMerges::apply(std::vector<BpeSymbol>& symbols) const {
  if (symbols.size() <= kScanLimit) {
    apply_by_scan(symbols);
  } else {
    apply_by_queue(symbols);
  }
}

// Symbols stay where they are; next[] and previous[] skip those that another has taken in. A pair's rank and place make
// one number, so that the smallest is the leftmost of the lowest rank.
void BpeMerges::apply_by_scan(std::vector<BpeSymbol>& symbols) const {
  const std::size_t count = symbols.size();
  if (count < 2) return;
  std::array<std::uint64_t, kScanLimit> order;  // of symbol i and the next one
  std::array<std::int32_t, kScanLimit> merged;
  std::array<std::uint8_t, kScanLimit> next;
  std::array<std::uint8_t, kScanLimit> previous;
  for (std::size_t i = 0; i + 1 < count; ++i) prefetch(symbols[i].id, symbols[i + 1].id);
  const auto look = [&](std::size_t left, std::size_t right) {
    const BpeMerge merge = find(symbols[left].id, symbols[right].id);
    order[left] = merge.exists() ? std::uint64_t{merge.rank} << 8U | left : kNoPair;
    merged[left] = merge.id;
  };
  for (std::size_t i = 0; i < count; ++i) {
    next[i] = static_cast<std::uint8_t>(i + 1);
    previous[i] = static_cast<std::uint8_t>(i - 1);
    if (i + 1 < count) look(i, i + 1);
  }
  order[count - 1] = kNoPair;
  for (;;) {
    std::uint64_t best = kNoPair;
    for (std::size_t i = 0; i + 1 < count; ++i) best = std::min(best, order[i]);
    if (best == kNoPair) break;
    const auto left = static_cast<std::size_t>(best & 0xFFU);
    const std::size_t right = next[left];
    const std::size_t after = next[right];
    symbols[left].id = merged[left];
    symbols[left].length += symbols[right].length;
    symbols[right].length = 0;
    order[right] = kNoPair;
    order[left] = kNoPair;
    next[left] = static_cast<std::uint8_t>(after);
    if (after < count) {
      previous[after] = static_cast<std::uint8_t>(left);
      look(left, after);
    }
    if (left > 0) look(previous[left], left);
  }
  std::erase_if(symbols, [](const BpeSymbol& symbol) { return symbol.length == 0; });
}

void BpeMerges::apply_by_queue(std::vector<BpeSymbol>& symbols) const {
  struct Candidate {
    std::uint32_t rank;
    std::uint32_t at;
    std::int32_t id;
    bool operator>(const Candidate& other) const noexcept {
      return rank != other.rank ? rank > other.rank : at > other.at;
    }
  };
  const auto count = static_cast<std::uint32_t>(symbols.size());
  std::vector<std::uint32_t> next(count);  // count: none
  std::vector<std::uint32_t> previous(count);
  std::vector<Candidate> first;
  first.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    next[i] = i + 1;
    previous[i] = i == 0 ? count : i - 1;
    if (i + 1 == count) break;
    const BpeMerge merge = find(symbols[i].id, symbols[i + 1].id);
    if (merge.exists()) first.push_back({merge.rank, i, merge.id});
  }
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue(std::greater<>{}, std::move(first));
  const auto push = [&](std::uint32_t left, std::uint32_t right) {
    const BpeMerge merge = find(symbols[left].id, symbols[right].id);
    if (merge.exists()) queue.push({merge.rank, left, merge.id});
  };
  while (!queue.empty()) {
    const Candidate top = queue.top();
    queue.pop();
    const std::uint32_t left = top.at;
    if (symbols[left].id < 0 || next[left] == count) continue;
    const std::uint32_t right = next[left];
    // A candidate is stale once one of its two has changed; the pair there now has its own entry in the queue.
    if (find(symbols[left].id, symbols[right].id).id != top.id) continue;
    symbols[left].id = top.id;
    symbols[left].length += symbols[right].length;
    symbols[right].id = -1;
    next[left] = next[right];
    if (next[left] != count) previous[next[left]] = left;
    if (previous[left] != count) push(previous[left], left);
    if (next[left] != count) push(left, next[left]);
  }
  std::erase_if(symbols, [](const BpeSymbol& symbol) { return symbol.id < 0; });
}

}  // namespace bertrt::tokenizer
