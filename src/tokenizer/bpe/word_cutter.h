#pragma once

#include <cstddef>
#include <string_view>

#include "tokenizer/bpe/word_scanner.h"
#include "tokenizer/text_words.h"

namespace bertrt::tokenizer {

/// Puts the words of `text` from `begin` (< text.size(), where a word begins) on into `words`, emptied before, and
/// gives where the next one begins: at least one word, and those of some 4 kB of text at most.
///
/// The same as `scanner` again and again. Where ASCII decides alone, word begins are found for 64 bytes at once: in the
/// patterns that scanner_of() knows, whether a word begins at a byte is seen from its neighbours. Where it is not (the
/// neighbours of anything beyond ASCII, of apostrophes, long numbers, line ends), the scanner is asked. `text` is valid
/// UTF-8.
std::size_t cut_words(WordScanner scanner, std::string_view text, std::size_t begin, TextWords& words) noexcept;

}  // namespace bertrt::tokenizer
