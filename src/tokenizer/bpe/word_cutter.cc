#include "tokenizer/bpe/word_cutter.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#include "text/ascii_runs.h"
#include "tokenizer/bpe/byte_level.h"

namespace bertrt::tokenizer {
namespace {

using text::ByteMasks;

constexpr std::size_t kBlock = 64;
constexpr std::size_t kBlocks = 64;
constexpr std::size_t kStretch = kBlock * kBlocks;
static_assert(kStretch <= TextWords::kMost);

/// Where words may begin in a stretch. `unsure`: ask the scanner for the word that reaches such a byte.
struct Begins {
  std::uint64_t sure[kBlocks];
  std::uint64_t unsure[kBlocks];
};

/// Bits moved to the next byte, over the border of blocks.
class Before {
 public:
  std::uint64_t operator()(std::uint64_t bits) noexcept {
    const std::uint64_t moved = bits << 1U | carry_;
    carry_ = bits >> 63U;
    return moved;
  }

 private:
  std::uint64_t carry_ = 0;
};

std::uint64_t others(const ByteMasks& m) noexcept { return ~(m.letters | m.digits | m.spaces | m.beyond); }

/// The bits of the next byte.
std::uint64_t behind(std::uint64_t bits, std::uint64_t next_bits) noexcept { return bits >> 1U | next_bits << 63U; }

/// A word of GPT-2's pattern begins where the class changes, with one blank before it; of white space the last
/// character is cut off where something follows.
void find_gpt2(const ByteMasks* masks, std::size_t blocks, Begins& begins) noexcept {
  Before letters, digits, spaces, blanks, other, beyond, apostrophes;
  for (std::size_t i = 0; i < blocks; ++i) {
    const ByteMasks& m = masks[i];  // masks[blocks] is there
    const std::uint64_t o = others(m);
    const std::uint64_t changes = (m.letters & ~letters(m.letters)) | (m.digits & ~digits(m.digits)) | (o & ~other(o));
    const std::uint64_t space = m.spaces & (~spaces(m.spaces) | ~behind(m.spaces, masks[i + 1].spaces));
    begins.sure[i] = (changes & ~blanks(m.blanks)) | space;
    begins.unsure[i] = m.beyond | beyond(m.beyond) | behind(m.beyond, masks[i + 1].beyond) | apostrophes(m.apostrophes);
  }
}

/// GPT-4's pattern and its kin: letters take one character of another kind before them, unless that one belongs to
/// others before it; numbers take none.
void find_cl100k(const ByteMasks* masks, std::size_t blocks, std::size_t most_digits, Begins& begins) noexcept {
  Before letters, digits, spaces, blanks, other, lone, beyond, apostrophes, newlines;
  Before digits2, digits3;
  for (std::size_t i = 0; i < blocks; ++i) {
    const ByteMasks& m = masks[i];
    const std::uint64_t o = others(m);
    const std::uint64_t after_blank = blanks(m.blanks);
    const std::uint64_t after_other = other(o);
    const std::uint64_t after_digit = digits(m.digits);
    const std::uint64_t after_space = spaces(m.spaces);
    const std::uint64_t other_begins = o & ~after_other & ~after_blank;
    const std::uint64_t attaches = lone(other_begins) | after_space;
    const std::uint64_t space = m.spaces & (~after_space | ~behind(m.spaces, masks[i + 1].spaces));
    begins.sure[i] = (m.letters & ~letters(m.letters) & ~attaches) | other_begins | (m.digits & ~after_digit) | space;
    std::uint64_t long_number = m.digits & after_digit;  // the second digit and those behind it
    if (most_digits == 3) long_number = m.digits & after_digit & digits3(digits2(m.digits & after_digit));
    begins.unsure[i] = m.beyond | beyond(m.beyond) | behind(m.beyond, masks[i + 1].beyond) |
                       apostrophes(m.apostrophes) | m.newlines | newlines(m.newlines) | long_number;
  }
}

std::uint64_t from_bit(std::size_t bit) noexcept { return ~std::uint64_t{0} << bit; }

}  // namespace

std::size_t cut_words(WordScanner scanner, std::string_view text, std::size_t begin, TextWords& words) noexcept {
  words.clear();
  const std::size_t length = std::min(text.size() - begin, kStretch);
  const bool is_last = begin + length == text.size();
  ByteMasks masks[kBlocks + 1];
  const std::size_t whole = length / kBlock;
  const std::size_t rest = length % kBlock;
  text::find_byte_masks(text.data() + begin, whole, masks);
  if (rest > 0) {
    char tail[kBlock];
    std::memset(tail, ' ', sizeof tail);  // white space at the end is one word
    std::memcpy(tail, text.data() + begin + kBlock * whole, rest);
    text::find_byte_masks(tail, 1, masks + whole);
  }
  const std::size_t blocks = whole + (rest > 0 ? 1 : 0);
  masks[blocks] = {};
  masks[blocks].spaces = 1;
  Begins begins;
  if (const std::size_t digits = digits_of(scanner); digits == 0) {
    find_gpt2(masks, blocks, begins);
  } else {
    find_cl100k(masks, blocks, digits, begins);
  }
  // The last byte's neighbour is known only at the text's end.
  const std::size_t known = is_last ? length : length - 1;
  std::size_t at = 0;
  std::size_t block = 0;
  std::uint64_t bits = (begins.sure[0] | begins.unsure[0]) & from_bit(1);
  for (;;) {
    while (bits == 0) {
      if (++block == blocks) break;
      bits = begins.sure[block] | begins.unsure[block];
    }
    if (block == blocks) break;
    const auto bit = static_cast<std::size_t>(std::countr_zero(bits));
    const std::size_t next = block * kBlock + bit;
    if (next >= known) break;
    if ((begins.unsure[block] >> bit & 1U) == 0) {
      bits &= bits - 1;
      words.add(at, next);
      at = next;
      continue;
    }
    const std::size_t end = scanner(text, begin + at) - begin;
    words.add(at, end);
    at = end;
    if (at >= known) break;
    block = at / kBlock;
    // Behind this byte; two shifts, for 64 would be one too many.
    bits = (begins.sure[block] | begins.unsure[block]) & from_bit(at % kBlock) << 1U;
  }
  if (at < length && is_last) {
    words.add(at, length);
    at = length;
  } else if (at == 0) {
    at = scanner(text, begin) - begin;  // a word that fills the stretch
    words.add(0, at);
  }
  return begin + at;
}

}  // namespace bertrt::tokenizer
