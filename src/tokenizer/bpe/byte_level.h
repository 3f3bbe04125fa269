#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bertrt::tokenizer {

// GPT-2's way to treat text as bytes, as Hugging Face's ByteLevel does it: a pattern that splits the text into words,
// and an alphabet of 256 printable characters that stand for the bytes in vocabulary files.
// Source: https://github.com/openai/gpt-2/blob/master/src/encoder.py

/// The character that stands for a byte: itself for printable Latin-1, U+0100 + n for the n-th other byte.
char32_t byte_level_char(std::uint8_t byte) noexcept;

/// The byte that a character stands for; -1 for one outside the alphabet (none is above U+0143).
int byte_level_byte(char32_t character) noexcept;

/// Appends the bytes that `token` stands for to `bytes`; a token with a character outside the alphabet (an added token)
/// is appended as it is.
void append_byte_level(std::string_view token, std::string& bytes);

/// The end of the word that begins at `begin` (< text.size()) by
/// 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
/// `text` is valid UTF-8.
std::size_t byte_level_word_end(std::string_view text, std::size_t begin) noexcept;

}  // namespace bertrt::tokenizer
