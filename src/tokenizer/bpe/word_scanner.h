#pragma once

#include <cstddef>
#include <string_view>

namespace bertrt::tokenizer {

/// The end of the word that begins at `begin` (< text.size()); `text` is valid UTF-8. Every byte is in some word.
using WordScanner = std::size_t (*)(std::string_view text, std::size_t begin) noexcept;

/// The scanner that cuts as the pattern does where each match is a word; nullptr for a pattern that none was written
/// for. Known: GPT-2's, GPT-4's and Llama 3's (numbers of up to three digits), Qwen2's (one digit).
WordScanner scanner_of(std::string_view pattern) noexcept;

/// How many digits a number of this scanner's pattern has at most (1 or 3); 0 for GPT-2's, which has no bound.
std::size_t digits_of(WordScanner scanner) noexcept;

}  // namespace bertrt::tokenizer
