#include "tokenizer/wordpiece/word_table.h"

#include <bit>

namespace bertrt::tokenizer {

void WordTable::reserve(std::size_t short_words, std::size_t long_words) {
  // At least a third of the slots stays free, so that every search ends.
  short_.assign(std::bit_ceil(short_words + short_words / 2 + 16), {});
  long_.assign(std::bit_ceil(long_words + long_words / 2 + 16), {});
  short_mask_ = short_.size() - 1;
  long_mask_ = long_.size() - 1;
  short_shift_ = 64u - static_cast<unsigned>(std::countr_zero(short_.size()));
  long_shift_ = 64u - static_cast<unsigned>(std::countr_zero(long_.size()));
}

void WordTable::add(WordKey key, std::int32_t id) {
  if (key.high == 0) {
    std::size_t at = short_slot(key.low);
    while (short_[at].key != 0 && short_[at].key != key.low) at = (at + 1) & short_mask_;
    short_[at] = {key.low, id};
    return;
  }
  std::size_t at = long_slot(key);
  while (long_[at].id >= 0 && (long_[at].key.low != key.low || long_[at].key.high != key.high)) {
    at = (at + 1) & long_mask_;
  }
  long_[at] = {key, id};
}

}  // namespace bertrt::tokenizer
